/*
 * Who sends a message given to sendmail(1), and to whom.
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "common/wire/address_list.h"
#include "transport/address_check.h"
#include "transport/from_rewrite.h"
#include "transport/sendmail_envelope.h"

#define MAILNAME_FILE "/etc/mailname"
#define NAME_MAX_SIZE 256

char *
sendmail_domain(const char *configured)
{
	struct buf text = BUF_INIT;
	char name[NAME_MAX_SIZE] = "";
	struct outcome o;

	if (configured != NULL)
		return xstrdup(configured);
	o = file_read(AT_FDCWD, MAILNAME_FILE, 4096, &text);
	if (outcome_is_ok(&o))
		buf_truncate(&text, strcspn(buf_str(&text), " \t\r\n"));
	else
		buf_reset(&text);
	if (text.len == 0 && gethostname(name, sizeof(name) - 1) == 0)
		buf_adds(&text, name);
	if (text.len == 0)
		buf_adds(&text, "localhost");
	return buf_steal(&text);
}

/* With a domain, to be free()d. */
static char *
with_domain(const char *address, const char *domain)
{
	return strchr(address, '@') != NULL ? xstrdup(address)
	                                    : xasprintf("%s@%s", address, domain);
}

char *
sendmail_user_address(const char *domain)
{
	const char *name = getenv("LOGNAME");
	const struct passwd *user = NULL;

	if (name == NULL || *name == '\0')
		user = getpwuid(getuid());
	if (user != NULL)
		name = user->pw_name;
	return name != NULL && *name != '\0' ? with_domain(name, domain)
	                                     : xasprintf("%u@%s", (unsigned)getuid(), domain);
}

struct outcome
sendmail_sender(const char *given, const char *domain, char **sender_r)
{
	char *address = given != NULL ? xstrdup(given) : sendmail_user_address(domain);
	struct outcome o = address_check(address, "sender");
	struct address_list list = {0};

	*sender_r = NULL;
	if (!outcome_is_ok(&o)) {
	} else if (*address == '\0' || strcmp(address, "<>") == 0) {
		*sender_r = xstrdup("");
	} else if (address_list_parse(address, strlen(address), 1, &list) && list.count == 1) {
		*sender_r = with_domain(list.mailboxes[0].address, domain);
	} else {
		o = outcome_make("local", "address", "the sender \"%s\" is none", address);
	}
	address_list_free(&list);
	free(address);
	return o;
}

void
sendmail_want(struct header_filter *f)
{
	for (enum header_kind kind = 0; kind < HEADER_KINDS; kind++)
		header_filter_want(f, kind);
}

/* Is the address one of the recipients already? */
static bool
has_recipient(const struct delivery *delivery, const char *address)
{
	for (size_t i = 0; i < delivery->recipient_count; i++)
		if (strcmp(delivery->recipients[i].address, address) == 0)
			return true;
	return false;
}

static struct outcome
add_recipient(struct delivery *delivery, const char *given, const char *domain)
{
	char *address = with_domain(given, domain);
	struct outcome o = address_check(address, "recipient");

	if (outcome_is_ok(&o) && !has_recipient(delivery, address)) {
		if (delivery->recipient_count == SENDMAIL_RECIPIENTS_MAX)
			o = outcome_make("local", "usage", "more than %d recipients",
			    SENDMAIL_RECIPIENTS_MAX);
		else
			(void)delivery_add_recipient(delivery, address);
	}
	free(address);
	return o;
}

struct outcome
sendmail_add_recipients(
    struct delivery *delivery, const char *text, size_t length, const char *domain)
{
	struct outcome o = outcome_ok();
	struct address_list list;

	if (!address_list_parse(text, length, SENDMAIL_RECIPIENTS_MAX, &list))
		return outcome_make("local", "address", "cannot read \"%.*s\"",
		    (int)(length < 100 ? length : 100), text);
	for (size_t i = 0; i < list.count && outcome_is_ok(&o); i++)
		o = add_recipient(delivery, list.mailboxes[i].address, domain);
	address_list_free(&list);
	return o;
}

static struct outcome
add_kinds(struct delivery *delivery, const enum header_kind kinds[3], const char *domain)
{
	const struct header_filter *f = &delivery->message.filter;
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < 3; i++) {
		const struct header_field *field = NULL;

		while (outcome_is_ok(&o) &&
		       (field = header_filter_noted(f, kinds[i], field)) != NULL)
			o = sendmail_add_recipients(
			    delivery, buf_str(&field->value), field->value.len, domain);
	}
	return o;
}

struct outcome
sendmail_header_recipients(struct delivery *delivery, const char *domain)
{
	static const enum header_kind first[] = {HEADER_TO, HEADER_CC, HEADER_BCC};
	static const enum header_kind again[] = {
	    HEADER_RESENT_TO, HEADER_RESENT_CC, HEADER_RESENT_BCC};
	const struct header_filter *f = &delivery->message.filter;
	bool resent = false;

	if (f->overflow)
		return outcome_make("local", "header", "its recipients are too many");
	for (size_t i = 0; i < 3; i++)
		resent = resent || header_filter_noted(f, again[i], NULL) != NULL;
	return add_kinds(delivery, resent ? again : first, domain);
}

/* The user's name as the password database has it, or "". */
static void
add_user_name(struct buf *name)
{
	const struct passwd *user = getpwuid(getuid());

	for (const char *p = user != NULL && user->pw_gecos != NULL ? user->pw_gecos : "";
	     *p != '\0' && *p != ','; p++)
		if (*p == '&') /* finger(1)'s sign for the login name */
			buf_adds(name, user->pw_name);
		else
			buf_addc(name, *p);
}

static void
make_from(const char *address, const char *name, struct buf *from)
{
	struct buf plain = BUF_INIT;

	if (name != NULL)
		buf_adds(&plain, name);
	else
		add_user_name(&plain);
	address_phrase(buf_str(&plain), plain.len, from);
	buf_addf(from, from->len != 0 ? " <%s>" : "%s", address);
	buf_free(&plain);
}

static void
add_date(struct buf *fields)
{
	time_t now = time(NULL);
	char text[64];
	struct tm local;

	localtime_r(&now, &local);
	if (strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &local) != 0)
		buf_addf(fields, "Date: %s\r\n", text);
}

void
sendmail_complete(struct message *m, const char *address, const char *name, const char *domain)
{
	const struct buf *old = message_from(m);
	struct buf from = BUF_INIT;

	if (header_filter_noted(&m->filter, HEADER_FROM, NULL) == NULL) {
		make_from(address, name, &from);
		message_put_from(m, &from);
	} else if (from_complete(buf_str(old), old->len, domain, &from)) {
		message_put_from(m, &from);
	}
	if (header_filter_noted(&m->filter, HEADER_DATE, NULL) == NULL)
		add_date(&m->added);
	buf_free(&from);
}
