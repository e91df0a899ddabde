/* A message as an Email object: decided once, the same each time, and nothing hidden in it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "tests/fuzz/fuzz.h"
#include "transport/compose.h"

#define JSON_DEPTH_MAX 64 /* what common/wire/json.c, and others, read */

/* Read it all, in pieces of this size; the sum tells whether it was the same. */
static int64_t
drain(const struct http_source *source, size_t piece, unsigned *sum)
{
	char bytes[512];
	int64_t all = 0;
	ssize_t got;

	*sum = 0;
	while ((got = source->read(source->arg, bytes, piece)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			*sum = *sum * 31 + (unsigned char)bytes[i];
		all += got;
	}
	if (got < 0)
		abort(); /* it was seen to be good before */
	return all;
}

static struct outcome
upload(void *arg, const struct http_source *source, const char *type, char **blob_id_r)
{
	unsigned first, again;

	if (strpbrk(type, "\r\n") != NULL || drain(source, 7, &first) != source->size ||
	    !source->rewind(source->arg) || drain(source, 512, &again) != source->size ||
	    first != again)
		abort();
	*blob_id_r = xasprintf("%zu.%u", (*(size_t *)arg)++, first);
	return outcome_ok();
}

static struct outcome
compose(const char *bytes, size_t length, json_t **email)
{
	size_t uploads = 0;
	const struct compose_uploader uploader = {upload, &uploads};

	return compose_email(bytes, length, &uploader, email);
}

static void
check_property(const char *name)
{
	static const char *const never[] = {
	    "header:Bcc:", "header:Resent-Bcc:", "header:MIME-Version:", "header:Content-Type:",
	    "header:Content-Transfer-Encoding:"};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strncasecmp(name, never[i], strlen(never[i])) == 0)
			abort();
}

static void
check_part(const json_t *part, const json_t *values, unsigned depth)
{
	const json_t *parts = json_object_get(part, "subParts"), *child;
	const char *id = json_string_value(json_object_get(part, "partId"));
	const char *name;
	size_t i;

	json_object_foreach ((json_t *)(uintptr_t)part, name, child)
		check_property(name);
	if (2 * depth > JSON_DEPTH_MAX - 8 ||
	    (parts != NULL) + (id != NULL) + (json_object_get(part, "blobId") != NULL) != 1 ||
	    (id != NULL && json_object_get(values, id) == NULL))
		abort();
	json_array_foreach (parts, i, child)
		check_part(child, values, depth + 1);
}

static void
check_email(const json_t *email)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)email, name, value) {
		check_property(name);
		if (strncasecmp(name, "header:Content-", 15) == 0)
			abort();
	}
	check_part(
	    json_object_get(email, "bodyStructure"), json_object_get(email, "bodyValues"), 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	json_t *email, *again;
	struct outcome o = compose_check((const char *)bytes, length), made;

	made = compose((const char *)bytes, length, &email);
	if (made.class != o.class || (email != NULL) != (o.class == OUTCOME_OK))
		abort();
	(void)compose((const char *)bytes, length, &again);
	if (email != NULL) {
		check_email(email);
		if (!json_equal(email, again))
			abort();
	}
	json_decref(email);
	json_decref(again);
	return 0;
}
