/*
 * jmap_ref - result references (RFC 8620 §3.7)
 */
#ifndef SANDBOX_JMAP_REF_H
#define SANDBOX_JMAP_REF_H

#include <stdbool.h>

#include <jansson.h>

/*
 * Evaluate a JSON pointer (RFC 6901) with the "*" of RFC 8620 §3.7.  A new reference, or NULL
 * if it leads nowhere.
 */
json_t *jmap_pointer(json_t *value, const char *pointer);

/*
 * Replace each "#name" among the arguments by "name" with what it refers to in responses.
 * Within "filter", an object that is nothing but a result reference, {"resultOf", "name",
 * "path"}, as the value of a condition is replaced too: Atomic Mail's published example
 * writes it so.  False, and *why_r a static text, if one cannot be resolved; *type_r is the
 * method error.
 */
bool jmap_resolve(
    json_t *arguments, const json_t *responses, const char **type_r, const char **why_r);

#endif
