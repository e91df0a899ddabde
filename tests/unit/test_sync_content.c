/* Whether a file is what the service says. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sync/content.h"
#include "tests/unit/unit.h"

/* "Subject: a\r\n\r\nb\r\n" */
#define WIRE_SIZE   17
#define WIRE_SHA1   "c91e83f1893efe6db49261f44e6a3a127cd78c3b"
#define WIRE_SHA256 "nGyOteGq35lluJHms4ueqqaFQAtab051XukcBpVRTQk="

static char file[] = "/tmp/ferry-test-content.XXXXXX";

static int
make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static enum content_verdict
verdict(const struct content *content, const char *bytes)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);
	enum content_verdict got;
	struct outcome o;

	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	close(fd);
	o = content_compare(content, AT_FDCWD, file, &got);
	assert_true(outcome_is_ok(&o));
	return got;
}

static void
a_blob_id_of_cyrus_is_a_digest_and_no_other_is(void **state)
{
	struct content content = {.size = WIRE_SIZE};

	(void)state;
	content_of_blob_id(&content, "G" WIRE_SHA1);
	assert_int_equal(content.digest, DIGEST_SHA1);
	content_of_blob_id(&content, "B" WIRE_SHA1);
	assert_int_equal(content.digest, DIGEST_NONE);
	content_of_blob_id(&content, "G" WIRE_SHA1 "0");
	assert_int_equal(content.digest, DIGEST_NONE);
	content_of_blob_id(&content, "Gx91e83f1893efe6db49261f44e6a3a127cd78c3b");
	assert_int_equal(content.digest, DIGEST_NONE);
	content_of_blob_id(&content, "");
	assert_int_equal(content.digest, DIGEST_NONE);
}

static void
a_digest_in_base64_has_its_length(void **state)
{
	struct content content = {.size = WIRE_SIZE};

	(void)state;
	assert_true(content_from_base64(&content, DIGEST_SHA256, WIRE_SHA256));
	assert_int_equal(content.digest, DIGEST_SHA256);
	assert_false(content_from_base64(&content, DIGEST_SHA1, WIRE_SHA256));
	assert_int_equal(content.digest, DIGEST_NONE);
	assert_false(content_from_base64(&content, DIGEST_SHA256, "short"));
	assert_false(content_from_base64(&content, DIGEST_SHA256, NULL));
	assert_false(content_from_base64(
	    &content, DIGEST_SHA256, "????????????????????????????????????????????"));
}

static void
a_message_is_the_same_with_either_line_ends(void **state)
{
	struct content content = {.size = WIRE_SIZE};

	(void)state;
	content_of_blob_id(&content, "G" WIRE_SHA1);
	assert_int_equal(verdict(&content, "Subject: a\r\n\r\nb\r\n"), CONTENT_SAME);
	assert_int_equal(verdict(&content, "Subject: a\n\nb\n"), CONTENT_SAME);
	content_from_base64(&content, DIGEST_SHA256, WIRE_SHA256);
	assert_int_equal(verdict(&content, "Subject: a\n\nb\n"), CONTENT_SAME);
}

static void
what_differs_differs_in_size_or_in_digest(void **state)
{
	struct content content = {.size = WIRE_SIZE};

	(void)state;
	content_of_blob_id(&content, "G" WIRE_SHA1);
	assert_int_equal(verdict(&content, "Subject: a\n\nc\n"), CONTENT_OTHER);
	assert_int_equal(verdict(&content, "Subject: a\r\n\r\nc\r\n"), CONTENT_OTHER);
	assert_int_equal(verdict(&content, "Subject: a\n\nbb\n"), CONTENT_OTHER_SIZE);
	assert_int_equal(verdict(&content, ""), CONTENT_OTHER_SIZE);
}

static void
without_a_digest_the_size_is_all_there_is(void **state)
{
	struct content content = {.size = WIRE_SIZE};

	(void)state;
	assert_int_equal(verdict(&content, "Subject: a\n\nc\n"), CONTENT_SAME_SIZE);
	assert_int_equal(verdict(&content, "Subject: a\n\n"), CONTENT_OTHER_SIZE);
}

static void
fields_of_other_programs_are_no_damage(void **state)
{
	struct content content = {.size = WIRE_SIZE};

	(void)state;
	content_of_blob_id(&content, "G" WIRE_SHA1);
	assert_int_equal(
	    verdict(&content, "X-TUID: abcdefghijkl\nSubject: a\n\nb\n"), CONTENT_SAME_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_blob_id_of_cyrus_is_a_digest_and_no_other_is),
	    cmocka_unit_test(a_digest_in_base64_has_its_length),
	    cmocka_unit_test(a_message_is_the_same_with_either_line_ends),
	    cmocka_unit_test(what_differs_differs_in_size_or_in_digest),
	    cmocka_unit_test(without_a_digest_the_size_is_all_there_is),
	    cmocka_unit_test(fields_of_other_programs_are_no_damage),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
