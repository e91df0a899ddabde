/* The JMAP session: discovery, cache, and what hostile ones can do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/wire/json.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"

#define BASE "https://api.example/.well-known/jmap"

/* A session with this member in place of its own, or without it if value is NULL. */
static struct outcome
parse_with(const char *base, const char *key, const char *value, struct jmap_session *session)
{
	json_t *document, *member = NULL;
	struct outcome o = json_parse(FAKE_SESSION, strlen(FAKE_SESSION), &document);

	assert_true(outcome_is_ok(&o));
	if (value != NULL) {
		o = json_parse(value, strlen(value), &member);
		assert_true(outcome_is_ok(&o));
		json_object_set_new(document, key, member);
	} else {
		json_object_del(document, key);
	}
	o = jmap_session_parse(document, base, session);
	json_decref(document);
	return o;
}

static void
relative_urls_are_resolved_against_the_one_that_answered(void **state)
{
	struct jmap_session session;
	struct outcome o = parse_with(BASE, "x", "1", &session);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(session.account_id, "a1");
	assert_string_equal(session.submission_id, "a1");
	assert_string_equal(session.api_url, "https://api.example/jmap");
	assert_string_equal(session.upload_url, "https://api.example/upload/{accountId}");
	assert_string_equal(session.download_url,
	    "https://api.example/download/{accountId}/{blobId}/{name}?type={type}");
	assert_string_equal(session.event_source_url, "https://api.example/events");
	assert_true(jmap_session_has(&session, JMAP_MAIL));
	assert_false(jmap_session_has(&session, JMAP_BLOB));
	assert_false(session.has_blob);
	jmap_session_clear(&session);
}

static void
a_session_without_what_we_need_is_refused_by_name(void **state)
{
	static const struct {
		const char *key, *value, *named;
	} cases[] = {
	    {"capabilities", NULL, "capabilities"},
	    {"capabilities", "[]", "capabilities"},
	    {"primaryAccounts", NULL, "primaryAccounts"},
	    {"primaryAccounts", "{}", "primaryAccounts"},
	    {"primaryAccounts", "{\"urn:ietf:params:jmap:mail\":7}", "primaryAccounts"},
	    {"primaryAccounts", "{\"urn:ietf:params:jmap:mail\":\"\"}", "primaryAccounts"},
	    {"primaryAccounts", "{\"urn:ietf:params:jmap:mail\":\"../x\"}", "primaryAccounts"},
	    {"apiUrl", NULL, "apiUrl"},
	    {"apiUrl", "7", "apiUrl"},
	    {"apiUrl", "\"\"", "apiUrl"},
	    {"uploadUrl", "null", "uploadUrl"},
	    {"downloadUrl", "{}", "downloadUrl"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jmap_session session;
		struct outcome o = parse_with(BASE, cases[i].key, cases[i].value, &session);

		assert_true(outcome_is(&o, "answer/session"));
		assert_non_null(strstr(o.text, cases[i].named));
		assert_null(session.document);
	}
}

static void
urls_that_our_credentials_must_not_follow_are_refused(void **state)
{
	static const char *const urls[] = {"\"http://api.example/\"", "\"http://127.0.0.1/\"",
	    "\"ftp://api.example/\"", "\"file:///etc/passwd\"", "\"javascript:alert(1)\"",
	    "\"https://user:password@api.example/\"", "\"https://\"",
	    "\"https://{accountId}/\"", "\"/x\\r\\nHost: y\"", "\"/x\\u0001\"",
	    "\"/{accountId}\\n\"", "\"/\xc3\xa9\""};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct jmap_session session;
		struct outcome o = parse_with(BASE, "apiUrl", urls[i], &session);

		assert_true(outcome_is(&o, "answer/session"));
	}
}

static void
another_host_is_fine_over_tls_and_this_machine_without(void **state)
{
	struct jmap_session session;
	struct outcome o =
	    parse_with(BASE, "apiUrl", "\"https://jmap.other.example/api\"", &session);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(session.api_url, "https://jmap.other.example/api");
	jmap_session_clear(&session);
	o = parse_with(
	    "http://127.0.0.1:1/x", "apiUrl", "\"http://127.0.0.1:2/api\"", &session);
	assert_true(outcome_is_ok(&o));
	jmap_session_clear(&session);
}

static void
a_session_may_lack_what_we_can_do_without(void **state)
{
	static const char *const keys[] = {"eventSourceUrl", "username", "state", "accounts"};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct jmap_session session;
		struct outcome o = parse_with(BASE, keys[i], NULL, &session);

		assert_true(outcome_is_ok(&o));
		assert_non_null(session.state);
		jmap_session_clear(&session);
		o = parse_with(BASE, keys[i], "[[]]", &session);
		assert_true(outcome_is_ok(&o));
		jmap_session_clear(&session);
	}
}

static void
limits_that_are_no_numbers_get_sane_values(void **state)
{
	static const struct {
		const char *limit;
		int64_t taken;
	} cases[] = {
	    {"7", 7},
	    {"0", 16},
	    {"-1", 16},
	    {"\"many\"", 16},
	    {"null", 16},
	    {"1e300", 16},
	    {"9007199254740991", INT64_C(1) << 40},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jmap_session session;
		char *core =
		    xasprintf("{\"" JMAP_CORE "\":{\"maxCallsInRequest\":%s}}", cases[i].limit);
		struct outcome o = parse_with(BASE, "capabilities", core, &session);

		assert_true(outcome_is_ok(&o));
		assert_int_equal(session.max_calls_in_request, cases[i].taken);
		assert_int_equal(session.max_objects_in_get, 500);
		jmap_session_clear(&session);
		free(core);
	}
}

/* With a service. */

static struct outcome
session_of(struct jmap *jmap, const struct jmap_session **session)
{
	return jmap_session(jmap, deadline_in_ms(20000), session);
}

static struct outcome
use_session(struct fake_service *fake)
{
	const struct jmap_session *session;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o = session_of(jmap, &session);

	assert_int_equal(session != NULL, outcome_is_ok(&o));
	jmap_close(&jmap);
	return o;
}

static void
the_next_process_finds_the_session_on_disk(void **state)
{
	struct fake_service *fake = *state;

	for (int i = 0; i < 3; i++) {
		struct outcome o = use_session(fake);

		assert_true(outcome_is_ok(&o));
	}
	assert_int_equal(fake->discoveries, 1);
}

static void
a_kept_session_of_another_server_or_user_is_not_used(void **state)
{
	struct fake_service *fake = *state;
	char *url = fake->account.api_url;

	use_session(fake);
	fake->account.user = xstrdup("other");
	use_session(fake);
	assert_int_equal(fake->discoveries, 2);
	fake->account.api_url = xasprintf("http://localhost%s", strrchr(url, ':'));
	free(url);
	use_session(fake);
	assert_int_equal(fake->discoveries, 3);
}

static void
a_kept_session_is_not_trusted_more_than_one_from_the_network(void **state)
{
	static const char *const kept[] = {"", "{", "[]", "{}",
	    "{\"from\":\"%s \",\"answered\":\"%s/\",\"state\":\"s1\"}",
	    "{\"from\":\"%s \",\"answered\":\"%s/\",\"state\":\"s1\",\"document\":7}",
	    "{\"from\":\"%s \",\"answered\":\"%s/\",\"state\":\"s1\",\"document\":"
	    "{\"capabilities\":{},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a\"},"
	    "\"apiUrl\":\"http://evil.example/\",\"uploadUrl\":\"/\",\"downloadUrl\":\"/\"}}"};
	struct fake_service *fake = *state;

	for (unsigned i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct jmap *jmap = fake_service_open(fake);
		const struct jmap_session *session;
		struct buf text = BUF_INIT;
		struct outcome o;

		for (const char *p = kept[i]; *p != '\0'; p++)
			if (p[0] == '%' && p[1] == 's' && p++ != NULL)
				buf_adds(&text, fake->account.api_url);
			else
				buf_addc(&text, *p);
		credentials_write_file(
		    jmap_credentials(jmap), "session.json", buf_str(&text), text.len);
		o = session_of(jmap, &session);
		assert_true(outcome_is_ok(&o));
		assert_string_equal(session->account_id, "a1");
		assert_int_equal(fake->discoveries, i + 1);
		jmap_close(&jmap);
		buf_free(&text);
	}
}

static void
an_answer_that_is_no_session_is_said_to_be_so(void **state)
{
	static const char *const bodies[] = {
	    "", "<html>", "[]", "null", "{}", "{\"a\":1,\"a\":2}"};
	struct fake_service *fake = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct outcome o;

		fake->session_body = bodies[i];
		o = use_session(fake);
		assert_true(outcome_is(&o, "answer/session"));
	}
}

static void
a_session_of_ten_megabytes_is_refused(void **state)
{
	struct fake_service *fake = *state;
	char *body = xmalloc(10000001);
	struct outcome o;

	memset(body, ' ', 10000000);
	body[10000000] = '\0';
	fake->session_body = body;
	o = use_session(fake);
	assert_true(outcome_is(&o, "net/too-large"));
	free(body);
}

static void
a_session_of_another_account_is_refused_once_ours_is_kept(void **state)
{
	struct fake_service *fake = *state;
	const struct jmap_session *session;
	struct jmap *jmap = fake_service_open(fake);
	const char *ours = fake->session_body;
	struct outcome o = session_of(jmap, &session);

	assert_true(outcome_is_ok(&o));
	jmap_keep_account(jmap);
	jmap_session_forget(jmap);
	fake->session_body =
	    "{\"capabilities\":{},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":"
	    "\"other\"},\"apiUrl\":\"/api\",\"uploadUrl\":\"/u\",\"downloadUrl\":\"/d\"}";
	o = session_of(jmap, &session);
	assert_true(outcome_is(&o, "answer/session"));
	assert_non_null(strstr(o.text, "other"));
	fake->session_body = ours;
	o = session_of(jmap, &session);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(session->account_id, "a1");
	jmap_close(&jmap);
}

static void
a_token_refused_twice_is_an_expired_login(void **state)
{
	struct fake_service *fake = *state;
	struct outcome o;

	fake->faults[0] = (struct fake_fault){.path = "/.well-known",
	    .status = 401,
	    .body = "{\"error\":{\"message\":\"suspended\",\"hint\":\"pay\"}}",
	    .count = 2};
	o = use_session(fake);
	assert_true(outcome_is(&o, "auth/expired"));
	assert_non_null(strstr(o.text, "suspended"));
	assert_string_equal(o.hint, "pay");
	assert_int_equal(fake->capabilities, 2);
}

static void
the_mail_account_teaches_the_address(void **state)
{
	struct fake_service *fake = *state;
	const struct jmap_session *session;
	struct jmap *jmap = fake_service_open(fake);
	struct outcome o;

	fake->inbox_id = "me";
	fake->session_body =
	    "{\"capabilities\":{},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":"
	    "\"me@custom.example\"},\"apiUrl\":\"/api\",\"uploadUrl\":\"/"
	    "u\",\"downloadUrl\":\"/d\"}";
	o = session_of(jmap, &session);
	assert_true(outcome_is_ok(&o));
	assert_null(session->submission_id);
	assert_string_equal(auth_address(jmap_auth(jmap)), "me@custom.example");
	jmap_close(&jmap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(relative_urls_are_resolved_against_the_one_that_answered),
	    cmocka_unit_test(a_session_without_what_we_need_is_refused_by_name),
	    cmocka_unit_test(urls_that_our_credentials_must_not_follow_are_refused),
	    cmocka_unit_test(another_host_is_fine_over_tls_and_this_machine_without),
	    cmocka_unit_test(a_session_may_lack_what_we_can_do_without),
	    cmocka_unit_test(limits_that_are_no_numbers_get_sane_values),
	    WITH_SERVICE(the_next_process_finds_the_session_on_disk),
	    WITH_SERVICE(a_kept_session_of_another_server_or_user_is_not_used),
	    WITH_SERVICE(a_kept_session_is_not_trusted_more_than_one_from_the_network),
	    WITH_SERVICE(an_answer_that_is_no_session_is_said_to_be_so),
	    WITH_SERVICE(a_session_of_ten_megabytes_is_refused),
	    WITH_SERVICE(a_session_of_another_account_is_refused_once_ours_is_kept),
	    WITH_SERVICE(a_token_refused_twice_is_an_expired_login),
	    WITH_SERVICE(the_mail_account_teaches_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
