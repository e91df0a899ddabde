/*
 * What has to be in the account before a request can submit a message: the blob of a message
 * that does not go inside the request, or, of one that is made anew, those of its parts.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "transport/compose.h"
#include "transport/submit_parts.h"

struct bringing {
	const struct submit_way *way;
	struct submission *s;
	unsigned *requests;
};

static struct outcome
upload(void *arg, const struct http_source *source, const char *type, char **blob_id_r)
{
	struct bringing *bringing = arg;

	++*bringing->requests;
	bringing->s->delivery->told.requests++;
	return jmap_upload(
	    bringing->way->jmap, source, type, bringing->way->deadline, blob_id_r);
}

/* The whole message, as it is to be, in a spool of its own: in memory or in a file. */
static struct outcome
copy_message(struct message *m, struct spool *copy)
{
	struct http_source source = message_source(m);
	struct buf piece = BUF_INIT;
	struct outcome o = outcome_ok();
	ssize_t got;

	do {
		got = source.read(source.arg, buf_reserve(&piece, 65536), 65536);
		if (got > 0)
			o = spool_add(copy, piece.data, (size_t)got);
	} while (got > 0 && outcome_is_ok(&o));
	buf_free(&piece);
	return got < 0 ? outcome_make("local", "io", "cannot read the message back") : o;
}

static struct outcome
compose_copy(
    const struct spool *copy, const struct compose_uploader *uploader, json_t **email_r)
{
	size_t size = (size_t)copy->size;
	struct outcome o;
	void *bytes;

	if (copy->fd < 0)
		return compose_email(
		    buf_str(&copy->memory), copy->memory.len, uploader, email_r);
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, copy->fd, 0);
	if (bytes == MAP_FAILED)
		return outcome_make("local", "io", "cannot map the message");
	o = compose_email(bytes, size, uploader, email_r);
	munmap(bytes, size);
	return o;
}

static struct outcome
compose(struct bringing *bringing)
{
	struct message *m = &bringing->s->delivery->message;
	const struct compose_uploader uploader = {upload, bringing};
	struct spool copy;
	struct outcome o;

	spool_init(&copy, m->spool.directory);
	o = copy_message(m, &copy);
	if (outcome_is_ok(&o))
		o = compose_copy(&copy, &uploader, &bringing->s->composed);
	spool_free(&copy);
	return o;
}

static bool
is_composed(const struct submit_way *way, const struct submission *s)
{
	if (s->never_compose)
		return false;
	return way->method == SUBMIT_BY_COMPOSE ||
	       (way->method == SUBMIT_AUTO && way->lacks_import);
}

struct outcome
submit_bring(const struct submit_way *way, struct submission *s, unsigned *requests)
{
	struct bringing bringing = {way, s, requests};
	struct http_source source;
	struct outcome o = outcome_ok();

	if (s->todo != SUBMIT_IMPORT || s->composed != NULL)
		return o;
	if (is_composed(way, s)) {
		o = compose(&bringing);
		if (!outcome_is(&o, "local/unrepresentable") ||
		    way->method == SUBMIT_BY_COMPOSE)
			return o;
		/* Perhaps it can be imported after all. */
		s->never_compose = true;
		s->uncomposed = o;
		o = outcome_ok();
	}
	if (s->blob_id != NULL || submit_is_inline(s))
		return o;
	source = message_source(&s->delivery->message);
	return upload(&bringing, &source, "message/rfc822", &s->blob_id);
}
