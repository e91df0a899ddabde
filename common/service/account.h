/*
 * account - where mail is and how to log in, as plain data
 *
 * The configuration fills it; nothing here does any work.  Strings may be NULL where
 * noted.  All of it belongs to whoever made it (usually struct config) and is read-only for
 * the services that use it.
 */
#ifndef FERRY_ACCOUNT_H
#define FERRY_ACCOUNT_H

#include <stddef.h>

enum auth_kind {
	AUTH_ATOMICMAIL, /* proof of work, session token, capability token */
	AUTH_BEARER,     /* a token from a file or a command */
	AUTH_BASIC,      /* user and password */
};

/* When a message's From is made the account's own address. */
enum rewrite_from {
	REWRITE_NEVER,
	REWRITE_MISMATCH, /* where it is not an address of the account's */
	REWRITE_ALWAYS,
};

struct account {
	char *name; /* the section's title; a safe file name */
	enum auth_kind auth;
	char *auth_url;       /* AUTH_ATOMICMAIL: base URL, no slash at the end */
	char *api_url;        /* base URL; the session is at api_url/.well-known/jmap */
	char *address;        /* the inbox's address, or NULL: learnt at login */
	char *default_domain; /* of addresses that are named without one */
	char *directory;      /* STATE-DIR/accounts/NAME: tokens, key, cached session */
	char *secret_file;    /* API key, token or password; NULL if secret_command is set */
	char *secret_command; /* run by /bin/sh; its first line is the secret; or NULL */
	char *user;           /* AUTH_BASIC */
	char *ca_file;        /* or NULL */
	char **senders;       /* keys (address.h) of those it sends for; NULL-terminated */
	enum rewrite_from rewrite_from;
	char *pow_salt;       /* the salt's text, used as it is written */
	unsigned pow_threads; /* 0: every CPU this process may use */
	size_t pow_memory;    /* bytes; 0: the solver's own choice */
	int pow_max_difficulty;
};

#endif
