/*
 * stamp - the mark on a message that the filter has made over
 *
 *	X-Ferry-Alias: v1 t=1795698284 h=0123...
 *
 * A message can come through the filter again: a content filter gives it back, a queue is
 * moved.  The stamp says that its recipients are what the filter made of them.  It is an
 * HMAC-SHA-256, with a key that never leaves this machine, of the time, the envelope's sender
 * and the set of its recipients, as they are after the edits.  So nobody else can make one, and
 * who sees one, in a message he got, can do nothing with it but send mail to the same
 * recipients in the same sender's name, which goes where it went, as it did.  A message with
 * some of the recipients has no valid stamp: it is judged afresh, and reverse addresses are
 * then known by the map.
 *
 * A stamp holds for ALIAS_STAMP_LIFETIME; one from the future, if it is by no more than
 * ALIAS_STAMP_SKEW, as clocks of machines that share a key may differ.
 *
 * The order of recipients, those named twice, and case as address.h has it do not matter.
 *
 * Thread-safe.
 */
#ifndef FERRY_ALIAS_STAMP_H
#define FERRY_ALIAS_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

#define ALIAS_STAMP_FIELD    "X-Ferry-Alias"
#define ALIAS_STAMP_LIFETIME (7 * 86400) /* seconds; Postfix keeps a message for 5 days */
#define ALIAS_STAMP_SKEW     3600

struct alias_stamp_envelope {
	const char *sender; /* with or without "<>" */
	const char *const *recipients;
	size_t count;
};

/*
 * The key, of STATE_DIR/alias-stamp-key; made (0600) if it is missing, once even if several
 * processes come at the same time.  Appended to *key, to be wiped by the caller.  auth/secret
 * if others may read it.
 */
struct outcome alias_stamp_key(const char *state_dir, struct buf *key);

/* Append the field's value. */
void alias_stamp_make(const struct buf *key, const struct alias_stamp_envelope *envelope,
    int64_t now, struct buf *value);

/* Does the value (as libmilter gives it: any bytes) hold for the envelope at that time? */
bool alias_stamp_holds(const struct buf *key, const struct alias_stamp_envelope *envelope,
    int64_t now, const char *value);

#endif
