/*
 * session - the JMAP session resource (RFC 8620 §2)
 */
#ifndef SANDBOX_SESSION_H
#define SANDBOX_SESSION_H

#include "sandbox/http.h"

#define CAPABILITY_CORE       "urn:ietf:params:jmap:core"
#define CAPABILITY_MAIL       "urn:ietf:params:jmap:mail"
#define CAPABILITY_SUBMISSION "urn:ietf:params:jmap:submission"
#define CAPABILITY_BLOB       "urn:ietf:params:jmap:blob"

/* The session never changes while the service runs, and so neither does its state. */
#define SESSION_STATE "sandbox-1"

/* Limits of the mail capability (RFC 8621 §1.3.1). */
#define MAIL_MAILBOXES_PER_EMAIL 100
#define MAIL_MAILBOX_DEPTH       10
#define MAIL_MAILBOX_NAME        255 /* bytes */
#define MAIL_KEYWORDS            128

/* GET /.well-known/jmap: the session, or a redirection to it. */
void session_discover(const struct request *r, struct reply *reply);
void session_get(const struct request *r, struct reply *reply);

#endif
