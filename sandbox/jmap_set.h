/*
 * jmap_set - what all /set methods do (RFC 8620 §5.3)
 */
#ifndef SANDBOX_JMAP_SET_H
#define SANDBOX_JMAP_SET_H

#include "sandbox/jmap.h"

struct jmap_set_type {
	char letter;
	enum record kind;
	/* Make a record: what the server set, "id" among it; or NULL and *error_r. */
	json_t *(*create)(struct jmap_call *call, json_t *object, json_t **error_r);
	/* Change or destroy one: NULL, or a SetError. */
	json_t *(*update)(struct jmap_call *call, int64_t id, json_t *patch);
	json_t *(*destroy)(struct jmap_call *call, int64_t id);
};

json_t *jmap_set(struct jmap_call *call, const struct jmap_set_type *type);

/*
 * The frame of a response that creates things: accountId, oldState; then created and
 * notCreated grow; then newState.  Also used by Email/import.
 */
json_t *jmap_set_begin(struct jmap_call *call, enum record kind);
void jmap_set_created(struct jmap_call *call, json_t *result, const char *creation_id,
    json_t *created, json_t *error);
void jmap_set_end(struct jmap_call *call, enum record kind, json_t *result);

/* False after jmap_fail() if the argument ifInState is not the state. */
bool jmap_if_in_state(struct jmap_call *call, enum record kind);

/* False after jmap_fail() if there are more than maxObjectsInSet. */
bool jmap_few_enough(struct jmap_call *call, size_t objects);

#define JMAP_SET_ARGUMENTS                                               \
	{"accountId", JMAP_ID, true}, {"ifInState", JMAP_STRING, false}, \
	    {"create", JMAP_MAP, false}, {"update", JMAP_MAP, false},    \
	{                                                                \
		"destroy", JMAP_IDS, false                               \
	}

#endif
