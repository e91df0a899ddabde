/* Calls of RFC 8621, and what sending needs to know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"

/* The ids of the mailboxes with these roles, each JSON text or empty. */
#define SENDING(drafts, sent, inbox, identities)                                   \
	"{\"methodResponses\":[[\"Mailbox/query\",{\"ids\":[" drafts "]},\"c0\"]," \
	"[\"Mailbox/query\",{\"ids\":[" sent "]},\"c1\"],"                         \
	"[\"Mailbox/query\",{\"ids\":[" inbox "]},\"c2\"],"                        \
	"[\"Identity/get\",{\"list\":[" identities "]},\"c3\"]],\"sessionState\":\"s1\"}"
#define IDENTITY(id, email) "{\"id\":\"" id "\",\"email\":\"" email "\"}"

static struct deadline
soon(void)
{
	return deadline_in_ms(20000);
}

/* Add every call once, in the order of the expected text. */
static void
add_calls(struct jmap_request *request)
{
	jmap_mailbox_get_call(request, NULL, json_pack("[s]", "id"));
	jmap_mailbox_changes_call(request, "1", 0);
	jmap_mailbox_query_call(request, json_pack("{s:s}", "role", "sent"), "B1", 10);
	jmap_mailbox_set_call(request, json_object(), NULL, NULL);
	jmap_email_get_call(request, json_pack("[s]", "M1"), NULL);
	jmap_email_changes_call(request, "7", 500);
	jmap_email_query_call(request, NULL, true, NULL, 10);
	jmap_email_query_call(request, NULL, false, "M1", 10);
	jmap_email_set_call(request, NULL, NULL, json_pack("[s]", "M1"), "7");
	jmap_email_import_call(request, json_object());
	jmap_identity_get_call(request);
}

static void
calls_name_their_arguments_as_the_rfc_does(void **state)
{
	static const char *const expected[] = {
	    "[\"Mailbox/get\",{\"properties\":[\"id\"],\"accountId\":\"a1\"},\"c0\"]",
	    "[\"Mailbox/changes\",{\"sinceState\":\"1\",\"accountId\":\"a1\"},\"c1\"]",
	    "[\"Mailbox/query\",{\"limit\":10,\"filter\":{\"role\":\"sent\"},"
	    "\"anchor\":\"B1\",\"anchorOffset\":1,\"accountId\":\"a1\"},\"c2\"]",
	    "[\"Mailbox/set\",{\"create\":{},\"accountId\":\"a1\"},\"c3\"]",
	    "[\"Email/get\",{\"ids\":[\"M1\"],\"accountId\":\"a1\"},\"c4\"]",
	    "[\"Email/"
	    "changes\",{\"sinceState\":\"7\",\"maxChanges\":500,\"accountId\":\"a1\"},\"c5\"]",
	    "[\"Email/query\",{\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}],"
	    "\"limit\":10,\"accountId\":\"a1\"},\"c6\"]",
	    "[\"Email/query\",{\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":true}],"
	    "\"limit\":10,\"anchor\":\"M1\",\"anchorOffset\":1,\"accountId\":\"a1\"},\"c7\"]",
	    "[\"Email/"
	    "set\",{\"destroy\":[\"M1\"],\"ifInState\":\"7\",\"accountId\":\"a1\"},\"c8\"]",
	    "[\"Email/import\",{\"emails\":{},\"accountId\":\"a1\"},\"c9\"]",
	    "[\"Identity/get\",{\"accountId\":\"a1\"},\"c10\"]",
	};
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	struct jmap_response *response;
	struct outcome o;

	fake->session_body =
	    "{\"capabilities\":{},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a1\","
	    "\"urn:ietf:params:jmap:submission\":\"a1\"},\"apiUrl\":\"/jmap\",\"uploadUrl\":\"/"
	    "u\","
	    "\"downloadUrl\":\"/d\"}";
	add_calls(request);
	o = jmap_send(jmap, request, true, soon(), &response);
	assert_true(outcome_is_ok(&o));
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_non_null(strstr(fake->last_body.data, expected[i]));
	jmap_response_free(&response);
	jmap_request_free(&request);
	jmap_close(&jmap);
}

static void
what_sending_needs_is_asked_once_for_all_processes(void **state)
{
	/* No question is for all mailboxes: an account may have too many for an answer. */
	static const char *const asked[] = {
	    "[\"Mailbox/query\",{\"limit\":1,\"filter\":{\"role\":\"drafts\"},",
	    "[\"Mailbox/query\",{\"limit\":1,\"filter\":{\"role\":\"sent\"},",
	    "[\"Mailbox/query\",{\"limit\":1,\"filter\":{\"role\":\"inbox\"},",
	};
	struct fake_service *fake = *state;

	fake->api_body = SENDING("\"d\"", "\"s\"", "\"i\"", IDENTITY("1", "agent@lab.example"));
	for (int i = 0; i < 2; i++) {
		struct jmap *jmap = fake_service_open(fake);
		struct jmap_sending sending;
		const char *identity;
		struct outcome o = jmap_sending(jmap, soon(), &sending);

		assert_true(outcome_is_ok(&o));
		assert_string_equal(sending.drafts_id, "d");
		assert_string_equal(sending.sent_id, "s");
		o = jmap_identity_for(jmap, "agent@lab.example", soon(), &identity);
		assert_true(outcome_is_ok(&o));
		assert_string_equal(identity, "1");
		jmap_close(&jmap);
	}
	assert_int_equal(fake->api, 1);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		assert_non_null(strstr(fake->last_body.data, asked[i]));
}

static void
without_drafts_the_inbox_will_do_and_sent_may_be_missing(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_sending sending;
	struct outcome o;

	fake->api_body = SENDING("", "", "\"i\"", IDENTITY("1", "x@y.example"));
	o = jmap_sending(jmap, soon(), &sending);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(sending.drafts_id, "i");
	assert_null(sending.sent_id);
	jmap_close(&jmap);
}

static void
the_identity_is_the_one_of_the_address(void **state)
{
	static const struct {
		const char *address, *identity;
	} cases[] = {
	    {"me@one.example", "3"},
	    {"me@ONE.example", "3"},
	    {"other@two.example", "2"},
	    {"other@TWO.example", "2"},
	    {"stranger@three.example", "1"},
	    {"no-domain", "1"},
	    {"", "1"},
	};
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);

	fake->api_body = SENDING("", "", "\"i\"",
	    IDENTITY("1", "first@one.example") "," IDENTITY("2", "*@two.example") "," IDENTITY(
	        "3", "me@one.example"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *identity;
		struct outcome o = jmap_identity_for(jmap, cases[i].address, soon(), &identity);

		assert_true(outcome_is_ok(&o));
		assert_string_equal(identity, cases[i].identity);
	}
	jmap_close(&jmap);
}

static void
forgetting_makes_it_be_asked_again(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_sending sending;
	struct outcome o;

	fake->api_body = SENDING("\"d1\"", "", "", IDENTITY("1", "x@y.example"));
	jmap_sending(jmap, soon(), &sending);
	fake->api_body = SENDING("\"d2\"", "", "", IDENTITY("1", "x@y.example"));
	jmap_sending_forget(jmap);
	o = jmap_sending(jmap, soon(), &sending);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(sending.drafts_id, "d2");
	assert_int_equal(fake->api, 2);
	jmap_close(&jmap);
}

static void
an_account_that_cannot_send_says_what_it_lacks(void **state)
{
	static const char *const bodies[] = {
	    SENDING("", "", "", IDENTITY("1", "x@y.example")),
	    SENDING("", "\"s\"", "", IDENTITY("1", "x@y.example")),
	    SENDING("", "", "\"i\"", ""),
	    SENDING("", "", "\"i\"", "7,{},[],{\"id\":7}"),
	    SENDING("", "", "7", IDENTITY("1", "x@y.example")),
	    SENDING("", "", "\"../x\"", IDENTITY("1", "x@y.example")),
	    "{\"methodResponses\":[]}",
	};
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct jmap_sending sending;
		struct outcome o;

		fake->api_body = bodies[i];
		o = jmap_sending(jmap, soon(), &sending);
		assert_true(outcome_is(&o, "answer/missing"));
		assert_false(o.ambiguous);
		assert_null(sending.drafts_id);
	}
	jmap_close(&jmap);
}

static void
more_identities_than_can_be_read_at_once_are_named_as_the_trouble(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct jmap_sending sending;
	struct outcome o;

	fake->api_body = "{\"methodResponses\":[[\"Mailbox/query\",{\"ids\":[\"d\"]},\"c0\"],"
	                 "[\"Mailbox/query\",{\"ids\":[]},\"c1\"],"
	                 "[\"Mailbox/query\",{\"ids\":[]},\"c2\"],"
	                 "[\"error\",{\"type\":\"requestTooLarge\"},\"c3\"]],"
	                 "\"sessionState\":\"s1\"}";
	o = jmap_sending(jmap, soon(), &sending);
	assert_true(outcome_is(&o, "method/requestTooLarge"));
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_non_null(strstr(o.hint, "maxObjectsInGet"));
	jmap_close(&jmap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SERVICE(calls_name_their_arguments_as_the_rfc_does),
	    WITH_SERVICE(what_sending_needs_is_asked_once_for_all_processes),
	    WITH_SERVICE(without_drafts_the_inbox_will_do_and_sent_may_be_missing),
	    WITH_SERVICE(the_identity_is_the_one_of_the_address),
	    WITH_SERVICE(forgetting_makes_it_be_asked_again),
	    WITH_SERVICE(an_account_that_cannot_send_says_what_it_lacks),
	    WITH_SERVICE(more_identities_than_can_be_read_at_once_are_named_as_the_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
