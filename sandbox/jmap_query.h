/*
 * jmap_query - what all /query methods do (RFC 8620 §5.5)
 */
#ifndef SANDBOX_JMAP_QUERY_H
#define SANDBOX_JMAP_QUERY_H

#include "sandbox/jmap.h"

/* The ids that a query found, in order; and how many results before them were not read. */
struct jmap_found {
	int64_t *ids;
	size_t count;
	int64_t before;
};

void jmap_found_add(struct jmap_found *f, int64_t id);
void jmap_found_free(struct jmap_found *f);

/*
 * The response: the window of the ids that position, anchor, anchorOffset and limit ask for.
 * NULL after jmap_fail().
 */
json_t *jmap_window(
    struct jmap_call *call, const struct jmap_found *found, char letter, enum record kind);

/*
 * Evaluate a filter: conditions by the callback, operators here (RFC 8620 §5.5).  A NULL
 * filter holds.
 */
typedef bool jmap_condition(const json_t *condition, void *context);
bool jmap_filter(const json_t *filter, jmap_condition *condition, void *context);

/* One property of a filter's conditions: its name and the type its value must have. */
struct jmap_filter_property {
	const char *name;
	enum jmap_type type;
	bool nullable;
};

/* Check a filter before it is used: operators, names (unsupportedFilter), types; false after
 * jmap_fail(). */
bool jmap_check_filter(struct jmap_call *call, const struct jmap_filter_property *properties);

/* Check the sort: each comparator's property is among these (NULL ends), else
 * unsupportedSort; false after jmap_fail(). */
bool jmap_check_sort(struct jmap_call *call, const char *const *properties);

/* A comparator's isAscending, true if it is not given. */
bool jmap_ascending(const json_t *comparator);

#define JMAP_QUERY_ARGUMENTS                                               \
	{"accountId", JMAP_ID, true}, {"filter", JMAP_OBJECT, false},      \
	    {"sort", JMAP_ARRAY, false}, {"position", JMAP_INT, false},    \
	    {"anchor", JMAP_ID, false}, {"anchorOffset", JMAP_INT, false}, \
	    {"limit", JMAP_UNSIGNED, false},                               \
	{                                                                  \
		"calculateTotal", JMAP_BOOLEAN, false                      \
	}

#endif
