/*
 * Whose mail leaves through which account.
 */
#include "transport/sender.h"

const struct account *
sender_account(const struct config *config, const char *sender, struct outcome *o)
{
	(void)sender;
	*o = config->transport.account != NULL
	         ? outcome_ok()
	         : outcome_make("local", "config", "%s names no account for the transport",
	               config->path);
	return config->transport.account;
}
