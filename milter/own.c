/*
 * What is the writer's own.
 */
#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "common/wire/address_list.h"
#include "milter/own.h"
#include "milter/policy_key.h"

#define FIELD_MAILBOXES_MAX 100

/*
 * Fields whose addresses are the writer's.  Programs name messages after the domain of some;
 * the others' can be a provider's, whose identifiers are those of half the correspondents.
 */
static const struct {
	const char *name;
	bool names_messages;
} fields[] = {
    {"From", true},
    {"Sender", true},
    {"Reply-To", false},
    {"Resent-From", false},
    {"Resent-Sender", false},
    {"Resent-Reply-To", false},
};

#define ALIKE 4 /* spellings of one address, at most, come after each other */

/* The text becomes the list's, unless it is one of the last. */
static void
add(struct own_list *list, char *text)
{
	for (size_t i = list->count; i > 0 && list->count - i < ALIKE; i--)
		if (strcmp(list->items[i - 1], text) == 0) {
			free(text);
			return;
		}
	list->items = xreallocarray(list->items, list->count + 1, sizeof(list->items[0]));
	list->items[list->count++] = text;
}

static void
free_list(struct own_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

/* How long is the user of "user+more@domain"? */
static size_t
user_length(const char *address)
{
	const char *domain = address_domain(address);
	size_t user = strcspn(address, "+");

	if (domain == NULL)
		return strlen(address);
	return user != 0 && user < (size_t)(domain - address) ? user
	                                                      : (size_t)(domain - address);
}

/* Take the extension out of "user+more@domain". */
static void
cut_extension(char *address)
{
	const char *domain = address_domain(address);

	if (domain != NULL)
		memmove(address + user_length(address), domain, strlen(domain) + 1);
}

/* The key of the address without its extension; of "@domain" that itself. */
static char *
bare_key(const char *address)
{
	char *key = address_key(address);

	cut_extension(key);
	return key;
}

/* The key with its domain as people read it. */
static void
add_unicode(struct own *own, const char *key)
{
	const char *domain = address_domain(key);
	char *unicode = NULL;

	if (strstr(domain, "xn--") != NULL &&
	    idn2_to_unicode_8z8z(domain + 1, &unicode, 0) == IDN2_OK)
		add(&own->spellings, xasprintf("%.*s@%s", (int)(domain - key), key, unicode));
	idn2_free(unicode);
}

/* As it is written, without its extension, and as it is compared. */
static void
add_spellings(struct own *own, const char *address, const char *key)
{
	const char *at = address_domain(address);
	char *bare;

	if (at == NULL || at == address || at[1] == '\0')
		return;
	bare = xstrdup(address);
	cut_extension(bare);
	add(&own->spellings, xstrdup(address));
	add(&own->spellings, address_key(address));
	add(&own->spellings, xstrdup(key));
	add(&own->spellings, bare);
	add_unicode(own, key);
}

static void
add_address(struct own *own, const char *address, bool with_spellings)
{
	char *key;

	if (address == NULL || *address == '\0')
		return;
	key = bare_key(address);
	if (with_spellings)
		add_spellings(own, address, key);
	add(&own->keys, key);
}

static void
add_domain(struct own *own, const char *domain)
{
	struct buf name = BUF_INIT;

	if (*domain == '.')
		domain++;
	if (policy_key_domain(domain, &name) == NULL)
		add(&own->domains, buf_steal(&name));
	buf_free(&name);
}

static void
add_domain_of(struct own *own, const char *address)
{
	const char *at = address_domain(address);

	if (at != NULL)
		add_domain(own, at + 1);
}

/* Of its addresses the first so many; how many those are. */
static size_t
add_field(struct own *own, const struct mail_field *field, size_t most, bool with_domain,
    bool with_spellings)
{
	struct address_list list;
	size_t count;

	if (!address_list_parse(field->value, strlen(field->value), FIELD_MAILBOXES_MAX, &list))
		return 0;
	count = list.count < most ? list.count : most;
	for (size_t i = 0; i < count; i++) {
		add_address(own, list.mailboxes[i].address, with_spellings);
		if (with_domain)
			add_domain_of(own, list.mailboxes[i].address);
	}
	address_list_free(&list);
	return count;
}

static void
add_fields(struct own *own, const struct mail *mail, bool for_texts)
{
	size_t left = OWN_FIELDS_MAX;

	for (size_t i = 0; i < mail->field_count; i++)
		for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
			if (mail_field_is(&mail->fields[i], fields[k].name))
				left -= add_field(own, &mail->fields[i], left,
				    for_texts && fields[k].names_messages, for_texts);
}

/* A mail program makes its identifiers alike: where this one is from, the others are. */
static void
add_message_id(struct own *own, const struct mail *mail)
{
	const struct mail_field *field = mail_find(mail, "Message-ID", 0);
	const char *at = field != NULL ? strrchr(field->value, '@') : NULL;
	char *domain;

	if (at == NULL)
		return;
	domain = xstrndup(at + 1, strcspn(at + 1, "> \t\r\n"));
	add_domain(own, domain);
	free(domain);
}

void
own_find(const struct mail *mail, const struct alias_account *account, char *const *domains,
    struct own *own_r)
{
	bool for_texts = domains != NULL;

	*own_r = (struct own){0};
	add_address(own_r, mail->sender.address, for_texts);
	add_address(own_r, account->mailbox, for_texts);
	for (char **sender = account->senders; sender != NULL && *sender != NULL; sender++)
		add_address(own_r, *sender, for_texts);
	add_fields(own_r, mail, for_texts);
	if (!for_texts)
		return;
	for (; *domains != NULL; domains++)
		add_domain(own_r, *domains);
	if (mail->sender.address != NULL)
		add_domain_of(own_r, mail->sender.address);
	add_message_id(own_r, mail);
}

void
own_free(struct own *own)
{
	free_list(&own->keys);
	free_list(&own->spellings);
	free_list(&own->domains);
	*own = (struct own){0};
}

/* Take those out of the list that have this key. */
static void
forget(struct own_list *list, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		char *its = bare_key(list->items[i]);

		if (strcmp(its, key) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
		free(its);
	}
	list->count = kept;
}

void
own_forget(struct own *own, const char *alias)
{
	char *key = bare_key(alias);

	forget(&own->keys, key);
	forget(&own->spellings, key);
	free(key);
}

bool
own_has_key(const struct own *own, const char *key)
{
	const char *at = address_domain(key), *domain = at != NULL ? at : "";
	size_t user = user_length(key);

	for (size_t i = 0; i < own->keys.count; i++) {
		const char *its = own->keys.items[i];

		if ((strncmp(its, key, user) == 0 && strcmp(its + user, domain) == 0) ||
		    (at != NULL && strcmp(its, at) == 0))
			return true;
	}
	return false;
}

bool
own_has(const struct own *own, const char *address)
{
	char *key = address_key(address);
	bool has = own_has_key(own, key);

	free(key);
	return has;
}

/* Is the name the domain, or below it?  Both are normal forms. */
static bool
is_below(const struct buf *name, const char *domain)
{
	size_t length = strlen(domain);

	return name->len >= length && strcmp(name->data + name->len - length, domain) == 0 &&
	       (name->len == length || name->data[name->len - length - 1] == '.');
}

bool
own_has_domain(const struct own *own, const char *domain)
{
	struct buf name = BUF_INIT;
	bool has = false;

	if (policy_key_domain(domain, &name) == NULL)
		for (size_t i = 0; i < own->domains.count && !has; i++)
			has = is_below(&name, own->domains.items[i]);
	buf_free(&name);
	return has;
}
