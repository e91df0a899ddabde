/*
 * Tokens, parameters and dates of header fields.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/base/xalloc.h"
#include "sandbox/codec.h"
#include "sandbox/mime_field.h"

#define SECTIONS_MAX 100 /* of one parameter, RFC 2231 §3 */

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skip blanks and comments. */
static const char *
skip(const char *p, const char *end)
{
	unsigned depth = 0;

	for (; p < end; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth > 0 && *p == '\\' && p + 1 < end)
			p++;
		else if (depth == 0 && !blank(*p))
			break;
	}
	return p;
}

static const char *
token_end(const char *p, const char *end)
{
	while (p < end && !blank(*p) && strchr(";=\"(),", *p) == NULL && *p != '\0')
		p++;
	return p;
}

char *
field_token(const char *value, size_t length)
{
	const char *end = value + length;
	const char *start = skip(value, end);
	const char *stop = token_end(start, end);
	char *token;

	if (stop == start)
		return NULL;
	token = xstrndup(start, (size_t)(stop - start));
	for (char *p = token; *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80) { /* a type is ASCII or it is nothing */
			free(token);
			return NULL;
		}
		*p = (char)tolower((unsigned char)*p);
	}
	return token;
}

/* Append the value at p, quoted or a token; returns where it ends. */
static const char *
read_value(const char *p, const char *end, struct buf *out)
{
	const char *stop;

	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			if (*p != '\r' && *p != '\n')
				buf_addc(out, *p);
		}
		return p < end ? p + 1 : p;
	}
	stop = p;
	while (stop < end && !blank(*stop) && *stop != ';')
		stop++;
	buf_add(out, p, (size_t)(stop - p));
	return stop;
}

/* Append text with %XX undone. */
static void
percent_decode(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		char byte;

		if (text[i] == '%' && i + 2 < length && hex_decode(text + i + 1, &byte, 1)) {
			buf_addc(out, byte);
			i += 2;
		} else {
			buf_addc(out, text[i]);
		}
	}
}

/* What was found of a parameter on the way through the field. */
struct parameter {
	const char *name;
	struct buf plain; /* name=value */
	bool has_plain;
	struct buf pieces; /* name*0=, name*1*=, ... or name*=, put together */
	char charset[40];
	unsigned next; /* number of the piece expected next */
};

/* Take the charset'language' from the front of an extended value; returns what follows. */
static const char *
take_charset(struct parameter *p, const char *value)
{
	const char *first = strchr(value, '\'');
	const char *second = first == NULL ? NULL : strchr(first + 1, '\'');

	if (second == NULL)
		return value;
	snprintf(p->charset, sizeof(p->charset), "%.*s", (int)(first - value), value);
	return second + 1;
}

/* Note name, name*, name*N or name*N* = value. */
static void
note(struct parameter *p, const char *key, size_t key_length, const struct buf *value)
{
	size_t length = strlen(p->name);
	const char *rest = key + length;
	const char *text = buf_str(value);
	unsigned number = 0;
	size_t left;
	bool extended;

	if (key_length < length || strncasecmp(key, p->name, length) != 0)
		return;
	left = key_length - length;
	extended = left > 0 && rest[left - 1] == '*';
	if (left == 0 && !p->has_plain) {
		buf_add(&p->plain, text, value->len);
		p->has_plain = true;
	}
	if (left == 0 || rest[0] != '*')
		return;
	for (size_t i = 1; i < left && isdigit((unsigned char)rest[i]); i++)
		number = number * 10 + (unsigned)(rest[i] - '0') % 10;
	if (number != p->next || number >= SECTIONS_MAX)
		return;
	p->next++;
	if (extended && number == 0)
		text = take_charset(p, text);
	if (extended)
		percent_decode(text, strlen(text), &p->pieces);
	else
		buf_adds(&p->pieces, text);
}

char *
field_parameter(const char *value, size_t length, const char *name)
{
	const char *end = value + length;
	const char *p = token_end(skip(value, end), end);
	struct parameter found = {.name = name};
	struct buf out = BUF_INIT;

	while ((p = memchr(p, ';', (size_t)(end - p))) != NULL) {
		const char *key = skip(p + 1, end);
		const char *key_end = token_end(key, end);
		struct buf text = BUF_INIT;

		p = skip(key_end, end);
		if (p < end && *p == '=') {
			p = read_value(skip(p + 1, end), end, &text);
			note(&found, key, (size_t)(key_end - key), &text);
		}
		buf_free(&text);
	}
	if (found.next > 0)
		text_to_utf8(found.charset[0] != '\0' ? found.charset : "utf-8",
		    buf_str(&found.pieces), found.pieces.len, &out);
	else if (found.has_plain)
		field_text(buf_str(&found.plain), found.plain.len, &out);
	buf_free(&found.plain);
	buf_free(&found.pieces);
	return found.next > 0 || found.has_plain ? buf_steal(&out) : NULL;
}

/* Minutes east of UTC of a zone ("+0130", "GMT", "EST"), false if it is none. */
static bool
zone_minutes(const char *zone, int *minutes_r)
{
	static const struct {
		const char *name;
		int minutes;
	} names[] = {{"UT", 0}, {"GMT", 0}, {"UTC", 0}, {"Z", 0}, {"EST", -300}, {"EDT", -240},
	    {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480},
	    {"PDT", -420}};
	unsigned hours, minutes;
	char sign;

	if (sscanf(zone, "%c%2u%2u", &sign, &hours, &minutes) == 3 &&
	    (sign == '+' || sign == '-') && minutes < 60) {
		*minutes_r = (int)(hours * 60 + minutes) * (sign == '-' ? -1 : 1);
		return true;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(zone, names[i].name) == 0) {
			*minutes_r = names[i].minutes;
			return true;
		}
	}
	return false;
}

static int
month_number(const char *name)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char lower[4] = "";

	for (size_t i = 0; i < 3 && name[i] != '\0'; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	for (int i = 0; i < 12; i++)
		if (strncmp(months + 3 * i, lower, 3) == 0)
			return i;
	return -1;
}

/* Take the comments out, and the day of the week off the front. */
static void
plain_date(const char *value, size_t length, char out[64])
{
	const char *end = value + length;
	const char *comma = memchr(value, ',', length);
	size_t used = 0;

	for (const char *p = skip(comma != NULL ? comma + 1 : value, end); p < end;) {
		const char *after = skip(p, end);

		if (after > p && used + 1 < 63)
			out[used++] = ' ';
		if (after < end && used + 1 < 63)
			out[used++] = *after;
		p = after + 1;
	}
	out[used] = '\0';
}

bool
field_date(const char *value, size_t length, int64_t *seconds_r, int *zone_r)
{
	char text[64], month[4], zone[8] = "+0000";
	int day, year, hour, minute, second = 0, used = 0;
	struct tm tm = {0};

	plain_date(value, length, text);
	if (sscanf(text, "%2d %3[A-Za-z] %4d %2d:%2d%n", &day, month, &year, &hour, &minute,
	        &used) != 5)
		return false;
	if (sscanf(text + used, ":%2d %7s", &second, zone) < 1)
		(void)sscanf(text + used, " %7s", zone);
	tm.tm_mon = month_number(month);
	if (tm.tm_mon < 0 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
	    minute > 59 || second < 0 || second > 60 || year < 0)
		return false;
	/* Years of two and three digits: RFC 5322 §4.3. */
	tm.tm_year = year < 50 ? year + 100 : year < 1000 ? year : year - 1900;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	tm.tm_sec = second;
	if (!zone_minutes(zone, zone_r))
		*zone_r = 0; /* RFC 5322 §4.3: an unknown zone is -0000 */
	*seconds_r = (int64_t)timegm(&tm) - (int64_t)*zone_r * 60;
	return true;
}
