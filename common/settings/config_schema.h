/*
 * config_schema - every option of ferry.conf, as data
 *
 * The loader builds libconfuse's grammar from this table and checks each value by its row;
 * a test compares it with ferry.conf(5) and with contrib/ferry.conf, so that the three
 * cannot differ.
 */
#ifndef FERRY_CONFIG_SCHEMA_H
#define FERRY_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

enum config_kind {
	CONFIG_TEXT,     /* one line without control characters */
	CONFIG_PATH,     /* absolute, without ".." */
	CONFIG_URL,      /* https:, or http: to loopback; no user, query or fragment */
	CONFIG_ADDRESS,  /* local@domain */
	CONFIG_DOMAIN,   /* as it stands behind an '@' */
	CONFIG_NUMBER,   /* decimal, from min to max */
	CONFIG_CHOICE,   /* one of words */
	CONFIG_FACILITY, /* a syslog facility's name */
	CONFIG_LISTEN,   /* where to listen; see endpoint.h */
	CONFIG_LOOPBACK, /* address:port on the loopback */
	CONFIG_MODE,     /* of a file, octal */
	CONFIG_ACCOUNT,  /* the title of an account or alias section */
	CONFIG_LIST,     /* of texts */
	CONFIG_SENDERS,  /* list of local@domain or @domain */
	CONFIG_FIELD,    /* name of a header field that a message can do without */
	CONFIG_FIELDS,   /* list of such, or "Name*" */
	CONFIG_NETWORKS, /* list of networks; see network.h */
};

/* For which kinds of login an option of an account has a meaning. */
#define CONFIG_FOR_ATOMICMAIL 1u
#define CONFIG_FOR_BEARER     2u
#define CONFIG_FOR_BASIC      4u
#define CONFIG_FOR_ALL        7u

struct config_option {
	const char *section; /* "" for the top level */
	const char *name;
	enum config_kind kind;
	const char *fallback; /* as it would be written in the file; NULL: none */
	long min, max;        /* CONFIG_NUMBER */
	const char *words;    /* CONFIG_CHOICE: separated by blanks, in the enum's order */
	unsigned logins;      /* CONFIG_FOR_...; CONFIG_FOR_ALL outside accounts */
};

struct config_section {
	const char *name;
	bool titled; /* it has a title and may be there several times */
};

/* Row i, or NULL past the end. */
const struct config_option *config_schema_option(size_t i);
const struct config_section *config_schema_section(size_t i);

/* The row of an option, or NULL. */
const struct config_option *config_schema_find(const char *section, const char *name);

/*
 * Is this a value the option takes?  If not, *why says what is wrong with it, as the end of
 * a sentence that starts with the option's name.
 */
bool
config_schema_accepts(const struct config_option *option, const char *value, struct buf *why);

/* May this be the title of an account, alias or sync section, which becomes a file's name? */
bool config_schema_accepts_title(const char *title, struct buf *why);

/* Are its values lists? */
bool config_schema_is_list(const struct config_option *option);

/* The position of a word in a CONFIG_CHOICE's list, -1 if it is not there. */
int config_schema_word(const struct config_option *option, const char *word);

#endif
