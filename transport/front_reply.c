/*
 * A server's replies as what pipe(8) is told.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/buf.h"
#include "transport/front_reply.h"

/* The exit statuses that go with enhanced codes that are permanent; Postfix goes by the code
 * in our output, and by these where that is lost. */
static const struct {
	const char *prefix;
	short exit;
} exits[] = {
    {"5.1.1", EX_NOUSER},
    {"5.1.3", EX_DATAERR},
    {"5.3.4", EX_DATAERR},
    {"5.6.", EX_DATAERR},
    {"5.7.", EX_NOPERM},
    {"5.", EX_UNAVAILABLE},
};

/* Copy an enhanced code of the class to dsn; what follows it, or NULL if there is none. */
static const char *
take_dsn(const char *text, char class, char dsn[12])
{
	size_t length = strspn(text, "0123456789.");
	unsigned subject, detail;
	int end = 0;

	if (length > 11 || text[0] != class || text[1] != '.' ||
	    sscanf(text + 1, ".%3u.%3u%n", &subject, &detail, &end) != 2 ||
	    (size_t)end + 1 != length || (text[length] != ' ' && text[length] != '\0'))
		return NULL;
	memcpy(dsn, text, length);
	dsn[length] = '\0';
	return text + length + strspn(text + length, " ");
}

static short
exit_of(const struct outcome *o)
{
	if (o->class != OUTCOME_PERMANENT)
		return o->class == OUTCOME_OK ? EX_OK : EX_TEMPFAIL;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		if (strncmp(o->dsn, exits[i].prefix, strlen(exits[i].prefix)) == 0)
			return exits[i].exit;
	return EX_UNAVAILABLE;
}

struct outcome
front_outcome(const char *reply)
{
	static const char classes[] = "245"; /* as in enum outcome_class */
	const char *class = *reply != '\0' ? strchr(classes, *reply) : NULL;
	struct outcome o =
	    outcome_make("local", "io", "the server's answer is none: %.80s", reply);
	const char *text;

	if (class == NULL || !isdigit((unsigned char)reply[1]) ||
	    !isdigit((unsigned char)reply[2]) || (reply[3] != ' ' && reply[3] != '\0'))
		return o;
	o.class = (enum outcome_class)(class - classes);
	snprintf(o.dsn, sizeof(o.dsn), "%c.0.0", *class);
	text = take_dsn(reply + (reply[3] != '\0' ? 4 : 3), *class, o.dsn);
	if (text == NULL)
		text = reply + (reply[3] != '\0' ? 4 : 3);
	snprintf(o.text, sizeof(o.text), "%s", text);
	o.smtp = (short)((reply[0] - '0') * 100 + (reply[1] - '0') * 10 + (reply[2] - '0'));
	o.exit = exit_of(&o);
	return o;
}

struct outcome
front_common(const struct front_recipient *recipients, size_t count)
{
	const struct outcome *first[3] = {NULL};
	struct buf refused = BUF_INIT;
	struct outcome o;

	for (size_t i = 0; i < count; i++) {
		const struct outcome *outcome = &recipients[i].outcome;

		if (first[outcome->class] == NULL)
			first[outcome->class] = outcome;
		if (outcome->class == OUTCOME_PERMANENT)
			buf_addf(&refused, " <%s>", recipients[i].address);
	}
	if (first[OUTCOME_TEMPORARY] != NULL)
		o = *first[OUTCOME_TEMPORARY];
	else if (first[OUTCOME_PERMANENT] == NULL)
		o = *first[OUTCOME_OK];
	else if (first[OUTCOME_OK] == NULL)
		o = *first[OUTCOME_PERMANENT];
	else
		o = outcome_make(
		    "local", "mixed", "sent, but not to those refused:%s", buf_str(&refused));
	buf_free(&refused);
	return o;
}
