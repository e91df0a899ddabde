/* Our reader of JSON says of any bytes what jansson says. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/base/json_read.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *mine = json_read((const char *)data, size);
	json_t *other = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	/* Jansson takes numbers that are longer, and a NUL behind an exponent. */
	if (mine != NULL ? !json_equal(mine, other)
	                 : other != NULL && size < 512 && memchr(data, '\0', size) == NULL)
		abort();
	json_decref(mine);
	json_decref(other);
	return 0;
}
