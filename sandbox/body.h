/*
 * body - which parts of a message are its text, and which are attached
 *
 * The division of RFC 8621 §4.1.4 into textBody, htmlBody and attachments.
 */
#ifndef SANDBOX_BODY_H
#define SANDBOX_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "sandbox/mime.h"

struct body_list {
	const struct mime_part **parts;
	size_t count;
};

struct body {
	struct body_list text, html, attachments;
};

/* Divide; the lists point into the message.  body_free() them. */
struct body body_divide(const struct mime_part *message);
void body_free(struct body *b);

bool body_has_attachment(const struct mime_part *message);

/* Append the first 256 characters or fewer of the text, blanks joined (§4.1.4, preview). */
void body_preview(const struct mime_part *message, struct buf *out);

#endif
