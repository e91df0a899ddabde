/*
 * lmtp_parameters - what follows the address in MAIL and RCPT, and what XFORWARD says
 *
 * Each function takes the list from text, which it cuts up, and returns NULL, or the reply
 * (without its line end) that refuses it.  Then nothing of what was filled in counts.
 */
#ifndef FERRY_LMTP_PARAMETERS_H
#define FERRY_LMTP_PARAMETERS_H

#include "transport/courier.h"

/*
 * SIZE, BODY, SMTPUTF8 (which change nothing: JMAP is 8-bit and UTF-8 throughout); RET and
 * ENVID, and HOLDFOR and HOLDUNTIL, if they were offered.  Strings of the delivery are
 * allocated.
 */
const char *
lmtp_mail_parameters(char *text, const struct courier_offer *offer, struct delivery *delivery);

/* NOTIFY and ORCPT, if they were offered.  Strings of the recipient are borrowed from text. */
const char *lmtp_rcpt_parameters(
    char *text, const struct courier_offer *offer, struct recipient *recipient);

/* All attributes of Postfix's are known; IDENT's value is copied to queue_id. */
const char *lmtp_xforward(char *text, char *queue_id, size_t size);

#endif
