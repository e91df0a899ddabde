/* Tokens: a string of any bytes. */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/wire/jwt.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *token = xstrndup((const char *)bytes, length);
	json_t *claims;
	struct outcome o = jwt_claims(token, &claims);

	if (outcome_is_ok(&o) != (claims != NULL))
		abort();
	jwt_expiry(claims);
	json_decref(claims);
	free(token);
	return 0;
}
