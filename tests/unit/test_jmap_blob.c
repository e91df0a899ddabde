/* Bytes up and down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"

/* A source of size bytes. */
struct bytes {
	int64_t size, at;
	unsigned rewound;
};

static ssize_t
read_bytes(void *arg, char *out, size_t size)
{
	struct bytes *bytes = arg;

	if ((int64_t)size > bytes->size - bytes->at)
		size = (size_t)(bytes->size - bytes->at);
	memset(out, 'x', size);
	bytes->at += (int64_t)size;
	return (ssize_t)size;
}

static bool
rewind_bytes(void *arg)
{
	struct bytes *bytes = arg;

	bytes->at = 0;
	bytes->rewound++;
	return true;
}

static struct outcome
upload(struct jmap *jmap, struct bytes *bytes, char **blob_id_r)
{
	struct http_source source = {read_bytes, rewind_bytes, bytes, bytes->size};

	return jmap_upload(jmap, &source, "message/rfc822", deadline_in_ms(20000), blob_id_r);
}

static void
an_upload_gives_the_blob_its_id(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct bytes bytes = {.size = 1000};
	struct outcome o;
	char *blob_id;

	o = upload(jmap, &bytes, &blob_id);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(blob_id, "G1");
	assert_int_equal(fake->last_body.len, 1000);
	assert_non_null(strstr(fake->last_head.data, "POST /upload/a1 HTTP"));
	assert_non_null(strstr(fake->last_head.data, "Content-Type: message/rfc822\r\n"));
	assert_null(strstr(fake->last_head.data, "Accept-Encoding"));
	jmap_close(&jmap);
	free(blob_id);
}

static void
an_upload_beyond_the_limit_is_not_begun(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct bytes bytes = {.size = 1001};
	struct outcome o;
	char *blob_id;

	o = upload(jmap, &bytes, &blob_id);
	assert_true(outcome_is(&o, "local/too-large"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_null(blob_id);
	assert_int_equal(fake->uploads, 0);
	jmap_close(&jmap);
}

static void
an_upload_starts_over_when_the_token_is_renewed(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct bytes bytes = {.size = 1000};
	struct outcome o;
	char *blob_id;

	fake->faults[0] = (struct fake_fault){.path = "/upload", .status = 401, .count = 1};
	o = upload(jmap, &bytes, &blob_id);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(bytes.rewound, 1);
	assert_int_equal(fake->last_body.len, 1000);
	jmap_close(&jmap);
	free(blob_id);
}

static void
an_upload_survives_a_cut_connection(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct bytes bytes = {.size = 1000};
	struct outcome o;
	char *blob_id;

	fake->faults[0] = (struct fake_fault){.path = "/upload", .status = 0, .count = 1};
	o = upload(jmap, &bytes, &blob_id);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->uploads, 1);
	jmap_close(&jmap);
	free(blob_id);
}

static void
an_upload_the_service_did_not_keep_is_an_error(void **state)
{
	static const struct {
		int status;
		const char *body, *condition;
	} cases[] = {
	    {200, "{\"blobId\":\"G1\",\"size\":0}", "answer/upload"},
	    {200, "{\"blobId\":\"G1\",\"size\":999}", "answer/upload"},
	    {200, "{\"size\":1000}", "answer/missing"},
	    {200, "{\"blobId\":7,\"size\":1000}", "answer/missing"},
	    {200, "{\"blobId\":\"../x\",\"size\":1000}", "answer/missing"},
	    {200, "<html>", "answer/json"},
	    {413, "{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"maxSizeUpload\"}",
	        "request/limit/maxSizeUpload"},
	    {413, "no", "http/413"},
	    {500, "", "http/5xx"},
	};
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes bytes = {.size = 1000};
		struct outcome o;
		char *blob_id;

		fake->faults[0] = (struct fake_fault){.path = "/upload",
		    .status = cases[i].status,
		    .body = cases[i].body,
		    .count = 1};
		o = upload(jmap, &bytes, &blob_id);
		assert_string_equal(o.condition, cases[i].condition);
		assert_null(blob_id);
	}
	jmap_close(&jmap);
}

/* Downloads. */

struct wanted {
	struct buf bytes;
	unsigned begun, done;
	struct outcome outcome;
};

static bool
begin_wanted(void *arg, int64_t size)
{
	struct wanted *wanted = arg;

	(void)size;
	wanted->begun++;
	buf_reset(&wanted->bytes);
	return true;
}

static bool
write_wanted(void *arg, const char *bytes, size_t length)
{
	buf_add(&((struct wanted *)arg)->bytes, bytes, length);
	return true;
}

static void
wanted_done(void *arg, struct outcome o)
{
	struct wanted *wanted = arg;

	wanted->done++;
	wanted->outcome = o;
}

static void
want(struct jmap *jmap, const char *blob_id, struct wanted *wanted)
{
	struct http_sink sink = {begin_wanted, write_wanted, wanted};

	jmap_download_start(jmap, blob_id, &sink, deadline_in_ms(20000), wanted_done, wanted);
}

static void
a_download_is_given_to_its_sink(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct wanted wanted = {.bytes = BUF_INIT};
	struct http_sink sink = {begin_wanted, write_wanted, &wanted};
	struct outcome o = jmap_download(jmap, "G 1/2", &sink, deadline_in_ms(20000));

	assert_true(outcome_is_ok(&o));
	assert_string_equal(
	    wanted.bytes.data, "/download/a1/G%201%2F2/message.eml?type=message%2Frfc822");
	buf_free(&wanted.bytes);
	jmap_close(&jmap);
}

static void
many_downloads_each_get_their_own_bytes(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct wanted wanted[50] = {0};
	char id[8], *expected;

	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "G%d", i);
		want(jmap, id, &wanted[i]);
	}
	while (jmap_run(jmap, 1000) != 0) {
	}
	for (int i = 0; i < 50; i++) {
		assert_int_equal(wanted[i].done, 1);
		assert_true(outcome_is_ok(&wanted[i].outcome));
		expected = xasprintf("/download/a1/G%d/message.eml?type=message%%2Frfc822", i);
		assert_string_equal(wanted[i].bytes.data, expected);
		free(expected);
		buf_free(&wanted[i].bytes);
	}
	assert_int_equal(fake->capabilities, 1);
	jmap_close(&jmap);
}

static void
downloads_under_way_when_a_token_ends_are_all_renewed(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct wanted wanted[20] = {0};

	fake->faults[0] = (struct fake_fault){.path = "/download", .status = 401, .count = 5};
	for (int i = 0; i < 20; i++)
		want(jmap, "G1", &wanted[i]);
	while (jmap_run(jmap, 1000) != 0) {
	}
	for (int i = 0; i < 20; i++) {
		assert_true(outcome_is_ok(&wanted[i].outcome));
		buf_free(&wanted[i].bytes);
	}
	assert_int_equal(fake->sessions, 1);
	assert_in_range(fake->capabilities, 2, 6);
	jmap_close(&jmap);
}

static void
a_blob_that_is_gone_ends_only_its_own_download(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct wanted gone = {0}, there = {0};

	fake->faults[0] =
	    (struct fake_fault){.path = "/download/a1/G404/", .status = 404, .count = 9};
	want(jmap, "G404", &gone);
	want(jmap, "G200", &there);
	while (jmap_run(jmap, 1000) != 0) {
	}
	assert_true(outcome_is(&gone.outcome, "http/404"));
	assert_int_equal(gone.begun, 0);
	assert_true(outcome_is_ok(&there.outcome));
	buf_free(&there.bytes);
	jmap_close(&jmap);
}

static void
a_login_that_fails_is_tried_once_for_all_downloads(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct wanted wanted[10] = {0};

	fake->faults[0] =
	    (struct fake_fault){.path = "/api/v1/session", .status = 403, .count = 100};
	for (int i = 0; i < 10; i++)
		want(jmap, "G1", &wanted[i]);
	while (jmap_run(jmap, 1000) != 0) {
	}
	for (int i = 0; i < 10; i++)
		assert_true(outcome_is(&wanted[i].outcome, "auth/refused"));
	assert_int_equal(fake->challenges, 1);
	jmap_close(&jmap);
}

static void
downloads_given_up_are_told_so(void **state)
{
	struct fake_service *fake = *state;
	struct jmap *jmap = fake_service_open(fake);
	struct wanted wanted[3] = {0};

	for (int i = 0; i < 3; i++)
		want(jmap, "G1", &wanted[i]);
	jmap_abandon(jmap);
	for (int i = 0; i < 3; i++)
		assert_true(outcome_is(&wanted[i].outcome, "local/cancelled"));
	assert_int_equal(jmap_run(jmap, 0), 0);
	/* Closing gives up what is left. */
	want(jmap, "G1", &wanted[0]);
	jmap_close(&jmap);
	assert_int_equal(wanted[0].done, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SERVICE(an_upload_gives_the_blob_its_id),
	    WITH_SERVICE(an_upload_beyond_the_limit_is_not_begun),
	    WITH_SERVICE(an_upload_starts_over_when_the_token_is_renewed),
	    WITH_SERVICE(an_upload_survives_a_cut_connection),
	    WITH_SERVICE(an_upload_the_service_did_not_keep_is_an_error),
	    WITH_SERVICE(a_download_is_given_to_its_sink),
	    WITH_SERVICE(many_downloads_each_get_their_own_bytes),
	    WITH_SERVICE(downloads_under_way_when_a_token_ends_are_all_renewed),
	    WITH_SERVICE(a_blob_that_is_gone_ends_only_its_own_download),
	    WITH_SERVICE(a_login_that_fails_is_tried_once_for_all_downloads),
	    WITH_SERVICE(downloads_given_up_are_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
