/* Text tables: what is in them, what is wrong with them, and how they are read anew. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "milter/table_file.h"
#include "milter/table_parts.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

/* Put a file there at once, one that nobody has written to for an hour. */
static void
put_with_mode(const char *name, const char *bytes, size_t length, mode_t mode)
{
	struct timespec times[2] = {
	    {.tv_sec = time(NULL) - 3600}, {.tv_sec = time(NULL) - 3600}};
	struct outcome o = file_write_atomic(AT_FDCWD, "new", bytes, length, mode);

	assert_string_equal(o.condition, "ok");
	assert_int_equal(utimensat(AT_FDCWD, "new", times, 0), 0);
	assert_int_equal(rename("new", name), 0);
}

static void
put(const char *name, const char *bytes, size_t length)
{
	put_with_mode(name, bytes, length, 0644);
}

static void
put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static struct outcome
open_table(const char *name, struct table **table_r)
{
	char *spec = xasprintf("text:%s/%s", folder, name);
	struct outcome o = table_open(spec, table_r);

	free(spec);
	return o;
}

/* "direct", "alias ADDRESS", ..., or "none". */
static char *
look_up(struct table *table, const char *key)
{
	static const char *const words[] = {"alias", "direct", "refuse"};
	struct policy_rule rule;
	bool found;
	struct outcome o = table_find(table, key, &rule, &found);
	char *text;

	assert_string_equal(o.condition, "ok");
	text = !found
	           ? xstrdup("none")
	           : xasprintf("%s%s%s", words[rule.action], rule.argument != NULL ? " " : "",
	                 rule.argument != NULL ? rule.argument : "");
	policy_rule_free(&rule);
	return text;
}

static bool
says(struct table *table, const char *key, const char *what)
{
	char *text = look_up(table, key);
	bool same = strcmp(text, what) == 0;

	free(text);
	return same;
}

static void
a_text_table_reads_as_those_of_postfix(void **state)
{
	struct table *table;
	struct outcome o;

	(void)state;
	put_text("aliases", "# a comment\n"
	                    "\n"
	                    "  # another\n"
	                    "example.org direct\n"
	                    ".example.org\tDIRECT  \n"
	                    "bob@Example.com alias\n"
	                    "# in between\n"
	                    "\n"
	                    "   a.b@sl.example\n"
	                    "\"two words\"@example.com refuse not  here\r\n"
	                    "*   alias\n");
	o = open_table("aliases", &table);
	assert_string_equal(o.text, outcome_ok().text);
	assert_true(says(table, "example.org", "direct"));
	assert_true(says(table, ".example.org", "direct"));
	assert_true(says(table, "bob@example.com", "alias a.b@sl.example"));
	assert_true(says(table, "two words@example.com", "refuse not  here"));
	assert_true(says(table, "*", "alias"));
	assert_true(says(table, "example.com", "none"));
	assert_true(says(table, "", "none"));
	table_close(&table);
	assert_null(table);
}

#define BYTES(text) text, sizeof(text) - 1

static void
a_broken_line_is_named_with_file_and_number(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *says;
	} cases[] = {
	    {BYTES("example.org forward\n"), "bad:1: the action is none of"},
	    {BYTES("a.example direct\n\nexample.org\n"), "bad:3: the action is none of"},
	    {BYTES("# x\n a.example direct\n"), "bad:2: it goes on with a line"},
	    {BYTES("a.example direct\nb.exa"), "bad:2: the last line has no end"},
	    {BYTES("a.example direct\nb.ex\0mple direct\n"), "bad:2: there is a NUL in it"},
	    {BYTES("a.example direct\nA.Example. refuse\n"), "bad:2: there is a rule for this"},
	    {BYTES("\x7f"
	           "ELF\x02\x01\x01 direct\n"),
	        "bad:1: the domain is none"},
	    {BYTES("\xff\xfe.example direct\n"), "bad:1: the domain is none"},
	    {BYTES("\"open@x.example direct\n"), "bad:1: "},
	    {BYTES("a.example\n alias\n two words\n"), "bad:1: the alias is no address"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table *table;
		struct outcome o;

		put("bad", cases[i].bytes, cases[i].length);
		o = open_table("bad", &table);
		assert_null(table);
		assert_true(outcome_is(&o, "local/config"));
		if (strstr(o.text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].says);
	}
}

static void
a_line_without_end_is_not_kept(void **state)
{
	struct buf text = BUF_INIT;
	struct table *table;
	struct outcome o;

	(void)state;
	buf_adds(&text, "a.example refuse ");
	for (int i = 0; i < 5000; i++)
		buf_addc(&text, 'x');
	buf_addc(&text, '\n');
	put("long", text.data, text.len);
	o = open_table("long", &table);
	assert_non_null(strstr(o.text, "long:1: the line is too long"));
	buf_reset(&text);
	buf_adds(&text, "a.example\n");
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, " x\n");
	put("long", text.data, text.len);
	o = open_table("long", &table);
	assert_non_null(strstr(o.text, "the line is too long"));
	buf_free(&text);
}

static void
what_is_no_file_of_a_table_is_refused(void **state)
{
	struct table *table;
	struct outcome o;

	(void)state;
	assert_int_equal(mkdir("folder", 0755), 0);
	o = open_table("folder", &table);
	assert_non_null(strstr(o.text, "folder is no regular file"));
	assert_int_equal(mkfifo("fifo", 0644), 0);
	o = open_table("fifo", &table);
	assert_non_null(strstr(o.text, "fifo is no regular file"));
	put_with_mode("open", "\n", 1, 0646);
	o = open_table("open", &table);
	assert_non_null(strstr(o.text, "everybody may write to"));
	put_text("huge", "");
	assert_int_equal(truncate("huge", TABLE_BYTES_MAX + 1), 0);
	o = open_table("huge", &table);
	assert_non_null(strstr(o.text, "huge is larger than"));
	o = open_table("missing", &table);
	assert_true(outcome_is(&o, "local/io"));
	assert_null(table);
}

static void
many_rules_are_all_found(void **state)
{
	enum { RULES = 50000 };
	struct buf text = BUF_INIT;
	struct table *table;
	struct outcome o;
	char key[64], alias[64];

	(void)state;
	for (int i = 0; i < RULES; i++)
		buf_addf(&text, "host%d.example alias a%d@sl.example\n", i, i);
	put("many", text.data, text.len);
	o = open_table("many", &table);
	assert_string_equal(o.condition, "ok");
	for (int i = 0; i < RULES; i++) {
		snprintf(key, sizeof(key), "host%d.example", i);
		snprintf(alias, sizeof(alias), "alias a%d@sl.example", i);
		if (!says(table, key, alias))
			fail_msg("%s is not there", key);
	}
	assert_true(says(table, "host50000.example", "none"));
	table_close(&table);
	buf_free(&text);
}

/* Look the key up until the table says so. */
static bool
comes_to_say(struct table *table, const char *key, const char *what)
{
	for (int i = 0; i < 3000; i++) {
		if (says(table, key, what))
			return true;
		usleep(10000);
	}
	return false;
}

static void
a_table_that_changes_is_read_anew(void **state)
{
	struct table *table;
	struct outcome o;

	(void)state;
	put_text("changing", "a.example direct\nb.example direct\n");
	o = open_table("changing", &table);
	assert_string_equal(o.condition, "ok");
	put_text("changing", "a.example refuse\n");
	assert_true(comes_to_say(table, "a.example", "refuse"));
	assert_true(says(table, "b.example", "none"));
	/* By a link to another file, too. */
	put_text("other", "a.example alias\n");
	assert_int_equal(unlink("changing"), 0);
	assert_int_equal(symlink("other", "changing"), 0);
	assert_true(comes_to_say(table, "a.example", "alias"));
	table_close(&table);
}

/* How often the log, which goes to file "log", says it. */
static int
count_in_log(const char *what)
{
	struct buf text = BUF_INIT;
	int count = 0;

	(void)file_read(AT_FDCWD, "log", 1 << 20, &text);
	for (const char *p = buf_str(&text); (p = strstr(p, what)) != NULL; p++)
		count++;
	buf_free(&text);
	return count;
}

/* Look something up until the log says it so often. */
static bool
log_comes_to_say(struct table *table, const char *what, int count)
{
	for (int i = 0; i < 3000; i++) {
		if (count_in_log(what) == count)
			return true;
		(void)says(table, "a.example", "direct");
		usleep(10000);
	}
	return false;
}

static void
a_table_that_breaks_or_vanishes_stays_as_it_was_and_the_log_says_so_once(void **state)
{
	struct table *table;
	struct outcome o;
	int saved = dup(STDERR_FILENO), log = open("log", O_RDWR | O_CREAT | O_APPEND, 0600);

	(void)state;
	put_text("breaking", "a.example direct\n");
	o = open_table("breaking", &table);
	assert_string_equal(o.condition, "ok");
	assert_true(dup2(log, STDERR_FILENO) >= 0);
	put_text("breaking", "a.example refuse\na.exam");
	assert_true(log_comes_to_say(table, "breaking:2: the last line has no end", 1));
	assert_true(says(table, "a.example", "direct"));
	assert_int_equal(unlink("breaking"), 0);
	assert_true(log_comes_to_say(table, "No such file", 1));
	assert_true(says(table, "a.example", "direct"));
	put_with_mode("breaking", "\n", 1, 0666);
	assert_true(log_comes_to_say(table, "everybody may write to", 1));
	assert_true(says(table, "a.example", "direct"));
	put_text("breaking", "a.example refuse\n");
	assert_true(comes_to_say(table, "a.example", "refuse"));
	dup2(saved, STDERR_FILENO);
	/* Each was said once, although it was looked up often. */
	assert_int_equal(count_in_log("the old rules stay"), 3);
	assert_int_equal(count_in_log("read anew") - 3, 1);
	close(saved);
	close(log);
	table_close(&table);
}

/*
 * Empty the table's file, and look it up for longer than it takes to see that it has changed,
 * as if somebody wrote to it all the time.  False if this thread was held up for so long that
 * the file was not new any more, and so nothing is shown.
 */
static bool
stays_while_it_is_written_to(struct table *table, int fd)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	for (int64_t begun = clock_ms(); clock_ms() - begun < 3 * TABLE_LOOK_MS;) {
		int64_t written = clock_ms();
		bool stays;

		assert_int_equal(futimens(fd, NULL), 0);
		stays = says(table, "a.example", "direct");
		if (clock_ms() - written >= TABLE_SETTLE_MS)
			return false;
		assert_true(stays);
		usleep(10000);
	}
	return true;
}

static void
a_file_that_somebody_writes_to_is_not_read_yet(void **state)
{
	bool shown = false;

	(void)state;
	for (int tries = 0; tries < 10 && !shown; tries++) {
		struct table *table;
		struct outcome o;
		int fd;

		put_text("growing", "a.example direct\n");
		o = open_table("growing", &table);
		assert_string_equal(o.condition, "ok");
		fd = open("growing", O_WRONLY);
		assert_true(fd >= 0);
		shown = stays_while_it_is_written_to(table, fd);
		assert_int_equal(pwrite(fd, BYTES("a.example refuse\n"), 0), 17);
		close(fd);
		assert_true(comes_to_say(table, "a.example", "refuse"));
		table_close(&table);
	}
	assert_true(shown);
}

static void
a_file_is_settled_a_second_after_it_was_written_to(void **state)
{
	struct table_file file = {.modified = {.tv_sec = 100, .tv_nsec = 500000000}};

	(void)state;
	assert_false(table_file_settled(&file, 100500));
	assert_false(table_file_settled(&file, 101499));
	assert_true(table_file_settled(&file, 101500));
	/* A wrong clock must not keep it from being read for ever. */
	assert_true(table_file_settled(&file, 100499));
}

struct crowd {
	struct table *table;
	atomic_bool over, wrong;
};

/* Whatever is read meanwhile, a.example always has a whole rule. */
static void *
ask_all_the_time(void *arg)
{
	struct crowd *crowd = arg;

	while (!atomic_load(&crowd->over)) {
		struct policy_rule rule;
		bool found;
		struct outcome o = table_find(crowd->table, "a.example", &rule, &found);

		if (!outcome_is_ok(&o) || !found || rule.action != POLICY_ALIAS ||
		    strncmp(rule.argument, "version", 7) != 0)
			atomic_store(&crowd->wrong, true);
		policy_rule_free(&rule);
		usleep(100);
	}
	return NULL;
}

static void
many_threads_look_up_while_it_is_read_anew(void **state)
{
	enum { THREADS = 4, VERSIONS = 3 };
	struct crowd crowd = {0};
	pthread_t threads[THREADS];
	struct outcome o;
	char text[64], says[64];

	(void)state;
	put_text("crowded", "a.example alias version0@sl.example\n");
	o = open_table("crowded", &crowd.table);
	assert_string_equal(o.condition, "ok");
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_all_the_time, &crowd), 0);
	for (int i = 1; i <= VERSIONS; i++) {
		snprintf(text, sizeof(text), "a.example alias version%d@sl.example\n", i);
		snprintf(says, sizeof(says), "alias version%d@sl.example", i);
		put_text("crowded", text);
		assert_true(comes_to_say(crowd.table, "a.example", says));
	}
	atomic_store(&crowd.over, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_false(atomic_load(&crowd.wrong));
	table_close(&crowd.table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_table_reads_as_those_of_postfix),
	    cmocka_unit_test(a_broken_line_is_named_with_file_and_number),
	    cmocka_unit_test(a_line_without_end_is_not_kept),
	    cmocka_unit_test(what_is_no_file_of_a_table_is_refused),
	    cmocka_unit_test(many_rules_are_all_found),
	    cmocka_unit_test(a_table_that_changes_is_read_anew),
	    cmocka_unit_test(
	        a_table_that_breaks_or_vanishes_stays_as_it_was_and_the_log_says_so_once),
	    cmocka_unit_test(a_file_that_somebody_writes_to_is_not_read_yet),
	    cmocka_unit_test(a_file_is_settled_a_second_after_it_was_written_to),
	    cmocka_unit_test(many_threads_look_up_while_it_is_read_anew),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
