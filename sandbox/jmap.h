/*
 * jmap - the API endpoint: requests, method calls, and what methods have in common
 *
 * A request (RFC 8620 §3.3) is a list of method calls.  Each is all or nothing but for what
 * its /set results say; from the first that writes on, they share a transaction, since what a
 * commit costs is most of what a small call costs.  A method gets arguments whose
 * result references are resolved and whose types were checked against its table; it returns
 * the arguments of its response, or NULL after jmap_fail().
 */
#ifndef SANDBOX_JMAP_H
#define SANDBOX_JMAP_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sandbox/http.h"
#include "sandbox/store.h"

/* POST to apiUrl. */
void jmap_api(const struct request *r, struct reply *reply);

/* One request on its way. */
struct jmap_request {
	struct sandbox *sandbox;
	struct db *db;     /* to use: the reader, or once a call writes, the writer */
	struct db *reader; /* borrowed for the request, or NULL so far */
	struct account account;
	json_t *created_ids; /* creation id -> id */
	json_t *responses;   /* methodResponses so far */
	bool holds;          /* a submission that is to be sent later was made */
};

/* One call on its way. */
struct jmap_call {
	struct jmap_request *request;
	const char *name;
	json_t *arguments;
	json_t *error;         /* set by jmap_fail() */
	const char *next_name; /* a second response, of an implicit call, or NULL */
	json_t *next;
};

enum jmap_access { JMAP_NONE, JMAP_READ, JMAP_WRITE };

/* The type of an argument. */
enum jmap_type {
	JMAP_ID,
	JMAP_IDS, /* Id[] */
	JMAP_STRING,
	JMAP_STRINGS, /* String[] */
	JMAP_BOOLEAN,
	JMAP_INT,
	JMAP_UNSIGNED,
	JMAP_OBJECT,
	JMAP_MAP,   /* Id[Object] */
	JMAP_ARRAY, /* of anything */
};

struct jmap_argument {
	const char *name;
	enum jmap_type type;
	bool required;
};

struct jmap_method {
	const char *name;
	const char *capability;
	enum jmap_access access;
	const struct jmap_argument *arguments; /* ends with a NULL name; NULL: anything */
	json_t *(*run)(struct jmap_call *call);
};

/* The method of a name, or NULL, also if an option switches it off. */
const struct jmap_method *jmap_method(const struct options *o, const char *name);

/* Note a method error (RFC 8620 §3.6.2) and return NULL. */
json_t *jmap_fail(struct jmap_call *call, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Check the arguments against the method's table; false after jmap_fail(). */
bool jmap_check_arguments(struct jmap_call *call, const struct jmap_argument *table);

/* Is the value of the type? */
bool jmap_type_good(enum jmap_type type, const json_t *value);

/* A SetError (RFC 8620 §5.3); property, if not NULL, is its one wrong property. */
json_t *jmap_set_error(const char *type, const char *property, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Ids are a letter and a number.  The number of one, also of a creation id ("#new") of this
 * request; 0 if it cannot be one of ours.
 */
int64_t jmap_number(const struct jmap_request *r, const char *id, char letter);
json_t *jmap_id(char letter, int64_t number);

/* An id, or what a creation id stands for; NULL if it stands for nothing. */
const char *jmap_resolve_id(const struct jmap_request *r, const char *id);

/* The letters. */
enum {
	ID_MAILBOX = 'P',
	ID_EMAIL = 'M',
	ID_THREAD = 'T',
	ID_SUBMISSION = 'S',
	ID_IDENTITY = 'I'
};

/* The state of a kind of record, as a string. */
json_t *jmap_state(const struct account *a, enum record kind);

/* The state is a letter of the kind and a number; -1 if it is not one of that kind. */
int64_t jmap_state_number(const char *state, enum record kind);

#endif
