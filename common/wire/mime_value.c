/*
 * Values with parameters: Content-Type, Content-Disposition and their like.
 *
 * libetpan takes the parameters apart; RFC 2231's pieces are put together here.  A parameter
 * comes as NAME=plain, or as NAME*=charset'language'encoded, or in pieces NAME*0= NAME*1*= of
 * either kind.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <libetpan/libetpan.h>

#include "common/base/ascii.h"
#include "common/base/xalloc.h"
#include "common/wire/mime.h"

#define COMMENTS_MAX   16   /* in comments: libetpan goes down into each */
#define PARAMETERS_MAX 200  /* and pieces of them */
#define WORDS_MAX      8192 /* bytes of text with encoded words: libetpan looks far ahead */

/* A parameter as it stands. */
struct piece {
	char *name;   /* in lower case, without marks */
	char *value;  /* out of its quotes */
	long section; /* -1 if it is not one of several */
	bool encoded;
};

struct pieces {
	struct piece list[PARAMETERS_MAX];
	size_t count;
};

/* Do the brackets that open nest too deep? */
static bool
nests_deep(const char *text)
{
	size_t open = 0;

	for (; *text != '\0'; text++) {
		if (*text == '(' && ++open > COMMENTS_MAX)
			return true;
		if (*text == ')' && open > 0)
			open--;
	}
	return false;
}

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)tolower((unsigned char)*text);
}

/* Skip blanks and comments; libetpan stops behind each comment. */
static void
skip_comments(const struct buf *line, size_t *at)
{
	while (mailimf_cfws_parse(line->data, line->len, at) == MAILIMF_NO_ERROR)
		continue;
}

/* Read a token as RFC 2045 §5.1 has it; libetpan lets control characters pass. */
static bool
read_token(const struct buf *line, size_t *at, struct buf *token)
{
	char *read = NULL;
	bool good;

	skip_comments(line, at);
	if (mailmime_extension_token_parse(line->data, line->len, at, &read) !=
	    MAILIMF_NO_ERROR)
		return false;
	good = true;
	for (const char *p = read; *p != '\0'; p++)
		good = good && *p > ' ' && *p < 0x7f;
	lower(read);
	buf_adds(token, read);
	mailmime_token_free(read);
	skip_comments(line, at);
	return good;
}

static bool
read_character(const struct buf *line, size_t *at, char c)
{
	if (*at >= line->len || line->data[*at] != c)
		return false;
	(*at)++;
	skip_comments(line, at);
	return true;
}

/* Tell NAME, NAME*, NAME*3 and NAME*3* apart. */
static void
read_marks(struct piece *p)
{
	char *star, *end;

	p->section = -1;
	star = strchr(p->name, '*');
	if (star == NULL)
		return;
	*star = '\0';
	if (isdigit((unsigned char)star[1])) {
		p->section = strtol(star + 1, &end, 10);
		p->encoded = *end == '*';
	} else {
		p->encoded = true;
	}
}

static bool
read_pieces(const struct buf *line, size_t at, struct pieces *pieces)
{
	while (read_character(line, &at, ';')) {
		struct mailmime_parameter *parameter = NULL;
		struct piece *p = &pieces->list[pieces->count];

		if (at == line->len)
			return true; /* many end in a semicolon */
		if (pieces->count == PARAMETERS_MAX ||
		    mailmime_parameter_parse(line->data, line->len, &at, &parameter) !=
		        MAILIMF_NO_ERROR)
			return false;
		*p = (struct piece){
		    .name = xstrdup(parameter->pa_name), .value = xstrdup(parameter->pa_value)};
		pieces->count++;
		mailmime_parameter_free(parameter);
		lower(p->name);
		read_marks(p);
		skip_comments(line, &at);
	}
	return at == line->len;
}

static void
free_pieces(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++) {
		free(pieces->list[i].name);
		free(pieces->list[i].value);
	}
}

/* Append a piece's bytes; a '%' that encodes nothing stands for itself. */
static void
add_piece(const struct piece *p, const char *from, struct buf *bytes)
{
	for (; *from != '\0'; from++) {
		if (p->encoded && *from == '%' && ascii_hex_value(from[1]) >= 0 &&
		    ascii_hex_value(from[2]) >= 0) {
			buf_addc(bytes,
			    (char)(ascii_hex_value(from[1]) << 4 | ascii_hex_value(from[2])));
			from += 2;
		} else {
			buf_addc(bytes, *from);
		}
	}
}

static const struct piece *
find_piece(const struct pieces *pieces, const char *name, long section, bool encoded_only)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *p = &pieces->list[i];

		if (p->section == section && (p->encoded || !encoded_only) &&
		    strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* The value of the pieces that begin with first, in UTF-8; or NULL. */
static char *
join(const struct pieces *pieces, const struct piece *first)
{
	struct buf charset = BUF_INIT, bytes = BUF_INIT, text = BUF_INIT;
	const char *from = first->value, *quote;
	struct mime_span span;
	bool good;

	if (first->encoded && (quote = strchr(from, '\'')) != NULL) {
		buf_add(&charset, from, (size_t)(quote - from));
		from = quote + 1;
		quote = strchr(from, '\'');
		from = quote != NULL ? quote + 1 : from;
	}
	add_piece(first, from, &bytes);
	for (long n = 1; first->section == 0 && n < PARAMETERS_MAX; n++) {
		const struct piece *p = find_piece(pieces, first->name, n, false);

		if (p == NULL)
			break;
		add_piece(p, p->value, &bytes);
	}
	span = (struct mime_span){buf_str(&bytes), bytes.len};
	good = mime_to_utf8(MIME_IDENTITY, span, charset.len > 0 ? charset.data : "utf-8",
	           MIME_VALUE_MAX, &text) &&
	       (text.len == 0 || memchr(text.data, '\0', text.len) == NULL);
	buf_reserve(&text, 0);
	buf_free(&charset);
	buf_free(&bytes);
	if (good)
		return buf_steal(&text);
	buf_free(&text);
	return NULL;
}

/* Of all the pieces of a name, those that count. */
static const struct piece *
first_piece(const struct pieces *pieces, const char *name)
{
	const struct piece *p = find_piece(pieces, name, -1, true);

	if (p == NULL)
		p = find_piece(pieces, name, 0, false);
	return p != NULL ? p : find_piece(pieces, name, -1, false);
}

static void
join_all(const struct pieces *pieces, struct mime_value *v)
{
	v->parameters = xcalloc(pieces->count + 1, sizeof(*v->parameters));
	for (size_t i = 0; i < pieces->count; i++) {
		const char *name = pieces->list[i].name;
		const struct piece *first = first_piece(pieces, name);

		if (mime_parameter(v, name) != NULL)
			continue;
		v->parameters[v->count++] = (struct mime_parameter){
		    xstrdup(name), first != NULL ? join(pieces, first) : NULL};
	}
}

const char *
mime_value_read(struct mime_span value, bool with_slash, struct mime_value *v)
{
	struct pieces pieces = {.count = 0};
	struct buf line = BUF_INIT, text = BUF_INIT;
	size_t at = 0;
	bool good;

	*v = (struct mime_value){0};
	if (value.length > MIME_VALUE_MAX)
		return "a field of a part is too long";
	mime_unfold(value, &line);
	buf_reserve(&line, 0);
	good = !nests_deep(line.data) && read_token(&line, &at, &text);
	if (good && with_slash) {
		buf_addc(&text, '/');
		good = read_character(&line, &at, '/') && read_token(&line, &at, &text);
	}
	good = good && read_pieces(&line, at, &pieces);
	if (good) {
		v->text = buf_steal(&text);
		join_all(&pieces, v);
	}
	free_pieces(&pieces);
	buf_free(&line);
	buf_free(&text);
	return good ? NULL : "a field that describes a part cannot be read";
}

void
mime_value_free(struct mime_value *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->parameters[i].name);
		free(v->parameters[i].value);
	}
	free(v->parameters);
	free(v->text);
	*v = (struct mime_value){0};
}

const struct mime_parameter *
mime_parameter(const struct mime_value *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->parameters[i].name, name) == 0)
			return &v->parameters[i];
	return NULL;
}

static bool
knows_charset(const char *name, size_t length)
{
	static const struct mime_span nothing = {"", 0};
	char *charset = xstrndup(name, length);
	struct buf none = BUF_INIT;
	bool known = mime_to_utf8(MIME_IDENTITY, nothing, charset, 0, &none);

	buf_free(&none);
	free(charset);
	return known;
}

/* libetpan takes an unknown charset for iso-8859-1: look at that of each =?charset?B?...?=. */
static bool
knows_charsets(const char *text)
{
	while ((text = strstr(text, "=?")) != NULL) {
		size_t length;

		text += 2;
		length = strcspn(text, "?");
		if (text[length] != '\0' && text[length + 1] != '\0' &&
		    strchr("BbQq", text[length + 1]) != NULL && text[length + 2] == '?' &&
		    !knows_charset(text, length))
			return false;
	}
	return true;
}

char *
mime_decode_words(const char *text)
{
	char *read = NULL, *decoded = NULL;
	size_t at = 0;

	if (strstr(text, "=?") == NULL)
		return xstrdup(text);
	if (strlen(text) > WORDS_MAX || !knows_charsets(text) ||
	    mailmime_encoded_phrase_parse("utf-8", text, strlen(text), &at, "utf-8", &read) !=
	        MAILIMF_NO_ERROR)
		return NULL;
	/* libetpan writes a '?' for what it cannot convert; so none can be believed. */
	if (at == strlen(text) && mime_is_utf8(read, strlen(read)) && strchr(read, '?') == NULL)
		decoded = xstrdup(read);
	free(read);
	return decoded;
}
