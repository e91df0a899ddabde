/*
 * What passes while an attempt is under way: libcurl's callbacks.
 *
 * Whether the service may have acted is known from the body: libcurl takes it from
 * on_read(), and until the last byte was taken no server has a whole request.  For the same
 * reason every body goes through on_read(): libcurl sends a request again by itself when a
 * kept connection turns out to be dead, asks for the body to be rewound first, and is told
 * no in on_rewind() if that could do a thing twice.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/http_internal.h"

#define ANSWER_MAX     (16u << 20)
#define ERROR_BODY_MAX (64u << 10) /* of an answer that is not 2xx: its text, not more */
#define HEADERS_MAX    (256u << 10)

int
http_status(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

bool
http_succeeded(int status)
{
	return status >= 200 && status < 300;
}

bool
http_has_body(const struct http_request *request)
{
	return request->source != NULL || request->body != NULL;
}

int64_t
http_body_size(const struct http_request *request)
{
	return request->source != NULL ? request->source->size : (int64_t)request->body_length;
}

/* Callbacks: the body up. */

static ssize_t
read_memory(struct http_transfer *t, char *bytes, size_t size)
{
	size_t left = t->request.body_length - (size_t)t->body_given;

	if (size > left)
		size = left;
	if (size != 0)
		memcpy(bytes, t->request.body + t->body_given, size);
	return (ssize_t)size;
}

static size_t
on_read(char *bytes, size_t one, size_t size, void *arg)
{
	struct http_transfer *t = arg;
	ssize_t n;

	size *= one;
	n = t->request.source != NULL ? t->source.read(t->source.arg, bytes, size)
	                              : read_memory(t, bytes, size);
	if (n < 0) {
		t->stop = "io";
		return CURL_READFUNC_ABORT;
	}
	t->body_given += n;
	if (n == 0 || t->body_given == http_body_size(&t->request))
		t->body_whole = true;
	return (size_t)n;
}

static int
on_rewind(void *arg, curl_off_t offset, int origin)
{
	struct http_transfer *t = arg;

	if (origin != SEEK_SET || offset != 0 || (t->body_whole && !t->request.idempotent))
		return CURL_SEEKFUNC_FAIL;
	if (t->request.source != NULL && t->body_given != 0 && !t->source.rewind(t->source.arg))
		return CURL_SEEKFUNC_FAIL;
	t->body_given = 0;
	t->body_whole = false;
	return CURL_SEEKFUNC_OK;
}

/* Callbacks: headers and body down. */

static void
forget_headers(struct http_transfer *t)
{
	if (t->answer.authorization != NULL)
		explicit_bzero(t->answer.authorization, strlen(t->answer.authorization));
	free(t->answer.authorization);
	t->answer.authorization = NULL;
}

/* The value of the header line if it is the named one; the caller free()s it. */
static char *
header_value(const char *line, size_t length, const char *name)
{
	size_t prefix = strlen(name);

	if (length <= prefix || strncasecmp(line, name, prefix) != 0 || line[prefix] != ':')
		return NULL;
	line += prefix + 1;
	length -= prefix + 1;
	for (; length != 0 && (*line == ' ' || *line == '\t'); line++)
		length--;
	while (length != 0 && strchr("\r\n \t", line[length - 1]) != NULL)
		length--;
	return xstrndup(line, length);
}

static bool
begin_sink(struct http_transfer *t)
{
	curl_off_t size = -1;

	if (t->sink_begun)
		return true;
	t->sink_begun = true;
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	if (t->request.sink_max != 0 && size > t->request.sink_max) {
		t->stop = "too-large";
		return false;
	}
	if (t->sink.begin != NULL && !t->sink.begin(t->sink.arg, size)) {
		t->stop = "io";
		return false;
	}
	return true;
}

static bool
is_wanted_type(const struct http_transfer *t)
{
	const char *wanted = t->request.answer_type;
	size_t length = wanted != NULL ? strlen(wanted) : 0;
	char *type = NULL;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
	return wanted == NULL || (type != NULL && strncasecmp(type, wanted, length) == 0 &&
	                             strchr("; \t", type[length]) != NULL);
}

/* Does the sink get what comes?  A 204 is not of the type that is wanted. */
static bool
has_stream(const struct http_transfer *t)
{
	int status = http_status(t->easy);

	return t->request.sink != NULL && http_succeeded(status) &&
	       (status != 204 || t->request.answer_type == NULL);
}

/* The head of an answer is whole: does it suit, and who takes the body? */
static bool
end_head(struct http_transfer *t)
{
	if (http_status(t->easy) == 200 && !is_wanted_type(t)) {
		t->stop = "protocol";
		return false;
	}
	return !has_stream(t) || begin_sink(t);
}

static size_t
on_header(char *line, size_t one, size_t length, void *arg)
{
	struct http_transfer *t = arg;
	char *value;

	length *= one;
	t->header_bytes += length;
	if (t->header_bytes > HEADERS_MAX) {
		t->stop = "too-large";
		return 0;
	}
	if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
		forget_headers(t); /* those of an interim answer */
	value = header_value(line, length, "authorization");
	if (value != NULL) {
		forget_headers(t);
		t->answer.authorization = value;
	}
	if (*line == '\r' || *line == '\n')
		return end_head(t) ? length : 0;
	return length;
}

static bool
to_sink(struct http_transfer *t, const char *bytes, size_t length)
{
	if (!begin_sink(t))
		return false;
	t->sunk += (int64_t)length;
	if (t->request.sink_max != 0 && t->sunk > t->request.sink_max) {
		t->stop = "too-large";
		return false;
	}
	if (!t->sink.write(t->sink.arg, bytes, length)) {
		t->stop = "io";
		return false;
	}
	return true;
}

static bool
to_memory(struct http_transfer *t, const char *bytes, size_t length, bool good)
{
	size_t max = t->request.answer_max != 0 ? t->request.answer_max : ANSWER_MAX;
	struct buf *body = &t->answer.body;

	if (!good && max > ERROR_BODY_MAX)
		max = ERROR_BODY_MAX;
	if (length <= max - body->len) {
		buf_add(body, bytes, length);
		return true;
	}
	if (good) {
		t->stop = "too-large";
	} else {
		buf_add(body, bytes, max - body->len);
		t->enough = true;
	}
	return false;
}

static size_t
on_body(char *bytes, size_t one, size_t length, void *arg)
{
	struct http_transfer *t = arg;
	bool good = http_succeeded(http_status(t->easy));

	length *= one;
	if (good && t->request.sink != NULL)
		return to_sink(t, bytes, length) ? length : 0;
	return to_memory(t, bytes, length, good) ? length : 0;
}

/* Their use. */

void
http_stream_attach(struct http_transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
}

void
http_stream_reset(struct http_transfer *t)
{
	buf_reset(&t->answer.body);
	forget_headers(t);
	t->body_given = 0;
	t->body_whole = !http_has_body(&t->request) || http_body_size(&t->request) == 0;
	t->sink_begun = false;
	t->sunk = 0;
	t->header_bytes = 0;
	t->stop = NULL;
	t->enough = false;
}

bool
http_stream_end(struct http_transfer *t)
{
	return !has_stream(t) || begin_sink(t);
}
