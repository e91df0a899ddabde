/* A message in, its Email object and uploads out. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "tests/unit/compose_fixture.h"
#include "tests/unit/unit.h"
#include "transport/compose.h"

static json_t *email;
static struct uploads uploads;

int
forget_composed(void **state)
{
	(void)state;
	json_decref(email);
	email = NULL;
	for (size_t i = 0; i < uploads.count; i++) {
		buf_free(&uploads.bytes[i]);
		free(uploads.types[i]);
	}
	uploads = (struct uploads){0};
	return 0;
}

static void
with_crlf(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_addc(out, '\r');
		buf_addc(out, *text);
	}
}

static void
drain(const struct http_source *source, size_t piece, struct buf *out)
{
	ssize_t got;

	while ((got = source->read(source->arg, buf_reserve(out, piece), piece)) > 0)
		out->len += (size_t)got;
	assert_int_equal(got, 0);
	buf_truncate(out, out->len);
}

static struct outcome
keep(void *arg, const struct http_source *source, const char *type, char **blob_id_r)
{
	struct uploads *u = arg;
	struct buf again = BUF_INIT;

	assert_true(u->count < UPLOADS_MAX);
	drain(source, 7, &u->bytes[u->count]);
	assert_int_equal(source->size, u->bytes[u->count].len);
	assert_true(source->rewind(source->arg));
	drain(source, 4096, &again);
	assert_int_equal(again.len, u->bytes[u->count].len);
	assert_memory_equal(buf_str(&again), buf_str(&u->bytes[u->count]), again.len);
	buf_free(&again);
	u->types[u->count] = xstrdup(type);
	*blob_id_r = xasprintf("b%zu", u->count++);
	return outcome_ok();
}

json_t *
composed(const char *text)
{
	const struct compose_uploader uploader = {keep, &uploads};
	struct buf message = BUF_INIT;
	struct outcome o;

	forget_composed(NULL);
	with_crlf(text, &message);
	o = compose_email(buf_str(&message), message.len, &uploader, &email);
	assert_string_equal(o.text, outcome_ok().text);
	o = compose_check(buf_str(&message), message.len);
	assert_string_equal(o.condition, "ok");
	buf_free(&message);
	assert_non_null(email);
	return email;
}

const struct uploads *
uploaded(void)
{
	return &uploads;
}

json_t *
structure(const char *text)
{
	return json_object_get(composed(text), "bodyStructure");
}

const char *
text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL)
		fail_msg("there is no string %s", key);
	return text;
}

const char *
value_of(const json_t *part)
{
	const json_t *values = json_object_get(email, "bodyValues");

	return text_at(json_object_get(values, text_at(part, "partId")), "value");
}

void
refused(const char *text, const char *reason)
{
	const struct compose_uploader uploader = {keep, &uploads};
	struct buf message = BUF_INIT;
	struct outcome o;

	forget_composed(NULL);
	with_crlf(text, &message);
	o = compose_check(buf_str(&message), message.len);
	assert_string_equal(o.condition, "local/unrepresentable");
	o = compose_email(buf_str(&message), message.len, &uploader, &email);
	assert_string_equal(o.condition, "local/unrepresentable");
	assert_null(email);
	assert_int_equal(uploads.count, 0);
	if (strstr(o.text, reason) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", o.text, reason);
	buf_free(&message);
}
