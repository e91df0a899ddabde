/* The stamp: what it depends on, what it does not, and its key. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "tests/unit/unit.h"
#include "transport/stamp.h"

static char folder[] = "/tmp/ferry-test-stamp.XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	char *command = xasprintf("rm -rf %s", folder);
	int status = system(command);

	(void)state;
	free(command);
	return status;
}

#define RECIPIENTS_MAX 4

/* The stamp of a delivery; recipients end with NULL, message may be NULL. */
static struct stamp
stamp_of(const char *key_text, const char *queue_id, const char *sender, const char *message,
    const char *const *recipients)
{
	char *list[RECIPIENTS_MAX];
	struct buf key = BUF_INIT;
	struct spool spool;
	struct stamp_source source = {
	    .queue_id = queue_id, .sender = sender, .recipients = list, .message = &spool};
	struct stamp stamp;
	struct outcome o;

	for (; recipients[source.recipient_count] != NULL; source.recipient_count++)
		list[source.recipient_count] = xstrdup(recipients[source.recipient_count]);
	buf_adds(&key, key_text);
	spool_init(&spool, folder);
	if (message != NULL)
		(void)spool_add(&spool, message, strlen(message));
	o = stamp_make(&key, &source, &stamp);
	assert_string_equal(o.condition, "ok");
	for (size_t i = 0; i < source.recipient_count; i++)
		free(list[i]);
	spool_free(&spool);
	buf_free(&key);
	return stamp;
}

static const char *const ab[] = {"a@x", "b@x", NULL};
static const char *const ba[] = {"b@x", "a@x", "a@x", NULL};
static const char *const only_a[] = {"a@x", NULL};

static void
a_stamp_is_the_keyed_hash_of_the_delivery(void **state)
{
	/* printf 'queue\0ID\0s@x\0a@x\0b@x\0\0' | openssl dgst -sha256 -hmac key */
	struct stamp stamp = stamp_of("key", "ID", "s@x", NULL, ab);

	(void)state;
	assert_string_equal(stamp.text, "115609a918831dee6306b7534566b743");
}

static void
the_order_of_recipients_does_not_matter(void **state)
{
	struct stamp one = stamp_of("key", "ID", "s@x", NULL, ab);
	struct stamp two = stamp_of("key", "ID", "s@x", NULL, ba);

	(void)state;
	assert_string_equal(one.text, two.text);
}

static void
the_message_does_not_matter_where_the_queue_has_a_name_for_it(void **state)
{
	struct stamp one = stamp_of("key", "ID", "s@x", "one", ab);
	struct stamp two = stamp_of("key", "ID", "s@x", "two", ab);

	(void)state;
	assert_string_equal(one.text, two.text);
}

static void
everything_else_makes_another_stamp(void **state)
{
	struct stamp stamps[] = {
	    stamp_of("key", "ID", "s@x", NULL, ab),
	    stamp_of("other", "ID", "s@x", NULL, ab),
	    stamp_of("key", "ID2", "s@x", NULL, ab),
	    stamp_of("key", "ID", "t@x", NULL, ab),
	    stamp_of("key", "ID", "", NULL, ab),
	    stamp_of("key", "ID", "s@x", NULL, only_a),
	    stamp_of("key", NULL, "s@x", "", ab),
	    stamp_of("key", NULL, "s@x", "one", ab),
	    stamp_of("key", NULL, "s@x", "two", ab),
	    stamp_of("key", NULL, "s@x", "two", only_a),
	};
	size_t count = sizeof(stamps) / sizeof(stamps[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(strlen(stamps[i].text), STAMP_LENGTH);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(stamps[i].text, stamps[j].text);
	}
}

static void
the_key_is_made_once_for_nobody_else_to_read(void **state)
{
	char *dir = xasprintf("%s/new/state", folder), *path = xasprintf("%s/stamp-key", dir);
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct outcome o;
	struct stat st;

	(void)state;
	o = stamp_key(dir, &first);
	assert_string_equal(o.condition, "ok");
	assert_int_equal(first.len, 64);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	o = stamp_key(dir, &second);
	assert_string_equal(o.condition, "ok");
	assert_string_equal(first.data, second.data);
	buf_free(&first);
	buf_free(&second);
	free(dir);
	free(path);
}

static void
processes_that_come_together_agree_on_the_key(void **state)
{
	enum { PROCESSES = 8 };
	char *dir = xasprintf("%s/raced", folder);
	char keys[PROCESSES][64];
	int fds[2], status;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			struct buf key = BUF_INIT;
			struct outcome o = stamp_key(dir, &key);
			bool good = outcome_is_ok(&o) && write(fds[1], key.data, 64) == 64;

			buf_free(&key);
			free(dir);
			_exit(!good);
		}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(read(fds[0], keys[i], 64), 64);
		assert_memory_equal(keys[i], keys[0], 64);
	}
	close(fds[0]);
	close(fds[1]);
	free(dir);
}

static void
a_key_that_others_can_read_is_refused(void **state)
{
	char *dir = xasprintf("%s/open", folder), *path = xasprintf("%s/stamp-key", dir);
	struct buf key = BUF_INIT;
	struct outcome o = stamp_key(dir, &key);

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_int_equal(chmod(path, 0644), 0);
	buf_reset(&key);
	o = stamp_key(dir, &key);
	assert_true(outcome_is(&o, "auth/secret"));
	assert_int_equal(key.len, 0);
	buf_free(&key);
	free(dir);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stamp_is_the_keyed_hash_of_the_delivery),
	    cmocka_unit_test(the_order_of_recipients_does_not_matter),
	    cmocka_unit_test(the_message_does_not_matter_where_the_queue_has_a_name_for_it),
	    cmocka_unit_test(everything_else_makes_another_stamp),
	    cmocka_unit_test(the_key_is_made_once_for_nobody_else_to_read),
	    cmocka_unit_test(processes_that_come_together_agree_on_the_key),
	    cmocka_unit_test(a_key_that_others_can_read_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
