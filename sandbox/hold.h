/*
 * hold - submissions that are to be sent later (RFC 4865)
 *
 * They wait in the store, so a restart forgets none.  A thread sleeps until the next is due.
 */
#ifndef SANDBOX_HOLD_H
#define SANDBOX_HOLD_H

#include <stdint.h>

#include "sandbox/sandbox.h"

struct hold;

struct hold *hold_start(struct sandbox *s);
void hold_stop(struct hold **h);

/* A submission was added: look when the next is due. */
void hold_wake(struct hold *h);

/* Send now what is due at a time, INT64_MAX: all that is held; how many were sent or, by
 * then, refused. */
int64_t hold_send(struct sandbox *s, int64_t due);

#endif
