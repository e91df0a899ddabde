/* What an alias map answered last. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_memory.h"
#include "tests/unit/unit.h"

static void
keep(struct alias_memory *memory, int64_t alias_id, const char *key, int64_t id,
    const char *address)
{
	const struct alias_memory_row row = {
	    .id = id, .address = address, .enabled = id % 2 == 0, .learned_ms = 10 * id};

	alias_memory_keep(memory, alias_id, key, &row);
}

/* Expect what keep() has put there; NULL: nothing. */
static void
expect(struct alias_memory *memory, int64_t alias_id, const char *key, int64_t id,
    const char *address)
{
	struct alias_memory_row row;

	assert_int_equal(alias_memory_find(memory, alias_id, key, &row), address != NULL);
	if (address == NULL)
		return;
	assert_string_equal(row.address, address);
	assert_int_equal(row.id, id);
	assert_int_equal(row.enabled, id % 2 == 0);
	assert_false(row.trashed);
	assert_int_equal(row.learned_ms, 10 * id);
}

static void
what_was_kept_is_found_until_it_is_forgotten(void **state)
{
	struct alias_memory memory = {0};

	(void)state;
	expect(&memory, 0, "x.example", 0, NULL);
	alias_memory_forget(&memory);
	for (int round = 0; round < 2; round++) {
		keep(&memory, 0, "x.example", 4, "x.cat@sl.example");
		keep(&memory, 4, "bob@x.example", 7, "bob_at_x@sl.example");
		expect(&memory, 0, "x.example", 4, "x.cat@sl.example");
		expect(&memory, 4, "bob@x.example", 7, "bob_at_x@sl.example");
		alias_memory_forget(&memory);
		expect(&memory, 0, "x.example", 0, NULL);
		expect(&memory, 4, "bob@x.example", 0, NULL);
	}
	alias_memory_free(&memory);
}

static void
a_contact_is_its_alias_s_and_no_hostname(void **state)
{
	struct alias_memory memory = {0};

	(void)state;
	keep(&memory, 1, "same", 2, "of-1");
	expect(&memory, 0, "same", 0, NULL);
	expect(&memory, 2, "same", 0, NULL);
	expect(&memory, 1, "sam", 0, NULL);
	expect(&memory, 1, "Same", 0, NULL);
	keep(&memory, 2, "same", 3, "of-2");
	keep(&memory, 0, "same", 4, "of-none");
	expect(&memory, 1, "same", 2, "of-1");
	expect(&memory, 2, "same", 3, "of-2");
	expect(&memory, 0, "same", 4, "of-none");
	alias_memory_free(&memory);
}

/* The key of one of many, longer and longer ones. */
static char *
key(int64_t i)
{
	return xasprintf("%lld%.*s", (long long)i, (int)(i % 13), "abcdefghijklm");
}

static void
however_much_is_kept_it_stays_within_its_bounds(void **state)
{
	struct alias_memory memory = {0};
	size_t most = 0;
	char *text;

	(void)state;
	for (int64_t i = 1; i <= 30000; i++) {
		text = key(i);
		keep(&memory, 9, text, i, text);
		expect(&memory, 9, text, i, text);
		free(text);
		most = memory.entries.len > most ? memory.entries.len : most;
	}
	assert_true(most < ALIAS_MEMORY_BYTES && most > ALIAS_MEMORY_BYTES / 2);
	assert_true(memory.entries.cap <= ALIAS_MEMORY_BYTES);
	text = key(1);
	expect(&memory, 9, text, 0, NULL);
	free(text);
	for (int64_t i = 29500; i <= 30000; i++) {
		text = key(i);
		expect(&memory, 9, text, i, text);
		free(text);
	}
	alias_memory_free(&memory);
}

static void
what_is_too_long_is_not_kept(void **state)
{
	struct alias_memory memory = {0};
	char text[4097];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	keep(&memory, 0, "x.example", 1, "x@sl.example");
	keep(&memory, 0, text, 2, "y@sl.example");
	keep(&memory, 0, "y.example", 2, text);
	expect(&memory, 0, text, 0, NULL);
	expect(&memory, 0, "y.example", 0, NULL);
	expect(&memory, 0, "x.example", 1, "x@sl.example");
	text[2000] = '\0';
	keep(&memory, 0, text, 3, text);
	expect(&memory, 0, text, 3, text);
	alias_memory_free(&memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_kept_is_found_until_it_is_forgotten),
	    cmocka_unit_test(a_contact_is_its_alias_s_and_no_hostname),
	    cmocka_unit_test(however_much_is_kept_it_stays_within_its_bounds),
	    cmocka_unit_test(what_is_too_long_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
