/*
 * The mailboxes of an address field.
 *
 * One pass over the text, token by token, without recursion: comments are skipped with a
 * counter, groups do not nest.  Until a '<', ',' or ':' it is not known whether what stands
 * there is a name or an address, so both are kept: where the tokens are, and the address that
 * they would make.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/address_list.h"

/* What the last token of an address was. */
enum last { LAST_NONE, LAST_WORD, LAST_DOT, LAST_AT };

struct parser {
	const char *text;
	size_t length, at;
	bool in_group;
	struct mailbox mailbox; /* the entry that is being read, without its address */
	struct buf address;     /* that its tokens make */
	enum last last;
	bool has_at;
	bool is_address; /* the tokens can be an address */
	bool plain;      /* they are words and dots */
};

static bool
at_end(const struct parser *p)
{
	return p->at == p->length;
}

static char
peek(const struct parser *p)
{
	return at_end(p) ? '\0' : p->text[p->at];
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Is it one that no word has, without quotes? */
static const bool special[256] = {
    ['('] = true,
    [')'] = true,
    ['<'] = true,
    ['>'] = true,
    ['['] = true,
    [']'] = true,
    [':'] = true,
    [';'] = true,
    ['@'] = true,
    ['\\'] = true,
    [','] = true,
    ['.'] = true,
    ['"'] = true,
    [0x7f] = true,
};

static bool
is_atext(char c)
{
	return (unsigned char)c > ' ' && !special[(unsigned char)c];
}

/* A control character that is no blank: nothing good has one. */
static bool
is_control(char c)
{
	return ((unsigned char)c < ' ' && !is_blank(c)) || c == 0x7f;
}

/* Skip a comment and note what it says; false if it does not end. */
static bool
skip_comment(struct parser *p)
{
	unsigned depth = 0;

	p->mailbox.comment = p->at + 1;
	for (; !at_end(p); p->at++) {
		char c = peek(p);

		if (is_control(c))
			return false;
		if (c == '\\' && p->at + 1 < p->length)
			p->at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0) {
			p->mailbox.comment_end = p->at++;
			return true;
		}
	}
	return false;
}

/* Skip blanks and comments; false if a comment does not end. */
static bool
skip(struct parser *p)
{
	while (!at_end(p) && (is_blank(peek(p)) || peek(p) == '('))
		if (peek(p) == '(') {
			if (!skip_comment(p))
				return false;
		} else {
			p->at++;
		}
	return true;
}

/* Take a quoted string or, with other delimiters, a domain literal into the address. */
static bool
take_delimited(struct parser *p, char close)
{
	buf_addc(&p->address, p->text[p->at++]);
	for (; !at_end(p); p->at++) {
		char c = peek(p);

		if (is_control(c))
			return false;
		if (c == '\r' || c == '\n')
			continue;
		buf_addc(&p->address, c);
		if (c == close) {
			p->at++;
			return true;
		}
		if (c == '\\' && p->at + 1 < p->length) {
			c = p->text[++p->at];
			if (is_control(c) || c == '\r' || c == '\n')
				return false;
			buf_addc(&p->address, c);
		}
	}
	return false;
}

/* A word came: in an address there is a dot or an '@' before it. */
static void
note_word(struct parser *p, bool quoted)
{
	if (p->last == LAST_WORD || (quoted && p->has_at))
		p->is_address = false;
	p->last = LAST_WORD;
}

/* Take one token; false if there is none of the kinds that names and addresses are made of. */
static bool
take_token(struct parser *p)
{
	size_t start = p->at;
	char c = peek(p);

	if (c == '"') {
		note_word(p, true);
		return take_delimited(p, '"');
	}
	if (c == '[') {
		p->is_address &= p->last == LAST_AT;
		p->plain = false;
		p->last = LAST_WORD;
		return take_delimited(p, ']');
	}
	if (c == '.' || c == '@') {
		p->is_address &= p->last == LAST_WORD || p->last == LAST_DOT;
		p->is_address &= c == '.' || !p->has_at;
		p->plain &= c == '.';
		p->has_at |= c == '@';
		p->last = c == '@' ? LAST_AT : LAST_DOT;
		buf_addc(&p->address, c);
		p->at++;
		return true;
	}
	if (at_end(p) || !is_atext(c))
		return false;
	note_word(p, false);
	while (!at_end(p) && is_atext(peek(p)))
		p->at++;
	buf_add(&p->address, p->text + start, p->at - start);
	return true;
}

/* Forget the tokens so far; an address may begin. */
static void
begin_address(struct parser *p)
{
	buf_reset(&p->address);
	p->last = LAST_NONE;
	p->has_at = false;
	p->is_address = p->plain = true;
}

static void
begin_entry(struct parser *p)
{
	p->mailbox = (struct mailbox){.start = p->at};
	begin_address(p);
}

/* Take tokens up to what is none, and note where they are; false if something is broken. */
static bool
take_tokens(struct parser *p)
{
	if (!skip(p))
		return false;
	p->mailbox.name = p->mailbox.name_end = p->at;
	while (!at_end(p) && strchr(",;:<>", peek(p)) == NULL) {
		if (!take_token(p))
			return false;
		p->mailbox.name_end = p->at;
		if (!skip(p))
			return false;
	}
	return true;
}

/* Skip the route of "<@a,@b:c@d>" (RFC 5322 §4.4); false if it does not end. */
static bool
skip_route(struct parser *p)
{
	const char *close, *colon;

	if (!skip(p) || at_end(p))
		return false;
	if (peek(p) != '@')
		return true;
	close = memchr(p->text + p->at, '>', p->length - p->at);
	if (close == NULL)
		return false;
	colon = memchr(p->text + p->at, ':', (size_t)(close - p->text) - p->at);
	if (colon != NULL)
		p->at = (size_t)(colon - p->text) + 1;
	return colon != NULL;
}

/* Is what was taken an address? */
static bool
have_address(const struct parser *p)
{
	return p->is_address && p->address.len != 0 && p->last == LAST_WORD;
}

/* Take "<address>", the name before which is in the mailbox already. */
static bool
take_angle(struct parser *p)
{
	struct mailbox name = p->mailbox;

	name.name_plain = p->plain;
	begin_address(p);
	name.spec = ++p->at;
	if (!skip_route(p) || !take_tokens(p) || peek(p) != '>' || !have_address(p))
		return false;
	name.spec_end = p->at++;
	name.comment = p->mailbox.comment;
	name.comment_end = p->mailbox.comment_end;
	p->mailbox = name;
	return skip(p);
}

/* Make room for one more of count things: it doubles where count is a power of two. */
static void *
grow(void *things, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return things;
	return xreallocarray(things, count == 0 ? 1 : 2 * count, size);
}

static bool
add_mailbox(struct parser *p, size_t max, struct address_list *list)
{
	if (list->count == max)
		return false;
	list->mailboxes = grow(list->mailboxes, list->count, sizeof(*list->mailboxes));
	p->mailbox.end = p->at;
	p->mailbox.address = buf_steal(&p->address);
	list->mailboxes[list->count++] = p->mailbox;
	return true;
}

static bool
begin_group(struct parser *p, struct address_list *list)
{
	if (list->group_count == ADDRESS_GROUPS_MAX)
		return false;
	list->groups = grow(list->groups, list->group_count, sizeof(*list->groups));
	p->in_group = true;
	p->at++;
	list->groups[list->group_count++] = (struct address_group){
	    .start = p->mailbox.start, .start_end = p->at, .first = list->count};
	return true;
}

static bool
end_group(struct parser *p, struct address_list *list)
{
	struct address_group *group = &list->groups[list->group_count - 1];
	bool good;

	p->in_group = false;
	group->count = list->count - group->first;
	group->end = p->at++;
	good = skip(p);
	group->end_end = p->at;
	return good;
}

/* Read one entry up to the separator that ends it. */
static bool
take_entry(struct parser *p, size_t max, struct address_list *list)
{
	begin_entry(p);
	if (!take_tokens(p))
		return false;
	if (peek(p) == ':' && !p->in_group && p->mailbox.name_end != p->mailbox.name)
		return begin_group(p, list);
	if (peek(p) == '<')
		return take_angle(p) && add_mailbox(p, max, list);
	if (p->address.len == 0)
		return true;
	p->mailbox.spec = p->mailbox.name;
	p->mailbox.spec_end = p->mailbox.name_end;
	p->mailbox.name_end = p->mailbox.name;
	return have_address(p) && add_mailbox(p, max, list);
}

/* Step over what separates entries; false if it is something else. */
static bool
take_separator(struct parser *p, struct address_list *list)
{
	if (peek(p) == ';' && p->in_group && !end_group(p, list))
		return false;
	if (at_end(p))
		return true;
	if (peek(p) != ',')
		return false;
	p->at++;
	return true;
}

/* A CR of its own is a line end to some, and nothing to others. */
static bool
has_lone_cr(const char *text, size_t length)
{
	const char *end = text + length;

	while ((text = memchr(text, '\r', (size_t)(end - text))) != NULL)
		if (++text == end || *text != '\n')
			return true;
	return false;
}

static bool
parse(struct parser *p, size_t max, struct address_list *list)
{
	while (!at_end(p)) {
		bool was_in_group = p->in_group;

		if (!take_entry(p, max, list))
			return false;
		if (p->in_group == was_in_group && !take_separator(p, list))
			return false;
	}
	return !p->in_group;
}

bool
address_list_parse(const char *text, size_t length, size_t max, struct address_list *list_r)
{
	struct parser p = {.text = text, .length = length};
	bool good;

	*list_r = (struct address_list){0};
	good = !has_lone_cr(text, length) && parse(&p, max, list_r);
	if (!good)
		address_list_free(list_r);
	buf_free(&p.address);
	return good;
}

void
address_list_free(struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->mailboxes[i].address);
	free(list->mailboxes);
	free(list->groups);
	*list = (struct address_list){0};
}
