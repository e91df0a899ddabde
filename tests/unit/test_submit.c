/* Batches of messages to a service: what is asked of it, and what is made of its answers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"
#include "transport/submit.h"

#define STAMP "0123456789abcdef0123456789abcdef"

/* Answers of the API. */
#define ANSWER(parts) "{\"methodResponses\":[" parts "],\"sessionState\":\"s1\"}"
#define PLACES                                                                               \
	ANSWER("[\"Mailbox/query\",{\"ids\":[\"D\"]},\"c0\"],"                               \
	       "[\"Mailbox/query\",{\"ids\":[\"S\"]},\"c1\"],"                               \
	       "[\"Mailbox/query\",{\"ids\":[\"B\"]},\"c2\"],"                               \
	       "[\"Identity/get\",{\"list\":[{\"id\":\"I1\",\"email\":\"other@x.example\"}," \
	       "{\"id\":\"I2\",\"email\":\"me@x.example\"}]},\"c3\"]")
#define IMPORT(parts)      "[\"Email/import\",{" parts "},\"c0\"]"
#define SUBMIT(parts)      ",[\"EmailSubmission/set\",{" parts "},\"c1\"]"
#define EXISTING(parts)    "[\"EmailSubmission/set\",{" parts "},\"c0\"]"
#define FILED(parts, call) ",[\"Email/set\",{" parts "},\"" call "\"]"
#define EMAILS(parts)      "[\"Email/get\",{\"list\":[" parts "]},\"c0\"]"
#define DESTROYED          "[\"Email/set\",{\"destroyed\":[\"M1\"]},\"c0\"]"
#define SENT_ONE                                                      \
	ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"}}") SUBMIT( \
	    "\"created\":{\"s0\":{\"id\":\"E1\"}}") FILED("\"updated\":{\"M1\":null}", "c1"))
#define REFUSED_ONE(error)                                    \
	ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"}}") \
	        SUBMIT("\"notCreated\":{\"s0\":{" error "}}"))
#define EXISTS_ONE                                                          \
	ANSWER(IMPORT("\"notCreated\":{\"m0\":{\"type\":\"alreadyExists\"," \
	              "\"existingId\":\"M9\"}}")                            \
	        SUBMIT("\"notCreated\":{\"s0\":{\"type\":\"invalidProperties\"}}"))
#define SENT_EXISTING(id)                                       \
	ANSWER(EXISTING("\"created\":{\"s0\":{\"id\":\"E1\"}}") \
	        FILED("\"updated\":{\"" id "\":null}", "c0"))
#define EMAIL(keywords, stamp)                        \
	"{\"id\":\"M9\",\"keywords\":{" keywords "}," \
	"\"header:X-Ferry-Id:asText\":" stamp "}"

#define BATCH_MAX 4

/* A batch, and what its hooks were told. */
struct world {
	struct fake_service *fake;
	char *spool;
	struct delivery deliveries[BATCH_MAX];
	struct submission submissions[BATCH_MAX];
	struct submission *items[BATCH_MAX];
	size_t count, recorded, settled;
	size_t asked_by_then; /* bytes of the log, at the last record */
	unsigned claims;
	size_t claimed; /* addressees, in the last claim */
	struct outcome claim_outcome;
	struct submit_batch batch;
};

static struct outcome
claim(void *arg, struct submission **items, size_t count)
{
	struct world *world = arg;

	world->claims++;
	world->claimed = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < items[i]->count; k++)
			world->claimed += items[i]->addressees[k].state == ADDRESSEE_SENDING;
	return world->claim_outcome;
}

static void
record(void *arg, struct submission **items, size_t count)
{
	struct world *world = arg;

	for (size_t i = 0; i < count; i++)
		assert_true(submission_settled(items[i]));
	world->recorded += count;
	world->asked_by_then = world->fake->api_log.len;
}

static void
settled(void *arg, struct submission **items, size_t count)
{
	struct world *world = arg;

	(void)items;
	world->settled += count;
	assert_int_equal(world->settled, world->recorded);
}

static void
receive(struct message *m, const char *text)
{
	int fds[2];
	struct outcome o;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(file_write_full(fds[1], text, strlen(text)), 0);
	close(fds[1]);
	o = message_receive(m, fds[0], DEADLINE_NEVER);
	close(fds[0]);
	assert_string_equal(o.condition, "ok");
}

/* One more message, to so many recipients r0@y.example, r1@y.example, ... */
static struct submission *
add(struct world *world, size_t recipients)
{
	struct delivery *delivery = &world->deliveries[world->count];
	struct submission *s = &world->submissions[world->count];
	char address[40];

	delivery_init(delivery, "test", world->spool);
	delivery->sender = xstrdup("me@x.example");
	delivery->account = &world->fake->account;
	for (size_t i = 0; i < recipients; i++) {
		snprintf(address, sizeof(address), "r%zu@y.example", i);
		(void)delivery_add_recipient(delivery, address);
	}
	receive(&delivery->message, "Message-ID: <1@x>\n\nhi\n");
	*s = (struct submission){
	    .delivery = delivery,
	    .stamp = {STAMP},
	    .count = recipients,
	    .addressees = xcalloc(recipients, sizeof(struct addressee)),
	};
	for (size_t i = 0; i < recipients; i++)
		s->addressees[i].recipient = &delivery->recipients[i];
	message_stamp(&delivery->message, &s->stamp, &s->stamp, delivery->sender);
	world->items[world->count++] = s;
	return s;
}

static int
setup(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));
	void *fake;

	if (fake_service_setup(&fake) != 0)
		return -1;
	world->fake = fake;
	world->spool = xasprintf("%s/spool", world->fake->folder);
	world->claim_outcome = outcome_ok();
	world->batch = (struct submit_batch){
	    .items = world->items,
	    .claim = claim,
	    .record = record,
	    .settled = settled,
	    .arg = world,
	};
	*state = world;
	return 0;
}

/* Another batch with the same service. */
static void
start_again(struct world *world)
{
	for (size_t i = 0; i < world->count; i++) {
		free(world->submissions[i].addressees);
		free(world->submissions[i].blob_id);
		free(world->submissions[i].email_id);
		json_decref(world->submissions[i].composed);
		delivery_free(&world->deliveries[i]);
	}
	world->count = world->recorded = world->settled = 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;
	void *fake = world->fake;

	start_again(world);
	free(world->spool);
	free(world);
	return fake_service_teardown(&fake);
}

/* Submit all, with the service answering so, one request after the other. */
static void
run(struct world *world, const char *const *bodies)
{
	struct jmap *jmap = fake_service_open(world->fake);
	size_t total = world->count;

	world->fake->api_bodies = bodies;
	world->batch.jmap = jmap;
	world->batch.count = total;
	world->batch.deadline = deadline_in_ms(20000);
	submit(&world->batch);
	assert_int_equal(world->settled, total);
	jmap_close(&jmap);
}

#define RUN(world, ...) run(world, (const char *const[]){PLACES, __VA_ARGS__, NULL})

static const struct outcome *
came_of(const struct world *world, size_t item, size_t recipient)
{
	return &world->deliveries[item].recipients[recipient].outcome;
}

static void
expect(const struct world *world, size_t item, size_t recipient, const char *condition)
{
	assert_string_equal(came_of(world, item, recipient)->condition, condition);
}

static bool
asked(const struct world *world, const char *text)
{
	return strstr(buf_str(&world->fake->api_log), text) != NULL;
}

/* How often was it asked? */
static unsigned
times(const struct world *world, const char *text)
{
	const char *p = buf_str(&world->fake->api_log);
	unsigned count = 0;

	while ((p = strstr(p, text)) != NULL) {
		p += strlen(text);
		count++;
	}
	return count;
}

static void
a_message_is_imported_submitted_and_filed_in_one_request(void **state)
{
	struct world *world = *state;

	add(world, 2);
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "ok");
	expect(world, 0, 1, "ok");
	assert_int_equal(world->fake->uploads, 1);
	assert_int_equal(
	    world->fake->api, 2); /* the first asked for mailboxes and identities */
	assert_true(asked(world, "[\"Email/import\",{\"emails\":{\"m0\":{\"blobId\":\"G1\","
	                         "\"mailboxIds\":{\"D\":true},"
	                         "\"keywords\":{\"$draft\":true,\"$seen\":true}}}"));
	assert_true(
	    asked(world, "[\"EmailSubmission/set\",{\"create\":{\"s0\":{"
	                 "\"emailId\":\"#m0\",\"identityId\":\"I2\",\"envelope\":{"
	                 "\"mailFrom\":{\"email\":\"me@x.example\"},\"rcptTo\":["
	                 "{\"email\":\"r0@y.example\"},{\"email\":\"r1@y.example\"}]}}}"));
	assert_true(asked(world, "\"onSuccessUpdateEmail\":{\"#s0\":{"
	                         "\"keywords/$draft\":null,\"mailboxIds\":{\"S\":true}}}"));
	assert_string_equal(world->submissions[0].email_id, "M1");
	assert_string_equal(came_of(world, 0, 0)->text, "accepted by the service as Email M1");
	assert_int_equal(world->deliveries[0].told.requests, 2);
	assert_int_equal(world->claims, 1);
	assert_int_equal(world->claimed, 2);
}

static void
many_messages_share_one_request(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 3; i++)
		add(world, 1);
	RUN(world,
	    ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"},\"m1\":{\"id\":\"M2\"},"
	                  "\"m2\":{\"id\":\"M3\"}}")
	            SUBMIT("\"created\":{\"s0\":{\"id\":\"E1\"},\"s1\":{\"id\":\"E2\"},"
	                   "\"s2\":{\"id\":\"E3\"}}")
	                FILED("\"updated\":{\"M1\":null,\"M2\":null,\"M3\":null}", "c1")));
	for (size_t i = 0; i < 3; i++) {
		expect(world, i, 0, "ok");
		assert_false(world->deliveries[i].told.unfiled);
	}
	assert_string_equal(world->submissions[2].email_id, "M3");
	assert_int_equal(world->fake->api, 2);
	assert_int_equal(world->claims, 1);
}

static void
what_is_wrong_with_one_does_not_touch_its_companions(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 3; i++)
		add(world, 1);
	RUN(world, ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"},\"m2\":{\"id\":\"M3\"}},"
	                         "\"notCreated\":{\"m1\":{\"type\":\"invalidEmail\"}}")
	                   SUBMIT("\"created\":{\"s0\":{\"id\":\"E1\"}},\"notCreated\":{"
	                          "\"s1\":{\"type\":\"invalidProperties\"},"
	                          "\"s2\":{\"type\":\"overQuota\"}}")
	                       FILED("\"updated\":{\"M1\":null}", "c1")));
	expect(world, 0, 0, "ok");
	expect(world, 1, 0, "set/invalidEmail");
	expect(world, 2, 0, "set/overQuota");
	assert_string_equal(world->submissions[2].email_id, "M3"); /* its draft stays */
	assert_int_equal(world->fake->api, 2);
}

static void
a_message_that_was_sent_but_not_filed_is_a_success(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"}}")
	                   SUBMIT("\"created\":{\"s0\":{\"id\":\"E1\"}}")
	                       FILED("\"notUpdated\":{\"M1\":{\"type\":\"notFound\"}}", "c1")));
	expect(world, 0, 0, "ok");
	assert_true(world->deliveries[0].told.unfiled);
}

static void
a_sent_message_is_destroyed_where_that_is_wanted(void **state)
{
	struct world *world = *state;

	add(world, 1);
	world->batch.sent = SENT_DESTROY;
	RUN(world, ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"}}")
	                   SUBMIT("\"created\":{\"s0\":{\"id\":\"E1\"}}")
	                       FILED("\"destroyed\":[\"M1\"]", "c1")));
	expect(world, 0, 0, "ok");
	assert_false(world->deliveries[0].told.unfiled);
	assert_true(asked(world, "\"onSuccessDestroyEmail\":[\"#s0\"]"));
	assert_false(asked(world, "onSuccessUpdateEmail"));
}

static void
the_null_sender_sends_as_the_account(void **state)
{
	struct world *world = *state;

	world->fake->account.address = xstrdup("me@x.example");
	free(add(world, 1)->delivery->sender);
	world->deliveries[0].sender = xstrdup("");
	RUN(world, SENT_ONE);
	assert_true(asked(world, "\"identityId\":\"I2\""));
	assert_true(asked(world, "\"mailFrom\":{\"email\":\"\"}"));
}

static void
an_existing_email_that_is_no_draft_was_sent_by_an_earlier_try(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, EXISTS_ONE, ANSWER(EMAILS(EMAIL("\"$seen\":true", "\" " STAMP "\""))));
	expect(world, 0, 0, "ok");
	assert_true(world->deliveries[0].told.earlier);
	assert_string_equal(world->submissions[0].email_id, "M9");
	assert_int_equal(world->fake->api, 3);
}

static void
an_existing_draft_is_submitted(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, EXISTS_ONE, ANSWER(EMAILS(EMAIL("\"$draft\":true", "\"" STAMP "\""))),
	    SENT_EXISTING("M9"));
	expect(world, 0, 0, "ok");
	assert_true(world->deliveries[0].told.again);
	assert_false(world->deliveries[0].told.earlier);
	assert_true(asked(world, "\"emailId\":\"M9\""));
	assert_int_equal(times(world, "Email/import"), 1);
	assert_int_equal(world->claims, 2);
}

static void
one_question_asks_for_all_that_exist(void **state)
{
	struct world *world = *state;

	add(world, 1);
	add(world, 1);
	RUN(world,
	    ANSWER(IMPORT("\"notCreated\":{\"m0\":{\"type\":\"alreadyExists\",\"existingId\":"
	                  "\"M9\"},\"m1\":{\"type\":\"alreadyExists\",\"existingId\":\"M8\"}}")
	            SUBMIT("\"notCreated\":{\"s0\":{\"type\":\"notFound\"},"
	                   "\"s1\":{\"type\":\"notFound\"}}")),
	    ANSWER(EMAILS(EMAIL("\"$seen\":true",
	        "\"" STAMP "\"") ",{\"id\":\"M8\",\"keywords\":"
	                         "{},\"header:X-Ferry-Id:asText\":\"" STAMP "\"}")));
	expect(world, 0, 0, "ok");
	expect(world, 1, 0, "ok");
	assert_int_equal(times(world, "Email/get"), 1);
}

static void
an_existing_email_without_our_stamp_says_nothing(void **state)
{
	static const char *const stamps[] = {"null", "\"0123\"", "\"" STAMP "0\""};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		char *answer = xasprintf(ANSWER(EMAILS("{\"id\":\"M9\",\"keywords\":{},"
		                                       "\"header:X-Ferry-Id:asText\":%s}")),
		    stamps[i]);

		start_again(world);
		add(world, 1);
		if (i == 0)
			RUN(world, EXISTS_ONE, answer);
		else
			run(world, (const char *const[]){EXISTS_ONE, answer, NULL});
		expect(world, 0, 0, "set/alreadyExists");
		assert_null(world->submissions[0].email_id);
		free(answer);
	}
}

static void
an_existing_email_that_is_gone_is_imported_once_more(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, EXISTS_ONE, ANSWER(EMAILS("")), PLACES, EXISTS_ONE, ANSWER(EMAILS("")));
	expect(world, 0, 0, "set/notFound");
	assert_int_equal(world->fake->uploads, 2);
}

static void
what_is_known_of_the_account_is_asked_again_after_a_refusal_that_it_may_explain(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, REFUSED_ONE("\"type\":\"invalidProperties\""), PLACES,
	    REFUSED_ONE("\"type\":\"invalidProperties\""));
	expect(world, 0, 0, "set/invalidProperties");
	assert_int_equal(world->fake->discoveries, 2);
	assert_int_equal(world->fake->uploads, 2);
	assert_int_equal(world->fake->api, 4);
}

static void
a_message_refused_for_good_leaves_no_draft(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, REFUSED_ONE("\"type\":\"forbiddenFrom\""), ANSWER(DESTROYED));
	expect(world, 0, 0, "set/forbiddenFrom");
	assert_true(asked(world, "[\"Email/set\",{\"destroy\":[\"M1\"]"));
}

static void
a_message_refused_for_now_leaves_its_draft(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, REFUSED_ONE("\"type\":\"overQuota\""));
	expect(world, 0, 0, "set/overQuota");
	assert_false(asked(world, "\"destroy\""));
	assert_string_equal(world->submissions[0].email_id, "M1");
}

static void
the_class_of_a_refusal_to_send_is_in_its_description(void **state)
{
	static const struct {
		const char *error, *dsn;
		enum outcome_class class;
	} rows[] = {
	    {"\"type\":\"forbiddenToSend\",\"description\":\"4.3.0 greylisted\"", "4.3.0",
	        OUTCOME_TEMPORARY},
	    {"\"type\":\"forbiddenToSend\",\"description\":\"450 later\"", "4.7.1",
	        OUTCOME_TEMPORARY},
	    {"\"type\":\"forbiddenToSend\",\"description\":\"5.7.1 never\"", "5.7.1",
	        OUTCOME_PERMANENT},
	    {"\"type\":\"forbiddenToSend\"", "4.7.1", OUTCOME_TEMPORARY},
	    {"\"type\":\"tooLarge\",\"description\":\"4.3.4 disk\"", "4.3.4",
	        OUTCOME_TEMPORARY},
	    {"\"type\":\"tooLarge\"", "5.3.4", OUTCOME_PERMANENT},
	    {"\"type\":\"noRecipients\"", "5.1.0", OUTCOME_PERMANENT},
	    {"\"type\":\"forbiddenMailFrom\"", "5.7.1", OUTCOME_PERMANENT},
	    {"\"type\":\"notPermittedFrom\"", "5.7.1", OUTCOME_PERMANENT},
	    {"\"type\":\"rateLimit\"", "4.7.0", OUTCOME_TEMPORARY},
	    {"\"type\":\"whoKnows\"", "4.3.0", OUTCOME_TEMPORARY},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *answer = xasprintf(REFUSED_ONE("%s"), rows[i].error);

		start_again(world);
		add(world, 1);
		if (i == 0)
			RUN(world, answer, ANSWER(DESTROYED));
		else
			run(world, (const char *const[]){answer, ANSWER(DESTROYED), NULL});
		assert_string_equal(came_of(world, 0, 0)->dsn, rows[i].dsn);
		assert_int_equal(came_of(world, 0, 0)->class, rows[i].class);
		free(answer);
	}
}

static void
refused_recipients_do_not_keep_the_others_from_it(void **state)
{
	struct world *world = *state;

	add(world, 3);
	RUN(world,
	    REFUSED_ONE("\"type\":\"invalidRecipients\",\"description\":\"5.1.1 no such user\","
	                "\"invalidRecipients\":[\"R1@y.example\"]"),
	    SENT_EXISTING("M1"));
	expect(world, 0, 0, "ok");
	expect(world, 0, 1, "set/invalidRecipients");
	expect(world, 0, 2, "ok");
	assert_int_equal(came_of(world, 0, 1)->class, OUTCOME_PERMANENT);
	assert_true(asked(world, "\"rcptTo\":[{\"email\":\"r0@y.example\"},"
	                         "{\"email\":\"r2@y.example\"}]"));
	assert_int_equal(world->claimed, 2);
	assert_false(asked(world, "\"destroy\""));
}

static void
recipients_refused_for_now_are_tried_later(void **state)
{
	struct world *world = *state;

	add(world, 2);
	RUN(world,
	    REFUSED_ONE("\"type\":\"invalidRecipients\",\"description\":\"4.1.1 greylisted\","
	                "\"invalidRecipients\":[\"r0@y.example\"]"),
	    SENT_EXISTING("M1"));
	assert_int_equal(came_of(world, 0, 0)->class, OUTCOME_TEMPORARY);
	assert_int_equal(came_of(world, 0, 0)->smtp, 450);
	expect(world, 0, 1, "ok");
}

static void
where_nobody_is_named_each_recipient_is_tried_alone(void **state)
{
	struct world *world = *state;

	add(world, 2);
	RUN(world, REFUSED_ONE("\"type\":\"invalidRecipients\""),
	    ANSWER(EXISTING("\"notCreated\":{\"s0\":{\"type\":\"invalidRecipients\"}}")),
	    SENT_EXISTING("M1"));
	expect(world, 0, 0, "set/invalidRecipients");
	expect(world, 0, 1, "ok");
}

/* The Email as it is filed says that everybody got it: a refusal that nobody wrote down by then
 * would be forgotten. */
static void
a_refusal_is_recorded_before_the_message_is_filed(void **state)
{
	struct world *world = *state;
	const char *filed;

	add(world, 2);
	RUN(world, REFUSED_ONE("\"type\":\"invalidRecipients\""),
	    ANSWER(EXISTING("\"created\":{\"s0\":{\"id\":\"E1\"}}")),
	    ANSWER(EXISTING("\"notCreated\":{\"s0\":{\"type\":\"invalidRecipients\"}}")),
	    ANSWER("[\"Email/set\",{\"updated\":{\"M1\":null}},\"c0\"]"));
	expect(world, 0, 0, "ok");
	expect(world, 0, 1, "set/invalidRecipients");
	filed = strstr(buf_str(&world->fake->api_log), "[\"Email/set\",{\"update\":{\"M1\":");
	assert_non_null(filed);
	assert_true(filed >= buf_str(&world->fake->api_log) + world->asked_by_then);
	assert_false(world->deliveries[0].told.unfiled);
}

static void
too_many_recipients_are_sent_to_in_parts(void **state)
{
	struct world *world = *state;

	add(world, 5);
	RUN(world, REFUSED_ONE("\"type\":\"tooManyRecipients\",\"maxRecipients\":2"),
	    ANSWER(EXISTING("\"created\":{\"s0\":{\"id\":\"E1\"}}")),
	    ANSWER(EXISTING("\"created\":{\"s0\":{\"id\":\"E2\"}}")), SENT_EXISTING("M1"));
	for (size_t i = 0; i < 5; i++)
		expect(world, 0, i, "ok");
	/* The Email is filed with the last part, and not before. */
	assert_int_equal(times(world, "onSuccessUpdateEmail"), 2);
	assert_false(world->deliveries[0].told.unfiled);
	assert_int_equal(world->fake->api, 5);
}

static void
one_recipient_is_never_too_many(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, REFUSED_ONE("\"type\":\"tooManyRecipients\",\"maxRecipients\":0"));
	expect(world, 0, 0, "set/tooManyRecipients");
}

static void
a_service_that_refuses_for_ever_is_not_asked_for_ever(void **state)
{
	struct world *world = *state;

	add(world, 2);
	RUN(world, REFUSED_ONE("\"type\":\"tooManyRecipients\",\"maxRecipients\":1"),
	    ANSWER(EXISTING("\"notCreated\":{\"s0\":{\"type\":\"invalidRecipients\"}}")));
	expect(world, 0, 0, "set/invalidRecipients");
	expect(world, 0, 1, "set/invalidRecipients");
	assert_in_range(world->fake->api, 4, 6);
}

static void
nothing_is_sent_that_could_not_be_recorded(void **state)
{
	struct world *world = *state;

	add(world, 1);
	world->claim_outcome = outcome_make("local", "disk-full", NULL);
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "local/disk-full");
	assert_false(asked(world, "EmailSubmission"));
}

static struct outcome
never(void *arg)
{
	(void)arg;
	return outcome_make("local", "truncated", NULL);
}

static void
nothing_is_sent_that_is_not_wanted_any_more(void **state)
{
	struct world *world = *state;

	add(world, 1)->delivery->before_sending = never;
	add(world, 1);
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "local/truncated");
	expect(world, 1, 0, "ok");
	assert_int_equal(world->claimed, 1);
}

static void
an_answer_that_lacks_the_submission_may_have_sent(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"}}")));
	expect(world, 0, 0, "answer/missing");
	assert_true(came_of(world, 0, 0)->ambiguous);
	assert_int_equal(came_of(world, 0, 0)->class, OUTCOME_TEMPORARY);
	assert_string_equal(world->submissions[0].email_id, "M1");
}

static void
a_service_that_fails_may_have_sent(void **state)
{
	struct world *world = *state;

	add(world, 1);
	add(world, 1);
	RUN(world, ANSWER(IMPORT("\"created\":{\"m0\":{\"id\":\"M1\"},\"m1\":{\"id\":\"M2\"}}")
	                   SUBMIT("\"notCreated\":{\"s0\":{\"type\":\"serverFail\"},"
	                          "\"s1\":{\"type\":\"serverPartialFail\"}}")));
	for (size_t i = 0; i < 2; i++)
		assert_true(came_of(world, i, 0)->ambiguous);
	assert_int_equal(world->claims, 1); /* so neither is tried again now */
}

static void
what_could_not_be_imported_was_not_sent(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, ANSWER(IMPORT("\"notCreated\":{\"m0\":{\"type\":\"serverFail\"}}")
	                   SUBMIT("\"notCreated\":{\"s0\":{\"type\":\"invalidProperties\"}}")));
	expect(world, 0, 0, "set/serverFail");
	assert_false(came_of(world, 0, 0)->ambiguous);
}

static void
a_request_refused_for_one_of_its_messages_is_made_for_each_alone(void **state)
{
	struct world *world = *state;

	add(world, 1);
	add(world, 1);
	RUN(world,
	    "{\"type\":\"urn:ietf:params:jmap:error:notRequest\"}", /* which is no answer */
	    SENT_ONE);
	/* A 200 without method responses may have been acted upon. */
	expect(world, 0, 0, "answer/missing");
	assert_true(came_of(world, 0, 0)->ambiguous);

	world->recorded = world->settled = 0;
	world->count = 2;
	for (size_t i = 0; i < 2; i++) {
		world->items[i] = &world->submissions[i];
		world->submissions[i].addressees[0].state = ADDRESSEE_OPEN;
	}
	world->fake->faults[0] = (struct fake_fault){.path = "/jmap",
	    .status = 400,
	    .headers = "Content-Type: application/problem+json\r\n",
	    .body = "{\"type\":\"urn:ietf:params:jmap:error:limit\","
	            "\"limit\":\"maxSizeRequest\",\"status\":400}",
	    .count = 1};
	run(world, (const char *const[]){SENT_ONE, NULL});
	expect(world, 0, 0, "ok");
	expect(world, 1, 0, "ok");
}

static void
a_method_error_that_one_may_have_caused_is_tried_for_each_alone(void **state)
{
	struct world *world = *state;

	add(world, 1);
	add(world, 1);
	RUN(world,
	    ANSWER("[\"error\",{\"type\":\"invalidArguments\"},\"c0\"],"
	           "[\"error\",{\"type\":\"invalidArguments\"},\"c1\"]"),
	    SENT_ONE,
	    ANSWER("[\"error\",{\"type\":\"invalidArguments\"},\"c0\"],"
	           "[\"error\",{\"type\":\"invalidArguments\"},\"c1\"]"));
	expect(world, 0, 0, "ok");
	expect(world, 1, 0, "method/invalidArguments");
	assert_int_equal(world->fake->api, 4);
}

#define SESSION_WITH(mail, submission, more)                                                \
	"{\"capabilities\":{\"urn:ietf:params:jmap:core\":{\"maxCallsInRequest\":4,"        \
	"\"maxSizeRequest\":20000,\"maxSizeUpload\":1000" more "}},"                        \
	"\"accounts\":{\"a1\":{\"accountCapabilities\":{" mail                              \
	"\"urn:ietf:params:jmap:mail\":{},\"urn:ietf:params:jmap:submission\":{" submission \
	"}}}},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a1\","                   \
	"\"urn:ietf:params:jmap:submission\":\"a1\"},\"apiUrl\":\"/jmap\","                 \
	"\"uploadUrl\":\"/upload/{accountId}\","                                            \
	"\"downloadUrl\":\"/download/{accountId}/{blobId}/{name}?type={type}\","            \
	"\"state\":\"s1\"}"
#define BLOB "\"urn:ietf:params:jmap:blob\":{\"maxSizeBlobSet\":500},"
#define INLINE_SENT                                                                       \
	ANSWER("[\"Blob/upload\",{\"created\":{\"b0\":{\"id\":\"G1\"}}},\"c0\"],"         \
	       "[\"Email/import\",{\"created\":{\"m0\":{\"id\":\"M1\"}}},\"c1\"],"        \
	       "[\"EmailSubmission/set\",{\"created\":{\"s0\":{\"id\":\"E1\"}}},\"c2\"]," \
	       "[\"Email/set\",{\"updated\":{\"M1\":null}},\"c2\"]")

static void
a_small_message_goes_inside_the_request_where_that_is_offered(void **state)
{
	struct world *world = *state;

	world->fake->session_body = SESSION_WITH(BLOB, "", "");
	add(world, 1)->fits = true;
	RUN(world, INLINE_SENT);
	expect(world, 0, 0, "ok");
	assert_int_equal(world->fake->uploads, 0);
	assert_true(asked(world, "[\"Blob/upload\",{\"create\":{\"b0\":{\"data\":[{"
	                         "\"data:asText\":\"X-Ferry-Id: " STAMP "\\r\\n"));
	assert_true(asked(world, "\"blobId\":\"#b0\""));
	assert_true(asked(world, "urn:ietf:params:jmap:blob"));
	assert_int_equal(world->deliveries[0].told.requests, 1);
}

static void
bytes_that_are_no_text_go_inside_as_base64(void **state)
{
	struct world *world = *state;
	struct submission *s = add(world, 1);

	message_free(&s->delivery->message);
	message_init(&s->delivery->message, world->spool);
	receive(&s->delivery->message, "A: b\n\n\xff\n");
	world->fake->session_body = SESSION_WITH(BLOB, "", "");
	s->fits = true;
	RUN(world, INLINE_SENT);
	expect(world, 0, 0, "ok");
	assert_true(asked(world, "\"data:asBase64\":\"QTogYg0KDQr/DQo=\""));
}

static void
a_message_beyond_the_services_limit_for_blobs_is_uploaded(void **state)
{
	struct world *world = *state;

	world->fake->session_body =
	    SESSION_WITH("\"urn:ietf:params:jmap:blob\":{\"maxSizeBlobSet\":10},", "", "");
	add(world, 1)->fits = true;
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "ok");
	assert_int_equal(world->fake->uploads, 1);
}

static void
a_blob_that_is_refused_inside_a_request_is_uploaded(void **state)
{
	struct world *world = *state;

	world->fake->session_body = SESSION_WITH(BLOB, "", "");
	add(world, 1)->fits = true;
	RUN(world,
	    ANSWER("[\"Blob/upload\",{\"notCreated\":{\"b0\":{\"type\":\"tooLarge\"}}},\"c0\"],"
	           "[\"Email/import\",{\"notCreated\":{\"m0\":{\"type\":\"blobNotFound\"}}},"
	           "\"c1\"],[\"EmailSubmission/set\",{\"notCreated\":{\"s0\":{\"type\":"
	           "\"invalidProperties\"}}},\"c2\"]"),
	    SENT_ONE);
	expect(world, 0, 0, "ok");
	assert_int_equal(world->fake->uploads, 1);
}

static void
no_more_go_into_a_request_than_the_service_allows(void **state)
{
	struct world *world = *state;

	world->fake->session_body = SESSION_WITH("", "", ",\"maxObjectsInSet\":1");
	add(world, 1);
	add(world, 1);
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "ok");
	expect(world, 1, 0, "ok");
	assert_int_equal(times(world, "EmailSubmission/set"), 2);
	assert_false(asked(world, "\"s1\""));
}

static void
what_the_queue_asked_for_reaches_the_envelope_where_it_is_offered(void **state)
{
	struct world *world = *state;
	struct delivery *delivery = add(world, 2)->delivery;

	delivery->ret = xstrdup("HDRS");
	delivery->envid = xstrdup("a+2Bb");
	delivery->recipients[0].notify = xstrdup("SUCCESS,FAILURE");
	delivery->recipients[0].orcpt = xstrdup("rfc822;o+40x");
	delivery->recipients[1].orcpt = xstrdup("utf-8;gr\\x{FC}n\\x{2B}@x");
	delivery->hold_until = clock_wall() + 3600;
	world->fake->session_body = SESSION_WITH(
	    "", "\"maxDelayedSend\":86400,\"submissionExtensions\":{\"DSN\":[]}", "");
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "ok");
	assert_true(asked(world, "\"RET\":\"HDRS\",\"ENVID\":\"a+b\",\"HOLDUNTIL\":\"20"));
	assert_true(asked(world, "{\"email\":\"r0@y.example\",\"parameters\":{\"NOTIFY\":"
	                         "\"SUCCESS,FAILURE\",\"ORCPT\":\"rfc822;o@x\"}}"));
	assert_true(asked(world, "\"parameters\":{\"ORCPT\":\"utf-8;gr\xc3\xbcn+@x\"}}"));
}

static void
what_is_not_offered_stays_out_of_the_envelope(void **state)
{
	struct world *world = *state;
	struct delivery *delivery = add(world, 1)->delivery;

	delivery->ret = xstrdup("FULL");
	delivery->recipients[0].notify = xstrdup("NEVER");
	delivery->hold_until = clock_wall() - 1; /* it may go by now */
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "ok");
	assert_false(asked(world, "parameters\":"));
}

static void
a_message_that_cannot_be_held_so_long_is_refused(void **state)
{
	struct world *world = *state;

	add(world, 1)->delivery->hold_until = clock_wall() + 7200;
	add(world, 1);
	world->fake->session_body = SESSION_WITH("", "\"maxDelayedSend\":3600", "");
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "local/undelayed");
	assert_int_equal(came_of(world, 0, 0)->class, OUTCOME_PERMANENT);
	expect(world, 1, 0, "ok");
}

static void
a_draft_of_an_earlier_try_is_submitted_without_its_bytes(void **state)
{
	struct world *world = *state;

	add(world, 1)->email_id = xstrdup("M7");
	RUN(world, SENT_EXISTING("M7"));
	expect(world, 0, 0, "ok");
	assert_int_equal(world->fake->uploads, 0);
	assert_false(asked(world, "Email/import"));
}

static void
a_draft_that_is_gone_is_made_again(void **state)
{
	struct world *world = *state;

	add(world, 1)->email_id = xstrdup("M7");
	RUN(world,
	    ANSWER(EXISTING("\"notCreated\":{\"s0\":{\"type\":\"invalidProperties\","
	                    "\"properties\":[\"emailId\"]}}")),
	    PLACES, SENT_ONE);
	expect(world, 0, 0, "ok");
	assert_int_equal(world->fake->uploads, 1);
	assert_string_equal(world->submissions[0].email_id, "M1");
}

#define UNKNOWN_IMPORT                                                       \
	ANSWER("[\"error\",{\"type\":\"unknownMethod\"},\"c0\"],"            \
	       "[\"EmailSubmission/set\",{\"notCreated\":{\"s0\":{\"type\":" \
	       "\"invalidProperties\"}}},\"c1\"]")
#define COMPOSED_ONE                                                                   \
	ANSWER("[\"Email/set\",{\"created\":{\"m0\":{\"id\":\"M1\"}}},\"c0\"]" SUBMIT( \
	    "\"created\":{\"s0\":{\"id\":\"E1\"}}") FILED("\"updated\":{\"M1\":null}", "c1"))

static void
a_message_is_made_anew_where_the_service_cannot_import(void **state)
{
	struct world *world = *state;

	add(world, 1);
	RUN(world, UNKNOWN_IMPORT, COMPOSED_ONE);
	expect(world, 0, 0, "ok");
	assert_true(world->batch.lacks_import);
	assert_true(asked(world, "[\"Email/set\",{\"create\":{\"m0\":{"));
	assert_true(asked(world, "header:X-Ferry-Id:asRaw"));
	assert_true(asked(world, "\"emailId\":\"#m0\""));
	assert_string_equal(world->submissions[0].email_id, "M1");
	assert_false(world->deliveries[0].told.unfiled);
}

static void
where_that_is_known_it_is_not_asked_to_import(void **state)
{
	struct world *world = *state;

	add(world, 1);
	world->batch.lacks_import = true;
	RUN(world, COMPOSED_ONE);
	expect(world, 0, 0, "ok");
	assert_false(asked(world, "Email/import"));
	assert_int_equal(world->fake->uploads, 0);
}

static void
nothing_is_made_anew_unless_that_is_wanted(void **state)
{
	struct world *world = *state;

	add(world, 1);
	world->batch.method = SUBMIT_BY_IMPORT;
	RUN(world, UNKNOWN_IMPORT);
	expect(world, 0, 0, "method/unknownMethod");
}

/* A signed message: no byte of it may change. */
static void
sign(struct submission *s, const char *spool)
{
	message_free(&s->delivery->message);
	message_init(&s->delivery->message, spool);
	receive(&s->delivery->message,
	    "Message-ID: <1@x>\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/signed; boundary=b; micalg=sha1; "
	    "protocol=\"application/pgp-signature\"\n\n"
	    "--b\n\nhi\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n");
	message_stamp(&s->delivery->message, &s->stamp, &s->stamp, "me@x.example");
}

static void
what_cannot_be_made_anew_is_imported_if_it_can_be(void **state)
{
	struct world *world = *state;

	sign(add(world, 1), world->spool);
	world->batch.lacks_import = true;
	RUN(world, SENT_ONE);
	expect(world, 0, 0, "ok");
	assert_true(asked(world, "Email/import"));
}

static void
what_can_neither_be_imported_nor_made_anew_is_refused(void **state)
{
	struct world *world = *state;

	sign(add(world, 1), world->spool);
	RUN(world, UNKNOWN_IMPORT);
	expect(world, 0, 0, "local/unrepresentable");
	assert_string_equal(came_of(world, 0, 0)->dsn, "5.6.3");

	start_again(world);
	sign(add(world, 1), world->spool);
	world->batch.method = SUBMIT_BY_COMPOSE;
	run(world, (const char *const[]){SENT_ONE, NULL});
	expect(world, 0, 0, "local/unrepresentable");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_message_is_imported_submitted_and_filed_in_one_request),
	    TEST(many_messages_share_one_request),
	    TEST(what_is_wrong_with_one_does_not_touch_its_companions),
	    TEST(a_message_that_was_sent_but_not_filed_is_a_success),
	    TEST(a_sent_message_is_destroyed_where_that_is_wanted),
	    TEST(the_null_sender_sends_as_the_account),
	    TEST(an_existing_email_that_is_no_draft_was_sent_by_an_earlier_try),
	    TEST(an_existing_draft_is_submitted),
	    TEST(one_question_asks_for_all_that_exist),
	    TEST(an_existing_email_without_our_stamp_says_nothing),
	    TEST(an_existing_email_that_is_gone_is_imported_once_more),
	    TEST(
	        what_is_known_of_the_account_is_asked_again_after_a_refusal_that_it_may_explain),
	    TEST(a_message_refused_for_good_leaves_no_draft),
	    TEST(a_refusal_is_recorded_before_the_message_is_filed),
	    TEST(a_message_refused_for_now_leaves_its_draft),
	    TEST(the_class_of_a_refusal_to_send_is_in_its_description),
	    TEST(refused_recipients_do_not_keep_the_others_from_it),
	    TEST(recipients_refused_for_now_are_tried_later),
	    TEST(where_nobody_is_named_each_recipient_is_tried_alone),
	    TEST(too_many_recipients_are_sent_to_in_parts),
	    TEST(one_recipient_is_never_too_many),
	    TEST(a_service_that_refuses_for_ever_is_not_asked_for_ever),
	    TEST(nothing_is_sent_that_could_not_be_recorded),
	    TEST(nothing_is_sent_that_is_not_wanted_any_more),
	    TEST(an_answer_that_lacks_the_submission_may_have_sent),
	    TEST(a_service_that_fails_may_have_sent),
	    TEST(what_could_not_be_imported_was_not_sent),
	    TEST(a_request_refused_for_one_of_its_messages_is_made_for_each_alone),
	    TEST(a_method_error_that_one_may_have_caused_is_tried_for_each_alone),
	    TEST(a_small_message_goes_inside_the_request_where_that_is_offered),
	    TEST(bytes_that_are_no_text_go_inside_as_base64),
	    TEST(a_message_beyond_the_services_limit_for_blobs_is_uploaded),
	    TEST(a_blob_that_is_refused_inside_a_request_is_uploaded),
	    TEST(no_more_go_into_a_request_than_the_service_allows),
	    TEST(what_the_queue_asked_for_reaches_the_envelope_where_it_is_offered),
	    TEST(what_is_not_offered_stays_out_of_the_envelope),
	    TEST(a_message_that_cannot_be_held_so_long_is_refused),
	    TEST(a_draft_of_an_earlier_try_is_submitted_without_its_bytes),
	    TEST(a_draft_that_is_gone_is_made_again),
	    TEST(a_message_is_made_anew_where_the_service_cannot_import),
	    TEST(where_that_is_known_it_is_not_asked_to_import),
	    TEST(nothing_is_made_anew_unless_that_is_wanted),
	    TEST(what_cannot_be_made_anew_is_imported_if_it_can_be),
	    TEST(what_can_neither_be_imported_nor_made_anew_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
