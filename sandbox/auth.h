/*
 * auth - the login of Atomic Mail: challenge, proof of work, session, capability
 *
 * Written from the service's public description.  Tokens travel in the Authorization header
 * of both requests and responses.  Errors say what to do about them.
 */
#ifndef SANDBOX_AUTH_H
#define SANDBOX_AUTH_H

#include <stdbool.h>

#include "sandbox/http.h"
#include "sandbox/store.h"

void auth_challenge(const struct request *r, struct reply *reply);
void auth_session(const struct request *r, struct reply *reply);
void auth_capability(const struct request *r, struct reply *reply);

/*
 * The account of the capability token in a request: id, username and inbox, which never
 * change; its states are in the store.  False, with the reply filled in, if there is no good
 * token.  The caller account_free()s it.
 */
bool auth_account(const struct request *r, struct account *a, struct reply *reply);

#endif
