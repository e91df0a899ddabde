/*
 * credentials - the tokens of an account, on disk, shared by every process
 *
 * They live in account->directory (0700, files 0600, replaced by atomic rename):
 *
 *	api-key		what sign-up gave: the only access to the inbox
 *	session		the session token
 *	capability	the capability token
 *	inbox		the inbox's address
 *	lock		held by the one process that refreshes
 *
 * A hundred pipe processes that start together cost one proof of work: each looks, takes
 * the lock, looks again, and only the first finds nothing.  Readers take no lock.
 */
#ifndef FERRY_CREDENTIALS_H
#define FERRY_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/outcome.h"
#include "common/service/account.h"

struct credentials;

/* Open (and make, with its parents) the account's directory; refuses one open to others. */
struct outcome credentials_open(const struct account *account, struct credentials **c_r);
void credentials_close(struct credentials **c);

enum credential { CREDENTIAL_SESSION, CREDENTIAL_CAPABILITY };

/*
 * The token if it is there and good for at least margin seconds, or a fifth of its life where
 * that is shorter: true, and *token has it.  What cannot be read, or has expired, is as if it were not there.
 */
bool credentials_load(
    struct credentials *c, enum credential which, int64_t margin, struct buf *token);

/* Milliseconds the stored token has left, 0 if there is none. */
int64_t credentials_left_ms(struct credentials *c, enum credential which);

struct outcome
credentials_store(struct credentials *c, enum credential which, const char *token);

/* Drop the stored token if it still is this one (another process may have renewed it). */
void credentials_drop(struct credentials *c, enum credential which, const char *token);

/* Hold the lock, or let it go.  Not recursive. */
struct outcome credentials_lock(struct credentials *c, struct deadline d);
void credentials_unlock(struct credentials *c);

/*
 * The account's secret: API key, token or password, from its file or command (first line,
 * at most 4 KiB; a command that fails or takes over 30 s is auth/secret).  auth/unregistered if the default api-key file does not exist.
 */
struct outcome credentials_secret(struct credentials *c, struct buf *secret);

/*
 * Storing the API key that sign-up will give.  Losing it loses the inbox, so its room on
 * disk is reserved (as FILE.new) before the service is asked: reserve refuses
 * (auth/registered) if there is a key or a command that gives one; store fills the room,
 * syncs it and gives it its name, and never replaces a key; release gives the room back.
 */
struct outcome credentials_reserve_api_key(struct credentials *c);
struct outcome credentials_store_api_key(struct credentials *c, const char *key);
void credentials_release_api_key(struct credentials *c);
bool credentials_have_api_key(struct credentials *c);

/* The inbox's address as learnt; false if it is not known. */
bool credentials_load_address(struct credentials *c, struct buf *address);
struct outcome credentials_store_address(struct credentials *c, const char *address);

/* Forget all tokens (and the cached session); the API key only if with_key. */
struct outcome credentials_forget(struct credentials *c, bool with_key);

/* A file in the account's directory for what others cache there (the JMAP session). */
struct outcome
credentials_read_file(struct credentials *c, const char *name, size_t max, struct buf *b);
struct outcome credentials_write_file(
    struct credentials *c, const char *name, const void *bytes, size_t length);
void credentials_remove_file(struct credentials *c, const char *name);

#endif
