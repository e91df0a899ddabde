/*
 * jmap_get - what all /get methods do (RFC 8620 §5.1)
 */
#ifndef SANDBOX_JMAP_GET_H
#define SANDBOX_JMAP_GET_H

#include "sandbox/jmap.h"

struct jmap_get {
	struct jmap_call *call;
	const json_t
	    *properties; /* array of names that were checked, or NULL for the default */
	void *context;   /* what begin() made */
};

struct jmap_get_type {
	char letter;
	int kind;                      /* enum record whose state is given, -1: "0" always */
	const char *const *properties; /* the names there are, ends with NULL */
	/* Also a property?  NULL: no others. */
	bool (*extra)(const char *name);
	/* Make the context, before the first object; false after jmap_fail().  May be NULL. */
	bool (*begin)(struct jmap_get *get);
	/* The object of a number, or NULL if there is none. */
	json_t *(*object)(struct jmap_get *get, int64_t id);
	/* A query of all ids; its arguments are the account and a limit. */
	const char *all;
	void (*end)(struct jmap_get *get);
};

json_t *jmap_get(struct jmap_call *call, const struct jmap_get_type *type);

/* Is the property asked for? */
bool jmap_wants(const struct jmap_get *get, const char *property);

/* Set a member if it is asked for; the value is taken. */
void jmap_put(const struct jmap_get *get, json_t *object, const char *property, json_t *value);

/* The arguments that every /get has; add them to the method's table. */
#define JMAP_GET_ARGUMENTS                                      \
	{"accountId", JMAP_ID, true}, {"ids", JMAP_IDS, false}, \
	{                                                       \
		"properties", JMAP_STRINGS, false               \
	}

#endif
