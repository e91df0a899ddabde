/*
 * Whose mail leaves through which account.
 */
#include <stdlib.h>
#include <string.h>

#include "common/wire/address.h"
#include "transport/sender.h"

static bool
lists(const struct account *account, const char *key)
{
	for (char **sender = account->senders; sender != NULL && *sender != NULL; sender++)
		if (strcmp(*sender, key) == 0)
			return true;
	return false;
}

static bool
has_address(const struct account *account, const char *address)
{
	return account->address != NULL && address_same(account->address, address);
}

/* The first account of which this is true, or NULL; a domain that is not there is nobody's. */
static const struct account *
find(const struct config *config, bool (*claims)(const struct account *, const char *),
    const char *what)
{
	for (size_t i = 0; what != NULL && i < config->account_count; i++)
		if (claims(&config->accounts[i], what))
			return &config->accounts[i];
	return NULL;
}

/* Who claims the sender; the null sender is nobody's. */
static const struct account *
claimant(const struct config *config, const char *sender)
{
	char *key = address_key(sender);
	const struct account *account = NULL;

	if (*sender != '\0')
		account = find(config, lists, key);
	if (account == NULL && *sender != '\0')
		account = find(config, has_address, sender);
	if (account == NULL)
		account = find(config, lists, address_domain(key));
	free(key);
	return account;
}

const struct account *
sender_account(const struct config *config, const char *sender, struct outcome *o)
{
	const struct account *account = claimant(config, sender);

	*o = outcome_ok();
	if (account == NULL)
		account = config->transport.account;
	if (account != NULL)
		return account;
	if (config->account_count == 0)
		*o = outcome_make("local", "config", "there is no account in %s", config->path);
	else if (*sender == '\0')
		*o = outcome_make("local", "sender",
		    "bounces have none, and no account is named for them in the transport "
		    "section");
	else
		*o = outcome_make("local", "sender", "<%s>", sender);
	return NULL;
}

bool
sender_is_own(const struct account *account, const char *own_address, const char *address)
{
	char *key = address_key(address);
	bool own =
	    lists(account, key) || (own_address != NULL && address_same(own_address, address));

	if (!own && address_domain(key) != NULL)
		own = lists(account, address_domain(key));
	free(key);
	return own;
}
