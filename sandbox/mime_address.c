/*
 * Addresses.  The parser knows only words (atoms, quoted strings, comments) and specials; a
 * list is what stands between commas, a mailbox is words with or without <address>.  It takes
 * what it can from what is malformed.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/buf.h"
#include "sandbox/codec.h"
#include "sandbox/json.h"
#include "sandbox/mime_address.h"
#include "sandbox/mime_field.h"

struct reader {
	const char *p;
	const char *end;
};

/* What was read since the last comma. */
struct pending {
	struct buf phrase;  /* words, blanks between them; encoded words not yet decoded */
	struct buf spec;    /* the same without blanks: local@domain if no <> comes */
	struct buf comment; /* the last comment: the name in the style of 1982 */
	struct buf angle;   /* what stood in <> */
	bool has_angle;
};

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
read_comment(struct reader *r, struct buf *out)
{
	unsigned depth = 1;

	buf_reset(out);
	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == '(')
			depth++;
		if (*r->p == ')' && --depth == 0) {
			r->p++;
			return;
		}
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		buf_addc(out, *r->p);
	}
}

/* Read "...", its text to phrase, and as it stands to spec. */
static void
read_quoted(struct reader *r, struct buf *phrase, struct buf *spec)
{
	const char *start = r->p;

	for (r->p++; r->p < r->end && *r->p != '"'; r->p++) {
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		if (*r->p != '\r' && *r->p != '\n')
			buf_addc(phrase, *r->p);
	}
	if (r->p < r->end)
		r->p++;
	buf_add(spec, start, (size_t)(r->p - start));
}

static void
read_atom(struct reader *r, struct buf *phrase, struct buf *spec)
{
	const char *start = r->p;

	do
		r->p++;
	while (r->p < r->end && !blank(*r->p) &&
	       (*r->p == '\0' || strchr("(),:;<>\"", *r->p) == NULL));
	buf_add(phrase, start, (size_t)(r->p - start));
	buf_add(spec, start, (size_t)(r->p - start));
}

static void
read_angle(struct reader *r, struct pending *w)
{
	const char *start = ++r->p;
	const char *close = memchr(start, '>', (size_t)(r->end - start));
	const char *stop = close != NULL ? close : r->end;
	const char *route;

	buf_reset(&w->angle);
	w->has_angle = true;
	/* An obsolete route, <@a,@b:user@domain>, is skipped. */
	route =
	    stop > start && *start == '@' ? memchr(start, ':', (size_t)(stop - start)) : NULL;
	for (const char *p = route != NULL ? route + 1 : start; p < stop; p++)
		if (!blank(*p))
			buf_addc(&w->angle, *p);
	r->p = close != NULL ? close + 1 : r->end;
}

static void
forget(struct pending *w)
{
	buf_reset(&w->phrase);
	buf_reset(&w->spec);
	buf_reset(&w->comment);
	buf_reset(&w->angle);
	w->has_angle = false;
}

static json_t *
name_json(const struct buf *text)
{
	struct buf name = BUF_INIT;

	if (text->len == 0)
		return json_null();
	field_text(buf_str(text), text->len, &name);
	if (name.len == 0) {
		buf_free(&name);
		return json_null();
	}
	return json_from_buf(&name);
}

/* The mailbox before a comma or the end, if there is one. */
static void
flush(struct pending *w, json_t *addresses)
{
	const struct buf *email = w->has_angle ? &w->angle : &w->spec;
	const struct buf *name = w->has_angle && w->phrase.len > 0 ? &w->phrase : &w->comment;

	if (email->len > 0)
		json_array_append_new(
		    addresses, json_members("name", name_json(name), "email",
		                   json_clean(buf_str(email), email->len), NULL));
	forget(w);
}

static json_t *
open_group(json_t *groups, json_t *name)
{
	json_t *addresses = json_array();

	json_array_append_new(groups, json_members("name", name, "addresses", addresses, NULL));
	return addresses;
}

/* Drop the last group if it is nameless and empty. */
static void
drop_empty(json_t *groups)
{
	size_t count = json_array_size(groups);
	const json_t *last = count == 0 ? NULL : json_array_get(groups, count - 1);

	if (last != NULL && json_is_null(json_object_get(last, "name")) &&
	    json_array_size(json_object_get(last, "addresses")) == 0)
		json_array_remove(groups, count - 1);
}

json_t *
address_groups(const char *value, size_t length)
{
	struct reader r = {value, value + length};
	struct pending w = {0};
	json_t *groups = json_array();
	json_t *current = open_group(groups, json_null());
	bool gap = false;

	while (r.p < r.end) {
		char c = *r.p;

		if (blank(c)) {
			gap = true;
			r.p++;
			continue;
		}
		if (gap && w.phrase.len > 0 && strchr("(),:;<>", c) == NULL)
			buf_addc(&w.phrase, ' ');
		gap = false;
		if (c == '(') {
			read_comment(&r, &w.comment);
		} else if (c == '"') {
			read_quoted(&r, &w.phrase, &w.spec);
		} else if (c == '<') {
			read_angle(&r, &w);
		} else if (c == ',') {
			flush(&w, current);
			r.p++;
		} else if (c == ':') {
			drop_empty(groups);
			current = open_group(groups, name_json(&w.phrase));
			forget(&w);
			r.p++;
		} else if (c == ';') {
			flush(&w, current);
			current = open_group(groups, json_null());
			r.p++;
		} else if (c == ')' || c == '>') {
			r.p++;
		} else {
			read_atom(&r, &w.phrase, &w.spec);
		}
	}
	flush(&w, current);
	drop_empty(groups);
	buf_free(&w.phrase);
	buf_free(&w.spec);
	buf_free(&w.comment);
	buf_free(&w.angle);
	return groups;
}

json_t *
address_list(const char *value, size_t length)
{
	json_t *groups = address_groups(value, length);
	json_t *list = json_array();
	size_t i;
	const json_t *group;

	json_array_foreach (groups, i, group)
		json_array_extend(list, json_object_get(group, "addresses"));
	json_decref(groups);
	return list;
}

static bool
atom_character(unsigned char c)
{
	return c > ' ' && c != 0x7f && strchr("()<>[]:;@\\,\"", c) == NULL;
}

/* Is the local part a dot-atom or a quoted string? */
static bool
local_valid(const char *p, size_t length)
{
	if (length == 0 || length > 64)
		return false;
	if (p[0] == '"') {
		if (length < 2 || p[length - 1] != '"')
			return false;
		for (size_t i = 1; i + 1 < length; i++) {
			if (p[i] == '\\' && ++i + 1 >= length)
				return false;
			if ((p[i] == '"' && p[i - 1] != '\\') || (unsigned char)p[i] < ' ')
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < length; i++)
		if (!atom_character((unsigned char)p[i]) ||
		    (p[i] == '.' && (i == 0 || i + 1 == length || p[i + 1] == '.')))
			return false;
	return true;
}

bool
address_valid(const char *email)
{
	const char *at = strrchr(email, '@');
	const char *domain;
	size_t length;

	if (at == NULL || !local_valid(email, (size_t)(at - email)))
		return false;
	domain = at + 1;
	length = strlen(domain);
	if (length == 0 || length > 255 || domain[0] == '.' || domain[length - 1] == '.')
		return false;
	if (domain[0] == '[')
		return domain[length - 1] == ']';
	for (size_t i = 0; i < length; i++)
		if (!atom_character((unsigned char)domain[i]) ||
		    (domain[i] == '.' && domain[i + 1] == '.'))
			return false;
	return true;
}

const char *
address_domain(const char *email)
{
	const char *at = strrchr(email, '@');

	return at == NULL ? NULL : at + 1;
}

bool
address_same(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}
