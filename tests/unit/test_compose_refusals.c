/* Messages that cannot be made anew, and those that want too much memory. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "tests/unit/compose_fixture.h"
#include "tests/unit/unit.h"
#include "transport/compose.h"

static void
signed_and_encrypted_messages_are_refused(void **state)
{
	static const char parts[] =
	    "\n\n--b\n\nhi\n--b\nContent-Type: application/pgp-signature\n\n"
	    "x\n--b--\n";
	struct buf message = BUF_INIT;

	(void)state;
	buf_addf(&message, "Content-Type: Multipart/Signed; boundary=b%s", parts);
	refused(message.data, "signed");
	buf_reset(&message);
	buf_addf(&message, "Content-Type: multipart/encrypted; boundary=b%s", parts);
	refused(message.data, "encrypted");
	refused(
	    "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx\n", "S/MIME");
	refused("Content-Type: application/x-pkcs7-mime\n\nx\n", "S/MIME");
	buf_reset(&message);
	buf_addf(&message,
	    "Content-Type: multipart/mixed; boundary=c\n\n--c\n"
	    "Content-Type: multipart/signed; boundary=b%s--c--\n",
	    parts);
	refused(message.data, "signed");
	buf_free(&message);
}

static void
a_signed_message_inside_a_message_is_no_hindrance(void **state)
{
	(void)state;
	structure("Content-Type: message/rfc822\n\n"
	          "Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n");
	assert_int_equal(uploaded()->count, 1);
}

static void
a_refusal_is_permanent_and_of_the_message(void **state)
{
	struct outcome o = compose_check("no field\n\n", 10);

	(void)state;
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_int_equal(o.reach, REACH_MESSAGE);
	assert_string_equal(o.dsn, "5.6.3");
}

static void
broken_parts_are_refused(void **state)
{
	(void)state;
	refused("Content-Type: multipart/mixed\n\n--b\n\nhi\n--b--\n", "names no boundary");
	refused("Content-Type: multipart/mixed; boundary=b\n\nhi\n", "boundary is nowhere");
	refused(
	    "Content-Type: multipart/mixed; boundary=b\n\n--bb\nhi\n", "boundary is nowhere");
	refused("Content-Type: multipart/mixed; boundary=b\n\n--b--\n", "has no part");
	refused("Content-Type: multipart/mixed; boundary=b\n"
	        "Content-Transfer-Encoding: base64\n\nLS1i\n",
	    "encoded as a whole");
	refused(
	    "Content-Transfer-Encoding: x-uuencode\n\nhi\n", "transfer encoding is unknown");
	refused("Content-Transfer-Encoding:\n\nhi\n", "cannot be read");
	refused("Content-Type: text\n\nhi\n", "cannot be read");
	refused("Content-Type: text/plain; name=a b\n\nhi\n", "cannot be read");
	refused("Content-Type: text/plain\nContent-Type: text/html\n\nhi\n", "twice");
	refused("Content-ID: <a@b>\nContent-ID: <c@d>\n\nhi\n", "twice");
	refused("Content-Disposition: a\nContent-Disposition: b\n\nhi\n", "twice");
}

static void
broken_base64_is_refused_before_anything_is_uploaded(void **state)
{
	static const char *const broken[] = {"QUJD*", "QUJDR", "QQ===", "QUI=QUI=", "="};
	struct buf message = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		buf_reset(&message);
		buf_addf(&message,
		    "Content-Type: multipart/mixed; boundary=b\n\n"
		    "--b\nContent-Type: image/png\n\ngood\n"
		    "--b\nContent-Type: image/png\nContent-Transfer-Encoding: "
		    "base64\n\n%s\n--b--\n",
		    broken[i]);
		refused(message.data, "base64");
	}
	buf_free(&message);
}

static void
broken_headers_are_refused(void **state)
{
	struct outcome o = compose_check("A: b\0c\n\n", 8);

	(void)state;
	assert_non_null(strstr(o.text, "NUL"));
	refused("Subject: Gr\xfc\xdf"
	        "e\n\nhi\n",
	    "not UTF-8");
	refused("Subject: a\rb\n\nhi\n", "CR without LF");
	refused("Subject: a\nno field\n\nhi\n", "is no field");
	refused("Content-Type: multipart/mixed; boundary=b\n\n--b\nno field\n--b--\n",
	    "is no field");
}

/* A multipart in a multipart, so many times. */
static char *
nested(size_t levels)
{
	struct buf message = BUF_INIT;

	for (size_t i = 0; i < levels; i++)
		buf_addf(
		    &message, "Content-Type: multipart/mixed; boundary=b%zu\n\n--b%zu\n", i, i);
	buf_adds(&message, "\nhi\n");
	return buf_steal(&message);
}

static void
deep_nesting_is_refused(void **state)
{
	char *message = nested(MIME_DEPTH_MAX);

	(void)state;
	structure(message);
	free(message);
	message = nested(MIME_DEPTH_MAX + 1);
	refused(message, "nested too deep");
	free(message);
	message = nested(100000);
	refused(message, "nested too deep");
	free(message);
}

static void
too_many_parts_are_refused(void **state)
{
	struct buf message = BUF_INIT;

	(void)state;
	buf_adds(&message, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (size_t i = 0; i < MIME_PARTS_MAX; i++)
		buf_adds(&message, "--b\n\n\n");
	refused(message.data, "too many parts");
	buf_free(&message);
}

static void
too_much_header_is_refused(void **state)
{
	struct buf message = BUF_INIT;

	(void)state;
	for (size_t i = 0; i <= MIME_FIELDS_MAX; i++)
		buf_adds(&message, "A: b\n");
	refused(message.data, "too many header fields");
	buf_reset(&message);
	for (size_t i = 0; i <= MIME_HEADERS_MAX / 16; i++)
		buf_adds(&message, i == 0 ? "A: 01234567890123\n" : " 01234567890123\n");
	refused(message.data, "headers are too long");
	buf_free(&message);
}

static void
nested_comments_are_refused(void **state)
{
	struct buf message = BUF_INIT;

	(void)state;
	buf_adds(&message, "Content-Type: ");
	for (size_t i = 0; i < 60000; i++)
		buf_addc(&message, '(');
	buf_adds(&message, "\n\nhi\n");
	refused(message.data, "cannot be read");
	buf_free(&message);
}

static long
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static ssize_t
read_through(const struct http_source *source)
{
	char piece[65536];
	ssize_t got, all = 0;

	while ((got = source->read(source->arg, piece, sizeof(piece))) > 0)
		all += got;
	return got < 0 ? got : all;
}

static struct outcome
pass_over(void *arg, const struct http_source *source, const char *type, char **blob_id_r)
{
	(void)type;
	*(ssize_t *)arg = read_through(source);
	assert_int_equal(source->size, *(ssize_t *)arg);
	*blob_id_r = xstrdup("b");
	return outcome_ok();
}

static void
a_large_attachment_takes_no_memory(void **state)
{
	ssize_t seen = 0;
	const struct compose_uploader uploader = {pass_over, &seen};
	struct buf message = BUF_INIT;
	const size_t lines = 500000;
	struct outcome o;
	json_t *email;
	long before;

	(void)state;
	buf_adds(&message, "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n");
	for (size_t i = 0; i < lines; i++)
		buf_adds(
		    &message, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w\n");
	before = peak_kib();
	o = compose_email(message.data, message.len, &uploader, &email);
	assert_string_equal(o.condition, "ok");
	assert_int_equal(seen, lines * 42);
	assert_true(peak_kib() - before < 4096);
	json_decref(email);
	buf_free(&message);
}

static struct outcome
fail_upload(void *arg, const struct http_source *source, const char *type, char **blob_id_r)
{
	(void)source;
	(void)type;
	(void)blob_id_r;
	++*(size_t *)arg;
	return outcome_make("http", "5xx", NULL);
}

static void
a_failed_upload_is_the_outcome(void **state)
{
	static const char message[] = "Content-Type: image/png\n\nx\n";
	size_t calls = 0;
	const struct compose_uploader uploader = {fail_upload, &calls};
	json_t *email;
	struct outcome o = compose_email(message, sizeof(message) - 1, &uploader, &email);

	(void)state;
	assert_string_equal(o.condition, "http/5xx");
	assert_int_equal(calls, 1);
	assert_null(email);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signed_and_encrypted_messages_are_refused),
	    cmocka_unit_test(a_signed_message_inside_a_message_is_no_hindrance),
	    cmocka_unit_test(a_refusal_is_permanent_and_of_the_message),
	    cmocka_unit_test(broken_parts_are_refused),
	    cmocka_unit_test(broken_base64_is_refused_before_anything_is_uploaded),
	    cmocka_unit_test(broken_headers_are_refused),
	    cmocka_unit_test(deep_nesting_is_refused),
	    cmocka_unit_test(too_many_parts_are_refused),
	    cmocka_unit_test(too_much_header_is_refused),
	    cmocka_unit_test(nested_comments_are_refused),
	    cmocka_unit_test(a_large_attachment_takes_no_memory),
	    cmocka_unit_test(a_failed_upload_is_the_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, forget_composed);
}
