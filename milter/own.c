/*
 * Is an address the writer's?
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "common/wire/address_list.h"
#include "milter/own.h"

#define FIELD_MAILBOXES_MAX 100

/* The key of the address without its extension; of "@domain" that itself. */
static char *
bare_key(const char *address)
{
	char *key = address_key(address), *plus = strchr(key, '+');
	const char *domain = address_domain(key);

	if (plus != NULL && plus != key && domain != NULL && plus < domain)
		memmove(plus, domain, strlen(domain) + 1);
	return key;
}

static void
add(struct own *own, const char *address)
{
	if (address == NULL || *address == '\0')
		return;
	own->keys = xreallocarray(own->keys, own->count + 2, sizeof(own->keys[0]));
	own->keys[own->count++] = bare_key(address);
	own->keys[own->count] = NULL;
}

static void
add_field(struct own *own, const char *value)
{
	struct address_list list;

	if (!address_list_parse(value, strlen(value), FIELD_MAILBOXES_MAX, &list))
		return;
	for (size_t i = 0; i < list.count; i++)
		add(own, list.mailboxes[i].address);
	address_list_free(&list);
}

void
own_find(const struct mail *mail, const struct alias_account *account, struct own *own_r)
{
	static const char *const names[] = {
	    "From", "Sender", "Reply-To", "Resent-From", "Resent-Sender", "Resent-Reply-To"};

	*own_r = (struct own){0};
	add(own_r, mail->sender.address);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t n = 0; mail_find(mail, names[i], n) != NULL; n++)
			add_field(own_r, mail_find(mail, names[i], n)->value);
	add(own_r, account->mailbox);
	for (char **sender = account->senders; sender != NULL && *sender != NULL; sender++)
		add(own_r, *sender);
}

void
own_free(struct own *own)
{
	for (size_t i = 0; i < own->count; i++)
		free(own->keys[i]);
	free(own->keys);
	*own = (struct own){0};
}

static bool
has_key(const struct own *own, const char *key)
{
	for (size_t i = 0; key != NULL && i < own->count; i++)
		if (strcmp(own->keys[i], key) == 0)
			return true;
	return false;
}

bool
own_has(const struct own *own, const char *address)
{
	char *key = bare_key(address);
	bool has = has_key(own, key) || has_key(own, address_domain(key));

	free(key);
	return has;
}
