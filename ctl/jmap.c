/*
 * ferryctl jmap: send a request that somebody wrote, and print what the service answers.
 *
 * The request goes as it is.  What would make every server refuse it is said here, in words
 * that help, before it is sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/service/jmap.h"
#include "common/wire/json.h"
#include "ctl/commands.h"

#define DOCUMENT_MAX (16u << 20)
#define DEADLINE_MS  120000

static struct outcome
read_document(const char *path, json_t **document_r)
{
	struct buf text = BUF_INIT;
	struct outcome o;

	if (path == NULL || strcmp(path, "-") == 0)
		o = file_read_fd(STDIN_FILENO, "standard input", DOCUMENT_MAX, &text);
	else
		o = file_read(AT_FDCWD, path, DOCUMENT_MAX, &text);
	if (outcome_is_ok(&o)) {
		o = json_parse(buf_str(&text), text.len, document_r);
		if (!outcome_is_ok(&o))
			o = outcome_make(
			    "local", "usage", "the request is no JSON: %s", o.text);
	}
	buf_free(&text);
	return o;
}

/* A method call is [name, arguments, id]; all but those of Core name the account. */
static struct outcome
check_call(const json_t *call, size_t i, const char *account_id)
{
	const char *name = json_string_value(json_array_get(call, 0));
	const json_t *args = json_array_get(call, 1);

	if (json_array_size(call) != 3 || name == NULL || !json_is_object(args) ||
	    !json_is_string(json_array_get(call, 2)))
		return outcome_make("local", "usage",
		    "methodCalls[%zu] is not [\"Method/name\", {arguments}, \"id\"]", i);
	if (strncmp(name, "Core/", 5) != 0 && json_object_get(args, "accountId") == NULL)
		return outcome_make("local", "usage",
		    "methodCalls[%zu], %s, lacks \"accountId\": \"%s\"", i, name, account_id);
	return outcome_ok();
}

static struct outcome
check_document(const json_t *document, const char *account_id)
{
	json_t *calls = json_object_get(document, "methodCalls"), *call;
	struct outcome o = outcome_ok();
	size_t i;

	if (!json_is_object(document))
		return outcome_make("local", "usage",
		    "the request is not an object {\"using\": [...], \"methodCalls\": [...]}");
	if (!json_is_array(json_object_get(document, "using")))
		return outcome_make("local", "usage",
		    "the request lacks \"using\": [\"" JMAP_CORE "\", \"" JMAP_MAIL "\"]");
	if (json_array_size(calls) == 0)
		return outcome_make("local", "usage",
		    "the request lacks \"methodCalls\": [[\"Mailbox/get\", {...}, \"0\"]]");
	json_array_foreach (calls, i, call) {
		o = check_call(call, i, account_id);
		if (!outcome_is_ok(&o))
			break;
	}
	return o;
}

/* The first SetError of a /set, /import or /copy answer; OK if there is none. */
static struct outcome
first_set_error(json_t *args)
{
	static const char *const members[] = {"notCreated", "notUpdated", "notDestroyed"};
	const char *id;
	json_t *error;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_foreach (json_get_object(args, members[i]), id, error) {
			const char *type = json_get_string(error, "type");

			return outcome_set_error(type != NULL ? type : "error",
			    json_get_string(error, "description"));
		}
	return outcome_ok();
}

/* What the answer says of its calls: the first error, or OK. */
static struct outcome
answer_outcome(const json_t *answer)
{
	json_t *results = json_get_array(answer, "methodResponses"), *result;
	struct outcome o = outcome_ok();
	size_t i;

	if (results == NULL)
		return outcome_make("answer", "missing", "methodResponses");
	json_array_foreach (results, i, result) {
		const char *name = json_string_value(json_array_get(result, 0));
		json_t *args = json_array_get(result, 1);

		if (name != NULL && strcmp(name, "error") == 0) {
			const char *type = json_get_string(args, "type");
			const char *why = json_get_string(args, "description");

			return outcome_make("method", type != NULL ? type : "error", "%s",
			    why != NULL ? why : "");
		}
		o = first_set_error(args);
		if (!outcome_is_ok(&o))
			break;
	}
	return o;
}

/* Check and send the document; *answer_r is what came back, or NULL. */
static struct outcome
send_document(const struct account *account, const json_t *document, json_t **answer_r)
{
	struct deadline d = deadline_in_ms(DEADLINE_MS);
	const struct jmap_session *session;
	struct jmap *jmap = NULL;
	struct outcome o = jmap_open(account, NULL, &jmap);

	if (outcome_is_ok(&o))
		o = jmap_session(jmap, d, &session);
	if (outcome_is_ok(&o))
		o = check_document(document, session->account_id);
	if (outcome_is_ok(&o))
		o = jmap_send_raw(jmap, document, d, answer_r);
	jmap_close(&jmap);
	return o;
}

int
ctl_jmap(struct ctl *ctl, int argc, char **argv)
{
	json_t *document = NULL, *answer = NULL;
	const struct account *account;
	struct outcome o;
	int status;

	account = ctl_account(ctl, argv[0], &status);
	if (account == NULL)
		return status;
	o = read_document(argc > 1 ? argv[1] : NULL, &document);
	if (outcome_is_ok(&o))
		o = send_document(account, document, &answer);
	if (outcome_is_ok(&o)) {
		o = answer_outcome(answer);
		ctl_print_json(json_incref(answer), !ctl->json);
	}
	json_decref(answer);
	json_decref(document);
	return ctl_fail(&o);
}
