/* The alias for a hostname and the address for a correspondent: from the map, from the service,
 * made. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_find.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

#define PREFIX "example-com-dzgwop"
#define ALIAS(id, address, enabled) \
	"{\"id\":" id ",\"email\":\"" address "\",\"enabled\":" enabled "}"
#define LIST(...)    "{\"aliases\":[" __VA_ARGS__ "]}"
#define SUFFIX(text) "{\"suffix\":\"" text "\",\"signed_suffix\":\"" text ".t.s\"}"
#define OPTIONS      "\"can_create\":true,\"suffixes\":[" SUFFIX(".cat@sl.example") "]"
#define TWO_SUFFIXES "{\"suffixes\":[" SUFFIX("@my.example") "," SUFFIX(".cat@sl.example") "]}"
#define RECOMMENDED  "{\"recommendation\":{\"alias\":\"old@sl.example\"}," OPTIONS "}"
#define NOTHING      "{" OPTIONS "}"
#define MAILBOXES                                                                      \
	"{\"mailboxes\":[{\"id\":4,\"email\":\"other@me.example\",\"default\":false}," \
	"{\"id\":5,\"email\":\"me@me.example\",\"default\":true}]}"
#define TAKEN "{\"error\":\"alias already exists\"}"

#define LOOKS_FOR_NOTHING                                                         \
	{"GET /api/v5/alias/options?hostname=example.com", 200, NOTHING},         \
	    {"GET /api/v5/alias/options?hostname=www.example.com", 200, NOTHING}, \
	{                                                                         \
		"POST /api/v2/aliases", 200, LIST()                               \
	}
static struct alias_map *map;

static int
setup(void **state)
{
	struct alias_service *service;
	struct outcome o;
	char *path;

	if (alias_service_setup(state) != 0)
		return -1;
	service = *state;
	path = alias_map_path(&service->account);
	o = alias_map_open(path, &map);
	free(path);
	return outcome_is_ok(&o) ? 0 : -1;
}

static int
teardown(void **state)
{
	alias_map_close(&map);
	return alias_service_teardown(state);
}

#define WITH_BOTH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Ask for example.com; the id that comes, after everything in the script was asked for. */
static int64_t
find(struct alias_service *service, bool disabled_too, enum alias_found how)
{
	struct alias_map_alias alias;
	enum alias_found its;
	struct outcome o = alias_find(map, service->sl, "example.com", disabled_too,
	    deadline_in_ms(120000), &alias, &its);
	int64_t id = alias.id;

	if (!outcome_is_ok(&o))
		fail_msg("%s\n%s", o.text, buf_str(&service->lines));
	alias_played(service);
	assert_int_equal(its, how);
	alias_map_alias_free(&alias);
	return id;
}

/* The map has what was found: nobody is asked. */
static void
known_as(struct alias_service *service, int64_t id)
{
	alias_play_steps(service, (const struct alias_step[]){{0}}, 0);
	assert_int_equal(find(service, false, ALIAS_KNOWN), id);
}

static void
learn(int64_t id, const char *address, bool enabled)
{
	struct alias_map_alias alias = {
	    .id = id, .address = (char *)address, .enabled = enabled};
	struct outcome o = alias_map_put_host(map, "example.com", &alias);

	assert_string_equal(o.text, "ok");
}

static void
what_the_map_knows_is_answered_without_the_service(void **state)
{
	learn(3, "a@sl.example", true);
	known_as(*state, 3);
}

static void
the_services_recommendation_becomes_an_id_by_its_exact_address(void **state)
{
	struct alias_service *service = *state;

	alias_play(service,
	    {"GET /api/v5/alias/options?hostname=example.com", 200, RECOMMENDED},
	    {"POST /api/v2/aliases?page_id=0", 200,
	        LIST(ALIAS("8", "bold@sl.example", "true") "," ALIAS(
	            "7", "old@sl.example", "true"))});
	assert_int_equal(find(service, false, ALIAS_FOUND), 7);
	known_as(service, 7);
}

static void
what_the_browser_wrote_down_with_www_is_found(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, {"GET /api/v5/alias/options?hostname=example.com", 200, NOTHING},
	    {"GET /api/v5/alias/options?hostname=www.example.com", 200, RECOMMENDED},
	    {"POST /api/v2/aliases", 200, LIST(ALIAS("7", "old@sl.example", "true"))});
	assert_int_equal(find(service, false, ALIAS_FOUND), 7);
}

static void
a_disabled_or_trashed_recommendation_makes_another_alias(void **state)
{
	static const char *const lists[] = {
	    LIST(ALIAS("7", "old@sl.example", "false")), /* disabled */
	    LIST(),                                      /* trashed */
	};
	struct alias_service *service = *state;
	struct outcome o;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		alias_play(service, {"GET /api/v5/alias/options", 200, RECOMMENDED},
		    {"POST /api/v2/aliases", 200, lists[i]},
		    {"GET /api/v5/alias/options?hostname=www.example.com", 200, NOTHING},
		    {"POST /api/v2/aliases", 200, LIST()},
		    {"GET /api/v2/mailboxes", 200, MAILBOXES},
		    {"GET /api/v5/alias/options?hostname=example.com", 200, NOTHING},
		    {"POST /api/v3/alias/custom/new?hostname=example.com", 201,
		        ALIAS("9", PREFIX ".cat@sl.example", "true")});
		assert_int_equal(find(service, false, ALIAS_MADE), 9);
		assert_non_null(strstr(buf_str(&service->lines),
		    "{\"alias_prefix\":\"" PREFIX
		    "\",\"signed_suffix\":\".cat@sl.example.t.s\",\"mailbox_ids\":[5]}"));
		known_as(service, 9);
		o = alias_map_drop_host(map, "example.com");
		assert_string_equal(o.text, "ok");
	}
}

static void
a_disabled_alias_will_do_if_told_so(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, {"GET /api/v5/alias/options", 200, RECOMMENDED},
	    {"POST /api/v2/aliases", 200, LIST(ALIAS("7", "old@sl.example", "false"))});
	assert_int_equal(find(service, true, ALIAS_FOUND), 7);
}

static void
an_alias_that_was_made_for_it_is_found_by_its_prefix(void **state)
{
	struct alias_service *service = *state;

	/* The service had not yet noted the hostname when it fell over. */
	alias_play(service, {"GET", 200, NOTHING}, {"GET", 200, NOTHING},
	    {"POST /api/v2/aliases?page_id=0", 200,
	        LIST(ALIAS("6", PREFIX "x.cat@sl.example", "true") "," ALIAS(
	            "7", PREFIX "-2.dog@sl.example", "true"))});
	assert_int_equal(find(service, false, ALIAS_FOUND), 7);
}

static void
a_lost_answer_makes_no_second_alias(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, NOTHING},
	    {"POST /api/v3/alias/custom/new", 0, NULL},
	    {"POST /api/v2/aliases", 200, LIST(ALIAS("9", PREFIX ".cat@sl.example", "true"))});
	assert_int_equal(find(service, false, ALIAS_MADE), 9);
}

static void
a_request_that_was_lost_on_its_way_is_made_again(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, NOTHING},
	    {"POST /api/v3/alias/custom/new", 0, NULL}, {"POST /api/v2/aliases", 200, LIST()},
	    LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, NOTHING},
	    {"POST /api/v3/alias/custom/new", 201,
	        ALIAS("9", PREFIX ".cat@sl.example", "true")});
	assert_int_equal(find(service, false, ALIAS_MADE), 9);
}

static void
an_address_that_is_ours_already_is_the_alias(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, TWO_SUFFIXES},
	    {"POST /api/v3/alias/custom/new", 409, TAKEN},
	    {"POST /api/v2/aliases", 200, LIST(ALIAS("9", PREFIX "@my.example", "true"))});
	assert_int_equal(find(service, false, ALIAS_FOUND), 9);
}

static void
a_trashed_address_leads_to_the_next_suffix_and_then_to_a_number(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, TWO_SUFFIXES},
	    {"POST /api/v3/alias/custom/new", 409, TAKEN},
	    {"POST /api/v2/aliases", 200, LIST()},
	    {"GET /api/v5/alias/options", 200, TWO_SUFFIXES},
	    {"POST /api/v3/alias/custom/new", 409, TAKEN},
	    {"POST /api/v2/aliases", 200, LIST()},
	    {"GET /api/v5/alias/options", 200, TWO_SUFFIXES},
	    {"POST /api/v3/alias/custom/new", 201, ALIAS("9", PREFIX "-2@my.example", "true")});
	assert_int_equal(find(service, false, ALIAS_MADE), 9);
	assert_non_null(strstr(buf_str(&service->lines), "\"" PREFIX "-2\""));
}

static void
the_configured_domain_and_mailbox_are_kept_to(void **state)
{
	static char domain[] = "sl.example", mailbox[] = "Other@me.example";
	struct alias_service *service = *state;

	service->account.domain = domain;
	service->account.mailbox = mailbox;
	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, TWO_SUFFIXES},
	    {"POST /api/v3/alias/custom/new", 201,
	        ALIAS("9", PREFIX ".cat@sl.example", "true")});
	assert_int_equal(find(service, false, ALIAS_MADE), 9);
	assert_non_null(
	    strstr(buf_str(&service->lines), "\".cat@sl.example.t.s\",\"mailbox_ids\":[4]"));
}

static void
a_random_alias_is_made_where_that_is_configured(void **state)
{
	static char mailbox[] = "other@me.example";
	struct alias_service *service = *state;

	service->account.naming = ALIAS_BY_UUID;
	service->account.mailbox = mailbox;
	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/aliases?page_id=0", 200, LIST()},
	    {"POST /api/alias/random/new?hostname=example.com&mode=uuid", 201,
	        ALIAS("9", "u@sl.example", "true")},
	    {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"PATCH /api/aliases/9", 200, "{\"ok\":true}"});
	assert_int_equal(find(service, false, ALIAS_MADE), 9);
	assert_non_null(strstr(buf_str(&service->lines), "{\"mailbox_ids\":[4]}"));
	service->account.mailbox = NULL;
}

static void
a_quota_that_is_used_up_is_said(void **state)
{
	struct alias_service *service = *state;
	struct alias_map_alias alias;
	enum alias_found how;
	struct outcome o;

	alias_play(service, LOOKS_FOR_NOTHING, {"GET /api/v2/mailboxes", 200, MAILBOXES},
	    {"GET /api/v5/alias/options", 200, NOTHING},
	    {"POST /api/v3/alias/custom/new", 400,
	        "{\"error\":\"You have reached the limitation of a free account with the "
	        "maximum of 5 aliases\"}"});
	o = alias_find(
	    map, service->sl, "example.com", false, deadline_in_ms(120000), &alias, &how);
	assert_string_equal(o.condition, "alias/quota");
	assert_int_equal(alias.id, 0);
	alias_played(service);
}

static void
what_is_old_is_looked_at_again(void **state)
{
	struct alias_service *service = *state;

	service->account.refresh_ms = 0;
	learn(3, "a@sl.example", true);
	alias_play(service, {"GET /api/aliases/3", 200, ALIAS("3", "a@sl.example", "true")});
	assert_int_equal(find(service, false, ALIAS_KNOWN), 3);
}

static void
an_alias_that_was_trashed_meanwhile_is_replaced(void **state)
{
	struct alias_service *service = *state;
	struct alias_map_alias old;
	struct outcome o;

	learn(3, "a@sl.example", true);
	service->account.refresh_ms = 0;
	/* Within the lock it is looked at once more. */
	alias_play(service, {"GET /api/aliases/3", 200, ALIAS("3", "a@sl.example", "false")},
	    {"POST /api/v2/aliases", 200, LIST()},
	    {"GET /api/aliases/3", 200, ALIAS("3", "a@sl.example", "false")},
	    {"POST /api/v2/aliases", 200, LIST()},
	    {"GET /api/v5/alias/options", 200, RECOMMENDED},
	    {"POST /api/v2/aliases", 200, LIST(ALIAS("7", "old@sl.example", "true"))});
	assert_int_equal(find(service, false, ALIAS_FOUND), 7);
	o = alias_map_find_alias(map, 3, &old);
	assert_string_equal(o.text, "ok");
	assert_true(old.trashed);
	alias_map_alias_free(&old);
}

static void
a_service_that_fails_leaves_the_map_as_it_is(void **state)
{
	struct alias_service *service = *state;
	struct alias_map_alias alias;
	enum alias_found how;
	struct outcome o;

	learn(3, "a@sl.example", true);
	service->account.refresh_ms = 0;
	alias_play(service, {"GET /api/aliases/3", 500, "{\"error\":\"Internal error\"}"});
	o = alias_find(
	    map, service->sl, "example.com", false, deadline_in_ms(120000), &alias, &how);
	assert_string_equal(o.condition, "http/5xx");
	assert_int_equal(alias.id, 0);
	service->account.refresh_ms = 3600000;
	known_as(service, 3);
}

static void
a_contact_is_made_once_and_then_known(void **state)
{
	struct alias_service *service = *state;
	struct alias_map_contact contact;
	struct outcome o;

	alias_play(service, {"POST /api/aliases/3/contacts", 201,
	                        "{\"id\":8,\"contact\":\"Bob@x.example\","
	                        "\"reverse_alias_address\":\"Bob_at_x_q@sl.example\"}"});
	for (int i = 0; i < 2; i++) {
		o = alias_find_contact(
		    map, service->sl, 3, "Bob@X.example", deadline_in_ms(120000), &contact);
		assert_string_equal(o.text, "ok");
		assert_int_equal(contact.id, 8);
		assert_string_equal(contact.reverse, "Bob_at_x_q@sl.example");
		alias_map_contact_free(&contact);
	}
	alias_played(service);
}

static void
a_rebuild_learns_all_there_is(void **state)
{
	struct alias_service *service = *state;
	struct alias_map_counts counts;
	struct outcome o;

	learn(3, "a@sl.example", true);
	clock_sleep_ms(2, DEADLINE_NEVER); /* the rebuild's first millisecond is another */
	alias_play(service,
	    {"GET /api/v2/aliases?page_id=0", 200,
	        LIST(ALIAS("7", "old@sl.example", "true") "," ALIAS(
	            "8", "b@sl.example", "false"))},
	    {"GET /api/aliases/7/contacts?page_id=0", 200,
	        "{\"contacts\":[{\"id\":1,\"contact\":\"x@y.example\","
	        "\"reverse_alias_address\":\"r@sl.example\"}]}"},
	    {"GET /api/aliases/7/contacts?page_id=1", 200, "{\"contacts\":[]}"},
	    {"GET /api/aliases/8/contacts?page_id=0", 200, "{\"contacts\":[]}"},
	    {"GET /api/v2/aliases?page_id=1", 200, LIST()});
	o = alias_rebuild(map, service->sl, true, deadline_in_ms(120000), NULL, NULL);
	assert_string_equal(o.text, "ok");
	alias_played(service);
	o = alias_map_count(map, &counts);
	assert_int_equal(counts.aliases, 3);
	assert_int_equal(counts.trashed, 1);
	assert_int_equal(counts.contacts, 1);
	assert_int_equal(counts.hosts, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BOTH(what_the_map_knows_is_answered_without_the_service),
	    WITH_BOTH(the_services_recommendation_becomes_an_id_by_its_exact_address),
	    WITH_BOTH(what_the_browser_wrote_down_with_www_is_found),
	    WITH_BOTH(a_disabled_or_trashed_recommendation_makes_another_alias),
	    WITH_BOTH(a_disabled_alias_will_do_if_told_so),
	    WITH_BOTH(an_alias_that_was_made_for_it_is_found_by_its_prefix),
	    WITH_BOTH(a_lost_answer_makes_no_second_alias),
	    WITH_BOTH(a_request_that_was_lost_on_its_way_is_made_again),
	    WITH_BOTH(an_address_that_is_ours_already_is_the_alias),
	    WITH_BOTH(a_trashed_address_leads_to_the_next_suffix_and_then_to_a_number),
	    WITH_BOTH(the_configured_domain_and_mailbox_are_kept_to),
	    WITH_BOTH(a_random_alias_is_made_where_that_is_configured),
	    WITH_BOTH(a_quota_that_is_used_up_is_said),
	    WITH_BOTH(what_is_old_is_looked_at_again),
	    WITH_BOTH(an_alias_that_was_trashed_meanwhile_is_replaced),
	    WITH_BOTH(a_service_that_fails_leaves_the_map_as_it_is),
	    WITH_BOTH(a_contact_is_made_once_and_then_known),
	    WITH_BOTH(a_rebuild_learns_all_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
