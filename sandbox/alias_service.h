/*
 * alias_service - the parts of the alias service that live longer than a call
 */
#ifndef SANDBOX_ALIAS_SERVICE_H
#define SANDBOX_ALIAS_SERVICE_H

#include <pthread.h>

#include "sandbox/alias_call.h"
#include "sandbox/alias_limit.h"

#define ALIAS_SECRET_BYTES 32

struct alias_service {
	pthread_mutex_t lock; /* of all that follows */
	struct db *db;
	struct alias_config config;
	struct alias_limits *limits;
	int64_t put_forward;                      /* seconds that our clock is ahead */
	int64_t stopped_at;                       /* it stands still at this time; 0: it runs */
	unsigned char secret[ALIAS_SECRET_BYTES]; /* signs suffixes and other tokens */
};

/* Have the service to oneself, and begin to write. */
void alias_begin(struct alias_service *s);

/* End it, keeping what was written or not; false if it was to be kept and could not be. */
bool alias_end(struct alias_service *s, bool keep);

int64_t alias_now(const struct alias_service *s);

/* Append "PURPOSE"-bound proof that we said this text: base64url of an HMAC. */
void alias_sign(
    const struct alias_service *s, const char *purpose, const char *text, struct buf *out);

#endif
