/*
 * json_plain - where the plain text of a JSON string ends
 *
 * Messages are most of the JSON that is read and written here, and most of a message is plain:
 * ASCII that stands for itself.  It is gone over eight bytes at a time.
 */
#ifndef FERRY_JSON_PLAIN_H
#define FERRY_JSON_PLAIN_H

/* The first byte from p on that is a quote, a backslash, a control (DEL is none to JSON) or not
 * ASCII; or end. */
const char *json_plain_end(const char *p, const char *end);

#endif
