/* Mailbox names to folders, hostile ones among them. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sync/mailbox_path.h"
#include "tests/unit/unit.h"

struct row {
	const char *name, *maildirpp, *fs;
};

/* The folder is read as the mailbox that it was made for. */
static void
assert_read(enum maildir_layout layout, const char *path, const char *parent, const char *name)
{
	char *above, *own;

	assert_true(mailbox_path_parse(layout, path, &above, &own));
	if (parent == NULL)
		assert_null(above);
	else
		assert_string_equal(above, parent);
	assert_string_equal(own, name);
	free(above);
	free(own);
}

static void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *path = mailbox_path(LAYOUT_MAILDIRPP, NULL, rows[i].name);

		assert_string_equal(path, rows[i].maildirpp);
		assert_read(LAYOUT_MAILDIRPP, path, NULL, rows[i].name);
		free(path);
		path = mailbox_path(LAYOUT_FS, NULL, rows[i].name);
		assert_string_equal(path, rows[i].fs);
		assert_read(LAYOUT_FS, path, NULL, rows[i].name);
		free(path);
	}
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void
ordinary_names_stay_readable(void **state)
{
	static const struct row rows[] = {
	    {"Work", ".Work", "Work"},
	    {"Q&A", ".Q&-A", "Q&A"},
	    {"two words", ".two words", "two words"},
	    {"Entwürfe", ".Entw&APw-rfe", "Entwürfe"},
	    {"日本", ".&ZeVnLA-", "日本"},
	    {"é-è&", ".&AOk--&AOg-&-", "é-è&"},
	    {"😀", ".&2D3eAA-", "😀"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
hostile_names_stay_inside_and_visible(void **state)
{
	static const struct row rows[] = {
	    {"..", ".\\2e\\2e", "\\2e."},
	    {".", ".\\2e", "\\2e"},
	    {".hidden", ".\\2ehidden", "\\2ehidden"},
	    {"v1.2", ".v1\\2e2", "v1.2"},
	    {"../../etc/passwd", ".\\2e\\2e\\2f\\2e\\2e\\2fetc\\2fpasswd",
	        "\\2e.\\2f..\\2fetc\\2fpasswd"},
	    {"a/b", ".a\\2fb", "a\\2fb"},
	    {"/", ".\\2f", "\\2f"},
	    {"~root", ".\\7eroot", "\\7eroot"},
	    {"a~", ".a~", "a~"},
	    {"back\\slash", ".back\\5cslash", "back\\5cslash"},
	    {"line\nfeed", ".line\\0afeed", "line\\0afeed"},
	    {"\x1b[2J", ".\\1b[2J", "\\1b[2J"},
	    {"\x7f", ".\\7f", "\\7f"},
	    {"\xc2\x9b", ".\\c2\\9b", "\\c2\\9b"},
	    {"", ".\\_", "\\_"},
	    {"\\_", ".\\5c_", "\\5c_"},
	    {"cur", ".cur", "\\63ur"},
	    {"NEW", ".NEW", "\\4eEW"},
	    {"tmp", ".tmp", "\\74mp"},
	    {"dovecot-uidlist", ".dovecot-uidlist", "\\64ovecot-uidlist"},
	    {"inbox", ".\\69nbox", "\\69nbox"},
	    {"ferry-sync", ".\\66erry-sync", "ferry-sync"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
bytes_that_are_not_utf8_are_escaped_one_by_one(void **state)
{
	static const struct row rows[] = {
	    {"\xff", ".\\ff", "\\ff"},
	    {"a\xc3", ".a\\c3", "a\\c3"},
	    {"\xc0\xaf", ".\\c0\\af", "\\c0\\af"},
	    {"\xed\xa0\x80", ".\\ed\\a0\\80", "\\ed\\a0\\80"},
	    {"\xf4\x90\x80\x80", ".\\f4\\90\\80\\80", "\\f4\\90\\80\\80"},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
a_child_stands_below_its_parent(void **state)
{
	char *path = mailbox_path(LAYOUT_MAILDIRPP, ".Work", "Q.1");

	(void)state;
	assert_string_equal(path, ".Work.Q\\2e1");
	free(path);
	path = mailbox_path(LAYOUT_FS, "Work", "cur");
	assert_string_equal(path, "Work/\\63ur");
	free(path);
	path =
	    mailbox_path(LAYOUT_MAILDIRPP, mailbox_path_below_inbox(LAYOUT_MAILDIRPP), "INBOX");
	assert_string_equal(path, ".INBOX.INBOX");
	free(path);
}

static char *
repeated(const char *unit, size_t times)
{
	char *text = xcalloc(times, strlen(unit) + 1);

	for (size_t i = 0; i < times; i++)
		strcat(text, unit);
	return text;
}

static void
names_too_long_for_the_file_system_are_cut_and_told_apart(void **state)
{
	static const char *const units[] = {"a", "ü", "日", "\\", "\xff", "/", "&"};

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		for (int layout = 0; layout < 2; layout++) {
			char *name = repeated(units[i], 4000);
			char *first = mailbox_path((enum maildir_layout)layout, NULL, name);
			char *second;

			name[strlen(name) - 1] = 'x';
			second = mailbox_path((enum maildir_layout)layout, NULL, name);
			assert_true(strlen(first) <= 243 && strlen(second) <= 243);
			assert_non_null(strstr(first, "\\~"));
			assert_string_not_equal(first, second);
			free(name);
			free(first);
			free(second);
		}
	}
}

static void
deep_trees_stay_within_a_file_name(void **state)
{
	char *path = mailbox_path(LAYOUT_MAILDIRPP, NULL, "level");

	(void)state;
	for (int i = 0; i < 200; i++) {
		char *child = mailbox_path(LAYOUT_MAILDIRPP, path, "level");

		assert_true(strlen(child) <= 243);
		assert_string_not_equal(child, path);
		free(path);
		path = child;
	}
	free(path);
}

/* Every pair of short names over the characters that matter gives two paths. */
static void
different_names_never_give_the_same_path(void **state)
{
	static const char letters[] = "a.\\/~&2e5c_Z\xc3\xbc";
	char names[3000][4] = {""};
	char *paths[3000];
	size_t count = 1;

	(void)state;
	for (size_t i = 0; letters[i] != '\0'; i++) {
		for (size_t j = 0; j <= sizeof(letters) - 1; j++) {
			for (size_t k = 0; k < (letters[j] != '\0' ? 10 : 1); k++) {
				names[count][0] = letters[i];
				names[count][1] = letters[j];
				names[count][2] = letters[j] != '\0' ? letters[k] : '\0';
				count++;
			}
		}
	}
	for (int layout = 0; layout < 2; layout++) {
		for (size_t i = 0; i < count; i++)
			paths[i] = mailbox_path((enum maildir_layout)layout, NULL, names[i]);
		for (size_t i = 0; i < count; i++)
			for (size_t j = i + 1; j < count; j++)
				assert_true(strcmp(names[i], names[j]) == 0 ||
				            strcmp(paths[i], paths[j]) != 0);
		for (size_t i = 0; i < count; i++)
			free(paths[i]);
	}
}

static void
a_taken_path_gets_a_suffix_that_no_name_has(void **state)
{
	char *one = mailbox_path_distinct(".Work", "P1");
	char *two = mailbox_path_distinct(".Work", "P2");

	(void)state;
	assert_int_equal(strncmp(one, ".Work\\+", 7), 0);
	assert_string_not_equal(one, two);
	free(one);
	free(two);
}

static void
folders_are_read_as_mailboxes(void **state)
{
	static const char *const none[] = {"", "A", ".", ".A.", ".&", ".&AOk", ".&AOl-", ".\\",
	    ".\\zz", ".\\00", ".\\41", ".\\=3", ".a\\+0123456789", ".\xff", ".INBOX", ".&2D3-"};
	char *parent, *name;

	(void)state;
	assert_read(LAYOUT_MAILDIRPP, ".A.B", ".A", "B");
	assert_read(LAYOUT_MAILDIRPP, ".A.B.C\\2ed", ".A.B", "C.d");
	assert_read(LAYOUT_MAILDIRPP, ".INBOX.A", "", "A");
	assert_read(LAYOUT_FS, "A/B", "A", "B");
	assert_read(LAYOUT_FS, "INBOX/A", "INBOX", "A");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(mailbox_path_parse(LAYOUT_MAILDIRPP, none[i], &parent, &name));
	assert_false(mailbox_path_parse(LAYOUT_FS, "INBOX", &parent, &name));
	assert_false(mailbox_path_parse(LAYOUT_FS, "A/cur", &parent, &name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folders_are_read_as_mailboxes),
	    cmocka_unit_test(ordinary_names_stay_readable),
	    cmocka_unit_test(hostile_names_stay_inside_and_visible),
	    cmocka_unit_test(bytes_that_are_not_utf8_are_escaped_one_by_one),
	    cmocka_unit_test(a_child_stands_below_its_parent),
	    cmocka_unit_test(names_too_long_for_the_file_system_are_cut_and_told_apart),
	    cmocka_unit_test(deep_trees_stay_within_a_file_name),
	    cmocka_unit_test(different_names_never_give_the_same_path),
	    cmocka_unit_test(a_taken_path_gets_a_suffix_that_no_name_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
