/*
 * The courier: deliveries of many threads and tries, to a small mail server that loses
 * answers, forgets submissions, and kills whoever asks it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_map.h"
#include "common/wire/json.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"
#include "transport/courier.h"
#include "transport/submit_doubt.h"

#define SESSION                                                                            \
	"{\"capabilities\":{\"urn:ietf:params:jmap:core\":{\"maxCallsInRequest\":16}},"    \
	"\"accounts\":{\"a1\":{\"accountCapabilities\":{\"urn:ietf:params:jmap:mail\":{}," \
	"\"urn:ietf:params:jmap:blob\":{},\"urn:ietf:params:jmap:submission\":{"           \
	"\"maxDelayedSend\":3600,\"submissionExtensions\":{\"DSN\":[]}}}}},"               \
	"\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a1\","                       \
	"\"urn:ietf:params:jmap:submission\":\"a1\"},\"apiUrl\":\"/jmap\","                \
	"\"uploadUrl\":\"/upload/{accountId}\","                                           \
	"\"downloadUrl\":\"/download/{accountId}/{blobId}/{name}?type={type}\","           \
	"\"state\":\"s1\"}"

#define EMAILS_MAX 512
#define THREADS    48

/* What happens to the next request that submits. */
enum trouble {
	NONE,
	CUT_BEFORE,  /* it is not acted upon, and not answered */
	CUT_AFTER,   /* it is acted upon, and not answered */
	CUT_UNFILED, /* the same, but the Email stays a draft */
	KILL_BEFORE, /* the same three, and who asked is killed */
	KILL_AFTER,
	KILL_UNFILED,
	FAIL_UNFILED, /* it is sent, and serverFail is the answer */
};

struct email {
	char stamp[40], message_id[80];
	bool draft, gone;
	json_t *envelope; /* of its last submission, or NULL */
};

struct world {
	struct fake_service *fake;
	struct config config;
	struct courier *courier;
	enum trouble trouble;
	pid_t client;        /* to be killed */
	bool errands;        /* deliveries are, where they may be */
	bool remembers;      /* submissions, once they are sent */
	bool duplicates;     /* byte-equal messages are different Emails */
	const char *refuses; /* a recipient, or NULL */
	bool later;          /* that one may be sent to later */
	bool full;           /* nothing can be submitted for now */
	unsigned delay_ms;
	unsigned cut_at; /* the request to submit, counted from 1, that is not acted upon */
	struct email emails[EMAILS_MAX];
	size_t email_count;
	unsigned submissions; /* of messages */
	json_t *sent;         /* recipient: how often it was sent to */
	json_t *blobs;        /* of the request at hand: creation id, text */
};

/* The mail server: one method each. */

static void
after(const char *text, const char *name, char *out, size_t size)
{
	const char *p = strstr(text, name);

	snprintf(out, size, "%.*s", p != NULL ? (int)strcspn(p + strlen(name), "\r") : 0,
	    p != NULL ? p + strlen(name) : "");
}

static json_t *
email_id(size_t i)
{
	return json_sprintf("M%zu", i);
}

static json_t *
import_one(struct world *world, const json_t *object, json_t **error_r)
{
	const char *blob = json_get_string(object, "blobId");
	const char *text = json_string_value(json_object_get(world->blobs, blob + 1));
	struct email *email = &world->emails[world->email_count];

	assert_non_null(text);
	*email = (struct email){.draft = true};
	after(text, "X-Ferry-Id: ", email->stamp, sizeof(email->stamp));
	after(text, "Message-ID: ", email->message_id, sizeof(email->message_id));
	for (size_t i = 0; i < world->email_count && !world->duplicates; i++)
		if (!world->emails[i].gone &&
		    strcmp(world->emails[i].stamp, email->stamp) == 0) {
			*error_r = json_pack(
			    "{s:s, s:o}", "type", "alreadyExists", "existingId", email_id(i));
			return NULL;
		}
	assert_true(world->email_count < EMAILS_MAX);
	return json_pack("{s:o}", "id", email_id(world->email_count++));
}

static json_t *
do_import(struct world *world, const json_t *args, json_t *made)
{
	json_t *created = json_object(), *not_created = json_object(), *object;
	const char *key;

	json_object_foreach (json_object_get(args, "emails"), key, object) {
		json_t *error = NULL, *email = import_one(world, object, &error);

		if (email != NULL) {
			json_object_set(made, key, json_object_get(email, "id"));
			json_object_set_new(created, key, email);
		} else {
			json_object_set_new(not_created, key, error);
		}
	}
	return json_pack("{s:o, s:o}", "created", created, "notCreated", not_created);
}

static void
send_to_all(struct world *world, const json_t *envelope)
{
	json_t *address;
	size_t i;

	world->submissions++;
	json_array_foreach (json_object_get(envelope, "rcptTo"), i, address) {
		const char *to = json_get_string(address, "email");
		json_int_t before = json_integer_value(json_object_get(world->sent, to));

		json_object_set_new(world->sent, to, json_integer(before + 1));
	}
}

/* A SetError if the envelope names whom the server refuses. */
static json_t *
refusal(struct world *world, const json_t *envelope)
{
	json_t *address;
	size_t i;

	if (world->full)
		return json_pack("{s:s}", "type", "overQuota");
	json_array_foreach (json_object_get(envelope, "rcptTo"), i, address)
		if (world->refuses != NULL &&
		    strcmp(json_get_string(address, "email"), world->refuses) == 0)
			return json_pack("{s:s, s:s, s:[s]}", "type", "invalidRecipients",
			    "description", world->later ? "4.2.1 not now" : "5.1.1 nobody here",
			    "invalidRecipients", world->refuses);
	return NULL;
}

static bool
leaves_unfiled(const struct world *world)
{
	return world->trouble == CUT_UNFILED || world->trouble == KILL_UNFILED ||
	       world->trouble == FAIL_UNFILED;
}

static json_t *
do_submit(struct world *world, const json_t *args, const json_t *made, json_t **filed_r)
{
	json_t *created = json_object(), *not_created = json_object(), *updated = json_object();
	const char *key;
	json_t *object;

	json_object_foreach (json_object_get(args, "create"), key, object) {
		char *self = xasprintf("#%s", key);
		bool files = json_object_get(
		                 json_object_get(args, "onSuccessUpdateEmail"), self) != NULL;
		const char *named = json_get_string(object, "emailId");
		json_t *id = *named == '#' ? json_object_get(made, named + 1)
		                           : json_object_get(object, "emailId");
		const json_t *envelope = json_object_get(object, "envelope");
		json_t *error = id == NULL ? json_pack("{s:s}", "type", "invalidProperties")
		                           : refusal(world, envelope);
		struct email *email =
		    id != NULL ? &world->emails[atoi(json_string_value(id) + 1)] : NULL;

		free(self);
		if (error == NULL) {
			send_to_all(world, envelope);
			json_decref(email->envelope);
			email->envelope = json_deep_copy(envelope);
			if (world->trouble == FAIL_UNFILED)
				error = json_pack("{s:s}", "type", "serverFail");
		}
		if (error != NULL) {
			json_object_set_new(not_created, key, error);
			continue;
		}
		json_object_set_new(created, key, json_pack("{s:s}", "id", "E1"));
		if (files && !leaves_unfiled(world)) {
			email->draft = false;
			json_object_set_new(updated, json_string_value(id), json_null());
		}
	}
	*filed_r = json_pack("{s:o}", "updated", updated);
	return json_pack("{s:o, s:o}", "created", created, "notCreated", not_created);
}

/* Email/set of what was sent, or refused, and is to be filed or destroyed. */
static json_t *
do_file(struct world *world, const json_t *args)
{
	const json_t *destroyed = json_object_get(args, "destroy");
	json_t *updated = json_object(), *patch, *item;
	const char *id;
	size_t i;

	json_object_foreach (json_object_get(args, "update"), id, patch) {
		assert_true(json_is_null(json_object_get(patch, "keywords/$draft")));
		world->emails[atoi(id + 1)].draft = false;
		json_object_set_new(updated, id, json_null());
	}
	json_array_foreach (destroyed, i, item)
		world->emails[atoi(json_string_value(item) + 1)].gone = true;
	return json_pack("{s:o, s:O*}", "updated", updated, "destroyed", destroyed);
}

static json_t *
do_blobs(struct world *world, const json_t *args)
{
	json_t *created = json_object(), *object;
	const char *key;

	json_object_foreach (json_object_get(args, "create"), key, object) {
		json_t *data = json_array_get(json_object_get(object, "data"), 0);

		json_object_set(world->blobs, key, json_object_get(data, "data:asText"));
		json_object_set_new(created, key, json_pack("{s:s}", "id", "G"));
	}
	return json_pack("{s:o}", "created", created);
}

/* Email/query by Message-ID, and the Email/get that refers to it or names an id. */
static json_t *
do_find(struct world *world, const json_t *args, const json_t *query)
{
	json_t *list = json_array();
	const json_t *header = json_object_get(json_object_get(query, "filter"), "header");
	const char *wanted = json_string_value(json_array_get(header, 1));
	const json_t *ids = json_object_get(args, "ids");

	for (size_t i = 0; i < world->email_count; i++) {
		const struct email *email = &world->emails[i];
		char id[24];
		size_t k;
		json_t *item;
		bool is = wanted != NULL && strcmp(email->message_id, wanted) == 0;

		snprintf(id, sizeof(id), "M%zu", i);
		json_array_foreach (ids, k, item)
			is = is || strcmp(json_string_value(item), id) == 0;
		if (is && !email->gone)
			json_array_append_new(list,
			    json_pack("{s:s, s:o, s:s}", "id", id, "keywords",
			        email->draft ? json_pack("{s:b}", "$draft", 1) : json_object(),
			        "header:X-Ferry-Id:asText", email->stamp));
	}
	return json_pack("{s:o}", "list", list);
}

static json_t *
do_submissions(struct world *world)
{
	json_t *list = json_array();

	for (size_t i = 0; i < world->email_count && world->remembers; i++)
		if (world->emails[i].envelope != NULL)
			json_array_append_new(
			    list, json_pack("{s:s, s:s, s:O}", "id", "E", "undoStatus", "final",
			              "envelope", world->emails[i].envelope));
	return json_pack("{s:o}", "list", list);
}

static json_t *
do_places(const char *method, const json_t *args)
{
	const char *role = json_get_string(json_get_object(args, "filter"), "role");

	if (strcmp(method, "Mailbox/query") != 0)
		return json_pack(
		    "{s:[{s:s, s:s}]}", "list", "id", "I", "email", "me@x.example");
	return json_pack("{s:[s]}", "ids",
	    strcmp(role, "drafts") == 0 ? "D"
	    : strcmp(role, "sent") == 0 ? "S"
	                                : "B");
}

static void
answer_call(
    struct world *world, const json_t *call, json_t *made, json_t **query, json_t *responses)
{
	const char *method = json_string_value(json_array_get(call, 0));
	const char *id = json_string_value(json_array_get(call, 2));
	json_t *args = json_array_get(call, 1), *result, *filed = NULL;

	if (strcmp(method, "Blob/upload") == 0)
		result = do_blobs(world, args);
	else if (strcmp(method, "Email/import") == 0)
		result = do_import(world, args, made);
	else if (strcmp(method, "EmailSubmission/set") == 0)
		result = do_submit(world, args, made, &filed);
	else if (strcmp(method, "Email/get") == 0)
		result = do_find(world, args, *query);
	else if (strcmp(method, "EmailSubmission/get") == 0)
		result = do_submissions(world);
	else if (strcmp(method, "EmailSubmission/query") == 0)
		result = json_pack(
		    "{s:o}", "ids", world->remembers ? json_pack("[s]", "E") : json_array());
	else if (strcmp(method, "Email/set") == 0)
		result = do_file(world, args);
	else
		result = strcmp(method, "Email/query") == 0 ? json_pack("{s:[]}", "ids")
		                                            : do_places(method, args);
	if (strcmp(method, "Email/query") == 0)
		*query = args;
	json_array_append_new(responses, json_pack("[s, o, s]", method, result, id));
	if (filed != NULL)
		json_array_append_new(
		    responses, json_pack("[s, o, s]", "Email/set", filed, id));
}

static char *
answer(void *arg, const char *body, size_t length)
{
	struct world *world = arg;
	json_t *request = json_loadb(body, length, 0, NULL), *call, *query = NULL;
	json_t *responses = json_array(), *made = json_object(), *document;
	bool submits = strstr(body, "EmailSubmission/set") != NULL;
	enum trouble trouble = !submits               ? NONE
	                       : world->cut_at == 0   ? world->trouble
	                       : --world->cut_at == 0 ? CUT_BEFORE
	                                              : NONE;
	char *text = NULL;
	size_t i;

	if (world->delay_ms != 0)
		usleep(world->delay_ms * 1000);
	world->blobs = json_object();
	if (trouble != CUT_BEFORE && trouble != KILL_BEFORE)
		json_array_foreach (json_object_get(request, "methodCalls"), i, call)
			answer_call(world, call, made, &query, responses);
	if (trouble >= KILL_BEFORE && trouble <= KILL_UNFILED)
		kill(world->client, SIGKILL);
	document = json_pack("{s:O, s:s}", "methodResponses", responses, "sessionState", "s1");
	if (trouble == NONE || trouble == FAIL_UNFILED)
		text = json_dumps(document, JSON_COMPACT);
	if (submits)
		world->trouble = NONE;
	json_decref(document);
	json_decref(responses);
	json_decref(made);
	json_decref(request);
	json_decref(world->blobs);
	return text;
}

/* The world. */

static int
setup(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));
	void *fake;
	struct outcome o;

	log_open("test", LOG_TO_STDERR, LOG_MAIL, LOG_EMERG);
	if (fake_service_setup(&fake) != 0)
		return -1;
	world->fake = fake;
	world->fake->session_body = SESSION;
	world->fake->api_answer = answer;
	world->fake->arg = world;
	world->sent = json_object();
	world->remembers = true;
	world->config = (struct config){
	    .state_dir = xasprintf("%s/state", world->fake->folder),
	    .accounts = &world->fake->account,
	    .account_count = 1,
	    .transport =
	        {
	            .account = &world->fake->account,
	            .deadline_ms = 20000,
	            .retry_ms = 1000,
	            .inline_max = 65536,
	            .journal_keep = 86400,
	        },
	};
	o = courier_open(&world->config, &world->courier);
	*state = world;
	return !outcome_is_ok(&o);
}

static int
teardown(void **state)
{
	struct world *world = *state;
	void *fake = world->fake;
	int status;

	courier_close(&world->courier);
	/* Its thread works on the world. */
	status = fake_service_teardown(&fake);
	for (size_t i = 0; i < world->email_count; i++)
		json_decref(world->emails[i].envelope);
	json_decref(world->sent);
	free(world->config.state_dir);
	free(world);
	return status;
}

static int
setup_errands(void **state)
{
	int result = setup(state);
	struct world *world = *state;

	if (result == 0)
		world->errands = true;
	return result;
}

/* As if another process did what follows. */
static void
reopen(struct world *world)
{
	struct outcome o;

	courier_close(&world->courier);
	o = courier_open(&world->config, &world->courier);
	assert_string_equal(o.condition, "ok");
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

/* A delivery of the queue's message to recipients, separated by blanks. */
static void
make(struct world *world, struct delivery *delivery, const char *queue_id,
    const char *recipients)
{
	char *list = xstrdup(recipients), *next = list, *address;
	char *text =
	    xasprintf("Received: by me; %s\nMessage-ID: <%s@x>\n\nhi\n", queue_id, queue_id);

	delivery_init(delivery, "test", world->config.state_dir);
	delivery->queue_id = xstrdup(queue_id);
	delivery->sender = xstrdup("me@x.example");
	delivery->account = &world->fake->account;
	delivery->deadline = deadline_in_ms(20000);
	while ((address = strsep(&next, " ")) != NULL)
		(void)delivery_add_recipient(delivery, address);
	receive(&delivery->message, text);
	free(text);
	free(list);
}

static void
wake(void *arg)
{
	sem_post(arg);
}

static bool
run_errand(struct world *world, struct delivery *delivery)
{
	struct errand *errand = NULL;
	sem_t done;
	bool begun;

	sem_init(&done, 0, 0);
	begun = courier_begin(world->courier, delivery, wake, &done, &errand);
	courier_rest(world->courier);
	if (begun) {
		sem_wait(&done);
		courier_end(&errand);
	}
	sem_destroy(&done);
	return begun;
}

/* Deliver it, as a server does that does not wait, or as whoever does. */
static void
carry_out(struct world *world, struct delivery *delivery)
{
	if (world->errands) {
		courier_tend(world->courier);
		if (run_errand(world, delivery))
			return;
	}
	courier_deliver(world->courier, delivery);
}

/* Deliver, and return what came of all of them; told_r (may be NULL) is what is told of it. */
static struct outcome
deliver(struct world *world, const char *queue_id, const char *recipients, struct told *told_r)
{
	struct delivery delivery;
	struct outcome o;

	make(world, &delivery, queue_id, recipients);
	carry_out(world, &delivery);
	o = delivery_outcome(&delivery);
	if (told_r != NULL) {
		*told_r = delivery.told;
		told_r->email_id = NULL;
	}
	delivery_free(&delivery);
	return o;
}

/* Wait till nothing is asked of the service any more: drafts of what was refused are removed when
 * their senders know of it. */
static void
wait_for_rest(struct world *world)
{
	struct courier_counts counts;

	for (courier_count(world->courier, &counts); counts.in_flight != 0;
	     courier_count(world->courier, &counts))
		usleep(1000);
}

static void
expect(struct world *world, const char *queue_id, const char *recipients, const char *condition)
{
	struct outcome o = deliver(world, queue_id, recipients, NULL);

	assert_string_equal(o.condition, condition);
}

static int
sent_to(const struct world *world, const char *recipient)
{
	return (int)json_integer_value(json_object_get(world->sent, recipient));
}

static void
a_delivery_is_sent_and_told(void **state)
{
	struct world *world = *state;
	struct told told;
	struct outcome o = deliver(world, "Q1", "a@y b@y", &told);

	assert_string_equal(o.condition, "ok");
	assert_string_equal(o.text, "accepted by the service as Email M0");
	assert_int_equal(told.group, 1);
	assert_int_equal(told.requests, 1);
	assert_int_equal(sent_to(world, "a@y"), 1);
	assert_int_equal(sent_to(world, "b@y"), 1);
	assert_int_equal(world->submissions, 1);
}

static void
a_delivery_that_was_through_is_answered_without_asking(void **state)
{
	struct world *world = *state;
	struct told told;
	struct outcome o;
	unsigned api;

	expect(world, "Q1", "a@y", "ok");
	api = world->fake->api;
	reopen(world);
	o = deliver(world, "Q1", "a@y", &told);
	assert_string_equal(o.condition, "ok");
	assert_string_equal(o.text, "was sent by an earlier try as Email M0");
	assert_true(told.earlier);
	assert_int_equal(told.requests, 0);
	assert_int_equal(world->fake->api, api);
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
each_recipient_is_known_again_in_other_company(void **state)
{
	struct world *world = *state;

	expect(world, "Q1", "a@y b@y", "ok");
	expect(world, "Q1", "b@y c@y", "ok");
	expect(world, "Q1", "a@y c@y d@y", "ok");
	for (const char *const *who = (const char *const[]){"a@y", "b@y", "c@y", "d@y", NULL};
	     *who != NULL; who++)
		assert_int_equal(sent_to(world, *who), 1);
	expect(world, "Q2", "a@y", "ok"); /* of another message */
	assert_int_equal(sent_to(world, "a@y"), 2);
}

static void
whoever_is_named_twice_is_sent_to_once(void **state)
{
	struct world *world = *state;
	struct delivery delivery;

	make(world, &delivery, "Q1", "a@y b@y a@y");
	carry_out(world, &delivery);
	for (size_t i = 0; i < 3; i++)
		assert_true(outcome_is_ok(&delivery.recipients[i].outcome));
	delivery_free(&delivery);
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
a_refusal_is_answered_again_without_asking(void **state)
{
	struct world *world = *state;
	unsigned api;
	struct outcome o;

	world->refuses = "a@y";
	expect(world, "Q1", "a@y", "set/invalidRecipients");
	wait_for_rest(world);
	world->refuses = NULL;
	api = world->fake->api;
	o = deliver(world, "Q1", "a@y", NULL);
	assert_string_equal(o.condition, "set/invalidRecipients");
	assert_string_equal(o.dsn, "5.1.1");
	assert_int_equal(world->fake->api, api);
}

static void
one_refused_recipient_does_not_keep_the_others_from_it(void **state)
{
	struct world *world = *state;
	struct delivery delivery;

	world->refuses = "b@y";
	for (int i = 0; i < 2; i++) {
		make(world, &delivery, "Q1", "a@y b@y c@y");
		carry_out(world, &delivery);
		assert_true(outcome_is_ok(&delivery.recipients[0].outcome));
		assert_int_equal(delivery.recipients[1].outcome.class, OUTCOME_PERMANENT);
		assert_true(outcome_is_ok(&delivery.recipients[2].outcome));
		delivery_free(&delivery);
		reopen(world);
	}
	assert_int_equal(sent_to(world, "a@y"), 1);
	assert_int_equal(sent_to(world, "c@y"), 1);
}

/* Deliver to all of a, b and c at y apart; what each is to come to is in expected, 's' for sent. */
static void
deliver_apart(struct world *world, const char *expected)
{
	struct delivery delivery;

	make(world, &delivery, "Q1", "a@y b@y c@y");
	delivery.apart = true;
	courier_deliver(world->courier, &delivery);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    outcome_is_ok(&delivery.recipients[i].outcome), expected[i] == 's');
	assert_false(delivery.told.unfiled);
	delivery_free(&delivery);
	reopen(world);
}

static void
recipients_apart_have_submissions_of_their_own(void **state)
{
	struct world *world = *state;

	deliver_apart(world, "sss");
	assert_int_equal(world->email_count, 1);
	assert_int_equal(world->submissions, 3);
	assert_false(world->emails[0].draft);
	deliver_apart(world, "sss");
	assert_int_equal(world->submissions, 3);
}

static void
what_was_sent_to_some_is_filed_though_the_last_are_refused(void **state)
{
	struct world *world = *state;

	world->refuses = "c@y";
	deliver_apart(world, "ss-");
	assert_int_equal(world->submissions, 2);
	assert_false(world->emails[0].draft);
	world->refuses = NULL;
	deliver_apart(world, "ss-");
	assert_int_equal(world->submissions, 2);
}

static void
what_was_sent_to_some_is_filed_when_the_last_are_tried_again(void **state)
{
	struct world *world = *state;

	world->refuses = "c@y";
	world->later = true;
	deliver_apart(world, "ss-");
	assert_true(world->emails[0].draft);
	world->refuses = NULL;
	expect(world, "Q1", "c@y", "ok");
	assert_int_equal(world->email_count, 2);
	assert_false(world->emails[0].draft || world->emails[0].gone);
	assert_false(world->emails[1].draft || world->emails[1].gone);
}

static void
a_draft_for_recipients_who_are_tried_apart_by_now_is_removed(void **state)
{
	struct world *world = *state;

	world->full = true;
	expect(world, "Q1", "a@y b@y", "set/overQuota");
	assert_true(world->emails[0].draft);
	world->full = false;
	expect(world, "Q1", "a@y", "ok");
	assert_true(world->emails[0].gone);
	expect(world, "Q1", "b@y", "ok");
	assert_int_equal(world->email_count, 3);
	assert_false(world->emails[1].draft || world->emails[1].gone);
	assert_false(world->emails[2].draft || world->emails[2].gone);
}

static void
a_draft_that_is_tried_again_is_kept(void **state)
{
	struct world *world = *state;

	world->full = true;
	for (int i = 0; i < 3; i++)
		expect(world, "Q1", "a@y b@y", "set/overQuota");
	assert_true(world->emails[0].draft && !world->emails[0].gone);
	world->full = false;
	expect(world, "Q1", "a@y b@y", "ok");
	assert_int_equal(world->email_count, 1);
	assert_false(world->emails[0].draft || world->emails[0].gone);
}

/* Whoever is through is in the journal before the next is begun with. */
static void
a_cut_between_recipients_apart_sends_nothing_twice(void **state)
{
	struct world *world = *state;

	world->remembers = false; /* the Email says nothing while it is to go to others */
	world->cut_at = 2;
	deliver_apart(world, "s--");
	deliver_apart(world, "sss");
	assert_int_equal(sent_to(world, "a@y"), 1);
	assert_int_equal(sent_to(world, "b@y"), 1);
	assert_int_equal(sent_to(world, "c@y"), 1);
}

/* The map of an alias section in the service's folder: r1@sl and r2@sl are of two aliases. */
static void
make_map(const char *folder)
{
	char *path = xasprintf("%s/map.db", folder);
	struct alias_map *map;
	struct outcome o = alias_map_open(path, &map);

	for (char digit = '1'; digit <= '2' && outcome_is_ok(&o); digit++) {
		char address[] = "c0@y", reverse[] = "r0@sl";
		const struct alias_map_contact c = {
		    .id = digit, .alias_id = digit, .address = address, .reverse = reverse};

		address[1] = reverse[1] = digit;
		o = alias_map_put_contact(map, &c);
	}
	assert_string_equal(o.condition, "ok");
	alias_map_close(&map);
	free(path);
}

static void
recipients_of_two_aliases_get_messages_of_their_own(void **state)
{
	struct world *world = *state;
	struct alias_account section = {.directory = world->fake->folder};

	make_map(section.directory);
	world->config.aliases = &section;
	world->config.alias_count = 1;
	reopen(world);
	expect(world, "Q1", "a@y", "ok"); /* what the service offers is known now */
	for (int i = 0; i < 2; i++) {
		expect(world, "Q2", "r1@sl a@y r2@sl", "ok");
		assert_int_equal(world->email_count, 4);
		assert_int_equal(world->submissions, 4);
		reopen(world);
	}
	assert_int_equal(sent_to(world, "r1@sl"), 1);
	assert_int_equal(sent_to(world, "r2@sl"), 1);
	world->config.alias_count = 0;
}

/* As if the tries so far had been an hour ago. */
static void
age(const struct world *world)
{
	char *path = xasprintf("%s/transport/journal.db", world->config.state_dir);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "UPDATE recipient SET changed = changed - 3600", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	free(path);
}

/* What comes of a second try, of a message with the Message-ID of so many others, the first try
 * of which was not acted upon. */
static void
is_looked_for_among(struct world *world, size_t others, const char *condition)
{
	world->config.transport.ambiguous = AMBIGUOUS_HOLD;
	for (size_t i = 0; i < others; i++)
		strcpy(world->emails[world->email_count++].message_id, "<Q1@x>");
	world->trouble = CUT_BEFORE;
	expect(world, "Q1", "a@y", "net/cut-sent");
	age(world);
	reopen(world);
	expect(world, "Q1", "a@y", condition);
}

static void
one_of_many_messages_with_its_name_is_looked_for(void **state)
{
	is_looked_for_among(*state, 499, "ok");
}

static void
too_many_messages_with_its_name_leave_a_doubt(void **state)
{
	is_looked_for_among(*state, 500, "local/ambiguous");
}

/* The first try meets the trouble; what comes of the second. */
static struct outcome
try_twice(struct world *world, enum trouble trouble, struct told *told_r)
{
	struct outcome o;

	world->trouble = trouble;
	o = deliver(world, "Q1", "a@y b@y", NULL);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	reopen(world);
	return deliver(world, "Q1", "a@y b@y", told_r);
}

static void
what_was_not_acted_upon_is_sent_by_the_next_try(void **state)
{
	struct world *world = *state;
	struct told told;
	struct outcome o = try_twice(world, CUT_BEFORE, &told);

	assert_string_equal(o.condition, "ok");
	assert_false(told.earlier);
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
what_was_acted_upon_is_found_by_the_next_try(void **state)
{
	static const struct {
		bool remembers, duplicates;
	} kinds[] = {{true, true}, {true, false}, {false, true}, {false, false}};
	struct world *world = *state;

	for (size_t i = 0; i < 4; i++) {
		char queue_id[8];

		snprintf(queue_id, sizeof(queue_id), "K%zu", i);
		world->remembers = kinds[i].remembers;
		world->duplicates = kinds[i].duplicates;
		world->trouble = CUT_AFTER;
		expect(world, queue_id, "a@y", "net/cut-sent");
		expect(world, queue_id, "a@y", "ok");
		assert_int_equal(sent_to(world, "a@y"), (int)i + 1);
	}
}

static void
what_was_sent_and_not_filed_is_found_where_submissions_are_remembered(void **state)
{
	struct world *world = *state;
	struct told told;
	struct outcome o = try_twice(world, CUT_UNFILED, &told);

	assert_string_equal(o.condition, "ok");
	assert_true(told.earlier);
	assert_int_equal(sent_to(world, "a@y"), 1);
	assert_int_equal(sent_to(world, "b@y"), 1);
}

static void
a_service_that_failed_after_sending_is_not_believed(void **state)
{
	struct world *world = *state;
	struct outcome o = try_twice(world, FAIL_UNFILED, NULL);

	assert_string_equal(o.condition, "ok");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
where_nobody_can_tell_it_is_sent_again(void **state)
{
	struct world *world = *state;
	struct courier_counts counts;
	struct outcome o;

	world->remembers = false;
	o = try_twice(world, CUT_UNFILED, NULL);
	assert_string_equal(o.condition, "ok");
	assert_int_equal(sent_to(world, "a@y"), 2);
	assert_int_equal(world->email_count, 1); /* the same Email: one Message-ID */
	courier_count(world->courier, &counts);
	assert_int_equal(counts.sent, 2);
}

static void
or_it_is_held_until_somebody_decides(void **state)
{
	struct world *world = *state;
	struct outcome o;

	world->remembers = false;
	world->config.transport.ambiguous = AMBIGUOUS_HOLD;
	o = try_twice(world, CUT_UNFILED, NULL);
	assert_string_equal(o.condition, "local/ambiguous");
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_non_null(strstr(o.hint, "ferryctl journal resolve Q1"));
	expect(world, "Q1", "a@y b@y", "local/ambiguous");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
or_it_is_given_back_to_its_sender(void **state)
{
	struct world *world = *state;
	struct outcome o;

	world->remembers = false;
	world->config.transport.ambiguous = AMBIGUOUS_BOUNCE;
	o = try_twice(world, CUT_UNFILED, NULL);
	assert_string_equal(o.condition, "local/unconfirmed");
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	expect(world, "Q1", "a@y b@y", "local/unconfirmed");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
one_of_two_in_doubt_is_decided_by_itself(void **state)
{
	struct world *world = *state;

	world->remembers = false;
	world->trouble = CUT_UNFILED;
	expect(world, "Q1", "a@y b@y", "net/cut-sent");
	/* The draft stands for both: what is sent to one alone is another Email, so that its
	 * filing does not tell that the other was sent to. */
	expect(world, "Q1", "a@y", "ok");
	assert_int_equal(world->email_count, 2);
	assert_true(world->emails[0].draft && !world->emails[0].gone);
	expect(world, "Q1", "b@y", "ok");
	assert_false(world->emails[0].draft || world->emails[0].gone); /* perhaps it was sent */
	assert_int_equal(sent_to(world, "a@y"), 2);
	assert_int_equal(sent_to(world, "b@y"), 2);
}

/* A child delivers, and dies by the server's hand. */
static void
die(struct world *world, enum trouble trouble)
{
	int status, go[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		reopen(world);
		(void)deliver(world, "Q1", "a@y b@y", NULL);
		_exit(0);
	}
	world->client = child;
	world->trouble = trouble;
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_true(waitpid(child, &status, 0) == child);
	assert_true(WIFSIGNALED(status));
	close(go[0]);
	close(go[1]);
}

static void
a_process_that_dies_before_the_service_acts_loses_nothing(void **state)
{
	struct world *world = *state;

	die(world, KILL_BEFORE);
	assert_int_equal(world->submissions, 0);
	expect(world, "Q1", "a@y b@y", "ok");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
a_process_that_dies_before_it_hears_of_it_sends_nothing_twice(void **state)
{
	struct world *world = *state;

	die(world, KILL_AFTER);
	assert_int_equal(world->submissions, 1);
	expect(world, "Q1", "a@y b@y", "ok");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
a_process_that_dies_in_the_middle_leaves_a_doubt(void **state)
{
	struct world *world = *state;

	world->remembers = false;
	world->config.transport.ambiguous = AMBIGUOUS_HOLD;
	die(world, KILL_UNFILED);
	expect(world, "Q1", "a@y b@y", "local/ambiguous");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

struct one_of_many {
	struct world *world;
	pthread_t thread;
	char queue_id[16];
	struct outcome outcome;
};

static void *
deliver_one(void *arg)
{
	struct one_of_many *one = arg;

	one->outcome = deliver(one->world, one->queue_id, "a@y", NULL);
	return NULL;
}

static void
deliveries_at_the_same_time_share_requests(void **state)
{
	struct world *world = *state;
	struct one_of_many all[THREADS];
	struct courier_counts counts;

	world->delay_ms = 10;
	for (int i = 0; i < THREADS; i++) {
		all[i].world = world;
		snprintf(all[i].queue_id, sizeof(all[i].queue_id), "T%d", i);
		pthread_create(&all[i].thread, NULL, deliver_one, &all[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(all[i].thread, NULL);
	for (int i = 0; i < THREADS; i++)
		assert_string_equal(all[i].outcome.condition, "ok");
	assert_int_equal(world->submissions, THREADS);
	assert_int_equal(sent_to(world, "a@y"), THREADS);
	wait_for_rest(world);
	courier_count(world->courier, &counts);
	assert_int_equal(counts.messages, THREADS);
	assert_int_equal(counts.grouped, THREADS);
	assert_in_range(counts.groups, 1, THREADS - 1);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.in_flight, 0);
	assert_int_equal(world->fake->sessions, 1);
}

static void
one_delivery_in_many_threads_is_sent_once(void **state)
{
	struct world *world = *state;
	struct one_of_many all[8];

	world->delay_ms = 10;
	for (int i = 0; i < 8; i++) {
		all[i].world = world;
		snprintf(all[i].queue_id, sizeof(all[i].queue_id), "same");
		pthread_create(&all[i].thread, NULL, deliver_one, &all[i]);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(all[i].thread, NULL);
	for (int i = 0; i < 8; i++)
		if (!outcome_is_ok(&all[i].outcome))
			assert_string_equal(all[i].outcome.condition, "local/another-try");
	expect(world, "same", "a@y", "ok");
	assert_int_equal(sent_to(world, "a@y"), 1);
}

static void
what_a_service_offers_is_learnt_before_there_is_a_message(void **state)
{
	struct world *world = *state;
	struct courier_offer offer;
	unsigned sessions;

	courier_offer(world->courier, &offer);
	assert_int_equal(offer.size_max, 0);
	courier_tend(world->courier);
	courier_offer(world->courier, &offer);
	assert_true(offer.dsn);
	assert_int_equal(offer.hold_max, 3600);
	assert_int_equal(offer.size_max, 50000000);
	sessions = world->fake->sessions;
	courier_tend(world->courier);
	assert_int_equal(world->fake->sessions, sessions);
}

static void
a_delivery_out_of_time_is_not_sent(void **state)
{
	struct world *world = *state;
	struct delivery delivery;
	struct outcome o;

	courier_tend(world->courier);
	make(world, &delivery, "Q1", "a@y");
	delivery.deadline = deadline_in_ms(0);
	carry_out(world, &delivery);
	o = delivery_outcome(&delivery);
	assert_string_equal(o.condition, "local/deadline");
	delivery_free(&delivery);
	assert_int_equal(world->submissions, 0);
}

static void
what_may_have_to_wait_for_more_than_a_request_is_no_errand(void **state)
{
	struct world *world = *state;
	struct delivery delivery;

	make(world, &delivery, "Q1", "a@y");
	assert_false(run_errand(world, &delivery)); /* it would have to log in */
	courier_tend(world->courier);
	world->fake->account.rewrite_from = REWRITE_ALWAYS;
	assert_false(run_errand(world, &delivery)); /* the address has to be learnt */
	world->fake->account.rewrite_from = REWRITE_NEVER;
	world->config.transport.inline_max = 100;
	assert_false(run_errand(world, &delivery)); /* it is uploaded */
	world->config.transport.inline_max = 65536;
	assert_true(run_errand(world, &delivery));
	delivery_free(&delivery);

	make(world, &delivery, "Q1", "a@y");
	assert_false(run_errand(world, &delivery)); /* it was through */
	delivery_free(&delivery);
	world->trouble = CUT_AFTER;
	make(world, &delivery, "Q2", "a@y");
	assert_true(run_errand(world, &delivery));
	delivery_free(&delivery);
	make(world, &delivery, "Q2", "a@y");
	assert_false(run_errand(world, &delivery)); /* the service is asked */
	delivery_free(&delivery);
	assert_int_equal(sent_to(world, "a@y"), 2);
}

/* What is said of a recipient of whose message the account shows nothing, asked for so many
 * seconds ago. */
static enum doubt
doubt_about(struct world *world, int64_t seconds, bool answered)
{
	const char *recipient = "a@y";
	enum doubt verdict = DOUBT_SENT;
	struct doubt_answer answer = {.verdicts = &verdict};
	const struct doubt_question question = {
	    .stamp = {"0123456789abcdef0123456789abcdef"},
	    .message_id = "<nowhere@x>",
	    .asked = clock_wall() - seconds,
	    .answered = answered,
	    .recipients = &recipient,
	    .count = 1,
	    .deadline = deadline_in_ms(20000),
	};
	struct jmap *jmap;
	struct outcome o = jmap_open(&world->fake->account, NULL, &jmap);

	assert_string_equal(o.condition, "ok");
	o = submit_doubt(jmap, &question, &answer);
	assert_string_equal(o.condition, "ok");
	assert_null(answer.email_id);
	jmap_close(&jmap);
	return verdict;
}

static void
what_is_not_there_yet_proves_nothing_while_the_request_may_be_under_way(void **state)
{
	struct world *world = *state;

	assert_int_equal(doubt_about(world, 0, false), DOUBT_UNKNOWN);
	assert_int_equal(doubt_about(world, 50, false), DOUBT_UNKNOWN);
	assert_int_equal(
	    doubt_about(world, -1000, false), DOUBT_UNKNOWN); /* a clock set back */
	assert_int_equal(doubt_about(world, 100, false), DOUBT_UNSENT);
	/* What was answered is not under way any more. */
	assert_int_equal(doubt_about(world, 0, true), DOUBT_UNSENT);
}

/* Each is made twice: by who waits, and as an errand where it may be one; but for
 * those that are of one of the two. */
int
main(void)
{
#define ALONE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST(name)                                              \
	cmocka_unit_test_setup_teardown(name, setup, teardown), \
	    cmocka_unit_test_setup_teardown(name, setup_errands, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_delivery_is_sent_and_told),
	    TEST(a_delivery_that_was_through_is_answered_without_asking),
	    TEST(each_recipient_is_known_again_in_other_company),
	    TEST(whoever_is_named_twice_is_sent_to_once),
	    TEST(a_refusal_is_answered_again_without_asking),
	    TEST(one_refused_recipient_does_not_keep_the_others_from_it),
	    TEST(recipients_apart_have_submissions_of_their_own),
	    TEST(recipients_of_two_aliases_get_messages_of_their_own),
	    TEST(what_was_sent_to_some_is_filed_though_the_last_are_refused),
	    TEST(what_was_sent_to_some_is_filed_when_the_last_are_tried_again),
	    TEST(a_draft_for_recipients_who_are_tried_apart_by_now_is_removed),
	    TEST(a_draft_that_is_tried_again_is_kept),
	    TEST(a_cut_between_recipients_apart_sends_nothing_twice),
	    TEST(what_was_not_acted_upon_is_sent_by_the_next_try),
	    TEST(what_was_acted_upon_is_found_by_the_next_try),
	    TEST(one_of_many_messages_with_its_name_is_looked_for),
	    TEST(too_many_messages_with_its_name_leave_a_doubt),
	    TEST(what_was_sent_and_not_filed_is_found_where_submissions_are_remembered),
	    TEST(a_service_that_failed_after_sending_is_not_believed),
	    TEST(where_nobody_can_tell_it_is_sent_again),
	    TEST(or_it_is_held_until_somebody_decides),
	    TEST(or_it_is_given_back_to_its_sender),
	    TEST(one_of_two_in_doubt_is_decided_by_itself),
	    TEST(a_process_that_dies_before_the_service_acts_loses_nothing),
	    TEST(a_process_that_dies_before_it_hears_of_it_sends_nothing_twice),
	    TEST(a_process_that_dies_in_the_middle_leaves_a_doubt),
	    TEST(deliveries_at_the_same_time_share_requests),
	    TEST(one_delivery_in_many_threads_is_sent_once),
	    ALONE(what_a_service_offers_is_learnt_before_there_is_a_message),
	    TEST(a_delivery_out_of_time_is_not_sent),
	    ALONE(what_is_not_there_yet_proves_nothing_while_the_request_may_be_under_way),
	    ALONE(what_may_have_to_wait_for_more_than_a_request_is_no_errand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
