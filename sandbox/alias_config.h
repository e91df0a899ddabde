/*
 * alias_config - how the alias service is set up: what its operator decides, not its users
 *
 * The member "config" of a seed, in the order of the table in alias_config.c.
 */
#ifndef SANDBOX_ALIAS_CONFIG_H
#define SANDBOX_ALIAS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct alias_config {
	char *email_domain;  /* where reverse aliases are */
	char *apple_secret;  /* that Apple's notices come with */
	int64_t max_free;    /* aliases of an account without a plan */
	int64_t suffix_life; /* seconds that a signed suffix is good for */
	int64_t max_keys;    /* API keys before old ones are dropped */
	int64_t trash_days;  /* 0: deleted aliases of the service's domains go at once */
	bool registration_open;
	bool maintenance;
	bool limits;            /* of requests */
	bool shared_limits;     /* the lock of creations, and the limits inside them */
	bool restrict_contacts; /* free accounts that are marked make no contacts */
	bool dmarc;             /* a From not of the sender's domain drops a reply */
	bool enforce_spf;
	json_t *spf_fails;        /* array of domains whose mail fails SPF */
	json_t *mailbox_refusals; /* address or domain: why it cannot be a mailbox */
	json_t *banned;           /* array of addresses that may not register */
	json_t *login_providers;  /* "facebook", "google": {token: address} */
	json_t *rate_limits;      /* name: "100/day;50/hour;5/minute", over the defaults */
};

void alias_config_default(struct alias_config *c);
void alias_config_free(struct alias_config *c);

/* Take what the object says; NULL, or which member it is that is none or is wrong. */
const char *alias_config_take(struct alias_config *c, const json_t *given);

/* What is in force. */
json_t *alias_config_json(const struct alias_config *c);

#endif
