/*
 * alias_mail - what the alias service does with mail: an SMTP server's side of it
 *
 * Mail to a reverse alias is a reply: it leaves as from the alias.  Mail to an alias is
 * forwarded to its mailboxes.  The service answers a transaction once, whatever became of its
 * recipients, and what it answered to each is kept for /sandbox/aliases/mail.
 */
#ifndef SANDBOX_ALIAS_MAIL_H
#define SANDBOX_ALIAS_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/base/buf.h"
#include "sandbox/fault.h"

struct alias_service;

/* A message that leaves the service. */
struct alias_letter_out {
	char *sender; /* of the envelope */
	char *recipient;
	struct buf message;
};

struct alias_post {
	char *reply; /* the one SMTP answer: "250 Message accepted for delivery" */
	struct alias_letter_out *out;
	size_t count;
};

/* Is the address in a domain whose mail the service takes? */
bool alias_mail_takes(struct alias_service *s, const char *email);

/*
 * One SMTP transaction.  recipients is an array of addresses; what leaves is in *post, which
 * alias_post_free() frees.  Faults ordered for the paths "smtp:in/ADDRESS" and
 * "smtp:out/ADDRESS" with a status spoil a recipient, or the way on.  False if the service
 * could not store what it did.
 */
bool alias_mail(struct alias_service *s, struct faults *faults, const char *sender,
    const json_t *recipients, const char *bytes, size_t length, struct alias_post *post);

void alias_post_free(struct alias_post *post);

#endif
