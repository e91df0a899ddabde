/*
 * compose_header - write header fields from JSON in the forms of RFC 8621 §4.1.2
 */
#ifndef SANDBOX_COMPOSE_HEADER_H
#define SANDBOX_COMPOSE_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/buf.h"
#include "sandbox/header_form.h"

/*
 * Append the field NAME, or with :all one for each item; null appends nothing.  Text that is
 * not ASCII is encoded (RFC 2047), long fields are folded.  False if the value has the wrong
 * type, or holds what cannot stand in such a field; then what was appended is undone.
 */
bool compose_field(const struct header_property *h, const json_t *value, struct buf *out);

/* Append a Date field of a time. */
void compose_date_field(int64_t seconds, struct buf *out);

/* Append "; name=value", encoded after RFC 2231 if need be. */
void compose_parameter(const char *name, const char *value, struct buf *out);

#endif
