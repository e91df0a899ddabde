/* Parts of a watch: clocks that jump, folders that change, what is new. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "sync/news.h"
#include "sync/watch_clock.h"
#include "sync/watch_folders.h"
#include "sync/watch_pace.h"
#include "tests/unit/unit.h"

/* Clocks. */

static void
sleep_and_a_set_clock_are_told_from_time_that_passes(void **state)
{
	static const struct {
		struct watch_clock now; /* after 0, 0, 0 */
		enum watch_clock_change change;
	} rows[] = {
	    {{0, 0, 0}, CLOCK_STEADY},
	    {{30000, 30000, 30000}, CLOCK_STEADY},
	    {{30000, 30001, 30002}, CLOCK_STEADY},
	    {{30000, 30000, 30900}, CLOCK_STEADY},
	    {{30000, 3630000, 3630000}, CLOCK_SLEPT},
	    {{30000, 3630000, 0}, CLOCK_SLEPT},
	    {{30000, 30000, 3630000}, CLOCK_SET},
	    {{30000, 30000, -3600000}, CLOCK_SET},
	};
	static const struct watch_clock before;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(watch_clock_compare(&before, &rows[i].now), rows[i].change);
}

/* Folders. */

static char root[40];
static struct watch_folders *folders;

/* A folder of the Maildir; "" is the Maildir itself. */
static void
make(const char *name)
{
	static const char *const parts[] = {"", "/new", "/cur", "/tmp"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *path = xasprintf("%s/%s%s", root, name, parts[i]);

		(void)mkdir(path, 0700);
		free(path);
	}
}

static void
touch(const char *name)
{
	char *path = xasprintf("%s/%s", root, name);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	free(path);
}

static void
move(const char *from, const char *to)
{
	char *old = xasprintf("%s/%s", root, from), *new = xasprintf("%s/%s", root, to);

	assert_int_equal(rename(old, new), 0);
	free(old);
	free(new);
}

static int
watch_a_maildir(void **state)
{
	(void)state;
	strcpy(root, "/tmp/ferry-test-watch.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	make("");
	make(".Sub");
	folders = watch_folders_new("test", root);
	watch_folders_refresh(folders);
	return 0;
}

static int
remove_it(void **state)
{
	char *command = xasprintf("rm -rf %s", root);
	int failed = system(command);

	(void)state;
	free(command);
	watch_folders_free(&folders);
	return failed;
}

static void
messages_that_come_go_and_get_flags_are_heard(void **state)
{
	(void)state;
	assert_false(watch_folders_read(folders));
	touch("tmp/a");
	assert_false(watch_folders_read(folders));
	move("tmp/a", "new/a");
	assert_true(watch_folders_read(folders));
	assert_false(watch_folders_read(folders));
	move("new/a", ".Sub/cur/a:2,S");
	assert_true(watch_folders_read(folders));
	move(".Sub/cur/a:2,S", ".Sub/cur/a:2,FS");
	assert_true(watch_folders_read(folders));
	move(".Sub/cur/a:2,FS", "tmp/a");
	assert_true(watch_folders_read(folders));
}

static void
what_others_keep_beside_messages_is_not(void **state)
{
	(void)state;
	touch("dovecot-uidlist");
	touch(".Sub/dovecot-uidlist.lock");
	move("dovecot-uidlist", "dovecot.index");
	assert_false(watch_folders_read(folders));
}

static void
folders_that_come_are_heard_and_then_watched(void **state)
{
	(void)state;
	make(".Sub.New");
	assert_true(watch_folders_read(folders));
	watch_folders_refresh(folders);
	(void)watch_folders_read(folders);
	touch(".Sub.New/new/a");
	assert_true(watch_folders_read(folders));
	/* In the other layout they are in one another. */
	make(".Sub/Deep");
	assert_true(watch_folders_read(folders));
	watch_folders_refresh(folders);
	(void)watch_folders_read(folders);
	touch(".Sub/Deep/cur/a");
	assert_true(watch_folders_read(folders));
}

static void
a_maildir_may_go_and_come(void **state)
{
	char *command = xasprintf("rm -rf %s", root);

	(void)state;
	assert_int_equal(system(command), 0);
	assert_true(watch_folders_read(folders));
	watch_folders_refresh(folders);
	assert_false(watch_folders_read(folders));
	assert_int_equal(mkdir(root, 0700), 0);
	make("");
	watch_folders_refresh(folders);
	touch("new/a");
	assert_true(watch_folders_read(folders));
	free(command);
}

/* The kernel's queue has room for 16384 events, unless somebody changed that. */
static size_t
queue_length(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	size_t length = 16384;

	if (file != NULL) {
		if (fscanf(file, "%zu", &length) != 1)
			length = 16384;
		fclose(file);
	}
	return length;
}

static void
nothing_is_lost_when_the_queue_overflows(void **state)
{
	size_t length = queue_length();

	(void)state;
	touch("cur/a");
	for (size_t i = 0; i <= length; i++)
		move(i % 2 == 0 ? "cur/a" : "cur/b", i % 2 == 0 ? "cur/b" : "cur/a");
	make(".Overflow"); /* is not told */
	assert_true(watch_folders_read(folders));
	watch_folders_refresh(folders);
	(void)watch_folders_read(folders);
	touch(".Overflow/new/a");
	assert_true(watch_folders_read(folders));
}

/* Pace. */

static void
events_that_are_for_nothing_wait_longer_and_longer(void **state)
{
	struct watch_pace pace = {0};
	int64_t now = 1000000, before = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_int_equal(watch_pace_pause(&pace), 0);
		watch_pace_note(&pace, now += 10, false);
	}
	while (watch_pace_pause(&pace) < 4000) {
		assert_true(watch_pace_pause(&pace) > before);
		before = watch_pace_pause(&pace);
		watch_pace_note(&pace, now += before, false);
	}
	for (int i = 0; i < 100; i++)
		watch_pace_note(&pace, now += 10, false);
	assert_int_equal(watch_pace_pause(&pace), 8000);
	watch_pace_note(&pace, now += 10, true);
	assert_int_equal(watch_pace_pause(&pace), 0);
}

static void
runs_that_are_far_apart_may_find_nothing(void **state)
{
	struct watch_pace pace = {0};

	(void)state;
	for (int64_t now = 0; now < 100 * 60000; now += 60000) {
		watch_pace_note(&pace, now, false);
		assert_int_equal(watch_pace_pause(&pace), 0);
	}
}

/* News. */

static void
news_are_counted_by_mailbox_and_the_newest_unseen_is_kept(void **state)
{
	struct news news = {0};

	(void)state;
	news_add(&news, "INBOX", "/m/seen", 50, false);
	news_add(&news, "INBOX", "/m/old", 10, true);
	news_add(&news, "Lists", "/m/list", 5, false);
	news_add(&news, "INBOX", "/m/new", 20, true);
	news_add(&news, "INBOX", "/m/older", 15, true);
	news_add(&news, "INBOX", "/m/seen-later", 60, false);
	news_add(&news, "Lists", "/m/list-later", 6, false);
	assert_int_equal(news.count, 2);
	assert_string_equal(news.mailboxes[0].name, "INBOX");
	assert_string_equal(news.mailboxes[0].file, "/m/new");
	assert_int_equal(news.mailboxes[0].count, 5);
	assert_int_equal(news.mailboxes[0].unseen, 3);
	assert_string_equal(news.mailboxes[1].file, "/m/list-later");
	assert_int_equal(news.mailboxes[1].unseen, 0);
	news_free(&news);
}

#define WITH_MAILDIR(f) cmocka_unit_test_setup_teardown(f, watch_a_maildir, remove_it)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sleep_and_a_set_clock_are_told_from_time_that_passes),
	    WITH_MAILDIR(messages_that_come_go_and_get_flags_are_heard),
	    WITH_MAILDIR(what_others_keep_beside_messages_is_not),
	    WITH_MAILDIR(folders_that_come_are_heard_and_then_watched),
	    WITH_MAILDIR(a_maildir_may_go_and_come),
	    WITH_MAILDIR(nothing_is_lost_when_the_queue_overflows),
	    cmocka_unit_test(events_that_are_for_nothing_wait_longer_and_longer),
	    cmocka_unit_test(runs_that_are_far_apart_may_find_nothing),
	    cmocka_unit_test(news_are_counted_by_mailbox_and_the_newest_unseen_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
