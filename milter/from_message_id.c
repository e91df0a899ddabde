/*
 * The identifiers of messages in an alias's name.
 *
 * One that we made is <HC@domain>: H is a keyed hash of the alias and of what the identifier
 * was before; C is one of the alias and H, by which we know our own again.  They come back in
 * the References of answers, and must then stay as they are.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "milter/from_parts.h"
#include "milter/keyed_hash.h"

#define HASH_DIGITS  24
#define CHECK_DIGITS 8
#define ID_MAX       900 /* bytes: it has to fit into a line */

static struct keyed_hash
hash_of(const struct buf *key, const char *purpose, const char *alias, const char *text,
    size_t length)
{
	struct buf bytes = BUF_INIT;
	struct keyed_hash hash;
	char *folded = address_key(alias);

	buf_add(&bytes, purpose, strlen(purpose) + 1);
	buf_add(&bytes, folded, strlen(folded) + 1);
	buf_add(&bytes, text, length);
	buf_addc(&bytes, '\0');
	hash = keyed_hash(key, &bytes);
	free(folded);
	buf_free(&bytes);
	return hash;
}

static void
add_made(
    const struct buf *key, const char *alias, const char *id, size_t length, struct buf *out)
{
	struct keyed_hash hash = hash_of(key, "message-id", alias, id, length);
	struct keyed_hash check = hash_of(key, "made", alias, hash.text, HASH_DIGITS);

	buf_addf(out, "<%.*s%.*s%s>", HASH_DIGITS, hash.text, CHECK_DIGITS, check.text,
	    address_domain(alias));
}

void
from_edits_message_id(
    const struct buf *key, const char *alias, const char *message_id, struct buf *out)
{
	add_made(key, alias, message_id, strlen(message_id), out);
}

/* Did we make this for the alias? */
static bool
is_made(const struct buf *key, const char *alias, const char *id)
{
	const char *domain = address_domain(alias);
	struct keyed_hash check;

	if (strlen(id) != 2 + HASH_DIGITS + CHECK_DIGITS + strlen(domain) ||
	    strncasecmp(id + 1 + HASH_DIGITS + CHECK_DIGITS, domain, strlen(domain)) != 0)
		return false;
	check = hash_of(key, "made", alias, id + 1, HASH_DIGITS);
	return memcmp(id + 1 + HASH_DIGITS, check.text, CHECK_DIGITS) == 0;
}

/* Could it tell who wrote the message that it names? */
static bool
is_own(const struct own *own, const char *alias, const char *id)
{
	const char *at = strrchr(id, '@');
	char *domain;
	bool is;

	if (at == NULL || own_within(own, id))
		return true;
	domain = xstrndup(at + 1, strlen(at + 1) - 1);
	is = strchr(domain, '.') == NULL || own_has_domain(own, domain) ||
	     strcasecmp(domain, address_domain(alias) + 1) == 0;
	free(domain);
	return is;
}

/* Take the next "<...>" off the value; the caller free()s it. */
static char *
next_id(const char **value)
{
	for (;;) {
		const char *open = strchr(*value, '<');
		size_t length = open != NULL ? strcspn(open + 1, "<> \t\r\n") : 0;

		if (open == NULL)
			return NULL;
		*value = open + 1 + length;
		if (open[1 + length] == '>' && length > 0 && length <= ID_MAX)
			return xstrndup(open, length + 2);
	}
}

/* Append what an identifier becomes if it is of the writer's making. */
static void
add_mapped(const struct from_options *options, const char *id, struct buf *out)
{
	if (is_made(options->key, options->alias, id))
		buf_adds(out, id);
	else
		from_edits_message_id(options->key, options->alias, id, out);
}

void
from_message_id(const struct from_options *options, const char *value, struct buf *out)
{
	const char *rest = value;
	char *id = next_id(&rest);

	add_mapped(options, id != NULL ? id : value, out);
	free(id);
}

void
from_envelope_id(const struct from_options *options, const char *value, struct buf *out)
{
	struct keyed_hash hash =
	    hash_of(options->key, "envelope", options->alias, value, strlen(value));

	buf_addf(out, "%.*s", HASH_DIGITS, hash.text);
}

void
from_references(const struct from_options *options, const char *value, struct buf *out)
{
	char *id;

	while ((id = next_id(&value)) != NULL) {
		if (out->len > 0)
			buf_adds(out, "\n ");
		if (is_own(options->own, options->alias, id))
			add_mapped(options, id, out);
		else
			buf_adds(out, id);
		free(id);
	}
}
