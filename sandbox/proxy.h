/*
 * proxy - requests passed on to a JMAP server that is not ours
 *
 * The login stays here; who signs up as USERNAME is USER with PASSWORD there, and all his
 * requests go there with HTTP Basic.  Bodies stream both ways: what a transfer holds at a
 * time is bounded.  Functions that wait do so in the thread that calls them, so a server
 * with a proxy gives each connection a thread.
 */
#ifndef SANDBOX_PROXY_H
#define SANDBOX_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "sandbox/http.h"
#include "sandbox/options.h"

struct proxy;

/* Read the file of users.  NULL with *o set if that cannot be done. */
struct proxy *proxy_open(const struct options *options, struct outcome *o);
void proxy_close(struct proxy **p);

/* End all transfers, within a second; those that wait find them cut. */
void proxy_stop(struct proxy *p);

/* Append the user's name there, which is the inbox; false if the username is not listed. */
bool proxy_inbox(const struct proxy *p, const char *username, struct buf *inbox);

struct proxy_transfer;

/*
 * Start passing a request on for a username; body_length is -1 if the client does not tell.
 * With plain, the answer comes uncompressed.  NULL if the username is not listed any more.
 */
struct proxy_transfer *proxy_start(struct proxy *p, const struct request *r,
    const char *username, int64_t body_length, bool plain);

/* Pass on more of the body. */
void proxy_send(struct proxy_transfer *t, const char *bytes, size_t length);

/*
 * The body is whole: wait for the head of the answer and fill in the reply; its body streams
 * from the transfer, which the reply owns from now on.  502 if there is no answer.
 */
void proxy_finish(struct proxy_transfer **t, const struct request *r, struct reply *reply);

/* Give up. */
void proxy_drop(struct proxy_transfer **t);

#endif
