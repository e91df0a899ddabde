/*
 * courier - takes deliveries to the services of their accounts
 *
 * What every dress of the transport shares.  A dress makes a struct delivery: envelope,
 * message received, account chosen (sender.h).  courier_deliver() then sees to the rest: the
 * journal is asked what an earlier try came to, the message is stamped and uploaded, the
 * deliveries that wait at the same time share requests (group commit), and each recipient
 * gets an outcome of its own.
 *
 * One courier serves all accounts of a configuration, and any number of threads.  The
 * configuration must outlive it.
 */
#ifndef FERRY_COURIER_H
#define FERRY_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings/config.h"
#include "transport/delivery.h"

struct courier;

/* Make ready; no request is made yet.  local/... if the state directory cannot be used. */
struct outcome courier_open(const struct config *config, struct courier **courier_r);

/* Nobody may be in courier_deliver() or courier_tend() any more, and no errand under way. */
void courier_close(struct courier **courier);

/*
 * Deliver, and return when every recipient has its outcome; not later than the delivery's
 * deadline.  One line is logged for each message that this comes to (split.h).  Thread-safe.
 */
void courier_deliver(struct courier *courier, struct delivery *delivery);

/*
 * The same without waiting, for a delivery that needs nothing but a place in a request.  False
 * if this one may need more: a login, an upload, an answer about an earlier try, a look into an
 * alias map; then nothing has been done, and courier_deliver() is for it.  Else done(arg) is called once, from any
 * thread, perhaps before this returns; whoever is told so calls courier_end(), which gives
 * each recipient its outcome, logs, and frees the errand.
 *
 * It looks into the journal as that was at the first call since courier_rest(), to be called
 * before the thread waits for anything, and before the courier is closed.
 */
struct errand;
bool courier_begin(struct courier *courier, struct delivery *delivery, void (*done)(void *arg),
    void *arg, struct errand **errand_r);
void courier_rest(struct courier *courier);
void courier_end(struct errand **errand);

/*
 * For a process that stays: learn what the services offer, and renew sessions and tokens
 * ahead of their end, so that no message waits for a login.  To be called by one thread every
 * few seconds; returns at once if there is nothing to do, else after the login.
 */
void courier_tend(struct courier *courier);

/* What all accounts' services together offer, as far as is known by now; for LHLO. */
struct courier_offer {
	int64_t size_max; /* bytes of a message; 0: not known */
	bool dsn;         /* RFC 3461 parameters are passed on */
	int64_t hold_max; /* seconds that sending can be put off (RFC 4865); 0: it cannot */
};
void courier_offer(struct courier *courier, struct courier_offer *offer_r);

/* What it has done since it was opened; for metrics. */
struct courier_counts {
	uint64_t sent, deferred, bounced; /* recipients */
	uint64_t messages, bytes;         /* taken to be delivered */
	uint64_t requests;                /* to services, uploads included */
	uint64_t groups;                  /* requests that submitted, and */
	uint64_t grouped;                 /* how many messages they carried */
	uint64_t ambiguous;               /* of which nobody knows whether they left */
	uint64_t earlier;                 /* recipients that an earlier try had sent to */
	unsigned circuits_open;           /* accounts whose login is refused at present */
	unsigned waiting, in_flight;      /* deliveries, and requests, right now */
};
void courier_count(struct courier *courier, struct courier_counts *counts_r);

#endif
