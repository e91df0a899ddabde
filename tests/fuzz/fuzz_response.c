/* Responses of the JMAP API, and the errors in them. */
#include <stdlib.h>

#include "common/service/jmap_parts.h"
#include "common/service/problem.h"
#include "common/wire/json.h"
#include "tests/fuzz/fuzz.h"

static void
read_results(const struct jmap_response *response)
{
	static const char *const ids[] = {"c0", "c1", "a", ""};
	json_t *args, *object;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct outcome o = jmap_result(response, ids[i], NULL, &args);

		if (outcome_is_ok(&o) != (args != NULL))
			abort();
		for (size_t j = 0; j < sizeof(ids) / sizeof(ids[0]); j++) {
			o = jmap_created(args, ids[j], &object);
			if (outcome_is_ok(&o) && !json_is_object(object))
				abort();
			jmap_updated(args, ids[j]);
			jmap_destroyed(args, ids[j]);
		}
		jmap_result(response, ids[i], "Email/set", &args);
	}
}

/* The same bytes as the body of a refusal. */
static void
read_problem(const uint8_t *bytes, size_t length)
{
	struct http_answer answer = {.status = 400, .body = BUF_INIT};
	struct outcome o;

	buf_add(&answer.body, bytes, length);
	o = problem_outcome(&answer);
	if (outcome_is_ok(&o))
		abort();
	http_answer_free(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct jmap_response *response;
	json_t *document;
	struct outcome o = json_parse((const char *)bytes, length, &document);

	if (outcome_is_ok(&o)) {
		o = jmap_response_new(document, &response);
		if (outcome_is_ok(&o))
			read_results(response);
		jmap_response_free(&response);
	}
	json_decref(document);
	read_problem(bytes, length);
	return 0;
}
