/*
 * alias_account - an account at an alias service, and how aliases are made there, as data
 *
 * The configuration fills it; nothing here does any work.  All of it belongs to whoever made
 * it (usually struct config) and is read-only for those who use it.
 */
#ifndef FERRY_ALIAS_ACCOUNT_H
#define FERRY_ALIAS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* What a new alias for a hostname is called. */
enum alias_naming {
	ALIAS_BY_HOST, /* after the hostname */
	ALIAS_BY_WORD, /* random words */
	ALIAS_BY_UUID, /* a UUID */
};

struct alias_account {
	char *name;           /* the section's title; a safe file name */
	char *api_url;        /* base URL, no slash at the end */
	char *directory;      /* STATE-DIR/aliases/NAME: key, map, remembered limits */
	char *secret_file;    /* the API key; NULL if secret_command is set */
	char *secret_command; /* run by /bin/sh; its first line is the key; or NULL */
	char *ca_file;        /* or NULL */
	bool paced;           /* keep the service's limits before it says so */
	enum alias_naming naming;
	char *domain;       /* of new aliases; NULL: what the service offers first */
	char *mailbox;      /* address that gets their mail; NULL: the default mailbox */
	char **senders;     /* keys (address.h) of those it is for; NULL-terminated */
	int64_t refresh_ms; /* what is known of an alias is looked at again after so long */
};

#endif
