/*
 * alias_message - a message taken apart and put together again with other header fields
 */
#ifndef SANDBOX_ALIAS_MESSAGE_H
#define SANDBOX_ALIAS_MESSAGE_H

#include <stdbool.h>

#include <jansson.h>

#include "common/base/buf.h"
#include "sandbox/mime.h"

/* Append the fields of the message that pick takes, as they stand. */
void alias_message_fields(const struct mime_part *message,
    bool (*pick)(const struct mime_header *field), struct buf *out);

/* Is the field's name in the list, which ends with NULL? */
bool alias_message_named(const struct mime_header *field, const char *const *names);

/* Append the field of addresses [{"name", "email"}]; none if there are none. */
void alias_message_addresses(const char *name, const json_t *addresses, struct buf *out);

/* Append the field "NAME: VALUE". */
void alias_message_field(const char *name, const char *value, struct buf *out);

/* The addresses of all fields of a name, [{"name", "email"}]. */
json_t *alias_message_list(const struct mime_part *message, const char *name);

/* The value of the last field of a name, unfolded and trimmed; NULL if there is none. */
char *alias_message_value(const struct mime_part *message, const char *name);

/* Append the words of a text, a line for each, those for which map gives a new string replaced
 * by it. */
void alias_message_map(const char *text, char *(*map)(void *state, const char *word),
    void *state, struct buf *out);

/* Append bytes with all occurrences of a text replaced by another. */
void alias_message_replace(
    const char *bytes, size_t length, const char *from, const char *to, struct buf *out);

#endif
