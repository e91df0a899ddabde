/*
 * The names that one delivery keeps through all its retries.
 *
 * Parts are hashed with a NUL behind each, which none of them contains, so that no two
 * different deliveries hash the same bytes.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/hmac.h"
#include "common/wire/key_file.h"
#include "transport/stamp.h"

#define KEY_FILE "stamp-key"

struct outcome
stamp_key(const char *state_dir, struct buf *key)
{
	return key_file(state_dir, KEY_FILE, key);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_recipients(struct hmac *h, char *const *recipients, size_t count)
{
	char **sorted = xreallocarray(NULL, count + 1, sizeof(*sorted));

	memcpy(sorted, recipients, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
			hmac_add_text(h, sorted[i]);
	free(sorted);
}

static void
add_message(struct hmac *h, const struct spool *message)
{
	char bytes[16384];
	int64_t offset = 0;
	ssize_t got;

	while ((got = spool_read(message, offset, bytes, sizeof(bytes))) > 0) {
		hmac_add(h, bytes, (size_t)got);
		offset += got;
	}
	h->good = h->good && got == 0;
}

static struct outcome
end(struct hmac *h, struct stamp *stamp_r)
{
	return hmac_end(h, stamp_r->text, STAMP_LENGTH)
	           ? outcome_ok()
	           : outcome_make("local", "io", "cannot hash the message");
}

struct outcome
stamp_message(const struct buf *key, const struct stamp_source *source, struct stamp *stamp_r)
{
	struct hmac h = hmac_begin(key);
	bool by_queue = source->queue_id != NULL;

	hmac_add_text(&h, by_queue ? "queue" : "message");
	hmac_add_text(&h, by_queue ? source->queue_id : "");
	hmac_add_text(&h, source->sender);
	hmac_add_text(&h, source->received);
	add_message(&h, source->message);
	return end(&h, stamp_r);
}

struct outcome
stamp_delivery(const struct buf *key, const struct stamp *message, char *const *recipients,
    size_t count, struct stamp *stamp_r)
{
	struct hmac h = hmac_begin(key);

	hmac_add_text(&h, "delivery");
	hmac_add_text(&h, message->text);
	add_recipients(&h, recipients, count);
	return end(&h, stamp_r);
}

struct outcome
stamp_recipient(const struct buf *key, const struct stamp *message, const char *recipient,
    struct stamp *stamp_r)
{
	struct hmac h = hmac_begin(key);

	hmac_add_text(&h, "recipient");
	hmac_add_text(&h, message->text);
	hmac_add_text(&h, recipient);
	return end(&h, stamp_r);
}
