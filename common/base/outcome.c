/*
 * What came of an operation that can fail for a reason outside the process: the table of
 * conditions, and its renderings for pipe(8), LMTP and milter.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

#define T       OUTCOME_TEMPORARY, false, false
#define T_AMB   OUTCOME_TEMPORARY, true, false
#define T_ALARM OUTCOME_TEMPORARY, false, true
#define P       OUTCOME_PERMANENT, false, false
#define RCPT    REACH_RECIPIENT
#define MSG     REACH_MESSAGE
#define ACCT    REACH_ACCOUNT
#define HOST    REACH_HOST
#define TEMP    EX_TEMPFAIL

/*
 * Postfix bounces on nearly every exit status but 75, so a temporary row's status is always
 * 75; what failed is said by the enhanced code in front of the text.
 */
static const struct outcome_row table[] = {
    {"net/resolve", T, HOST, "4.4.1", 451, TEMP, "cannot resolve the service's name"},
    {"net/connect", T, HOST, "4.4.1", 451, TEMP, "cannot connect to the service"},
    {"net/proxy", T, HOST, "4.4.1", 451, TEMP, "the proxy did not connect us"},
    {"net/tls", T, HOST, "4.4.1", 451, TEMP, "TLS handshake failed"},
    {"net/certificate", T_ALARM, HOST, "4.7.5", 451, TEMP,
        "the service's certificate is not valid"},
    {"net/insecure", T_ALARM, ACCT, "4.7.0", 451, TEMP,
        "refused to speak plain HTTP beyond this machine"},
    {"net/redirect", T_ALARM, ACCT, "4.7.0", 451, TEMP, "refused a redirect to another host"},
    {"net/timeout", T, HOST, "4.4.2", 451, TEMP, "the service did not answer in time"},
    {"net/timeout-sent", T_AMB, HOST, "4.4.2", 451, TEMP, "no answer in time to what was sent"},
    {"net/cut", T, HOST, "4.4.2", 451, TEMP, "the connection was cut"},
    {"net/cut-sent", T_AMB, HOST, "4.4.2", 451, TEMP,
        "the connection was cut before the answer"},
    {"net/protocol", T_AMB, HOST, "4.4.2", 451, TEMP,
        "the service does not speak HTTP properly"},
    {"net/too-large", T_AMB, ACCT, "4.3.0", 451, TEMP,
        "the service's answer is larger than allowed"},
    {"net/*", T_AMB, HOST, "4.4.2", 451, TEMP, "the transfer failed"},

    {"auth/expired", T, ACCT, "4.7.8", 451, TEMP, "the service refused a token twice"},
    {"auth/refused", T_ALARM, ACCT, "4.7.8", 451, TEMP, "the service refused the login"},
    {"auth/token", T, ACCT, "4.7.8", 451, TEMP, "the service gave a token that cannot be read"},
    {"auth/secret", T_ALARM, ACCT, "4.3.5", 451, TEMP, "the account's secret cannot be used"},
    {"auth/unregistered", T_ALARM, ACCT, "4.3.5", 451, TEMP, "the account has no API key yet"},
    {"auth/registered", P, ACCT, "5.7.0", 550, EX_NOPERM, "the account has an API key already"},
    {"auth/username", P, ACCT, "5.1.3", 550, EX_DATAERR, "the service refused the user name"},
    {"auth/*", T, ACCT, "4.7.8", 451, TEMP, "the login failed"},

    {"pow/deadline", T, ACCT, "4.3.2", 451, TEMP, "the proof of work was not found in time"},
    {"pow/difficulty", T_ALARM, ACCT, "4.3.2", 451, TEMP,
        "the proof of work asked for is out of range"},
    {"pow/memory", T, HOST, "4.3.2", 451, TEMP, "too little memory for the proof of work"},
    {"pow/*", T, ACCT, "4.3.2", 451, TEMP, "the proof of work failed"},

    {"http/400", T, ACCT, "4.3.0", 451, TEMP, "the service did not understand the request"},
    {"http/401", T, ACCT, "4.7.8", 451, TEMP, "the service wants a new login"},
    {"http/403", T, ACCT, "4.7.0", 451, TEMP, "the service forbids the request"},
    {"http/404", T, ACCT, "4.3.5", 451, TEMP,
        "the service does not know the address asked for"},
    {"http/405", T, ACCT, "4.3.5", 451, TEMP, "the service does not take this kind of request"},
    {"http/410", T, ACCT, "4.3.5", 451, TEMP,
        "the service no longer has the address asked for"},
    {"http/413", P, MSG, "5.3.4", 552, EX_DATAERR,
        "the message is larger than the service takes"},
    {"http/429", T, ACCT, "4.7.0", 451, TEMP, "the service limits our rate"},
    {"http/503", T, ACCT, "4.3.2", 451, TEMP, "the service is unavailable"},
    {"http/3xx", T, ACCT, "4.3.5", 451, TEMP, "the service redirects without an address"},
    {"http/4xx", T, ACCT, "4.3.0", 451, TEMP, "the service refused the request"},
    {"http/5xx", T_AMB, ACCT, "4.3.2", 451, TEMP, "the service has trouble of its own"},
    {"http/*", T_AMB, ACCT, "4.3.0", 451, TEMP, "the service gave a status nobody knows"},

    {"request/unknownCapability", T, ACCT, "4.3.5", 451, TEMP,
        "the service lacks a capability"},
    {"request/notJSON", T, ACCT, "4.3.0", 451, TEMP,
        "the service says the request is not JSON"},
    {"request/notRequest", T, ACCT, "4.3.0", 451, TEMP,
        "the service says the request is not JMAP"},
    {"request/limit/maxSizeRequest", P, MSG, "5.3.4", 552, EX_DATAERR,
        "the message is larger than the service takes"},
    {"request/limit/maxSizeUpload", P, MSG, "5.3.4", 552, EX_DATAERR,
        "the message is larger than the service takes"},
    {"request/limit/maxConcurrentRequests", T, ACCT, "4.3.2", 451, TEMP,
        "too many requests at once"},
    {"request/limit/maxConcurrentUpload", T, ACCT, "4.3.2", 451, TEMP,
        "too many uploads at once"},
    {"request/limit/maxCallsInRequest", T, ACCT, "4.3.0", 451, TEMP,
        "too many method calls in a request"},
    {"request/limit", T, ACCT, "4.3.2", 451, TEMP, "a limit of the service was reached"},
    {"request/*", T, ACCT, "4.3.0", 451, TEMP, "the service refused the request"},

    {"method/serverUnavailable", T, ACCT, "4.3.2", 451, TEMP, "the service is unavailable"},
    {"method/serverFail", T_AMB, MSG, "4.3.0", 451, TEMP, "the service failed"},
    {"method/serverPartialFail", T_AMB, MSG, "4.3.0", 451, TEMP, "the service failed half-way"},
    {"method/unknownMethod", T, ACCT, "4.3.5", 451, TEMP, "the service lacks a method"},
    {"method/invalidArguments", T, MSG, "4.3.0", 451, TEMP,
        "the service refused the arguments"},
    {"method/invalidResultReference", T, MSG, "4.3.0", 451, TEMP,
        "the service refused a back-reference"},
    {"method/forbidden", T, ACCT, "4.7.0", 451, TEMP, "the account may not do this"},
    {"method/accountNotFound", T_ALARM, ACCT, "4.3.5", 451, TEMP,
        "the service does not know the account"},
    {"method/accountNotSupportedByMethod", T, ACCT, "4.3.5", 451, TEMP,
        "the account cannot do this"},
    {"method/accountReadOnly", T, ACCT, "4.3.5", 451, TEMP, "the account is read-only"},
    {"method/requestTooLarge", T, MSG, "4.3.0", 451, TEMP, "too many objects in a request"},
    {"method/stateMismatch", T, ACCT, "4.3.0", 451, TEMP, "the account changed meanwhile"},
    {"method/cannotCalculateChanges", T, ACCT, "4.3.0", 451, TEMP,
        "the service cannot tell what changed"},
    {"method/tooManyChanges", T, ACCT, "4.3.0", 451, TEMP, "too many changes to tell at once"},
    {"method/anchorNotFound", T, ACCT, "4.3.0", 451, TEMP,
        "the list changed while it was read"},
    {"method/overQuota", T, ACCT, "4.2.2", 452, TEMP, "the account's storage is full"},
    {"method/rateLimit", T, ACCT, "4.7.0", 451, TEMP, "the service limits our rate"},
    {"method/*", T, MSG, "4.3.0", 451, TEMP, "the service refused a method call"},

    {"set/alreadyExists", T, MSG, "4.3.0", 451, TEMP, "the message is in the account already"},
    {"set/blobNotFound", T, MSG, "4.3.0", 451, TEMP, "the uploaded message is gone"},
    {"set/notFound", T, MSG, "4.3.0", 451, TEMP, "the object is gone"},
    {"set/emailNotFound", T, MSG, "4.3.0", 451, TEMP, "the stored message is gone"},
    {"set/overQuota", T, ACCT, "4.2.2", 452, TEMP, "the account's storage is full"},
    {"set/rateLimit", T, ACCT, "4.7.0", 451, TEMP, "the service limits our rate"},
    {"set/tooLarge", P, MSG, "5.3.4", 552, EX_DATAERR,
        "the message is larger than the service takes"},
    {"set/invalidEmail", P, MSG, "5.6.0", 554, EX_DATAERR,
        "the service cannot read the message"},
    {"set/invalidProperties", T, MSG, "4.3.0", 451, TEMP, "the service refused a property"},
    {"set/invalidPatch", T, MSG, "4.3.0", 451, TEMP, "the service refused a change"},
    {"set/singleton", T, MSG, "4.3.0", 451, TEMP, "the service refused to make another"},
    {"set/willDestroy", T, MSG, "4.3.0", 451, TEMP, "the object is being destroyed"},
    {"set/stateMismatch", T, ACCT, "4.3.0", 451, TEMP, "the account changed meanwhile"},
    {"set/tooManyKeywords", T, MSG, "4.3.0", 451, TEMP, "too many keywords"},
    {"set/tooManyMailboxes", T, MSG, "4.3.0", 451, TEMP, "too many mailboxes"},
    {"set/forbidden", T, ACCT, "4.7.0", 451, TEMP, "the account may not do this"},
    {"set/serverFail", T_AMB, MSG, "4.3.0", 451, TEMP, "the service failed"},
    {"set/serverPartialFail", T_AMB, MSG, "4.3.0", 451, TEMP, "the service failed half-way"},
    {"set/serverUnavailable", T, ACCT, "4.3.2", 451, TEMP, "the service is unavailable"},
    {"set/mailboxHasEmail", T, MSG, "4.3.0", 451, TEMP, "the mailbox has messages"},
    {"set/mailboxHasChild", T, MSG, "4.3.0", 451, TEMP, "the mailbox has mailboxes below it"},
    {"set/noRecipients", P, MSG, "5.1.0", 554, EX_DATAERR, "the message has no recipient"},
    {"set/tooManyRecipients", T, MSG, "4.5.3", 452, TEMP, "too many recipients"},
    {"set/invalidRecipients", P, RCPT, "5.1.1", 550, EX_NOUSER, "the recipient was refused"},
    {"set/forbiddenMailFrom", P, MSG, "5.7.1", 550, EX_NOPERM,
        "the service does not let this sender send"},
    {"set/notPermittedFrom", P, MSG, "5.7.1", 550, EX_NOPERM,
        "the service does not let this sender send"},
    {"set/forbiddenFrom", P, MSG, "5.7.1", 550, EX_NOPERM,
        "the service does not let this From address send"},
    {"set/forbiddenToSend", T, ACCT, "4.7.1", 451, TEMP,
        "the service does not let the account send now"},
    {"set/smtpProtocolError", T, MSG, "4.5.0", 451, TEMP,
        "the service could not pass the message on"},
    {"set/*", T, MSG, "4.3.0", 451, TEMP, "the service refused the object"},

    {"alias/key", T_ALARM, ACCT, "4.7.8", 451, TEMP, "the alias service refused the API key"},
    {"alias/no-key", T_ALARM, ACCT, "4.3.5", 451, TEMP,
        "the alias service's API key is not here"},
    {"alias/disabled", T_ALARM, ACCT, "4.7.0", 451, TEMP,
        "the account at the alias service is disabled"},
    {"alias/login", P, ACCT, "5.7.8", 535, EX_NOPERM, "the alias service refused the login"},
    {"alias/sudo", T, ACCT, "4.7.0", 451, TEMP,
        "the alias service wants the password once more"},
    {"alias/rate", T, ACCT, "4.7.0", 451, TEMP, "the alias service limits our rate"},
    {"alias/quota", P, ACCT, "5.7.1", 550, EX_NOPERM, "no more aliases in this plan"},
    {"alias/plan", P, ACCT, "5.7.1", 550, EX_NOPERM, "the plan does not include this"},
    {"alias/contact", P, RCPT, "5.1.3", 553, EX_DATAERR,
        "the alias service takes no such contact"},
    {"alias/exists", T, ACCT, "4.3.0", 451, TEMP, "the alias exists already"},
    {"alias/expired", T, ACCT, "4.3.0", 451, TEMP, "the alias's suffix has expired"},
    {"alias/missing", T, ACCT, "4.3.0", 451, TEMP, "the alias service does not have it"},
    {"alias/forbidden", T, ACCT, "4.7.0", 451, TEMP, "the alias service forbids it"},
    {"alias/refused", T, ACCT, "4.3.0", 451, TEMP, "the alias service refused the request"},
    {"alias/lost", T_AMB, ACCT, "4.3.0", 451, TEMP,
        "it is not known whether the alias service did it"},
    {"alias/none-left", T_ALARM, ACCT, "4.3.0", 451, TEMP,
        "every address for a new alias is taken"},
    {"alias/*", T, ACCT, "4.3.0", 451, TEMP, "trouble with the alias service"},

    {"answer/session", T, ACCT, "4.3.5", 451, TEMP,
        "the service's JMAP session cannot be used"},
    {"answer/json", T_AMB, ACCT, "4.3.0", 451, TEMP,
        "the service's answer is not the JSON expected"},
    {"answer/missing", T_AMB, ACCT, "4.3.0", 451, TEMP, "the service's answer lacks a part"},
    {"answer/size", T, MSG, "4.3.0", 451, TEMP,
        "the service sent another number of bytes than it said"},
    {"answer/upload", T, ACCT, "4.3.0", 451, TEMP,
        "the service did not keep what was uploaded"},
    {"answer/*", T_AMB, ACCT, "4.3.0", 451, TEMP, "the service's answer cannot be used"},

    {"local/config", T_ALARM, HOST, "4.3.5", 451, TEMP, "the configuration cannot be used"},
    {"local/usage", T_ALARM, HOST, "4.3.5", 451, TEMP, "called with wrong arguments"},
    {"local/sender", P, MSG, "5.7.1", 550, EX_NOPERM, "no account sends for this sender"},
    {"local/policy", P, MSG, "5.7.1", 550, EX_NOPERM, "refused here"},
    {"local/address", P, RCPT, "5.1.3", 553, EX_DATAERR, "the address cannot be sent to"},
    {"local/header", P, MSG, "5.6.0", 554, EX_DATAERR,
        "the message's header cannot be made ready to be sent"},
    {"local/disk-full", T_ALARM, HOST, "4.3.1", 451, TEMP, "the disk is full"},
    {"local/io", T, HOST, "4.3.0", 451, TEMP, "cannot read or write"},
    {"local/permission", T_ALARM, HOST, "4.3.5", 451, TEMP, "permission denied"},
    {"local/database", T_ALARM, HOST, "4.3.0", 451, TEMP, "the database cannot be used"},
    {"local/damaged", T_ALARM, HOST, "4.3.0", 451, TEMP, "the database is damaged"},
    {"local/wrong-folder", T_ALARM, ACCT, "4.3.5", 451, TEMP,
        "this is not the folder it should be"},
    {"local/another-try", T, MSG, "4.3.2", 451, TEMP, "another try of it is under way"},
    {"local/ambiguous", T_ALARM, MSG, "4.3.0", 451, TEMP,
        "nobody knows whether an earlier try sent it"},
    {"local/unconfirmed", P, MSG, "5.4.7", 550, EX_UNAVAILABLE,
        "an earlier try may have sent it, and nobody can tell"},
    {"local/undelayed", P, MSG, "5.5.4", 550, EX_UNAVAILABLE,
        "the service cannot hold a message for so long"},
    {"local/brake", T_ALARM, ACCT, "4.3.0", 451, TEMP, "too many deletions at once"},
    {"local/busy", T, HOST, "4.3.2", 451, TEMP, "too much is going on at once"},
    {"local/locked", T, HOST, "4.3.2", 451, TEMP, "another process is at work"},
    {"local/truncated", T, MSG, "4.3.0", 451, TEMP, "the message was cut short on its way in"},
    {"local/mixed", T, RCPT, "4.3.0", 451, TEMP, "recipients fared differently"},
    {"local/cancelled", T, HOST, "4.3.2", 451, TEMP, "stopped by a signal"},
    {"local/deadline", T, HOST, "4.4.2", 451, TEMP, "out of time"},
    {"local/too-large", P, MSG, "5.3.4", 552, EX_DATAERR,
        "the message is larger than the service takes"},
    {"local/unrepresentable", P, MSG, "5.6.3", 554, EX_DATAERR,
        "the service cannot be given the message without changing it"},
    {"local/*", T, HOST, "4.3.0", 451, TEMP, "local trouble"},
};

/* The SetErrors whose class Cyrus leaves to the SMTP reply in the description. */
static const char *const by_description[] = {
    "forbiddenToSend",
    "invalidRecipients",
    "smtpProtocolError",
    "tooLarge",
    "tooManyRecipients",
};

#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

const struct outcome_row *
outcome_table_row(size_t i)
{
	return i < TABLE_ROWS ? &table[i] : NULL;
}

/* The row of FAMILY/NAME, or NULL. */
static const struct outcome_row *
find_exact(const char *family, const char *name)
{
	size_t length = strlen(family);

	for (size_t i = 0; i < TABLE_ROWS; i++) {
		const char *key = table[i].condition;

		if (*key == *family && strncmp(key, family, length) == 0 &&
		    key[length] == '/' && strcmp(key + length + 1, name) == 0)
			return &table[i];
	}
	return NULL;
}

static const struct outcome_row *
find(const char *family, const char *name)
{
	const struct outcome_row *row = find_exact(family, name);

	if (row == NULL && strncmp(name, "limit/", 6) == 0)
		row = find_exact(family, "limit");
	if (row == NULL)
		row = find_exact(family, "*");
	if (row == NULL)
		row = find_exact("local", "*");
	return row;
}

/* Length of the UTF-8 character at p, 0 if it is none or a control character. */
static size_t
printable(const unsigned char *p)
{
	size_t length = *p < 0x80                 ? 1
	                : *p >= 0xc2 && *p < 0xe0 ? 2
	                : *p >= 0xe0 && *p < 0xf0 ? 3
	                : *p >= 0xf0 && *p < 0xf5 ? 4
	                                          : 0;

	if (length == 1)
		return *p >= 0x20 && *p != 0x7f;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (length == 2 && p[0] == 0xc2 && p[1] < 0xa0) /* C1 controls */
		return 0;
	return length;
}

/* Append text to the line in field[OUTCOME_TEXT_MAX], cleaned, cut at a character. */
static void
append_clean(char *field, const char *text)
{
	size_t used = strlen(field);

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
		size_t length = printable(p);
		size_t put = length != 0 ? length : 1;

		if (used + put >= OUTCOME_TEXT_MAX)
			break;
		if (length != 0)
			memcpy(field + used, p, length);
		else
			field[used] = *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : '?';
		used += put;
		p += put;
	}
	field[used] = '\0';
}

static struct outcome
from_row(const struct outcome_row *row)
{
	struct outcome o = {
	    .class = row->class,
	    .reach = row->reach,
	    .ambiguous = row->ambiguous,
	    .alarm = row->alarm,
	    .smtp = row->smtp,
	    .exit = row->exit,
	    .condition = row->condition,
	};

	snprintf(o.dsn, sizeof(o.dsn), "%s", row->dsn);
	append_clean(o.text, row->text);
	return o;
}

static void
add_detail(struct outcome *o, const char *detail)
{
	if (detail == NULL || *detail == '\0')
		return;
	append_clean(o->text, ": ");
	append_clean(o->text, detail);
}

bool
outcome_is(const struct outcome *o, const char *condition)
{
	return strcmp(o->condition, condition) == 0;
}

struct outcome
outcome_make(const char *family, const char *name, const char *format, ...)
{
	const struct outcome_row *row = find(family, name);
	struct outcome o = from_row(row);
	char detail[OUTCOME_TEXT_MAX * 2];
	va_list args;

	/* A name nobody knew says more than "refused". */
	if (strchr(row->condition, '*') != NULL && *name != '\0') {
		append_clean(o.text, " (");
		append_clean(o.text, name);
		append_clean(o.text, ")");
	}
	if (format != NULL) {
		va_start(args, format);
		vsnprintf(detail, sizeof(detail), format, args);
		va_end(args);
		add_detail(&o, detail);
	}
	return o;
}

struct outcome
outcome_http(int status, const char *detail)
{
	const struct outcome_row *row;
	struct outcome o;
	char name[16];

	if (status >= 200 && status < 300)
		return outcome_ok();
	snprintf(name, sizeof(name), "%d", status);
	row = find_exact("http", name);
	if (row == NULL && status >= 300 && status < 600) {
		snprintf(name, sizeof(name), "%dxx", status / 100);
		row = find_exact("http", name);
	}
	if (row == NULL)
		row = find_exact("http", "*");
	o = from_row(row);
	snprintf(name, sizeof(name), " (HTTP %d)", status);
	append_clean(o.text, name);
	add_detail(&o, detail);
	return o;
}

/*
 * Read an SMTP reply code or enhanced status code at the start of text.  Returns its class
 * digit, '4' or '5', or 0; *dsn_r gets the enhanced code if there is one, else "".
 */
static char
leading_code(const char *text, char dsn_r[12])
{
	unsigned subject, detail;
	int end = 0;
	char class = text[0];

	dsn_r[0] = '\0';
	if (class != '4' && class != '5')
		return 0;
	if (isdigit((unsigned char)text[1]) && isdigit((unsigned char)text[2]) &&
	    (text[3] == '\0' || text[3] == ' ' || text[3] == '-')) {
		if (text[3] != '\0')
			(void)(leading_code(text + 4, dsn_r) == class || (dsn_r[0] = '\0'));
		return class;
	}
	if (text[1] != '.' || sscanf(text + 1, ".%3u.%3u%n", &subject, &detail, &end) != 2 ||
	    isdigit((unsigned char)text[1 + end]))
		return 0;
	snprintf(dsn_r, 12, "%c.%u.%u", class, subject % 1000, detail % 1000);
	return class;
}

struct outcome
outcome_set_error(const char *type, const char *description)
{
	struct outcome o =
	    outcome_make("set", type, "%s", description != NULL ? description : "");
	char dsn[12];
	char class = 0;

	for (size_t i = 0; i < sizeof(by_description) / sizeof(by_description[0]); i++)
		if (description != NULL && strcmp(type, by_description[i]) == 0)
			class = leading_code(description, dsn);
	if (class == 0)
		return o;

	if (class == '4') {
		o.class = OUTCOME_TEMPORARY;
		o.exit = EX_TEMPFAIL;
		o.smtp = o.smtp == 452 ? 452 : o.reach == REACH_RECIPIENT ? 450 : 451;
	} else if (o.class != OUTCOME_PERMANENT) {
		o.class = OUTCOME_PERMANENT;
		o.exit = EX_UNAVAILABLE;
		o.smtp = 550;
	}
	if (dsn[0] != '\0')
		memcpy(o.dsn, dsn, sizeof(o.dsn));
	else
		o.dsn[0] = class;
	return o;
}

void
outcome_hint(struct outcome *o, const char *format, ...)
{
	char text[OUTCOME_TEXT_MAX * 2];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (o->hint[0] != '\0')
		append_clean(o->hint, "; ");
	append_clean(o->hint, text);
}

struct outcome
outcome_ambiguous(struct outcome o)
{
	o.ambiguous = o.class == OUTCOME_TEMPORARY;
	return o;
}

struct outcome
outcome_worse(struct outcome a, struct outcome b)
{
	return b.class > a.class ? b : a;
}

const char *
outcome_class_name(const struct outcome *o)
{
	static const char *const names[] = {"ok", "temporary", "permanent"};

	return names[o->class];
}

void
outcome_pipe_line(const struct outcome *o, struct buf *line)
{
	buf_addf(line, "%s %s", o->dsn, o->text);
	if (o->hint[0] != '\0')
		buf_addf(line, " (%s)", o->hint);
	buf_addc(line, '\n');
}

void
outcome_lmtp_reply(const struct outcome *o, struct buf *reply)
{
	buf_addf(reply, "%d %s %s\r\n", o->smtp, o->dsn, o->text);
}

struct milter_answer
outcome_milter_answer(const struct outcome *o)
{
	static const enum milter_verdict verdicts[] = {
	    MILTER_CONTINUE, MILTER_TEMPFAIL, MILTER_REJECT};
	struct milter_answer answer = {.verdict = verdicts[o->class]};

	snprintf(answer.code, sizeof(answer.code), "%d", o->smtp);
	memcpy(answer.dsn, o->dsn, sizeof(answer.dsn));
	memcpy(answer.text, o->text, sizeof(answer.text));
	for (char *p = answer.text; (p = strchr(p, '%')) != NULL;)
		*p = '?';
	return answer;
}
