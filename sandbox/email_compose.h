/*
 * email_compose - make a message of the Email object of a client (RFC 8621 §4.6)
 */
#ifndef SANDBOX_EMAIL_COMPOSE_H
#define SANDBOX_EMAIL_COMPOSE_H

#include "common/base/buf.h"
#include "sandbox/jmap.h"

/*
 * Append the message, with CRLF line ends.  Missing Date, Message-ID and MIME-Version are
 * added; the order of the fields is fixed.  Returns NULL, or a SetError that names the
 * property at fault (invalidProperties, or blobNotFound with "notFound").
 */
json_t *email_compose(struct jmap_call *call, json_t *object, struct buf *message);

#endif
