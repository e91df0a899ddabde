/*
 * lane - the way to the service of one account, shared by all threads
 *
 * Clients are taken for one piece of work and given back; there are never more than requests
 * and uploads may be under way.  What the session offers is learnt at the first use.
 * Thread-safe.
 */
#ifndef FERRY_LANE_H
#define FERRY_LANE_H

#include "common/service/jmap.h"
#include "common/settings/config.h"
#include "transport/group.h"
#include "transport/submit_envelope.h"

struct lane;

/* key is of the stamps; carry and arg are the group's (see group.h).  All stay the caller's. */
struct lane *lane_new(const struct account *account, const struct transport_config *config,
    const struct buf *key, group_carry *carry, void *arg);
void lane_free(struct lane **lane);

const struct account *lane_account(const struct lane *lane);
struct group *lane_group(struct lane *lane);

/* May the service be asked now?  See circuit.h. */
struct outcome lane_check(struct lane *lane);

/* What came of asking it. */
void lane_note(struct lane *lane, const struct outcome *o);

/* Is its login refused at present? */
bool lane_is_open(struct lane *lane);

/* Does the service lack Email/import?  Remembered for a day, for all processes. */
bool lane_lacks_import(struct lane *lane);
void lane_note_lacks_import(struct lane *lane);

/* A client for one piece of work of one thread. */
struct outcome lane_take(struct lane *lane, struct jmap **jmap_r);
void lane_give(struct lane *lane, struct jmap **jmap);

/*
 * What the service offers.  If nobody has learnt it yet, this does: a session from the cache,
 * else a login and a request, before the deadline.
 */
struct outcome lane_offer(struct lane *lane, struct deadline d, struct submit_offer *offer_r);

/* Learn it, or learn it anew, from this client's session. */
struct outcome lane_learn(struct lane *lane, struct jmap *jmap, struct deadline d);

/* The same, as far as it is known: false if it is not. */
bool lane_known_offer(struct lane *lane, struct submit_offer *offer_r);

#endif
