/* Calls of the alias service: what is sent, what refusals mean, what is done about lost answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/wire/json.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

#define ALIAS_7   "{\"id\":7,\"email\":\"a.cat@sl.example\",\"enabled\":true,\"note\":null}"
#define LIST(...) "{\"aliases\":[" __VA_ARGS__ "]}"
#define NEW_ALIAS                                                                      \
	"{\"alias_prefix\":\"a\",\"signed_suffix\":\".cat@sl.example.aaaaaa.bbbbbb\"," \
	"\"mailbox_ids\":[1]}"

static bool
asked_with(const struct alias_service *service, const char *text)
{
	return strstr(buf_str(&service->head), text) != NULL;
}

static bool
asked_for(const struct alias_service *service, const char *text)
{
	return strstr(buf_str(&service->lines), text) != NULL;
}

static void
the_key_goes_into_the_header_authentication_alone(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, {"GET /api/stats", 200, "{\"nb_alias\":1}"});
	o = alias_call(service, "stats", NULL, NULL);
	assert_string_equal(o.text, "ok");
	assert_true(asked_with(service, "Authentication: " ALIAS_KEY "\r\n"));
	assert_false(asked_with(service, "Authorization:"));
	alias_played(service);
}

static void
what_needs_no_key_is_sent_none(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	unlink(service->account.secret_file);
	alias_play(service, {"POST /api/auth/forgot_password", 200, "{\"ok\":true}"});
	o = alias_call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", NULL);
	assert_string_equal(o.text, "ok");
	assert_false(asked_with(service, "Authentication:"));
	alias_played(service);
	o = alias_call(service, "stats", NULL, NULL);
	assert_true(outcome_is(&o, "alias/no-key"));
	assert_non_null(strstr(o.hint, "ferryctl login"));
	assert_int_equal(service->requests, 1);
	alias_play(service, {NULL, 401, "{\"error\":\"Unauthorized\"}"});
	o = alias_call(service, "apple notify", "{\"password\":\"x\"}", NULL);
	assert_true(outcome_is(&o, "alias/key"));
	assert_string_equal(o.hint, "");
}

static void
only_a_request_with_a_body_says_that_it_is_json(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, {"POST /api/aliases/7/toggle", 200, "{\"enabled\":false}"},
	    {"PATCH /api/aliases/7", 200, "{\"ok\":true}"},
	    {"DELETE /api/mailboxes/3", 200, "{\"deleted\":true}"});
	o = alias_call(service, "alias toggle", "{\"alias_id\":7}", NULL);
	assert_string_equal(o.text, "ok");
	assert_false(asked_with(service, "Content-Type:"));
	o = alias_call(service, "alias edit", "{\"alias_id\":7,\"note\":null}", NULL);
	assert_string_equal(o.text, "ok");
	assert_true(asked_with(service, "Content-Type: application/json\r\n"));
	assert_true(asked_for(service, "PATCH /api/aliases/7 {\"note\":null}\n"));
	o = alias_call(service, "mailbox delete", "{\"mailbox_id\":3}", NULL);
	assert_string_equal(o.text, "ok");
	assert_false(asked_with(service, "Content-Type:"));
	alias_played(service);
}

static void
parameters_go_where_the_table_says(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service,
	    {"GET /api/v5/alias/options?hostname=b%C3%BCcher.example%2F%3F%26", 200,
	        "{\"suffixes\":[]}"},
	    {"PUT /api/mailboxes/3", 200, "{\"updated\":true}"});
	o = alias_call(service, "alias options",
	    "{\"hostname\":\"b\xc3\xbc"
	    "cher.example/?&\"}",
	    NULL);
	assert_string_equal(o.text, "ok");
	o = alias_call(service, "mailbox edit", "{\"mailbox_id\":3,\"default\":true}", NULL);
	assert_string_equal(o.text, "ok");
	assert_true(asked_for(service, "PUT /api/mailboxes/3 {\"default\":true}\n"));
	alias_played(service);
}

static void
a_search_is_sent_by_post_because_proxies_drop_bodies_of_get(void **state)
{
	struct alias_service *service = *state;
	struct simplelogin_alias alias;
	struct outcome o;

	alias_play(service, {"POST /api/v2/aliases?page_id=0", 200, LIST(ALIAS_7)});
	o = simplelogin_alias_find(
	    service->sl, "A.Cat@SL.example", deadline_in_ms(10000), &alias);
	assert_string_equal(o.text, "ok");
	assert_int_equal(alias.id, 7);
	assert_string_equal(alias.address, "a.cat@sl.example");
	assert_true(asked_for(service, "{\"query\":\"A.Cat@SL.example\"}"));
	simplelogin_alias_free(&alias);
}

static void
what_looks_alike_is_not_the_alias_looked_for(void **state)
{
	struct alias_service *service = *state;
	struct simplelogin_alias alias;
	struct outcome o;

	/* '_' in a search stands for any letter. */
	alias_play(service,
	    {NULL, 200,
	        LIST("{\"id\":8,\"email\":\"axb@sl.example\","
	             "\"enabled\":true}")},
	    {NULL, 200, LIST()});
	o = simplelogin_alias_find(
	    service->sl, "a_b@sl.example", deadline_in_ms(10000), &alias);
	assert_string_equal(o.text, "ok");
	assert_int_equal(alias.id, 0);
	alias_played(service);
}

static void
a_flag_that_is_false_is_not_sent(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	/* To the service "?enabled=false" means enabled. */
	alias_play(service, {"GET /api/v2/aliases?pinned=true", 200, LIST()});
	o = alias_call(service, "alias list", "{\"pinned\":true,\"enabled\":false}", NULL);
	assert_string_equal(o.text, "ok");
	assert_false(asked_for(service, "enabled"));
	alias_played(service);
}

static void
what_the_table_forbids_is_refused_before_it_is_sent(void **state)
{
	static const struct {
		const char *words, *parameters, *text;
	} cases[] = {
	    {"alias show", NULL, "alias show needs alias"},
	    {"alias show", "{\"alias_id\":\"7/toggle\"}", "alias must be a number"},
	    {"alias show", "{\"alias_id\":-1}", "alias must be a number"},
	    {"alias show", "{\"alias_id\":7,\"colour\":1}", "alias show takes no colour"},
	    {"alias edit", "{\"alias_id\":7,\"pinned\":\"yes\"}",
	        "pinned must be true or false"},
	    {"alias edit", "{\"alias_id\":7,\"mailbox_ids\":[]}", "mailbox must be a list"},
	    {"alias edit", "{\"alias_id\":7,\"mailbox_ids\":[1,\"2\"]}",
	        "mailbox must be a list"},
	    {"alias random", "{\"mode\":\"words\"}", "mode must be one of: word uuid"},
	    {"alias random", "{\"mode\":\"word uuid\"}", "mode must be one of: word uuid"},
	    {"mailbox create", "{\"email\":null}", "email must be a string"},
	};
	struct alias_service *service = *state;
	char text[256];
	struct outcome o;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o = alias_call(service, cases[i].words, cases[i].parameters, NULL);
		assert_true(outcome_is(&o, "local/usage"));
		if (strstr(o.text, cases[i].text) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].text);
	}
	snprintf(text, sizeof(text), "{\"alias_id\":7,\"name\":\"%0129d\"}", 0);
	o = alias_call(service, "alias edit", text, NULL);
	assert_true(outcome_is(&o, "local/usage"));
	assert_non_null(strstr(o.text, "name is longer than 128 bytes"));
	assert_int_equal(service->requests, 0);
}

static void
each_refusal_has_its_condition_and_keeps_the_services_words(void **state)
{
	static const struct {
		int status;
		const char *error, *condition;
		enum outcome_class class;
	} cases[] = {
	    {400,
	        "You have reached the limitation of a free account with the maximum of 5 "
	        "aliases, please upgrade your plan to create more aliases",
	        "alias/quota", OUTCOME_PERMANENT},
	    {400, "bob@localhost is not a valid email address", "alias/contact",
	        OUTCOME_PERMANENT},
	    {400, "Empty address is not a valid email address", "alias/contact",
	        OUTCOME_PERMANENT},
	    {400, "Account disabled", "alias/disabled", OUTCOME_TEMPORARY},
	    {400, "Account scheduled for deletion", "alias/disabled", OUTCOME_TEMPORARY},
	    {400, "Email or password incorrect", "alias/login", OUTCOME_PERMANENT},
	    {400, "Only available for paid plans", "alias/plan", OUTCOME_PERMANENT},
	    {400, "Unknown error", "alias/missing", OUTCOME_TEMPORARY},
	    {400, "Invalid reservation", "alias/missing", OUTCOME_TEMPORARY},
	    {400, "Forbidden", "alias/refused", OUTCOME_TEMPORARY},
	    {400, "something new", "alias/refused", OUTCOME_TEMPORARY},
	    {401, "Wrong api key", "alias/key", OUTCOME_TEMPORARY},
	    {401, "Account does not exist", "alias/key", OUTCOME_TEMPORARY},
	    {403, "Disabled account", "alias/disabled", OUTCOME_TEMPORARY},
	    {403, "Please upgrade to premium to create reverse-alias", "alias/plan",
	        OUTCOME_PERMANENT},
	    {403, "Invalid password", "alias/login", OUTCOME_PERMANENT},
	    {403, "Forbidden", "alias/forbidden", OUTCOME_TEMPORARY},
	    {404, "No such alias", "alias/missing", OUTCOME_TEMPORARY},
	    {405, "Method not allowed", "alias/refused", OUTCOME_TEMPORARY},
	    {409, "alias a.cat@sl.example already exists", "alias/exists", OUTCOME_TEMPORARY},
	    {410, "Too many wrong tries", "alias/refused", OUTCOME_TEMPORARY},
	    {412, "Alias creation time is expired, please retry", "alias/expired",
	        OUTCOME_TEMPORARY},
	    {422, "Account not activated", "alias/login", OUTCOME_PERMANENT},
	    {440, "Need sudo", "alias/sudo", OUTCOME_TEMPORARY},
	    {500, "Internal error", "http/5xx", OUTCOME_TEMPORARY},
	};
	struct alias_service *service = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *error = json_pack("{s:s}", "error", cases[i].error), *answer;
		char *body = json_dumps(error, 0);
		struct outcome o;

		alias_play(service, {NULL, cases[i].status, body});
		o = alias_call(service, "alias toggle", "{\"alias_id\":7}", &answer);
		assert_null(answer);
		assert_string_equal(o.condition, cases[i].condition);
		assert_int_equal(o.class, cases[i].class);
		if (strstr(o.text, cases[i].error) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].error);
		free(body);
		json_decref(error);
	}
}

static void
a_page_that_is_no_json_is_not_taken_for_the_services_word(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, {NULL, 403, "<html>Forbidden by a proxy</html>"});
	o = alias_call(service, "alias toggle", "{\"alias_id\":7}", NULL);
	assert_string_equal(o.condition, "http/403");
	assert_null(strstr(o.text, "html"));
}

static void
sudo_is_explained(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, {NULL, 440, "{\"error\":\"Need sudo\"}"});
	o = alias_call(service, "user delete", NULL, NULL);
	assert_non_null(strstr(o.hint, "ferryctl user sudo"));
}

static void
answers_of_another_shape_are_not_used(void **state)
{
	static const struct {
		const char *words, *body;
	} cases[] = {
	    {"stats", "[]"},
	    {"stats", "null"},
	    {"stats", "{"},
	    {"stats", ""},
	    {"stats", "{\"a\":1,\"a\":2}"},
	    {"mailbox list", "[]"},
	    {"mailbox list", "{\"mailboxes\":{}}"},
	    {"setting domains", "{}"},
	};
	struct alias_service *service = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *answer;
		struct outcome o;

		alias_play(service, {NULL, 200, cases[i].body});
		o = alias_call(service, cases[i].words, NULL, &answer);
		assert_null(answer);
		assert_int_equal(o.class, OUTCOME_TEMPORARY);
		assert_true(strncmp(o.condition, "answer/", 7) == 0);
	}
}

static void
an_alias_whose_making_was_not_answered_is_found_by_its_address(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;
	json_t *answer;

	alias_play(service, {"POST /api/v3/alias/custom/new", 0, NULL},
	    {"POST /api/v2/aliases?page_id=0", 200, LIST(ALIAS_7)});
	o = alias_call(service, "alias create", NEW_ALIAS, &answer);
	assert_string_equal(o.text, "ok");
	assert_int_equal(json_get_count(answer, "id", 0), 7);
	assert_true(asked_for(service, "{\"query\":\"a.cat@sl.example\"}"));
	json_decref(answer);
	alias_played(service);
}

static void
an_alias_that_was_not_made_is_known_not_to_be(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, {"POST /api/v3/alias/custom/new", 0, NULL},
	    {"POST /api/v2/aliases", 200, LIST()});
	o = alias_call(service, "alias create", NEW_ALIAS, NULL);
	assert_string_equal(o.condition, "net/cut-sent");
	assert_false(o.ambiguous);
	alias_played(service);
}

static void
a_random_alias_is_found_as_the_one_that_is_newer_than_all_before(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;
	json_t *answer;

	alias_play(service,
	    {"GET /api/aliases?page_id=0", 200, LIST("{\"id\":6,\"email\":\"o@sl.example\"}")},
	    {"POST /api/alias/random/new", 0, NULL},
	    {"GET /api/aliases?page_id=0", 200,
	        LIST(ALIAS_7 ",{\"id\":6,\"email\":\"o@sl.example\"}")},
	    {"POST /api/v2/aliases", 200, LIST(ALIAS_7)});
	o = alias_call(service, "alias random", NULL, &answer);
	assert_string_equal(o.text, "ok");
	assert_int_equal(json_get_count(answer, "id", 0), 7);
	json_decref(answer);
	alias_played(service);
}

static void
of_two_new_aliases_none_is_taken_by_guess(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, {"GET /api/aliases?page_id=0", 200, LIST()},
	    {"POST /api/alias/random/new", 0, NULL},
	    {"GET /api/aliases?page_id=0", 200,
	        LIST(ALIAS_7 ",{\"id\":6,\"email\":\"o@sl.example\",\"note\":null}")});
	o = alias_call(service, "alias random", NULL, NULL);
	assert_true(o.ambiguous);
	assert_non_null(strstr(o.hint, "one of 2 new aliases"));
	alias_played(service);
}

static void
a_mailbox_whose_making_was_not_answered_is_found(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;
	json_t *answer;

	alias_play(service, {"POST /api/mailboxes", 0, NULL},
	    {"GET /api/v2/mailboxes", 200,
	        "{\"mailboxes\":[{\"id\":1,\"email\":\"x@y.z\"},{\"id\":2,\"email\":"
	        "\"me@y.z\"}]}"});
	o = alias_call(service, "mailbox create", "{\"email\":\"Me@y.z\"}", &answer);
	assert_string_equal(o.text, "ok");
	assert_int_equal(json_get_count(answer, "id", 0), 2);
	json_decref(answer);
	alias_played(service);
}

static void
a_contact_is_asked_for_again_as_that_gives_the_same_one(void **state)
{
	struct alias_service *service = *state;
	struct simplelogin_contact contact;
	struct outcome o;

	alias_play(service, {"POST /api/aliases/7/contacts", 0, NULL},
	    {"POST /api/aliases/7/contacts", 200,
	        "{\"id\":9,\"contact\":\"Bob@x.example\",\"existed\":true,"
	        "\"reverse_alias_address\":\"bob_at_x_ab@sl.example\"}"});
	o = simplelogin_contact_add(
	    service->sl, 7, "Bob@x.example", deadline_in_ms(10000), &contact);
	assert_string_equal(o.text, "ok");
	assert_int_equal(contact.id, 9);
	assert_string_equal(contact.address, "Bob@x.example");
	assert_string_equal(contact.reverse, "bob_at_x_ab@sl.example");
	simplelogin_contact_free(&contact);
	alias_played(service);
}

static void
what_cannot_be_looked_for_is_not_repeated(void **state)
{
	static const struct {
		const char *words, *parameters;
	} cases[] = {
	    {"user api-key", "{\"device\":null}"},
	    {"alias toggle", "{\"alias_id\":7}"},
	    {"alias delete", "{\"alias_id\":7}"},
	    {"contact toggle", "{\"contact_id\":7}"},
	    {"user register", "{\"email\":\"a@b.c\",\"password\":\"12345678\"}"},
	};
	struct alias_service *service = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o;

		alias_play(service, {NULL, 0, NULL});
		o = alias_call(service, cases[i].words, cases[i].parameters, NULL);
		assert_true(o.ambiguous);
		alias_played(service);
	}
}

static void
an_expired_suffix_is_fetched_again_once(void **state)
{
	static const char options[] = "{\"suffixes\":[{\"suffix\":\".cat@sl.example\","
	                              "\"signed_suffix\":\".cat@sl.example.a.b\"}]}";
	static const char expired[] = "{\"error\":\"Alias creation time is expired\"}";
	struct simplelogin_wish wish = {.prefix = "a", .mailboxes = NULL};
	struct alias_service *service = *state;
	struct outcome o;
	json_t *answer;

	wish.mailboxes = json_pack("[i]", 1);
	alias_play(service, {"GET /api/v5/alias/options", 200, options},
	    {"POST /api/v3/alias/custom/new", 412, expired},
	    {"GET /api/v5/alias/options", 200, options},
	    {"POST /api/v3/alias/custom/new", 201, ALIAS_7});
	o = simplelogin_create(service->sl, &wish, deadline_in_ms(10000), &answer);
	assert_string_equal(o.text, "ok");
	assert_int_equal(json_get_count(answer, "id", 0), 7);
	json_decref(answer);
	alias_played(service);
	alias_play(service, {NULL, 200, options}, {NULL, 412, expired}, {NULL, 200, options},
	    {NULL, 412, expired});
	o = simplelogin_create(service->sl, &wish, deadline_in_ms(10000), &answer);
	assert_string_equal(o.condition, "alias/expired");
	assert_null(answer);
	alias_played(service);
	json_decref((json_t *)wish.mailboxes);
}

static void
a_suffix_may_be_named_by_its_domain(void **state)
{
	static const char options[] =
	    "{\"suffixes\":[{\"suffix\":\".cat@sl.example\",\"signed_suffix\":\"1.a.b\"},"
	    "{\"suffix\":\".dog@my.example\",\"signed_suffix\":\"2.a.b\"},"
	    "{\"suffix\":\"@my.example\",\"signed_suffix\":\"3.a.b\"},"
	    "{\"suffix\":\"@not-my.example\",\"signed_suffix\":\"4.a.b\"}]}";
	static const struct {
		const char *wanted, *sent;
	} cases[] = {
	    {NULL, "\"1.a.b\""},
	    {"my.example", "\"2.a.b\""},
	    {"@my.example", "\"3.a.b\""},
	    {".dog@my.example", "\"2.a.b\""},
	    {"not-my.example", "\"4.a.b\""},
	};
	struct simplelogin_wish wish = {.prefix = "a"};
	struct alias_service *service = *state;
	struct outcome o;
	json_t *answer;

	wish.mailboxes = json_pack("[i]", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		alias_play(service, {NULL, 200, options}, {NULL, 201, ALIAS_7});
		wish.suffix = cases[i].wanted;
		o = simplelogin_create(service->sl, &wish, deadline_in_ms(10000), &answer);
		assert_string_equal(o.text, "ok");
		assert_true(asked_for(service, cases[i].sent));
		json_decref(answer);
	}
	alias_play(service, {NULL, 200, options});
	wish.suffix = "example";
	o = simplelogin_create(service->sl, &wish, deadline_in_ms(10000), &answer);
	assert_true(outcome_is(&o, "local/usage"));
	alias_played(service);
	json_decref((json_t *)wish.mailboxes);
}

static void
a_stored_key_is_for_its_owner_alone_and_goes_again(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;
	struct stat st;

	o = simplelogin_store_key(service->sl, "another-key");
	assert_string_equal(o.text, "ok");
	assert_int_equal(stat(service->account.secret_file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(service->account.directory, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	alias_play(service, {"GET /api/stats", 200, "{}"});
	o = alias_call(service, "stats", NULL, NULL);
	assert_true(asked_with(service, "Authentication: another-key\r\n"));
	o = simplelogin_forget_key(service->sl);
	assert_string_equal(o.text, "ok");
	o = alias_call(service, "stats", NULL, NULL);
	assert_true(outcome_is(&o, "alias/no-key"));
}

static void
what_would_be_sent_is_shown_without_secrets(void **state)
{
	json_t *parameters =
	    json_pack("{s:s, s:s, s:n}", "email", "a@b.c", "password", "hush", "device");
	struct buf text = BUF_INIT;
	struct outcome o =
	    simplelogin_describe(simplelogin_endpoint("user login"), parameters, &text);

	(void)state;
	assert_string_equal(o.text, "ok");
	assert_string_equal(buf_str(&text), "POST /api/auth/login {\"email\":\"a@b.c\","
	                                    "\"password\":\"***\",\"device\":null}");
	json_decref(parameters);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ALIASES(the_key_goes_into_the_header_authentication_alone),
	    WITH_ALIASES(what_needs_no_key_is_sent_none),
	    WITH_ALIASES(only_a_request_with_a_body_says_that_it_is_json),
	    WITH_ALIASES(parameters_go_where_the_table_says),
	    WITH_ALIASES(a_search_is_sent_by_post_because_proxies_drop_bodies_of_get),
	    WITH_ALIASES(what_looks_alike_is_not_the_alias_looked_for),
	    WITH_ALIASES(a_flag_that_is_false_is_not_sent),
	    WITH_ALIASES(what_the_table_forbids_is_refused_before_it_is_sent),
	    WITH_ALIASES(each_refusal_has_its_condition_and_keeps_the_services_words),
	    WITH_ALIASES(a_page_that_is_no_json_is_not_taken_for_the_services_word),
	    WITH_ALIASES(sudo_is_explained),
	    WITH_ALIASES(answers_of_another_shape_are_not_used),
	    WITH_ALIASES(an_alias_whose_making_was_not_answered_is_found_by_its_address),
	    WITH_ALIASES(an_alias_that_was_not_made_is_known_not_to_be),
	    WITH_ALIASES(a_random_alias_is_found_as_the_one_that_is_newer_than_all_before),
	    WITH_ALIASES(of_two_new_aliases_none_is_taken_by_guess),
	    WITH_ALIASES(a_mailbox_whose_making_was_not_answered_is_found),
	    WITH_ALIASES(a_contact_is_asked_for_again_as_that_gives_the_same_one),
	    WITH_ALIASES(what_cannot_be_looked_for_is_not_repeated),
	    WITH_ALIASES(an_expired_suffix_is_fetched_again_once),
	    WITH_ALIASES(a_suffix_may_be_named_by_its_domain),
	    WITH_ALIASES(a_stored_key_is_for_its_owner_alone_and_goes_again),
	    cmocka_unit_test(what_would_be_sent_is_shown_without_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
