/* JMAP session documents, as the network or the cache on disk gives them. */
#include <stdlib.h>
#include <string.h>

#include "common/service/jmap_parts.h"
#include "common/wire/json.h"
#include "tests/fuzz/fuzz.h"

/* What was accepted must be of use and keep credentials where they belong. */
static void
check(const struct jmap_session *session)
{
	const char *const urls[] = {
	    session->api_url, session->upload_url, session->download_url};

	if (session->account_id == NULL || session->state == NULL)
		abort();
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (urls[i] == NULL || strncmp(urls[i], "https://", 8) != 0)
			abort();
	if (session->max_calls_in_request < 1 || session->max_objects_in_get < 1 ||
	    session->max_size_request < 1)
		abort();
	free(jmap_fill_template(session->upload_url, "accountId", session->account_id, NULL));
	jmap_session_has(session, JMAP_BLOB);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct jmap_session session;
	json_t *document;
	struct outcome o = json_parse((const char *)bytes, length, &document);

	if (outcome_is_ok(&o)) {
		o = jmap_session_parse(
		    document, "https://api.example/.well-known/jmap", &session);
		if (outcome_is_ok(&o))
			check(&session);
		jmap_session_clear(&session);
	}
	json_decref(document);
	return 0;
}
