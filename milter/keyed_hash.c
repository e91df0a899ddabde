/*
 * What cannot be hashed is not sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/wire/hmac.h"
#include "milter/keyed_hash.h"

struct keyed_hash
keyed_hash(const struct buf *key, const struct buf *bytes)
{
	struct hmac h = hmac_begin(key);
	struct keyed_hash hash;

	hmac_add(&h, buf_str(bytes), bytes->len);
	if (!hmac_end(&h, hash.text, KEYED_HASH_LENGTH)) {
		fputs("cannot hash\n", stderr);
		exit(EX_TEMPFAIL);
	}
	return hash;
}
