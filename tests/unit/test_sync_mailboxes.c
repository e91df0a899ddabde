/* The table of mailboxes: trees, selection, and the folder each one should have. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sync/folders.h"
#include "sync/mailboxes.h"
#include "sync/state.h"
#include "tests/unit/unit.h"

static struct store *store;
static char star[] = "*";
static char *all_patterns[] = {star, NULL};
static char *no_patterns[] = {NULL};
static struct sync_config everything = {.mailboxes = all_patterns, .exclude = no_patterns};

static int
open_store(void **state)
{
	struct outcome o = state_open("", &store);

	(void)state;
	return outcome_is_ok(&o) ? 0 : -1;
}

static int
close_store(void **state)
{
	(void)state;
	store_close(&store);
	return 0;
}

static void
record(struct mailboxes *all, const char *id, const char *name, const char *parent)
{
	json_t *object = json_pack("{s:s, s:s, s:s?, s:s?}", "id", id, "name", name, "parentId",
	    parent, "role", strcmp(id, "in") == 0 ? "inbox" : NULL);

	assert_true(mailboxes_record(all, store, object));
	json_decref(object);
}

/* The folder each mailbox should have, of those that have none yet. */
static void
assert_wanted(struct mirror *m, const char *id, const char *path)
{
	assert_string_equal(mailboxes_by_id(&m->mailboxes, id)->wanted, path);
}

static void
names_of_all_levels_are_what_patterns_match(void **state)
{
	char inbox[] = "INBOX", below[] = "Work/*", junk[] = "*/Junk";
	char *patterns[] = {inbox, below, NULL}, *exclude[] = {junk, NULL};
	struct sync_config config = {.mailboxes = patterns, .exclude = exclude};
	struct mailboxes all = {0};

	(void)state;
	record(&all, "in", "Eingang", NULL);
	record(&all, "w", "Work", NULL);
	record(&all, "p", "Project", "w");
	record(&all, "j", "Junk", "w");
	mailboxes_settle(&all, store, &config);
	assert_true(mailboxes_by_id(&all, "in")->selected);
	assert_false(mailboxes_by_id(&all, "w")->selected);
	assert_true(mailboxes_by_id(&all, "p")->selected);
	assert_false(mailboxes_by_id(&all, "j")->selected);
	assert_string_equal(mailboxes_by_id(&all, "p")->display, "Work/Project");
	mailboxes_free(&all);
}

static void
only_known_mailboxes_can_be_newly_selected(void **state)
{
	char play[] = "Play*";
	char *patterns[] = {play, NULL};
	struct sync_config config = {.mailboxes = patterns, .exclude = no_patterns};
	struct mailboxes all = {0};

	(void)state;
	record(&all, "a", "Play", NULL);
	record(&all, "b", "Work", NULL);
	assert_false(mailboxes_settle(&all, store, &config));
	assert_false(mailboxes_settle(&all, store, &config));
	record(&all, "b", "Play too", NULL);
	assert_true(mailboxes_settle(&all, store, &config));
	mailboxes_free(&all);
}

static void
what_is_recorded_is_loaded_again(void **state)
{
	struct mailboxes all = {0}, again = {0};

	(void)state;
	record(&all, "w", "Work", NULL);
	record(&all, "p", "Project", "w");
	mailboxes_settle(&all, store, &everything);
	mailboxes_record_gone(&all, store, "p");
	mailboxes_load(&again, store);
	assert_int_equal(again.count, 2);
	assert_true(mailboxes_by_id(&again, "p")->gone);
	assert_string_equal(mailboxes_by_id(&again, "p")->parent, "w");
	assert_true(mailboxes_by_id(&again, "w")->selected);
	assert_ptr_equal(mailboxes_by_n(&again, mailboxes_by_id(&again, "w")->n),
	    mailboxes_by_id(&again, "w"));
	mailboxes_free(&all);
	mailboxes_free(&again);
}

static void
parents_in_a_circle_stand_at_the_top(void **state)
{
	struct mirror m = {.config = &everything};

	(void)state;
	record(&m.mailboxes, "a", "A", "b");
	record(&m.mailboxes, "b", "B", "a");
	record(&m.mailboxes, "c", "C", "c");
	record(&m.mailboxes, "d", "D", "nowhere");
	mailboxes_settle(&m.mailboxes, store, &everything);
	folders_find_wanted(&m);
	assert_wanted(&m, "a", ".A");
	assert_wanted(&m, "b", ".B");
	assert_wanted(&m, "c", ".C");
	assert_wanted(&m, "d", ".D");
	mailboxes_free(&m.mailboxes);
}

static void
mailboxes_of_one_name_get_two_folders(void **state)
{
	struct mirror m = {.config = &everything};

	(void)state;
	record(&m.mailboxes, "a", "Work", NULL);
	record(&m.mailboxes, "b", "Work", NULL);
	record(&m.mailboxes, "c", "Below", "b");
	mailboxes_settle(&m.mailboxes, store, &everything);
	folders_find_wanted(&m);
	assert_wanted(&m, "a", ".Work");
	assert_int_equal(strncmp(mailboxes_by_id(&m.mailboxes, "b")->wanted, ".Work\\+", 7), 0);
	assert_int_equal(strncmp(mailboxes_by_id(&m.mailboxes, "c")->wanted, ".Work\\+", 7), 0);
	mailboxes_free(&m.mailboxes);
}

static void
names_that_differ_in_case_get_two_folders_where_the_file_system_needs_it(void **state)
{
	struct mirror m = {.config = &everything, .root = {.caseless = true}};

	(void)state;
	record(&m.mailboxes, "a", "Work", NULL);
	record(&m.mailboxes, "b", "WORK", NULL);
	mailboxes_settle(&m.mailboxes, store, &everything);
	folders_find_wanted(&m);
	assert_wanted(&m, "a", ".Work");
	assert_non_null(strstr(mailboxes_by_id(&m.mailboxes, "b")->wanted, "\\+"));
	m.root.caseless = false;
	folders_find_wanted(&m);
	assert_wanted(&m, "b", ".WORK");
	mailboxes_free(&m.mailboxes);
}

static void
the_inbox_is_the_root_and_nobody_else_is(void **state)
{
	struct mirror m = {.config = &everything};

	(void)state;
	record(&m.mailboxes, "in", "Eingang", NULL);
	record(&m.mailboxes, "x", "INBOX", NULL);
	record(&m.mailboxes, "y", "Sub", "in");
	mailboxes_settle(&m.mailboxes, store, &everything);
	folders_find_wanted(&m);
	assert_wanted(&m, "in", "");
	assert_wanted(&m, "x", ".\\49NBOX");
	assert_wanted(&m, "y", ".INBOX.Sub");
	mailboxes_free(&m.mailboxes);
}

/* A mailbox A with B below it, whose folders are A and A/B. */
static void
record_family(struct mirror *m)
{
	record(&m->mailboxes, "a", "A", NULL);
	record(&m->mailboxes, "b", "B", "a");
	mailboxes_settle(&m->mailboxes, store, &everything);
	mailboxes_by_id(&m->mailboxes, "a")->path = xstrdup("A");
	mailboxes_by_id(&m->mailboxes, "b")->path = xstrdup("A/B");
}

/* Somebody called A's folder N, and the service does not follow. */
static void
keep_a_as_n(struct mirror *m)
{
	struct mailbox *a = mailboxes_by_id(&m->mailboxes, "a");

	free(a->path);
	a->path = xstrdup("N");
	folders_keep_path(m, a, "A");
}

static struct mirror
mirror_of_tree(void)
{
	static struct sync_config config;

	config = everything;
	config.layout = LAYOUT_FS;
	return (struct mirror){.config = &config, .store = store};
}

static void
a_folder_that_was_renamed_here_keeps_its_path_and_those_below_it_follow(void **state)
{
	struct mirror m = mirror_of_tree();

	(void)state;
	record_family(&m);
	keep_a_as_n(&m);
	folders_find_wanted(&m);
	assert_wanted(&m, "a", "N");
	assert_wanted(&m, "b", "N/B");
	mailboxes_free(&m.mailboxes);
}

static void
a_path_of_its_own_is_given_up_when_the_service_renames(void **state)
{
	struct mirror m = mirror_of_tree();

	(void)state;
	record_family(&m);
	keep_a_as_n(&m);
	record(&m.mailboxes, "a", "C", NULL);
	folders_find_wanted(&m);
	assert_wanted(&m, "a", "C");
	assert_wanted(&m, "b", "C/B");
	assert_null(mailboxes_by_id(&m.mailboxes, "a")->renamed_from);
	mailboxes_free(&m.mailboxes);
}

static void
nobody_gets_the_path_that_a_renamed_folder_keeps(void **state)
{
	struct mirror m = mirror_of_tree();

	(void)state;
	record_family(&m);
	keep_a_as_n(&m);
	record(&m.mailboxes, "0", "N", NULL);
	mailboxes_settle(&m.mailboxes, store, &everything);
	folders_find_wanted(&m);
	assert_wanted(&m, "a", "N");
	assert_true(strncmp(mailboxes_by_id(&m.mailboxes, "0")->wanted, "N\\+", 3) == 0);
	mailboxes_free(&m.mailboxes);
}

static void
the_folder_that_the_names_give_a_renamed_inbox_is_the_inbox(void **state)
{
	struct mirror m = mirror_of_tree();
	struct mailbox *in;
	char *named;

	(void)state;
	record(&m.mailboxes, "in", "Eingang", NULL);
	mailboxes_settle(&m.mailboxes, store, &everything);
	in = mailboxes_by_id(&m.mailboxes, "in");
	in->path = xstrdup("N");
	folders_keep_path(&m, in, "INBOX");
	folders_find_wanted(&m);
	assert_wanted(&m, "in", "N");
	named = folders_named_path(&m, in);
	assert_string_equal(named, "INBOX");
	free(named);
	mailboxes_free(&m.mailboxes);
}

static void
a_path_of_its_own_is_remembered(void **state)
{
	struct mirror m = mirror_of_tree(), again = mirror_of_tree();

	(void)state;
	record_family(&m);
	keep_a_as_n(&m);
	mailboxes_load(&again.mailboxes, store);
	assert_string_equal(mailboxes_by_id(&again.mailboxes, "a")->renamed_from, "A");
	assert_null(mailboxes_by_id(&again.mailboxes, "b")->renamed_from);
	mailboxes_free(&again.mailboxes);
	mailboxes_free(&m.mailboxes);
}

static void
each_mailbox_has_the_direction_of_its_patterns(void **state)
{
	static char lists[] = "Lists/*", out[] = "Out", both[] = "Lists/out";
	static char *pull[] = {lists, NULL}, *push[] = {out, both, NULL};
	struct sync_config config = {
	    .direction = DIRECTION_BOTH, .pull_only = pull, .push_only = push};

	(void)state;
	assert_int_equal(mailboxes_direction(&config, "INBOX"), DIRECTION_BOTH);
	assert_int_equal(mailboxes_direction(&config, "Lists/x"), DIRECTION_PULL);
	assert_int_equal(mailboxes_direction(&config, "Out"), DIRECTION_PUSH);
	assert_int_equal(mailboxes_direction(&config, "Lists/out"), DIRECTION_PULL);
	config.direction = DIRECTION_PULL;
	assert_true(mailboxes_push(&config));
	assert_true(mailboxes_tells(&config, "Out"));
	assert_false(mailboxes_follows(&config, "Out"));
	assert_false(mailboxes_tells(&config, "INBOX"));
	config.direction = DIRECTION_PUSH;
	assert_true(mailboxes_pull(&config));
	assert_true(mailboxes_follows(&config, "Lists/x"));
	assert_false(mailboxes_follows(&config, "INBOX"));
	config.pull_only = no_patterns;
	assert_false(mailboxes_pull(&config));
	assert_true(mailboxes_follows(&config, "INBOX"));
}

static void
only_known_mailboxes_can_be_newly_followed(void **state)
{
	struct mailboxes all = {0};
	struct sync_config config = everything;
	static char name[] = "Work";
	static char *work[] = {name, NULL};

	(void)state;
	config.direction = DIRECTION_BOTH;
	config.push_only = work;
	record(&all, "a", "Work", NULL);
	assert_false(mailboxes_settle(&all, store, &config));
	assert_true(all.unfollowed);
	mailboxes_free(&all);
	mailboxes_load(&all, store);
	assert_false(mailboxes_by_id(&all, "a")->follows);
	config.push_only = no_patterns;
	assert_true(mailboxes_settle(&all, store, &config));
	assert_false(all.unfollowed);
	assert_false(mailboxes_settle(&all, store, &config));
	mailboxes_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        names_of_all_levels_are_what_patterns_match, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        only_known_mailboxes_can_be_newly_selected, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        what_is_recorded_is_loaded_again, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        parents_in_a_circle_stand_at_the_top, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        mailboxes_of_one_name_get_two_folders, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        names_that_differ_in_case_get_two_folders_where_the_file_system_needs_it,
	        open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        the_inbox_is_the_root_and_nobody_else_is, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        a_folder_that_was_renamed_here_keeps_its_path_and_those_below_it_follow,
	        open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        a_path_of_its_own_is_given_up_when_the_service_renames, open_store,
	        close_store),
	    cmocka_unit_test_setup_teardown(
	        nobody_gets_the_path_that_a_renamed_folder_keeps, open_store, close_store),
	    cmocka_unit_test_setup_teardown(
	        the_folder_that_the_names_give_a_renamed_inbox_is_the_inbox, open_store,
	        close_store),
	    cmocka_unit_test_setup_teardown(
	        a_path_of_its_own_is_remembered, open_store, close_store),
	    cmocka_unit_test(each_mailbox_has_the_direction_of_its_patterns),
	    cmocka_unit_test_setup_teardown(
	        only_known_mailboxes_can_be_newly_followed, open_store, close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
