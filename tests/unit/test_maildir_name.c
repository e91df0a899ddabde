/* File names in a Maildir: made, read, changed. */
#include <stdlib.h>
#include <string.h>

#include "sync/maildir_name.h"
#include "tests/unit/unit.h"

static struct maildir_namer namer;

static int
make_namer(void **state)
{
	(void)state;
	maildir_namer_init(&namer, "api.example", "u1");
	free(namer.host);
	namer.host = strdup("mail.example");
	namer.pid = 77;
	return 0;
}

static int
free_namer(void **state)
{
	(void)state;
	maildir_namer_free(&namer);
	return 0;
}

static void
a_name_that_was_made_reads_as_what_it_was_made_of(void **state)
{
	struct buf base = BUF_INIT;
	struct maildir_name parts;

	(void)state;
	maildir_name_make(&namer, "M0a-_Z", 1735689600, &base);
	maildir_name_add_sizes(&base, 1000, 1024);
	assert_int_equal(strncmp(base.data, "1735689600.M", 12), 0);
	maildir_name_read(&namer, base.data, &parts);
	assert_true(parts.ours);
	assert_int_equal(parts.id_length, 6);
	assert_memory_equal(parts.id, "M0a-_Z", 6);
	assert_int_equal(parts.size, 1000);
	assert_int_equal(parts.vsize, 1024);
	assert_int_equal(parts.pid, 77);
	assert_true(parts.same_host);
	assert_int_equal(parts.base_length, base.len);
	buf_adds(&base, ":2,FS");
	maildir_name_read(&namer, base.data, &parts);
	assert_int_equal(parts.base_length, base.len - 5);
	assert_int_equal(parts.vsize, 1024);
	buf_free(&base);
}

static void
two_names_differ_even_in_the_same_moment(void **state)
{
	struct buf one = BUF_INIT, two = BUF_INIT;

	(void)state;
	maildir_name_make(&namer, "M1", 1, &one);
	maildir_name_make(&namer, "M1", 1, &two);
	assert_string_not_equal(one.data, two.data);
	buf_free(&one);
	buf_free(&two);
}

static void
ids_that_do_not_fit_a_file_name_are_hashed(void **state)
{
	char longest[256];
	char *id;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[255] = '\0';
	id = maildir_name_id(longest);
	assert_int_equal(id[0], '~');
	assert_true(strlen(id) < 30);
	free(id);
	id = maildir_name_id("a:2,S/..");
	assert_int_equal(id[0], '~');
	assert_null(strpbrk(id, ":,/."));
	free(id);
}

/* Files are known by them again, by each version of this program. */
static void
accounts_and_ids_are_hashed_as_ever(void **state)
{
	char *id = maildir_name_id("M 1");

	(void)state;
	assert_string_equal(namer.tag, "Rq28");
	assert_string_equal(id, "~IympR9Vmz8KlLqQUZootbls");
	free(id);
}

static void
names_of_others_are_not_ours(void **state)
{
	static const char *const names[] = {
	    "1735689600.M1P2Q3.host,S=10,W=11:2,S",
	    "1735689600.M1P2Q3.host,J=zzzz_M1,S=10",
	    "plain",
	    "",
	    ":2,S",
	    ",J=",
	    ",J=x_",
	    "1.M1.h,J=",
	    "a,b,c,,,",
	};
	struct maildir_name parts;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		maildir_name_read(&namer, names[i], &parts);
		assert_false(parts.ours);
	}
}

static void
sizes_that_are_no_numbers_are_unknown(void **state)
{
	static const char *const names[] = {
	    "1.a.b,S=,W=x", "1.a.b,S=-5,W=1x", "1.a.b,S=99999999999999999999,W= 1"};
	struct maildir_name parts;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		maildir_name_read(&namer, names[i], &parts);
		assert_int_equal(parts.size, -1);
		assert_int_equal(parts.vsize, -1);
	}
}

static void
a_place_says_where_the_file_is(void **state)
{
	struct buf path = BUF_INIT;

	(void)state;
	maildir_place_file("base", "n", &path);
	assert_string_equal(path.data, "new/base");
	buf_reset(&path);
	maildir_place_file("base", "c:2,S", &path);
	assert_string_equal(path.data, "cur/base:2,S");
	buf_free(&path);
}

static void
flags_are_set_and_cleared_and_the_rest_is_kept(void **state)
{
	static const struct {
		const char *place, *add, *remove, *result;
	} rows[] = {
	    {"n", "", "", "n"},
	    {"n", "", "S", "n"},
	    {"n", "S", "", "c:2,S"},
	    {"n", "Fa", "", "c:2,Fa"},
	    {"c:2,", "S", "", "c:2,S"},
	    {"c:2,S", "", "S", "c:2,"},
	    {"c:2,S", "S", "", "c:2,S"},
	    {"c:2,FS", "R", "F", "c:2,RS"},
	    {"c:2,STz", "Pa", "S", "c:2,PTaz"},
	    {"c:2,S,x=1", "F", "", "c:2,FS,x=1"},
	    {"c", "S", "", "c:2,S"},
	    {"c:1,odd", "S", "", "c:1,odd"},
	    {"n:2,", "", "", "n:2,"},
	    {"n:2,S", "F", "", "c:2,FS"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *place = maildir_place_change(rows[i].place, rows[i].add, rows[i].remove);

		assert_string_equal(place, rows[i].result);
		free(place);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_that_was_made_reads_as_what_it_was_made_of),
	    cmocka_unit_test(two_names_differ_even_in_the_same_moment),
	    cmocka_unit_test(ids_that_do_not_fit_a_file_name_are_hashed),
	    cmocka_unit_test(accounts_and_ids_are_hashed_as_ever),
	    cmocka_unit_test(names_of_others_are_not_ours),
	    cmocka_unit_test(sizes_that_are_no_numbers_are_unknown),
	    cmocka_unit_test(a_place_says_where_the_file_is),
	    cmocka_unit_test(flags_are_set_and_cleared_and_the_rest_is_kept),
	};

	return cmocka_run_group_tests(tests, make_namer, free_namer);
}
