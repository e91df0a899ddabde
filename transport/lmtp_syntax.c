/*
 * The parts of LMTP commands.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "transport/lmtp_syntax.h"

bool
lmtp_word(char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncasecmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

/* The end of a quoted string that starts here, behind its quote; NULL if it has none. */
static const char *
end_of_quoted(const char *p)
{
	for (p++; *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		if (*p == '\0')
			return NULL;
	}
	return p + 1;
}

/* The bracket that closes a path; those in quotes do not. */
static const char *
end_of_path(const char *p)
{
	while (p != NULL && *p != '>') {
		if (*p == '\0' || *p == '<' || *p == ' ')
			return NULL;
		p = *p == '"' ? end_of_quoted(p) : p + 1;
	}
	return p;
}

bool
lmtp_path(char **text, struct buf *address)
{
	const char *start, *end, *colon;

	*text += strspn(*text, " ");
	if (**text != '<')
		return false;
	start = *text + 1;
	end = end_of_path(start);
	if (end == NULL || (end[1] != '\0' && end[1] != ' '))
		return false;
	if (*start == '@') { /* "@one,@two:user@host": the way there is nobody's business */
		colon = memchr(start, ':', (size_t)(end - start));
		if (colon == NULL || colon + 1 == end)
			return false;
		start = colon + 1;
	}
	buf_reset(address);
	buf_add(address, start, (size_t)(end - start));
	*text += end + 1 - *text;
	return true;
}

bool
lmtp_parameter(char **text, struct lmtp_parameter *parameter_r)
{
	char *p = *text + strspn(*text, " "), *equals;

	if (*p == '\0')
		return false;
	*text = p + strcspn(p, " ");
	if (**text != '\0')
		*(*text)++ = '\0';
	equals = strchr(p, '=');
	if (equals != NULL)
		*equals++ = '\0';
	*parameter_r = (struct lmtp_parameter){.key = p, .value = equals};
	return true;
}

bool
lmtp_number(const char *text, int64_t max, int64_t *number_r)
{
	int64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (!isdigit((unsigned char)*text) ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *text - '0', &number) || number > max)
			return false;
	}
	*number_r = number;
	return true;
}

/* "Z" or "+01:30" as seconds east of Greenwich. */
static bool
parse_zone(const char *text, int64_t *east_r)
{
	int hours, minutes, end = 0;

	*east_r = 0;
	if (strcasecmp(text, "Z") == 0)
		return true;
	if ((*text != '+' && *text != '-') || !isdigit((unsigned char)text[1]) ||
	    sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || end != 5 ||
	    text[6] != '\0' || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*east_r = (*text == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
	return true;
}

bool
lmtp_date(const char *text, int64_t *seconds_r)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
	struct tm tm = {0};
	int64_t east;
	size_t i;

	for (i = 0; pattern[i] != '\0'; i++)
		if (pattern[i] == 'd' ? !isdigit((unsigned char)text[i])
		                      : toupper((unsigned char)text[i]) != pattern[i])
			return false;
	sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	    &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	if (text[i] == '.')
		i += 1 + strspn(text + i + 1, "0123456789");
	if (!parse_zone(text + i, &east))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*seconds_r = (int64_t)timegm(&tm) - east;
	return true;
}
