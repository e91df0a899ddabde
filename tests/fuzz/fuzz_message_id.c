/* The start of a file that somebody put into the Maildir: is there a Message-ID in it? */
#include <stdlib.h>
#include <string.h>

#include "sync/outgoing.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *id = outgoing_message_id((const char *)bytes, length);

	if (id != NULL && (*id == '\0' || strpbrk(id, " \t\r\n>") != NULL))
		abort();
	free(id);
	if (outgoing_added((const char *)bytes, length) > 2 * (int64_t)length)
		abort();
	return 0;
}
