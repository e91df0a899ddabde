/*
 * milter-mail - a message with its envelope, and a filter's edits of it as an MTA makes them
 */
#ifndef TEST_MILTER_MAIL_H
#define TEST_MILTER_MAIL_H

#include <stdbool.h>
#include <stdio.h>

#include "common/base/buf.h"

struct mail_field {
	char *name;
	struct buf value; /* after the colon, folds as LF and blanks, without the last LF */
};

struct mail_address {
	char *address; /* without angle brackets */
	char *args;    /* of ESMTP, separated by blanks; "" if none */
};

struct mail {
	struct mail_address from;
	struct mail_address *to;
	size_t to_count;
	struct mail_field *fields;
	size_t field_count;
	struct buf body;
};

/* Read a message; line ends may be LF or CRLF. */
void mail_read(struct mail *m, FILE *in);
void mail_free(struct mail *m);

/* Split "ADDRESS ARG..." and take it for the sender, or add it to the recipients. */
void mail_set_from(struct mail *m, const char *text);
void mail_add_to(struct mail *m, const char *text);

/* Remove a recipient: the very bytes that were given, perhaps in angle brackets.  False if
 * there is none such, and nothing happens: as with Postfix. */
bool mail_remove_to(struct mail *m, const char *address);

/* Change the index-th field of a name, remove it (value ""), or append it if there are fewer. */
void mail_change_field(struct mail *m, unsigned index, const char *name, const char *value);
/* Insert a field at a position; 0 and 1 are the first, as Postfix's own Received is above. */
void mail_insert_field(struct mail *m, unsigned position, const char *name, const char *value);

/* Write it with LF for line ends. */
void mail_write(const struct mail *m, FILE *out);

#endif
