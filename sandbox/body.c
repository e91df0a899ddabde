/*
 * Divide the leaves of a message.  The rules of RFC 8621 §4.1.4: a multipart/alternative
 * offers text and html of the same; what is not text, image, audio or video in line, or
 * stands after the first text in a multipart/related, is attached.  Where one of the lists
 * got nothing from an alternative, it takes what the other has.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/body.h"

#define PREVIEW_CHARACTERS 256
#define PREVIEW_BYTES      8192 /* of the text that are looked at */

static void
add(struct body_list *list, const struct mime_part *part)
{
	list->parts = xreallocarray(list->parts, list->count + 1, sizeof(*list->parts));
	list->parts[list->count++] = part;
}

static bool
is_media(const struct mime_part *p)
{
	return mime_is_a(p, "image/") || mime_is_a(p, "audio/") || mime_is_a(p, "video/");
}

/* May the leaf be shown in line? */
static bool
is_inline(const struct mime_part *p, const char *multipart, bool first)
{
	if (p->disposition != NULL && strcmp(p->disposition, "attachment") == 0)
		return false;
	if (!mime_is(p, "text/plain") && !mime_is(p, "text/html") && !is_media(p))
		return false;
	return first || (strcmp(multipart, "related") != 0 && (is_media(p) || p->name == NULL));
}

/* Which lists of the body grow now. */
struct target {
	struct body *body;
	bool text, html;
};

/* An inline leaf of a multipart/alternative is one way to say it all. */
static void
add_choice(struct body *b, const struct mime_part *p)
{
	if (mime_is(p, "text/plain"))
		add(&b->text, p);
	else if (mime_is(p, "text/html"))
		add(&b->html, p);
	else
		add(&b->attachments, p);
}

static void
add_inline(const struct target *t, const struct mime_part *p)
{
	if (t->text)
		add(&t->body->text, p);
	if (t->html)
		add(&t->body->html, p);
	if ((!t->text || !t->html) && is_media(p))
		add(&t->body->attachments, p);
}

/* After an alternative: a list that got nothing from it takes what the other got. */
static void
fill_the_empty(struct body *b, size_t texts, size_t htmls)
{
	if (b->text.count == texts)
		for (size_t i = htmls, n = b->html.count; i < n; i++)
			add(&b->text, b->html.parts[i]);
	else if (b->html.count == htmls)
		for (size_t i = texts, n = b->text.count; i < n; i++)
			add(&b->html, b->text.parts[i]);
}

static void
divide(struct target t, const struct mime_part *children, const char *multipart,
    bool in_alternative)
{
	bool choice = strcmp(multipart, "alternative") == 0;
	size_t texts = t.body->text.count, htmls = t.body->html.count;

	for (const struct mime_part *p = children; p != NULL; p = p->next) {
		if (p->children != NULL) {
			divide(t, p->children, strchr(p->type, '/') + 1,
			    in_alternative || mime_is(p, "multipart/alternative"));
			continue;
		}
		if (!is_inline(p, multipart, p == children)) {
			add(&t.body->attachments, p);
			continue;
		}
		if (choice) {
			add_choice(t.body, p);
			continue;
		}
		if (in_alternative && mime_is(p, "text/plain"))
			t.html = false;
		if (in_alternative && mime_is(p, "text/html"))
			t.text = false;
		add_inline(&t, p);
	}
	if (choice && t.text && t.html)
		fill_the_empty(t.body, texts, htmls);
}

struct body
body_divide(const struct mime_part *message)
{
	struct body b = {0};
	struct target all = {&b, true, true};

	if (message->children == NULL && is_inline(message, "mixed", true))
		add_inline(&all, message);
	else if (message->children == NULL)
		add(&b.attachments, message);
	else
		divide(all, message->children, strchr(message->type, '/') + 1,
		    mime_is(message, "multipart/alternative"));
	return b;
}

void
body_free(struct body *b)
{
	free(b->text.parts);
	free(b->html.parts);
	free(b->attachments.parts);
	*b = (struct body){0};
}

bool
body_has_attachment(const struct mime_part *message)
{
	struct body b = body_divide(message);
	bool found = false;

	for (size_t i = 0; i < b.attachments.count; i++) {
		const char *how = b.attachments.parts[i]->disposition;

		if (how == NULL || strcmp(how, "inline") != 0)
			found = true;
	}
	body_free(&b);
	return found;
}

/* Append without tags; entities stay as they are. */
static void
strip_tags(const char *html, size_t length, struct buf *out)
{
	bool inside = false;

	for (size_t i = 0; i < length; i++) {
		if (html[i] == '<')
			inside = true;
		else if (html[i] == '>' && inside)
			inside = false, buf_addc(out, ' ');
		else if (!inside)
			buf_addc(out, html[i]);
	}
}

void
body_preview(const struct mime_part *message, struct buf *out)
{
	struct body b = body_divide(message);
	struct buf text = BUF_INIT, plain = BUF_INIT;
	size_t characters = 0;

	if (b.text.count > 0 && mime_is_a(b.text.parts[0], "text/"))
		mime_text(b.text.parts[0], &text);
	if (text.len > PREVIEW_BYTES)
		buf_truncate(&text, PREVIEW_BYTES);
	if (b.text.count > 0 && mime_is(b.text.parts[0], "text/html"))
		strip_tags(buf_str(&text), text.len, &plain);
	else
		buf_add(&plain, buf_str(&text), text.len);
	for (const char *p = buf_str(&plain); *p != '\0'; p++) {
		bool gap = strchr(" \t\r\n", *p) != NULL;

		if (gap && (out->len == 0 || out->data[out->len - 1] == ' '))
			continue;
		if (((unsigned char)*p & 0xc0) != 0x80 && ++characters > PREVIEW_CHARACTERS)
			break;
		buf_addc(out, gap ? ' ' : *p);
	}
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_free(&text);
	buf_free(&plain);
	body_free(&b);
}
