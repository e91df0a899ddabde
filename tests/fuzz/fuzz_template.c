/* URI templates, and the URLs they make. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/jmap.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *template = xstrndup((const char *)bytes, length);
	char *url = jmap_fill_template(
	    template, "accountId", "a@b/c", "blobId", template, "name", "n", NULL);
	char *resolved = http_resolve("https://api.example/jmap/", template);

	/* A filled template has no braces of its own. */
	if (url != NULL && strpbrk(url, "{}") != NULL)
		abort();
	if (resolved != NULL && strncmp(resolved, "http", 4) != 0)
		abort();
	free(resolved);
	free(url);
	free(template);
	return 0;
}
