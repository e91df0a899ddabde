/* The stamp: what it depends on, what it does not, and its key. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"
#include "transport/stamp.h"

/* The stamp of a message. */
static struct stamp
message_stamp_of(const char *key_text, const char *queue_id, const char *sender,
    const char *received, const char *message)
{
	struct buf key = BUF_INIT;
	struct spool spool;
	struct stamp_source source = {
	    .queue_id = queue_id, .sender = sender, .received = received, .message = &spool};
	struct stamp stamp;
	struct outcome o;

	buf_adds(&key, key_text);
	spool_init(&spool, folder);
	(void)spool_add(&spool, message, strlen(message));
	o = stamp_message(&key, &source, &stamp);
	assert_string_equal(o.condition, "ok");
	spool_free(&spool);
	buf_free(&key);
	return stamp;
}

/* The stamp of its delivery; recipients end with NULL. */
static struct stamp
delivery_stamp_of(const char *key_text, const struct stamp *message, char *const *recipients)
{
	struct buf key = BUF_INIT;
	struct stamp stamp;
	struct outcome o;
	size_t count = 0;

	while (recipients[count] != NULL)
		count++;
	buf_adds(&key, key_text);
	o = stamp_delivery(&key, message, recipients, count, &stamp);
	assert_string_equal(o.condition, "ok");
	buf_free(&key);
	return stamp;
}

static struct stamp
recipient_stamp_of(const char *key_text, const struct stamp *message, const char *recipient)
{
	struct buf key = BUF_INIT;
	struct stamp stamp;
	struct outcome o;

	buf_adds(&key, key_text);
	o = stamp_recipient(&key, message, recipient, &stamp);
	assert_string_equal(o.condition, "ok");
	buf_free(&key);
	return stamp;
}

static char a[] = "a@x", b[] = "b@x";
static char *const ab[] = {a, b, NULL};
static char *const ba[] = {b, a, a, NULL};
static char *const only_a[] = {a, NULL};

static void
a_stamp_is_the_keyed_hash_of_what_makes_the_delivery(void **state)
{
	/* printf 'queue\0ID\0s@x\0by me\0hi' | openssl dgst -sha256 -hmac key, and
	 * printf 'delivery\0MESSAGE\0a@x\0b@x\0', 'recipient\0MESSAGE\0a@x\0' */
	struct stamp message = message_stamp_of("key", "ID", "s@x", "by me", "hi");
	struct stamp delivery = delivery_stamp_of("key", &message, ab);
	struct stamp recipient = recipient_stamp_of("key", &message, a);

	(void)state;
	assert_string_equal(message.text, "96511b31d5d98c3c96b02747ae7f5275");
	assert_string_equal(delivery.text, "a2106bafcae96317f2547582a618e4cd");
	assert_string_equal(recipient.text, "97562d29d7f70ffc1cea551cba79f1b6");
}

static void
the_order_of_recipients_does_not_matter(void **state)
{
	struct stamp message = message_stamp_of("key", "ID", "s@x", "", "hi");
	struct stamp one = delivery_stamp_of("key", &message, ab);
	struct stamp two = delivery_stamp_of("key", &message, ba);

	(void)state;
	assert_string_equal(one.text, two.text);
}

static void
everything_else_makes_another_stamp(void **state)
{
	struct stamp message = message_stamp_of("key", "ID", "s@x", "", "");
	struct stamp stamps[] = {
	    message,
	    message_stamp_of("other", "ID", "s@x", "", ""),
	    message_stamp_of("key", "ID2", "s@x", "", ""),
	    message_stamp_of("key", "ID", "t@x", "", ""),
	    message_stamp_of("key", "ID", "", "", ""),
	    message_stamp_of("key", "ID", "s@x", "by me", ""),
	    message_stamp_of("key", "ID", "s@x", "", "one"),
	    message_stamp_of("key", NULL, "s@x", "", ""),
	    message_stamp_of("key", NULL, "s@x", "", "one"),
	    delivery_stamp_of("key", &message, ab),
	    delivery_stamp_of("key", &message, only_a),
	    delivery_stamp_of("other", &message, only_a),
	    recipient_stamp_of("key", &message, a),
	    recipient_stamp_of("key", &message, b),
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
	    cmocka_unit_test(a_stamp_is_the_keyed_hash_of_what_makes_the_delivery),
	    cmocka_unit_test(the_order_of_recipients_does_not_matter),
	    cmocka_unit_test(everything_else_makes_another_stamp),
	    cmocka_unit_test(the_key_is_made_once_for_nobody_else_to_read),
	    cmocka_unit_test(processes_that_come_together_agree_on_the_key),
	    cmocka_unit_test(a_key_that_others_can_read_is_refused),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
