/*
 * Whose mail is ours to change.
 */
#include "milter/who.h"
#include "common/wire/network.h"

const char *
who_is_ours(const struct milter_config *config, const struct mail *mail)
{
	if (config->authenticated && mail->login != NULL)
		return "authenticated";
	if (config->local && mail->submitted)
		return "local";
	for (size_t i = 0; i < config->network_count; i++)
		if (!mail->submitted &&
		    network_has(&config->networks[i], (const struct sockaddr *)&mail->client))
			return "network";
	return NULL;
}
