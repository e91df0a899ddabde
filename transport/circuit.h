/*
 * circuit - what keeps us from asking a service that has said that there is no use
 *
 * Two things are remembered of an account, in the file circuit.json of its directory, so that
 * all processes know them:
 *
 *   - its login was refused.  Then it is asked again after a minute, and after longer and
 *     longer intervals up to a quarter of an hour, by one delivery at a time; all others are
 *     deferred at once.  A new key closes the circuit, because the record tells (by a stamp)
 *     which key was refused.  Mail never bounces for it.
 *   - it limits our rate, and for how long.
 *
 * One loud line is logged when a circuit opens, and one when it closes.
 */
#ifndef FERRY_CIRCUIT_H
#define FERRY_CIRCUIT_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "common/service/account.h"

struct circuit {
	const struct account *account;
	const struct buf *key; /* of the stamps; the caller's */
};

/* May the account's service be asked now?  OK, or why not; *open_r: the login is refused. */
struct outcome circuit_check(const struct circuit *circuit, bool *open_r);

/* What came of asking: a refusal opens the circuit, a success closes it.  *open_r as it was
 * told last, and as it is now. */
void circuit_note(const struct circuit *circuit, const struct outcome *o, bool *open_r);

#endif
