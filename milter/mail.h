/*
 * mail - a message as a filter sees it: its envelope and its header
 *
 * Collected event by event, and bounded: what is too much is noted in too_large, and nothing more
 * is kept.  The body is not here; nobody asks for it.
 */
#ifndef FERRY_MAIL_H
#define FERRY_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/base/outcome.h"
#include "common/base/texts.h"

#define MAIL_HEADER_MAX     (1u << 20) /* bytes of all fields together */
#define MAIL_FIELDS_MAX     5000
#define MAIL_RECIPIENTS_MAX 5000
#define MAIL_ENVELOPE_MAX   (1u << 20) /* bytes of all addresses and their arguments */

/* An address of the envelope.  Its texts, like those of fields, are the mail's. */
struct mail_path {
	const char *given;     /* as the MTA gave it: "<a@b>", or from sendmail(1) "a@b" */
	const char *address;   /* without brackets; "" is the null sender */
	const char *arguments; /* ESMTP arguments as they came, separated by blanks, or NULL */
};

/* A field of the header, as the MTA shows it: its own Received is not there. */
struct mail_field {
	const char *name;
	const char *value; /* without the blank after the colon; lines end with LF */
	unsigned index;    /* among the fields of that name, in any case of letters, from 1 */
};

struct mail {
	/* Who brings it. */
	char *queue_id;                 /* or NULL: not known yet */
	char *login;                    /* of a client that authenticated itself, or NULL */
	bool submitted;                 /* by sendmail(1) on this machine, not by SMTP */
	struct sockaddr_storage client; /* AF_UNSPEC if it has no address */

	struct mail_path sender;
	struct mail_path *recipients;
	size_t recipient_count;

	struct mail_field *fields; /* in the order of the message */
	size_t field_count;

	const char *too_large; /* what of it, so that it cannot be judged; or NULL */
	size_t header_bytes, envelope_bytes;
	struct texts texts;
};

void mail_init(struct mail *mail);

/* Forget the message; the client stays. */
void mail_reset(struct mail *mail);
void mail_free(struct mail *mail);

/* MAIL and RCPT: the address as given, and its arguments (NULL-terminated, may be NULL). */
void mail_sender(struct mail *mail, const char *given, char *const *arguments);
void mail_recipient(struct mail *mail, const char *given, char *const *arguments);

/* A header field.  A value with CRLF for LF is taken too, and one blank before it is not
 * part of it. */
void mail_field(struct mail *mail, const char *name, const char *value);

/* OK, or local/too-large. */
struct outcome mail_fault(const struct mail *mail);

/* Has it this name, in any case?  Most that have not differ in the first letter. */
static inline bool
mail_field_is(const struct mail_field *field, const char *name)
{
	return ((field->name[0] ^ name[0]) & ~('a' ^ 'A')) == 0 &&
	       strcasecmp(field->name, name) == 0;
}

/* The n-th field (from 0) of a name in any case, or NULL. */
const struct mail_field *mail_find(const struct mail *mail, const char *name, size_t n);

#endif
