/*
 * auth - logging in: from an account to the Authorization header its requests need
 *
 * Three providers behind one interface: atomicmail (challenge, proof of work, session
 * token, capability token), bearer, basic.  Tokens are taken from the cache on disk while
 * they are good for 60 s (session) and 20 s (capability) more, or for a fifth of their whole life where
 * that is shorter, so that tokens that live for seconds work too; who refreshes holds the
 * account's lock, and looks again after getting it (single flight).
 *
 * Errors: family "auth", "pow", "net", "http".  What the service says in its error object
 * becomes text and hint.  An API key that a fresh login refuses is auth/refused with
 * alarm set; it is temporary all the same, because mail must not bounce for it.
 */
#ifndef FERRY_AUTH_H
#define FERRY_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/outcome.h"
#include "common/service/account.h"
#include "common/service/credentials.h"
#include "common/wire/http.h"
#include "common/wire/pow.h"

struct auth;

/* The parts stay the caller's and must outlive it. */
struct auth *
auth_new(const struct account *account, struct credentials *credentials, struct http *http);
void auth_free(struct auth **auth);

/* Show the proof of work's progress; see pow.h.  NULL (the default) shows nothing. */
void auth_on_progress(
    struct auth *auth, void (*progress)(const struct pow_progress *, void *), void *arg);

/* Append the Authorization header's value ("Bearer ...") for a JMAP request now. */
struct outcome auth_header(struct auth *auth, struct deadline d, struct buf *value);

/*
 * Tell that a request with this value got 401: the token is dropped, and the next
 * auth_header() gets another.  False if there is no point in asking again, because the
 * value is not one that can be renewed (basic, bearer from a file that did not change).
 */
bool auth_refused(struct auth *auth, const char *value);

/*
 * For a process that stays: renew tokens that are good still, but not for long (ten minutes of
 * a session, or a fifth of its life where that is shorter), so that nobody has to wait for it.
 * Returns at once if there is nothing to do.
 */
struct outcome auth_tend(struct auth *auth, struct deadline d);

/* Log in afresh, whatever the cache holds. */
struct outcome auth_login(struct auth *auth, struct deadline d);

/*
 * Sign up (AUTH_ATOMICMAIL): proof of work, then the API key is on disk, fsynced, before
 * this returns OK.  Refuses (auth/registered) before any work if there is a key.  The username is 5 to
 * 21 characters.  *address_r is the inbox's address; the caller free()s it.
 */
struct outcome
auth_register(struct auth *auth, const char *username, struct deadline d, char **address_r);

/*
 * The inbox's address: account->address, else what sign-up or login taught (an inboxId with
 * '@' as it is, else inboxId@default-domain); NULL if nothing is known yet.
 */
const char *auth_address(struct auth *auth);

/*
 * Tell the mail account's id of the JMAP session: where it is an address whose local part
 * is the inboxId that login taught, it is the inbox's address.
 */
void auth_confirm_address(struct auth *auth, const char *account_id);

/* Seconds the session and capability tokens in the cache have left; 0 for none. */
void auth_status(struct auth *auth, int64_t *session_r, int64_t *capability_r);

#endif
