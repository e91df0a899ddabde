/*
 * Read orders out of addresses.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/refusal.h"

static const struct {
	const char *code; /* without the class */
	const char *type;
} types[] = {
    {".1.1", "invalidRecipients"},
    {".1.2", "invalidRecipients"},
    {".1.3", "invalidRecipients"},
    {".3.4", "tooLarge"},
    {".5.3", "tooManyRecipients"},
    {".3.0", "forbiddenToSend"},
};

const char *
refusal_type(const char *enhanced)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(enhanced + 1, types[i].code) == 0)
			return types[i].type;
	return "smtpProtocolError";
}

/* Read NNN or NNN.X.Y.Z up to the '@': the enhanced code, "N.0.0" if none is given. */
static bool
read_reply(const char *text, char enhanced[16])
{
	unsigned code, subject, detail;
	char class;
	int used = 0;

	if (!isdigit((unsigned char)text[0]) || sscanf(text, "%3u%n", &code, &used) != 1 ||
	    used != 3 || (text[0] != '4' && text[0] != '5'))
		return false;
	text += used;
	if (*text == '@') {
		snprintf(enhanced, 16, "%u.0.0", code / 100);
		return true;
	}
	if (sscanf(text, ".%c.%3u.%3u%n", &class, &subject, &detail, &used) != 3 ||
	    text[used] != '@' || (class != '4' && class != '5'))
		return false;
	snprintf(enhanced, 16, "%c.%u.%u", class, subject, detail);
	return true;
}

bool
refusal_ordered(const char *email, bool data, struct refusal_order *r)
{
	const char *prefix = data ? "data+" : "reply+";
	char enhanced[16];

	if (!data && strncmp(email, "jmap+", 5) == 0) {
		size_t length = strcspn(email + 5, "@");

		if (length == 0 || length >= sizeof(r->type) || email[5 + length] != '@')
			return false;
		snprintf(r->type, sizeof(r->type), "%.*s", (int)length, email + 5);
		snprintf(r->description, sizeof(r->description), "5.3.0 refused as asked");
		return true;
	}
	if (strncmp(email, prefix, strlen(prefix)) != 0 ||
	    !read_reply(email + strlen(prefix), enhanced))
		return false;
	snprintf(r->type, sizeof(r->type), "%s", refusal_type(enhanced));
	snprintf(r->description, sizeof(r->description), "%s refused as asked", enhanced);
	return true;
}
