/*
 * alias - the alias service: SimpleLogin's REST API and what it does with mail
 *
 * One struct alias_service holds it all: accounts, mailboxes, domains, aliases, contacts and
 * letters in an SQLite database of its own (in memory, unless a file is named), and limits,
 * locks and the clock beside it.  All of it is behind one mutex: a call holds it while it
 * acts, never while it waits.  Who also writes to the store (store.h) takes that first.
 *
 * Its clock can be put forward (alias_control.h), so that tests need not wait.
 */
#ifndef SANDBOX_ALIAS_H
#define SANDBOX_ALIAS_H

#include <stdbool.h>

#include "common/base/outcome.h"
#include "sandbox/http.h"

struct alias_service;
struct alias_call;

/* Open the service that the options ask for, and seed it.  NULL with *o set if it cannot be;
 * a mistake in the seed is named there. */
struct alias_service *alias_open(const struct options *options, struct outcome *o);
void alias_close(struct alias_service **service);

/* Is the path one of the API's, known or not? */
bool alias_serves(const char *path);

/*
 * A request in three steps.  Entering finds the endpoint, who asks, and whether the limits
 * and the lock of creations let the request in; what was locked stays so until the request
 * is answered, or left.  An ordered delay comes between the first two steps, so a slow creation is one that
 * holds its lock.
 */
struct alias_call *alias_enter(struct alias_service *service, const struct request *r);
void alias_answer(const struct request *r, struct reply *reply);
void alias_leave(struct alias_call **call);

#endif
