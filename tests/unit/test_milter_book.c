/* Which address stands for a correspondent: from the map, from the service, from the map though
 * it is old. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/settings/alias_find.h"
#include "milter/book.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

#define CONTACT(id, address)                                                          \
	"{\"id\":" id ",\"contact\":\"" address "\",\"reverse_alias_address\":\"r" id \
	"@sl.example\"}"
#define ALIAS(id, enabled) \
	"{\"id\":" id ",\"email\":\"a" id "@sl.example\",\"enabled\":" enabled "}"
#define DOWN                                              \
	{                                                 \
		"POST /api/aliases/3/contacts", 401, "{}" \
	}

static struct alias_map *map;
static struct book *book;

static int
setup(void **state)
{
	const struct alias_service *service;
	struct outcome o;
	char *path;

	if (alias_service_setup(state) != 0)
		return -1;
	service = *state;
	path = alias_map_path(&service->account);
	o = alias_map_open(path, &map);
	free(path);
	book = book_open(&service->account, 4);
	return outcome_is_ok(&o) ? 0 : -1;
}

static int
teardown(void **state)
{
	book_close(&book);
	alias_map_close(&map);
	return alias_service_teardown(state);
}

#define WITH_BOOK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void
learn_alias(int64_t id, const char *hostname, bool enabled)
{
	struct alias_map_alias alias = {.id = id, .enabled = enabled};
	char address[32];
	struct outcome o;

	snprintf(address, sizeof(address), "a%lld@sl.example", (long long)id);
	alias.address = address;
	o = alias_map_put_host(map, hostname, &alias);
	assert_true(outcome_is_ok(&o));
}

static void
learn_contact(int64_t id, int64_t alias_id, const char *address)
{
	struct alias_map_contact contact = {
	    .id = id, .alias_id = alias_id, .address = (char *)address};
	char reverse[32];
	struct outcome o;

	snprintf(reverse, sizeof(reverse), "r%lld@sl.example", (long long)id);
	contact.reverse = reverse;
	o = alias_map_put_contact(map, &contact);
	assert_true(outcome_is_ok(&o));
}

/* Fill in the entries; the entries are to be freed. */
static struct outcome
find(struct entry *entries, size_t count, bool ask, struct book_work *work)
{
	struct book_query query = {
	    .entries = entries,
	    .count = count,
	    .contacts = true,
	    .ask = ask,
	    .deadline = deadline_in_ms(10000),
	};
	struct look look = LOOK_INTO(book);
	struct outcome o = book_find(&look, &query);

	look_end(&look);

	if (work != NULL)
		*work = query.work;
	return o;
}

/* One correspondent at x.example becomes this address, or (NULL) none. */
static void
bob_is(const char *reverse, bool ask)
{
	struct entry entry = {.address = "bob@x.example", .group = "x.example"};
	struct outcome o = find(&entry, 1, ask, NULL);

	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
	if (reverse != NULL)
		assert_string_equal(entry.reverse, reverse);
	else
		assert_null(entry.reverse);
	entry_free(&entry);
}

static void
what_the_map_knows_is_answered_without_the_service(void **state)
{
	struct alias_service *service = *state;

	learn_alias(3, "x.example", true);
	learn_contact(7, 3, "bob@x.example");
	bob_is("r7@sl.example", true);
	assert_int_equal(service->requests, 0);
}

static void
who_must_not_ask_learns_what_the_map_knows(void **state)
{
	struct alias_service *service = *state;

	bob_is(NULL, false);
	learn_alias(3, "x.example", true);
	bob_is(NULL, false);
	learn_contact(7, 3, "bob@x.example");
	bob_is("r7@sl.example", false);
	assert_int_equal(service->requests, 0);
}

static void
correspondents_of_one_hostname_share_an_alias(void **state)
{
	struct alias_service *service = *state;
	struct entry entries[] = {
	    {.address = "bob@x.example", .group = "x.example"},
	    {.address = "eve@y.example", .group = "y.example"},
	    {.address = "joe@x.example", .group = "x.example"},
	};
	struct book_work work;
	struct outcome o;

	learn_alias(3, "x.example", true);
	learn_alias(4, "y.example", true);
	learn_contact(7, 3, "bob@x.example");
	learn_contact(8, 4, "eve@y.example");
	alias_play(
	    service, {"POST /api/aliases/3/contacts", 201, CONTACT("9", "joe@x.example")});
	o = find(entries, 3, true, &work);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(entries[0].alias_id, 3);
	assert_int_equal(entries[1].alias_id, 4);
	assert_int_equal(entries[2].alias_id, 3);
	assert_string_equal(entries[2].alias, "a3@sl.example");
	assert_string_equal(entries[2].reverse, "r9@sl.example");
	assert_int_equal(work.contacts, 1);
	assert_int_equal(work.aliases, 0);
	assert_int_equal(work.requests, 1);
	alias_played(service);
	for (size_t i = 0; i < 3; i++)
		entry_free(&entries[i]);
}

/* What is asked for behind a message's back is done when the book is closed. */
static void
finish_refreshing(struct alias_service *service)
{
	book_close(&book);
	book = book_open(&service->account, 4);
}

static void
what_is_old_is_used_and_asked_for_again_behind_the_message(void **state)
{
	static const char both[] =
	    "{\"id\":3,\"email\":\"a3@sl.example\",\"enabled\":true,"
	    "\"contact\":\"bob@x.example\",\"reverse_alias_address\":\"new@sl.example\"}";
	struct alias_service *service = *state;

	learn_alias(3, "x.example", true);
	learn_contact(7, 3, "bob@x.example");
	service->account.refresh_ms = 0;
	alias_play(service, {NULL, 200, both}, {NULL, 200, both});
	bob_is("r7@sl.example", true);
	finish_refreshing(service);
	alias_played(service);
	assert_non_null(strstr(buf_str(&service->lines), "GET /api/aliases/3\n"));
	assert_non_null(strstr(buf_str(&service->lines), "POST /api/aliases/3/contacts"));
	bob_is("new@sl.example", false);
}

static void
an_alias_that_turns_out_to_be_gone_is_known_to_be_the_next_time(void **state)
{
	struct alias_service *service = *state;
	struct alias_map_alias alias;
	struct outcome o;

	learn_alias(3, "x.example", true);
	service->account.refresh_ms = 0;
	/* The alias and its contact are asked for; whichever comes first learns it. */
	alias_play(service, {NULL, 403, "{\"error\":\"Forbidden\"}"},
	    {NULL, 403, "{\"error\":\"Forbidden\"}"});
	learn_contact(7, 3, "bob@x.example");
	bob_is("r7@sl.example", true);
	finish_refreshing(service);
	o = alias_map_find_alias(map, 3, &alias);
	assert_true(outcome_is_ok(&o));
	assert_true(alias.trashed);
	alias_map_alias_free(&alias);
}

static void
what_is_old_is_used_though_the_service_is_in_trouble(void **state)
{
	struct alias_service *service = *state;

	learn_alias(3, "x.example", true);
	learn_contact(7, 3, "bob@x.example");
	service->account.refresh_ms = 0;
	alias_play(service, {NULL, 401, "{}"}, {NULL, 401, "{}"});
	bob_is("r7@sl.example", true);
	finish_refreshing(service);
	bob_is("r7@sl.example", true);
}

static void
an_unknown_correspondent_waits_for_a_service_in_trouble(void **state)
{
	struct alias_service *service = *state;
	struct entry entry = {.address = "bob@x.example", .group = "x.example"};
	struct outcome o;

	learn_alias(3, "x.example", true);
	alias_play(service, DOWN);
	o = find(&entry, 1, true, NULL);
	assert_true(outcome_is(&o, "alias/key"));
	assert_null(entry.reverse);
	entry_free(&entry);
}

static void
who_is_only_named_does_not_stop_a_message(void **state)
{
	struct alias_service *service = *state;
	struct entry entries[] = {
	    {.address = "bob@x.example", .group = "x.example"},
	    {.address = "joe@x.example", .group = "x.example", .may_fail = true},
	};
	struct outcome o;

	learn_alias(3, "x.example", true);
	learn_contact(7, 3, "bob@x.example");
	alias_play(service, {"POST /api/aliases/3/contacts", 400,
	                        "{\"error\":\"joe is not a valid email address\"}"});
	o = find(entries, 2, true, NULL);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(entries[0].reverse, "r7@sl.example");
	assert_null(entries[1].reverse);
	entry_free(&entries[0]);
	entry_free(&entries[1]);
}

static void
an_alias_that_is_gone_is_replaced_at_once(void **state)
{
	struct alias_service *service = *state;

	learn_alias(3, "x.example", true);
	alias_play(service, {"POST /api/aliases/3/contacts", 403, "{\"error\":\"Forbidden\"}"},
	    {"GET /api/aliases/3", 400, "{\"error\":\"Unknown error\"}"},
	    {"GET /api/v5/alias/options?hostname=x.example", 200,
	        "{\"can_create\":true,\"suffixes\":[],\"recommendation\":{\"alias\":\"a4@sl."
	        "example\"}}"},
	    {"POST /api/v2/aliases", 200, "{\"aliases\":[" ALIAS("4", "true") "]}"},
	    {"POST /api/aliases/4/contacts", 201, CONTACT("9", "bob@x.example")});
	bob_is("r9@sl.example", true);
	alias_played(service);
}

static void
a_fixed_alias_may_be_disabled_and_is_nobody_elses(void **state)
{
	struct alias_service *service = *state;
	struct entry entries[] = {
	    {.address = "bob@x.example", .group = "x.example", .fixed = "a5@sl.example"},
	    {.address = "eve@y.example", .fixed = "a5@sl.example"},
	};
	struct outcome o;

	alias_play(service,
	    {"POST /api/v2/aliases", 200, "{\"aliases\":[" ALIAS("5", "false") "]}"},
	    {NULL, 201, CONTACT("7", "bob@x.example")},
	    {NULL, 201, CONTACT("8", "eve@y.example")});
	o = find(entries, 2, true, NULL);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(entries[0].alias_id, 5);
	assert_int_equal(entries[1].alias_id, 5);
	alias_played(service);
	entry_free(&entries[0]);
	entry_free(&entries[1]);
}

static void
reverse_addresses_are_known_in_capitals_too(void **state)
{
	struct look look = LOOK_INTO(book);
	int64_t alias_id;
	struct outcome o;
	char *exact;

	(void)state;
	learn_alias(3, "x.example", true);
	learn_contact(7, 3, "bob@x.example");
	o = book_reverse(&look, "R7@SL.example", &exact, &alias_id);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(exact, "r7@sl.example");
	assert_int_equal(alias_id, 3);
	free(exact);
	o = book_reverse(&look, "r8@sl.example", &exact, &alias_id);
	assert_true(outcome_is_ok(&o));
	assert_null(exact);
	look_end(&look);
}

static void
a_map_that_is_only_read_is_not_made(void **state)
{
	struct alias_service *service = *state;
	struct entry entry = {.address = "bob@x.example", .group = "x.example"};
	struct outcome o;

	book_close(&book);
	alias_map_close(&map);
	assert_int_equal(unlink(alias_file(service, "main/map.db")), 0);
	book = book_open(&service->account, 0);
	o = find(&entry, 1, false, NULL);
	assert_true(outcome_is_ok(&o));
	assert_null(entry.reverse);
	assert_int_not_equal(access(alias_file(service, "main/map.db"), F_OK), 0);
	entry_free(&entry);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BOOK(what_the_map_knows_is_answered_without_the_service),
	    WITH_BOOK(who_must_not_ask_learns_what_the_map_knows),
	    WITH_BOOK(correspondents_of_one_hostname_share_an_alias),
	    WITH_BOOK(what_is_old_is_used_and_asked_for_again_behind_the_message),
	    WITH_BOOK(an_alias_that_turns_out_to_be_gone_is_known_to_be_the_next_time),
	    WITH_BOOK(what_is_old_is_used_though_the_service_is_in_trouble),
	    WITH_BOOK(an_unknown_correspondent_waits_for_a_service_in_trouble),
	    WITH_BOOK(who_is_only_named_does_not_stop_a_message),
	    WITH_BOOK(an_alias_that_is_gone_is_replaced_at_once),
	    WITH_BOOK(a_fixed_alias_may_be_disabled_and_is_nobody_elses),
	    WITH_BOOK(reverse_addresses_are_known_in_capitals_too),
	    WITH_BOOK(a_map_that_is_only_read_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
