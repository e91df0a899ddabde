/*
 * submit_envelope - the envelope of a submission (RFC 8621 §7), and what a service offers for it
 */
#ifndef FERRY_SUBMIT_ENVELOPE_H
#define FERRY_SUBMIT_ENVELOPE_H

#include "transport/submit.h"

/* What the session says of submitting (RFC 8621 §1.3.2) and of sizes. */
struct submit_offer {
	bool dsn;         /* RFC 3461's parameters */
	int64_t hold_max; /* seconds that sending can be put off; 0: it cannot */
	int64_t size_max; /* bytes of a message */
	int64_t blob_max; /* bytes of one that goes inline (RFC 9404); 0: none does */
};
void submit_offer_read(const struct jmap_session *session, struct submit_offer *offer_r);

/* Can the service hold the message for as long as it is to be?  local/undelayed if not. */
struct outcome
submit_check_hold(const struct delivery *delivery, const struct submit_offer *offer);

/* Write "envelope", with those addressees who are SENDING. */
void submit_write_envelope(
    struct buf *text, const struct submission *s, const struct submit_offer *offer);

#endif
