/* One message to a service: what is asked of it, and what is made of its answers. */
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

/* An answer of the API to whatever is asked: each call takes the part that is its own. */
#define ANSWER(parts)                                                                 \
	"{\"methodResponses\":["                                                      \
	"[\"Mailbox/get\",{\"list\":[{\"id\":\"D\",\"role\":\"drafts\"},"             \
	"{\"id\":\"S\",\"role\":\"sent\"}]},\"c0\"],"                                 \
	"[\"Identity/get\",{\"list\":[{\"id\":\"I1\",\"email\":\"other@x.example\"}," \
	"{\"id\":\"I2\",\"email\":\"me@x.example\"}]},\"c1\"]" parts                  \
	"],\"sessionState\":\"s1\"}"
#define IMPORTED ",[\"Email/import\",{\"created\":{\"m\":{\"id\":\"M1\"}}},\"c0\"]"
#define EXISTS                                                                   \
	",[\"Email/import\",{\"notCreated\":{\"m\":{\"type\":\"alreadyExists\"," \
	"\"existingId\":\"M9\"}}},\"c0\"]"
#define SUBMITTED(call) \
	",[\"EmailSubmission/set\",{\"created\":{\"s\":{\"id\":\"E1\"}}},\"" call "\"]"
#define REFUSED(type) \
	",[\"EmailSubmission/set\",{\"notCreated\":{\"s\":{\"type\":\"" type "\"}}},\"c1\"]"
#define FILED(id, call) ",[\"Email/set\",{\"updated\":{\"" id "\":null}},\"" call "\"]"
#define UNFILED(id, call) \
	",[\"Email/set\",{\"notUpdated\":{\"" id "\":{\"type\":\"notFound\"}}},\"" call "\"]"
#define EMAIL(keywords, stamp)                                                   \
	",[\"Email/get\",{\"list\":[{\"id\":\"M9\",\"keywords\":{" keywords "}," \
	"\"header:X-Ferry-Id:asText\":" stamp "}]},\"c0\"]"
#define NO_EMAIL ",[\"Email/get\",{\"list\":[],\"notFound\":[\"M9\"]},\"c0\"]"

static struct outcome
always(void *arg)
{
	(void)arg;
	return outcome_ok();
}

static struct outcome
never(void *arg)
{
	(void)arg;
	return outcome_make("local", "truncated", NULL);
}

/* Receive and stamp a small message. */
static void
make_message(struct message *m, const struct stamp *stamp, const char *folder)
{
	static const char text[] = "Message-ID: <1@x>\n\nhi\n";
	struct outcome o;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(file_write_full(fds[1], text, strlen(text)), 0);
	close(fds[1]);
	message_init(m, folder);
	o = message_receive(m, fds[0], DEADLINE_NEVER);
	close(fds[0]);
	assert_string_equal(o.condition, "ok");
	message_stamp(m, stamp, stamp, "me@x.example");
}

/* Submit it from sender to two recipients; what is told of it is in *submitted. */
static struct outcome
submit_as(struct fake_service *fake, const char *sender,
    struct outcome (*before_sending)(void *), struct submitted *submitted)
{
	static char a[] = "a@y.example", b[] = "b@y.example";
	static char *const recipients[] = {a, b};
	const struct stamp stamp = {STAMP};
	struct message message;
	struct submission submission = {
	    .message = &message,
	    .stamp = &stamp,
	    .sender = sender,
	    .recipients = recipients,
	    .recipient_count = 2,
	    .deadline = deadline_in_ms(20000),
	    .before_sending = before_sending,
	};
	struct jmap *jmap;
	struct outcome o = jmap_open(&fake->account, NULL, &jmap);

	assert_string_equal(o.condition, "ok");
	make_message(&message, &stamp, fake->folder);
	o = submit(jmap, &submission, submitted);
	message_free(&message);
	jmap_close(&jmap);
	return o;
}

/* Submit with the service answering so, and expect the condition. */
static struct submitted
submit_and_expect(struct fake_service *fake, const char *api_body, const char *condition)
{
	struct submitted submitted;
	struct outcome o;

	fake->api_body = api_body;
	o = submit_as(fake, "me@x.example", always, &submitted);
	assert_string_equal(o.condition, condition);
	return submitted;
}

static bool
asked(struct fake_service *fake, const char *text)
{
	return strstr(buf_str(&fake->last_body), text) != NULL;
}

static void
a_message_is_imported_submitted_and_filed_in_one_request(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted =
	    submit_and_expect(fake, ANSWER(IMPORTED SUBMITTED("c1") FILED("M1", "c1")), "ok");

	assert_int_equal(fake->uploads, 1);
	assert_int_equal(fake->api, 2); /* the first asked for mailboxes and identities */
	assert_true(asked(fake, "[\"Email/import\",{\"emails\":{\"m\":{\"blobId\":\"G1\","
	                        "\"mailboxIds\":{\"D\":true},"
	                        "\"keywords\":{\"$draft\":true,\"$seen\":true}}}"));
	assert_true(asked(fake, "[\"EmailSubmission/set\",{\"create\":{\"s\":{"
	                        "\"emailId\":\"#m\",\"identityId\":\"I2\",\"envelope\":{"
	                        "\"mailFrom\":{\"email\":\"me@x.example\"},\"rcptTo\":["
	                        "{\"email\":\"a@y.example\"},{\"email\":\"b@y.example\"}]}}}"));
	assert_true(asked(fake, "\"onSuccessUpdateEmail\":{\"#s\":{"
	                        "\"keywords/$draft\":null,\"mailboxIds\":{\"S\":true}}}"));
	assert_string_equal(submitted.email_id, "M1");
	assert_int_equal(submitted.requests, 2);
	assert_false(submitted.earlier || submitted.again || submitted.unfiled);
	submitted_free(&submitted);
}

static void
a_second_message_costs_an_upload_and_a_request(void **state)
{
	struct fake_service *fake = *state;
	const char *body = ANSWER(IMPORTED SUBMITTED("c1") FILED("M1", "c1"));
	struct submitted submitted = submit_and_expect(fake, body, "ok");
	unsigned api = fake->api, discoveries = fake->discoveries, sessions = fake->sessions;

	submitted_free(&submitted);
	submitted = submit_and_expect(fake, body, "ok");
	assert_int_equal(fake->uploads, 2);
	assert_int_equal(fake->api, api + 1);
	assert_int_equal(fake->discoveries, discoveries);
	assert_int_equal(fake->sessions, sessions);
	submitted_free(&submitted);
}

static void
the_null_sender_sends_as_the_account(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted;
	struct outcome o;

	fake->account.address = xstrdup("me@x.example");
	fake->api_body = ANSWER(IMPORTED SUBMITTED("c1") FILED("M1", "c1"));
	o = submit_as(fake, "", always, &submitted);
	assert_string_equal(o.condition, "ok");
	assert_true(asked(fake, "\"identityId\":\"I2\""));
	assert_true(asked(fake, "\"mailFrom\":{\"email\":\"\"}"));
	submitted_free(&submitted);
	free(fake->account.address);
	fake->account.address = NULL;
}

static void
a_message_that_was_sent_but_not_filed_is_a_success(void **state)
{
	struct submitted submitted = submit_and_expect(
	    *state, ANSWER(IMPORTED SUBMITTED("c1") UNFILED("M1", "c1")), "ok");

	assert_true(submitted.unfiled);
	submitted_free(&submitted);
}

static void
an_existing_email_that_is_no_draft_was_sent_by_an_earlier_try(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted = submit_and_expect(
	    fake, ANSWER(EXISTS EMAIL("\"$seen\":true", "\" " STAMP "\"")), "ok");

	assert_true(submitted.earlier);
	assert_string_equal(submitted.email_id, "M9");
	assert_true(asked(fake, "Email/get")); /* and nothing after that */
	submitted_free(&submitted);
}

static void
an_existing_draft_is_submitted(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted = submit_and_expect(fake,
	    ANSWER(EXISTS EMAIL("\"$draft\":true", "\"" STAMP "\"") SUBMITTED("c0")
	            FILED("M9", "c0")),
	    "ok");

	assert_true(submitted.again);
	assert_false(submitted.earlier);
	assert_true(asked(fake, "\"emailId\":\"M9\""));
	assert_false(asked(fake, "Email/import"));
	submitted_free(&submitted);
}

static void
an_existing_email_without_our_stamp_says_nothing(void **state)
{
	static const char *const bodies[] = {
	    ANSWER(EXISTS EMAIL("\"$seen\":true", "null")),
	    ANSWER(EXISTS EMAIL("\"$seen\":true", "\"0123\"")),
	    ANSWER(EXISTS EMAIL("\"$seen\":true", "\"" STAMP "0\"")),
	};
	struct fake_service *fake = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct submitted submitted =
		    submit_and_expect(fake, bodies[i], "set/alreadyExists");

		assert_false(submitted.earlier);
		assert_true(asked(fake, "Email/get"));
		submitted_free(&submitted);
	}
}

static void
an_existing_email_that_is_gone_is_imported_once_more(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted =
	    submit_and_expect(fake, ANSWER(EXISTS NO_EMAIL), "set/notFound");

	assert_int_equal(fake->uploads, 2);
	assert_int_equal(submitted.requests, 6);
	submitted_free(&submitted);
}

static void
what_is_known_of_the_account_is_asked_again_after_a_refusal_that_it_may_explain(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted = submit_and_expect(
	    fake, ANSWER(IMPORTED REFUSED("invalidProperties")), "set/invalidProperties");

	assert_int_equal(fake->discoveries, 2);
	assert_int_equal(fake->uploads, 2);
	assert_int_equal(fake->api, 4);
	submitted_free(&submitted);
}

static void
a_message_refused_for_good_leaves_no_draft(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted = submit_and_expect(
	    fake, ANSWER(IMPORTED REFUSED("forbiddenFrom")), "set/forbiddenFrom");

	assert_true(asked(fake, "[\"Email/set\",{\"destroy\":[\"M1\"]"));
	submitted_free(&submitted);
}

static void
a_message_refused_for_now_leaves_its_draft(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted =
	    submit_and_expect(fake, ANSWER(IMPORTED REFUSED("overQuota")), "set/overQuota");

	assert_true(asked(fake, "EmailSubmission/set"));
	assert_string_equal(submitted.email_id, "M1");
	submitted_free(&submitted);
}

static void
nothing_is_sent_that_is_not_wanted_any_more(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted;
	struct outcome o;

	fake->api_body = ANSWER(IMPORTED SUBMITTED("c1") FILED("M1", "c1"));
	o = submit_as(fake, "me@x.example", never, &submitted);
	assert_string_equal(o.condition, "local/truncated");
	assert_int_equal(fake->uploads, 1);
	assert_int_equal(fake->api, 1); /* that asked for mailboxes and identities */
	submitted_free(&submitted);
}

static void
an_answer_that_lacks_the_submission_may_have_sent(void **state)
{
	struct fake_service *fake = *state;
	struct submitted submitted;
	struct outcome o;

	fake->api_body = ANSWER(IMPORTED);
	o = submit_as(fake, "me@x.example", always, &submitted);
	assert_string_equal(o.condition, "answer/missing");
	assert_true(o.ambiguous);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	submitted_free(&submitted);
}

int
main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fake_service_setup, fake_service_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_message_is_imported_submitted_and_filed_in_one_request),
	    TEST(a_second_message_costs_an_upload_and_a_request),
	    TEST(the_null_sender_sends_as_the_account),
	    TEST(a_message_that_was_sent_but_not_filed_is_a_success),
	    TEST(an_existing_email_that_is_no_draft_was_sent_by_an_earlier_try),
	    TEST(an_existing_draft_is_submitted),
	    TEST(an_existing_email_without_our_stamp_says_nothing),
	    TEST(an_existing_email_that_is_gone_is_imported_once_more),
	    TEST(
	        what_is_known_of_the_account_is_asked_again_after_a_refusal_that_it_may_explain),
	    TEST(a_message_refused_for_good_leaves_no_draft),
	    TEST(a_message_refused_for_now_leaves_its_draft),
	    TEST(nothing_is_sent_that_is_not_wanted_any_more),
	    TEST(an_answer_that_lacks_the_submission_may_have_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
