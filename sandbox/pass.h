/*
 * pass - what the server does with a request that is for the upstream server
 *
 * JMAP requests are collected first, so that faults and counters can look into them; all
 * else streams.  An answer is collected only if something in it must be counted or changed.
 */
#ifndef SANDBOX_PASS_H
#define SANDBOX_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "sandbox/http.h"

struct proxy_transfer;

/* Is it a JMAP request rather than an upload or a download? */
bool pass_is_jmap(const struct request *r);

/*
 * Start the transfer of a request whose body will follow (length -1: unknown) or is there
 * already.  NULL, with the reply filled in, if the token is not good.
 */
struct proxy_transfer *
pass_start(const struct request *r, int64_t body_length, bool plain, struct reply *reply);

/* Finish the transfer and count. */
void pass_finish(struct proxy_transfer **t, const struct request *r, struct reply *reply);

/* Pass on a collected JMAP request; with inspect, its answer is collected too. */
void pass_jmap(const struct request *r, bool inspect, struct reply *reply);

#endif
