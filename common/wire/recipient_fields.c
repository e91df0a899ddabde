/*
 * A To or Cc field with other recipients in it.
 *
 * The new value is put together on one line: of each mailbox that stays its own bytes, with
 * another address in the place of the old one, and between them a comma and a blank.  Then it
 * is folded, at any blank that may be folded at, so that neither what the sender folded nor
 * what became longer needs a thought before.
 */
#include <string.h>

#include "common/wire/address_list.h"
#include "common/wire/recipient_fields.h"

#define FIRST_COLUMN 4 /* "To: " */
#define LINE_BYTES   78
#define LINE_LIMIT   998 /* RFC 5322 §2.1.1 */

struct rewriting {
	const char *text; /* the old value */
	recipient_decide *decide;
	void *arg;
	struct buf line;                /* the new one, not yet folded */
	const struct address_group *in; /* the group whose name is on the line, or NULL */
	size_t left;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

/* A line that goes on begins with a blank; another one would be a field of its own. */
static bool
is_folded_well(struct mime_span value)
{
	const char *end = value.bytes + value.length, *lf = value.bytes;

	while ((lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL)
		if (++lf != end && !is_blank(*lf))
			return false;
	return true;
}

/* Append text without its line ends. */
static void
add_unfolded(const char *text, size_t length, struct buf *line)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != '\r' && text[i] != '\n')
			buf_addc(line, text[i]);
}

/* Add what is from start to end of the old value. */
static void
add_old(struct rewriting *w, size_t start, size_t end)
{
	add_unfolded(w->text + start, end - start, &w->line);
}

/* The same without blanks around it. */
static void
add_trimmed(struct rewriting *w, size_t start, size_t end)
{
	while (start < end && is_space(w->text[start]))
		start++;
	while (end > start && is_space(w->text[end - 1]))
		end--;
	add_old(w, start, end);
}

/* Add a display name that other readers would not take for one, so that they do. */
static void
add_quoted(struct rewriting *w, const struct mailbox *m)
{
	struct buf phrase = BUF_INIT;

	address_phrase(w->text + m->name, m->name_end - m->name, &phrase);
	add_unfolded(buf_str(&phrase), phrase.len, &w->line);
	buf_free(&phrase);
}

/* Add a mailbox, with another address if there is one. */
static void
add_mailbox(struct rewriting *w, const struct mailbox *m, const char *replacement)
{
	size_t start = m->start, end = m->end;

	while (is_space(w->text[start]))
		start++;
	while (is_space(w->text[end - 1]))
		end--;
	if (m->name != m->name_end && !m->name_plain) {
		add_old(w, start, m->name);
		add_quoted(w, m);
		start = m->name_end;
	}
	add_old(w, start, m->spec);
	if (replacement != NULL)
		buf_adds(&w->line, replacement);
	else
		add_old(w, m->spec, m->spec_end);
	add_old(w, m->spec_end, end);
	w->left++;
}

static void
add_bare(struct rewriting *w, const char *address)
{
	buf_adds(&w->line, address);
	w->left++;
}

static void
end_group(struct rewriting *w)
{
	if (w->in != NULL)
		add_trimmed(w, w->in->end, w->in->end_end);
	w->in = NULL;
}

/* Add what comes before a mailbox of this group, NULL if it is in none. */
static void
add_separator(struct rewriting *w, const struct address_group *group)
{
	bool goes_on = group != NULL && group == w->in;

	if (!goes_on)
		end_group(w);
	if (w->line.len != 0)
		buf_adds(&w->line, ", ");
	if (group != NULL && !goes_on) {
		add_trimmed(w, group->start, group->start_end);
		buf_addc(&w->line, ' ');
		w->in = group;
	}
}

/* The group that mailbox i is in, or NULL; groups before *group are behind us. */
static const struct address_group *
group_of(const struct address_list *list, size_t i, size_t *group)
{
	while (*group < list->group_count &&
	       i >= list->groups[*group].first + list->groups[*group].count)
		++*group;
	return *group < list->group_count && i >= list->groups[*group].first
	           ? &list->groups[*group]
	           : NULL;
}

/* Is it local@domain, and nothing but that? */
static bool
is_address(const char *text)
{
	struct address_list list;
	bool good = address_list_parse(text, strlen(text), 1, &list) && list.count == 1 &&
	            list.group_count == 0 && strcmp(list.mailboxes[0].address, text) == 0 &&
	            strchr(text, '@') != NULL;

	address_list_free(&list);
	return good;
}

/* Put the new value together; the fault if that cannot be. */
static const char *
put_together(struct rewriting *w, const struct address_list *list)
{
	size_t group = 0;

	for (size_t i = 0; i < list->count; i++) {
		const char *replacement = NULL;
		enum recipient_fate fate =
		    w->decide(w->arg, list->mailboxes[i].address, &replacement);

		if (fate == RECIPIENT_DROP)
			continue;
		if (fate == RECIPIENT_KEEP)
			replacement = NULL;
		else if (!is_address(replacement))
			return "would get something that is no address";
		add_separator(w, group_of(list, i, &group));
		if (fate == RECIPIENT_REPLACE_WHOLLY)
			add_bare(w, replacement);
		else
			add_mailbox(w, &list->mailboxes[i], replacement);
	}
	end_group(w);
	return NULL;
}

/* The end of what cannot be folded: up to a blank that stands behind no backslash. */
static size_t
next_fold(const struct buf *line, size_t at)
{
	while (at < line->len && is_blank(line->data[at]))
		at++;
	while (at < line->len && (!is_blank(line->data[at]) || line->data[at - 1] == '\\'))
		at++;
	return at;
}

/* Append the line in lines; the fault if one of them is too long all the same. */
static const char *
fold(const struct buf *line, const char *line_end, struct buf *out)
{
	size_t column = FIRST_COLUMN, next;

	for (size_t at = 0; at < line->len; at = next) {
		next = next_fold(line, at);
		if (at != 0 && column + next - at > LINE_BYTES) {
			buf_adds(out, line_end);
			column = 0;
		}
		buf_add(out, line->data + at, next - at);
		column += next - at;
		if (column >= LINE_LIMIT)
			return "would get a line that is too long";
	}
	return NULL;
}

/* Do they differ in more than blanks? */
static bool
differ(struct mime_span old, const struct buf *line)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < old.length && is_space(old.bytes[i]))
			i++;
		while (j < line->len && is_space(line->data[j]))
			j++;
		if (i == old.length || j == line->len)
			return i != old.length || j != line->len;
		if (old.bytes[i++] != line->data[j++])
			return true;
	}
}

const char *
recipient_field_rewrite(struct mime_span value, const char *line_end, recipient_decide *decide,
    void *arg, struct buf *out, struct recipient_field *field_r)
{
	struct rewriting w = {.text = value.bytes, .decide = decide, .arg = arg};
	size_t start = out->len;
	struct address_list list;
	const char *fault = NULL;

	*field_r = (struct recipient_field){0};
	if (!is_folded_well(value) ||
	    !address_list_parse(value.bytes, value.length, RECIPIENT_FIELD_MAX, &list))
		return "is no list of addresses, or too long a one";
	fault = put_together(&w, &list);
	if (fault == NULL)
		fault = fold(&w.line, line_end, out);
	if (fault == NULL)
		*field_r =
		    (struct recipient_field){.left = w.left, .changed = differ(value, &w.line)};
	else if (out->len > start)
		buf_truncate(out, start);
	buf_free(&w.line);
	address_list_free(&list);
	return fault;
}
