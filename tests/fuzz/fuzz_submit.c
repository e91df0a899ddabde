/* Answers to a batch of submissions: each item is settled, or has something to do. */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/wire/json.h"
#include "tests/fuzz/fuzz.h"
#include "transport/submit_parts.h"

#define ITEMS      4
#define RECIPIENTS 2

struct world {
	struct delivery deliveries[ITEMS];
	struct submission items[ITEMS];
	struct addressee addressees[ITEMS][RECIPIENTS];
};

/* One of each kind: inline, uploaded, made anew, there already. */
static void
begin(struct world *world)
{
	*world = (struct world){0};
	for (size_t i = 0; i < ITEMS; i++) {
		struct submission *s = &world->items[i];

		delivery_init(&world->deliveries[i], "fuzz", "/tmp");
		(void)delivery_add_recipient(&world->deliveries[i], "a@x");
		(void)delivery_add_recipient(&world->deliveries[i], "b@x");
		for (size_t k = 0; k < RECIPIENTS; k++)
			world->addressees[i][k] = (struct addressee){
			    .recipient = &world->deliveries[i].recipients[k]};
		*s = (struct submission){
		    .delivery = &world->deliveries[i],
		    .stamp = {"0123456789abcdef0123456789abcdef"},
		    .addressees = world->addressees[i],
		    .count = RECIPIENTS,
		    .fits = true,
		};
	}
	world->items[1].blob_id = xstrdup("G1");
	world->items[2].composed = json_object();
	world->items[3].email_id = xstrdup("M3");
}

static void
end(struct world *world)
{
	for (size_t i = 0; i < ITEMS; i++) {
		free(world->items[i].blob_id);
		free(world->items[i].email_id);
		json_decref(world->items[i].composed);
		delivery_free(&world->deliveries[i]);
	}
}

/* Nobody is left in between, and what was sent is not tried again. */
static void
check(const struct submission *s)
{
	bool settled = submission_settled(s);

	if (submit_named(s) != 0)
		abort();
	if (!settled && s->todo == SUBMIT_NOTHING)
		abort();
	if (s->todo == SUBMIT_EXISTING && s->email_id == NULL && !settled)
		abort();
	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == ADDRESSEE_SETTLED &&
		    s->addressees[i].recipient->outcome.condition == NULL)
			abort();
}

static void
read_round(const struct jmap_response *response, enum sent_policy sent)
{
	struct world world;
	struct submission *items[ITEMS];
	struct submit_round round = {
	    .items = items,
	    .count = ITEMS,
	    .blob_call = "c0",
	    .import_call = "c1",
	    .compose_call = "c2",
	    .submission_call = "c3",
	};
	bool stale = false;

	begin(&world);
	for (size_t i = 0; i < ITEMS; i++) {
		struct submission *s = items[i] = &world.items[i];
		struct submit_answer answer;

		submit_try_again(s);
		submit_name_part(s);
		submit_round_read(&round, i, response, sent, &answer);
		if (answer.email_id != NULL)
			submit_note_email(s, answer.email_id);
		submit_judge(s, &answer, i, i % 2 == 0, &stale);
		check(s);
	}
	end(&world);
}

/* The same as the answer to a question for evidence. */
static void
read_evidence(const struct jmap_response *response)
{
	struct world world;
	json_t *result;
	struct outcome o = jmap_result(response, "c0", "Email/get", &result);
	bool stale = false;

	if (!outcome_is_ok(&o))
		return;
	begin(&world);
	for (size_t i = 0; i < ITEMS; i++) {
		const json_t *email = json_array_get(json_get_array(result, "list"), i);
		struct submission *s = &world.items[i];

		s->exists = outcome_make("set", "alreadyExists", NULL);
		s->todo = SUBMIT_ASK;
		submit_judge_evidence(s, submit_evidence(email, &s->stamp), &stale);
		if (s->todo == SUBMIT_ASK)
			abort();
	}
	end(&world);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct jmap_response *response;
	json_t *document;
	struct outcome o = json_parse((const char *)bytes, length, &document);

	if (outcome_is_ok(&o)) {
		o = jmap_response_new(document, &response);
		if (outcome_is_ok(&o)) {
			read_round(response, SENT_KEEP);
			read_round(response, SENT_DESTROY);
			read_evidence(response);
		}
		jmap_response_free(&response);
	}
	json_decref(document);
	return 0;
}
