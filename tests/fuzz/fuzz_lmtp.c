/* An LMTP client: however its bytes are cut, and whether or not deliveries take their time, the
 * same replies and the same messages. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "tests/fuzz/fuzz.h"
#include "transport/lmtp_session.h"

/* What a conversation came to. */
struct seen {
	struct buf replies, messages;
	int open; /* transactions */
	bool receiving;
	bool later; /* deliveries are through only behind the bytes that were fed with them */
};

static void
offer(void *arg, struct courier_offer *offer_r)
{
	(void)arg;
	*offer_r = (struct courier_offer){.size_max = 5000, .dsn = true};
}

static struct outcome
begin(void *arg, struct delivery *delivery)
{
	struct seen *seen = arg;

	if (strlen(delivery->sender) % 7 == 6)
		return outcome_make("local", "sender", NULL);
	if (seen->open++ != 0)
		abort();
	return outcome_ok();
}

static void
data(void *arg, struct delivery *delivery)
{
	struct seen *seen = arg;

	if (delivery->recipient_count == 0 || seen->receiving)
		abort();
	seen->receiving = true;
}

static struct outcome
take(void *arg, struct delivery *delivery, const char *bytes, size_t length)
{
	struct seen *seen = arg;

	(void)delivery;
	if (!seen->receiving)
		abort();
	buf_add(&seen->messages, bytes, length);
	return outcome_ok();
}

static bool
deliver(void *arg, struct delivery *delivery)
{
	struct seen *seen = arg;

	if (!seen->receiving)
		abort();
	buf_adds(&seen->messages, "(sent)");
	for (size_t i = 0; i < delivery->recipient_count; i++)
		delivery->recipients[i].outcome = outcome_ok();
	return !seen->later;
}

static void
end(void *arg, struct delivery *delivery)
{
	struct seen *seen = arg;

	(void)delivery;
	if (--seen->open != 0)
		abort();
	seen->receiving = false;
}

static void
talk(const char *bytes, size_t length, size_t piece, struct seen *seen)
{
	const struct lmtp_host host = {
	    .offer = offer,
	    .begin = begin,
	    .data = data,
	    .write = take,
	    .deliver = deliver,
	    .end = end,
	    .arg = seen,
	    .name = "fuzz.test",
	    .recipients_max = 4,
	};
	struct lmtp_session session;
	bool open = true;

	buf_reset(&seen->replies);
	buf_reset(&seen->messages);
	lmtp_session_init(&session, &host, &seen->replies);
	for (size_t at = 0; at < length && open; at += piece) {
		open = lmtp_session_feed(&session, bytes + at,
		    piece < length - at ? piece : length - at, &seen->replies);
		while (session.delivering)
			open = lmtp_session_delivered(&session, &seen->replies);
	}
	lmtp_session_free(&session);
	if (seen->open != 0)
		abort();
}

/* Replies are lines of at most 512 bytes that end in CRLF and have no other controls. */
static void
check_replies(const struct buf *replies)
{
	const char *p = buf_str(replies), *end = p + replies->len, *lf;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL || lf - p > 511 || lf == p || lf[-1] != '\r')
			abort();
		for (const char *c = p; c < lf - 1; c++)
			if ((unsigned char)*c < ' ')
				abort();
	}
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(buf_str(a), buf_str(b), a->len) == 0;
}

static void
free_seen(struct seen *seen)
{
	buf_free(&seen->replies);
	buf_free(&seen->messages);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct seen whole = {0}, pieces = {0};

	log_open("fuzz", LOG_TO_STDERR, LOG_MAIL, LOG_EMERG);
	talk((const char *)bytes, length, length + 1, &whole);
	check_replies(&whole.replies);
	for (size_t piece = 1; piece <= 4; piece++) {
		pieces.later = piece % 2 == 0;
		talk((const char *)bytes, length, piece < 4 ? piece : length + 1, &pieces);
		if (!same(&whole.replies, &pieces.replies) ||
		    !same(&whole.messages, &pieces.messages))
			abort();
	}
	free_seen(&whole);
	free_seen(&pieces);
	return 0;
}
