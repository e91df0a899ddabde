/* Session documents, good and hostile. */
#include <string.h>

#include "common/service/jmap_parts.h"
#include "common/wire/json.h"
#include "tests/unit/unit.h"

#define URL "https://api.example/jmap"

static const char good[] =
    "{'capabilities': {'urn:ietf:params:jmap:core': {'maxSizeUpload': 1000,"
    "  'maxCallsInRequest': 7, 'maxObjectsInGet': 0, 'maxObjectsInSet': -3,"
    "  'maxSizeRequest': 1e300, 'maxConcurrentUpload': 'x'}},"
    " 'accounts': {'u1': {'accountCapabilities': {'urn:ietf:params:jmap:blob': {}}}},"
    " 'primaryAccounts': {'urn:ietf:params:jmap:mail': 'u1',"
    "  'urn:ietf:params:jmap:submission': 'u1'},"
    " 'username': 'a@x.example', 'state': '9', 'apiUrl': '/jmap/',"
    " 'uploadUrl': '/jmap/upload/{accountId}/',"
    " 'downloadUrl': 'https://dl.example/{accountId}/{blobId}/{name}?accept={type}',"
    " 'eventSourceUrl': '/jmap/es/?types={types}', 'unheardOf': [1]}";

/* Parse a document written with ' for ". */
static struct outcome
parse(const char *text, struct jmap_session *session)
{
	struct buf b = BUF_INIT;
	json_t *document;
	struct outcome o;

	buf_adds(&b, text);
	for (char *p = b.data; (p = strchr(p, '\'')) != NULL;)
		*p = '"';
	o = json_parse(b.data, b.len, &document);
	assert_true(outcome_is_ok(&o));
	o = jmap_session_parse(document, URL, session);
	json_decref(document);
	buf_free(&b);
	return o;
}

/* The good document with one piece of its text replaced. */
static struct outcome
parse_with(const char *piece, const char *replacement, struct jmap_session *session)
{
	const char *at = strstr(good, piece);
	struct buf text = BUF_INIT;
	struct outcome o;

	assert_non_null(at);
	buf_add(&text, good, (size_t)(at - good));
	buf_adds(&text, replacement);
	buf_adds(&text, at + strlen(piece));
	o = parse(text.data, session);
	buf_free(&text);
	return o;
}

static void
urls_are_resolved_against_the_one_that_answered(void **state)
{
	struct jmap_session session;
	struct outcome o = parse(good, &session);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(session.api_url, "https://api.example/jmap/");
	assert_string_equal(session.upload_url, "https://api.example/jmap/upload/{accountId}/");
	assert_string_equal(session.download_url,
	    "https://dl.example/{accountId}/{blobId}/{name}?accept={type}");
	assert_string_equal(
	    session.event_source_url, "https://api.example/jmap/es/?types={types}");
	assert_string_equal(session.account_id, "u1");
	assert_string_equal(session.submission_id, "u1");
	assert_string_equal(session.state, "9");
	assert_true(session.has_blob);
	jmap_session_clear(&session);
}

static void
limits_that_make_no_sense_are_replaced(void **state)
{
	struct jmap_session session;
	struct outcome o = parse(good, &session);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(session.max_size_upload, 1000);
	assert_int_equal(session.max_calls_in_request, 7);
	assert_int_equal(session.max_objects_in_get, 500);
	assert_int_equal(session.max_objects_in_set, 500);
	assert_int_equal(session.max_size_request, 10000000);
	assert_int_equal(session.max_concurrent_upload, 4);
	jmap_session_clear(&session);
}

static void
an_account_without_submission_can_still_be_read(void **state)
{
	struct jmap_session session;
	struct outcome o =
	    parse_with("'urn:ietf:params:jmap:submission': 'u1'", "'x': 'u1'", &session);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_null(session.submission_id);
	jmap_session_clear(&session);
}

static void
a_session_that_cannot_be_used_says_which_key_is_wrong(void **state)
{
	static const struct {
		const char *piece, *replacement, *named;
	} cases[] = {
	    {"'capabilities'", "'capabilitiez'", "capabilities"},
	    {"'urn:ietf:params:jmap:mail': 'u1'", "'urn:ietf:params:jmap:mail': 7",
	        "primaryAccounts"},
	    {"'urn:ietf:params:jmap:mail': 'u1'", "'urn:ietf:params:jmap:mail': '..'",
	        "primaryAccounts"},
	    {"'primaryAccounts': {", "'primaryAccounts': 3, 'p': {", "primaryAccounts"},
	    {"'apiUrl': '/jmap/'", "'apiUrl': 5", "apiUrl"},
	    {"'apiUrl': '/jmap/'", "'apiUrl': ''", "apiUrl"},
	    {"'apiUrl': '/jmap/'", "'apiUrl': 'file:///etc/passwd'", "apiUrl"},
	    {"'uploadUrl'", "'uploadUri'", "uploadUrl"},
	    {"'https://dl.example/{", "'gopher://dl.example/{", "downloadUrl"},
	    {"'https://dl.example/{", "'https://{", "downloadUrl"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jmap_session session;
		struct outcome o = parse_with(cases[i].piece, cases[i].replacement, &session);

		assert_true(outcome_is(&o, "answer/session"));
		assert_non_null(strstr(o.text, cases[i].named));
		assert_int_equal(o.class, OUTCOME_TEMPORARY);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(urls_are_resolved_against_the_one_that_answered),
	    cmocka_unit_test(limits_that_make_no_sense_are_replaced),
	    cmocka_unit_test(an_account_without_submission_can_still_be_read),
	    cmocka_unit_test(a_session_that_cannot_be_used_says_which_key_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
