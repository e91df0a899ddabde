/*
 * sendmail_envelope - who sends a message given to sendmail(1), and to whom
 */
#ifndef FERRY_SENDMAIL_ENVELOPE_H
#define FERRY_SENDMAIL_ENVELOPE_H

#include "transport/delivery.h"

#define SENDMAIL_RECIPIENTS_MAX 10000

/*
 * The domain of names without one: what the configuration says, else the first line of
 * /etc/mailname, else the name of this machine.  The caller free()s it.
 */
char *sendmail_domain(const char *configured);

/*
 * The envelope sender: what -f says ("", "<>" is the null sender; NULL: the user's name), with
 * a domain.  The caller free()s it.  local/address if it is no address.
 */
struct outcome sendmail_sender(const char *given, const char *domain, char **sender_r);

/* The user's address: LOGNAME or the name in the password database, and the domain. */
char *sendmail_user_address(const char *domain);

/* Note in the filter what sendmail_header_recipients() and sendmail_complete() look at. */
void sendmail_want(struct header_filter *f);

/*
 * Add to the delivery the addresses that a text lists, those that are there already left out.
 * local/address if it is no such list, local/usage if there are too many.
 */
struct outcome sendmail_add_recipients(
    struct delivery *delivery, const char *text, size_t length, const char *domain);

/*
 * Add those of the message's header: To, Cc and Bcc, or, if it is sent again, what the topmost
 * Resent- fields say (RFC 5322 §3.6.6).
 */
struct outcome sendmail_header_recipients(struct delivery *delivery, const char *domain);

/*
 * Give the message what it lacks: a From of this address and name (NULL: the user's), a domain
 * in it, a Date.
 */
void
sendmail_complete(struct message *m, const char *address, const char *name, const char *domain);

#endif
