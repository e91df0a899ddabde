/*
 * simplelogin_endpoints - every endpoint of SimpleLogin's REST API, as data
 *
 * One table says of each endpoint how it is asked, with what, what it answers, how often it
 * may be asked, and by which words ferryctl knows it.  The client, ferryctl's commands with
 * their options, help and completions, and a test of the manual page read it.
 *
 * Source: SimpleLogin's docs/api.md, and where it errs or is silent, its server.
 */
#ifndef FERRY_SIMPLELOGIN_ENDPOINTS_H
#define FERRY_SIMPLELOGIN_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

enum simplelogin_place { IN_PATH, IN_QUERY, IN_BODY };

/* What a parameter is in JSON, and what people may write for it. */
enum simplelogin_type {
	OF_NUMBER,  /* an integer, at least 0 */
	OF_TEXT,    /* a string */
	OF_CHOICE,  /* one of words */
	OF_BOOLEAN, /* true or false */
	OF_FLAG,    /* there or not: the service asks for its presence alone */
	OF_SECRET,  /* a string that is never an argument: asked for, or read from stdin */
	OF_PICTURE, /* a string: a file in base64 */
	OF_JSON,    /* any value, from a file */
	OF_ALIAS,   /* ids, which people may name by address ... */
	OF_MAILBOX,
	OF_MAILBOXES, /* an array of them */
	OF_CONTACT,
	OF_DOMAIN, /* ... or by domain */
};

#define SL_REQUIRED 1u /* the service refuses without it */
#define SL_NULLABLE 2u /* null has a meaning; ferryctl writes it as an empty argument */
#define SL_ARGUMENT 4u /* an argument of ferryctl's command, not an option */

struct simplelogin_parameter {
	const char *name;   /* the API's: "alias_prefix"; in the path "{alias_prefix}" */
	const char *option; /* ferryctl's: "prefix" */
	enum simplelogin_place place;
	enum simplelogin_type type;
	unsigned flags;
	size_t max;        /* most bytes of a string; 0: no limit of the service's own */
	const char *words; /* of OF_CHOICE, separated by blanks */
	const char *summary;
};

enum simplelogin_shape {
	GIVES_OBJECT, /* a JSON object */
	GIVES_LIST,   /* all of a list at once: the member key, or the array itself */
	GIVES_PAGES,  /* a list in pages, from 0 */
	GIVES_BYTES,  /* no JSON: a file */
};

/* At most so many requests in so many seconds, from the first of them on. */
struct simplelogin_limit {
	unsigned requests, seconds;
};

#define SL_WITHOUT_KEY 1u  /* no API key is sent */
#define SL_CHANGES     2u  /* it changes something */
#define SL_REPEATABLE  4u  /* twice is as good as once */
#define SL_DELETES     8u  /* what it takes away does not come back */
#define SL_SUDO        16u /* the password must have been given in the last five minutes */
#define SL_CREATES     32u /* makes an alias: the service takes one such request at a time */
#define SL_GIVES_KEY   64u /* the answer holds a secret */

struct simplelogin_endpoint {
	const char *words;  /* ferryctl's command: "alias list"; the endpoint's name */
	const char *method; /* with a body, GET is sent as POST */
	const char *path;   /* below the base URL */
	const struct simplelogin_parameter *parameters; /* a NULL name ends them; or NULL */
	enum simplelogin_shape shape;
	const char *key;     /* of a list: its member in the answer; NULL: the answer itself */
	const char *columns; /* of tables: members, separated by blanks; NULL: all, as a list */
	unsigned flags;
	const struct simplelogin_limit *limits; /* zero requests end them; or NULL */
	const char *page;                       /* GIVES_PAGES: the query's name for the page */
	const char *summary;
};

/* Row i, or NULL past the end; and by its words, which must be those of a row. */
const struct simplelogin_endpoint *simplelogin_endpoint_row(size_t i);
const struct simplelogin_endpoint *simplelogin_endpoint(const char *words);

/* A parameter of it by the API's name, or NULL. */
const struct simplelogin_parameter *
simplelogin_parameter(const struct simplelogin_endpoint *endpoint, const char *name);

#endif
