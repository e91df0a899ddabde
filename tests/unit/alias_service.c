/*
 * An alias service that answers by a list, and remembers what it was asked.
 *
 * The server runs in a thread of its own, where cmocka cannot fail: a request that was not
 * expected is answered 599, written down with "UNEXPECTED", and found by alias_played().
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

static void
answer(void *arg, const struct server_request *request, struct server_reply *reply)
{
	struct alias_service *service = arg;
	const struct alias_step *step =
	    service->requests < service->count ? &service->steps[service->requests] : NULL;
	char *line = xasprintf("%s %s", request->method, request->path);

	service->requests++;
	buf_adds(&service->lines, line);
	if (request->body_length != 0) {
		buf_addc(&service->lines, ' ');
		buf_add(&service->lines, request->body, request->body_length);
	}
	buf_reset(&service->head);
	buf_adds(&service->head, request->head);
	if (step == NULL ||
	    (step->line != NULL && strncmp(line, step->line, strlen(step->line)) != 0)) {
		buf_adds(&service->lines, " UNEXPECTED");
		server_answer(reply, 599, "", "{\"error\":\"not in the script\"}");
	} else if (step->status == 0) {
		reply->close = true;
	} else {
		server_answer(reply, step->status, "Content-Type: application/json\r\n",
		    step->body != NULL ? step->body : "{}");
	}
	buf_addc(&service->lines, '\n');
	free(line);
}

int
alias_service_setup(void **state)
{
	struct alias_service *service = xcalloc(1, sizeof(*service));
	struct outcome o;

	strcpy(service->folder, "/tmp/ferry-test-aliases.XXXXXX");
	if (mkdtemp(service->folder) == NULL)
		return -1;
	service->server = http_server_start(answer, service);
	service->account = (struct alias_account){
	    .name = xstrdup("main"),
	    .api_url = xstrdup(http_server_url(service->server)),
	    .directory = xasprintf("%s/main", service->folder),
	    .secret_file = xasprintf("%s/key", service->folder),
	    .refresh_ms = 3600000,
	};
	o = file_write_atomic(AT_FDCWD, service->account.secret_file, ALIAS_KEY "\n",
	    strlen(ALIAS_KEY) + 1, 0600);
	if (outcome_is_ok(&o))
		o = simplelogin_open(&service->account, NULL, &service->sl);
	*state = service;
	return outcome_is_ok(&o) ? 0 : -1;
}

int
alias_service_teardown(void **state)
{
	struct alias_service *service = *state;
	char command[80];

	simplelogin_close(&service->sl);
	http_server_stop(&service->server);
	snprintf(command, sizeof(command), "rm -rf %s", service->folder);
	free(service->account.name);
	free(service->account.api_url);
	free(service->account.directory);
	free(service->account.secret_file);
	free((struct alias_step *)service->steps);
	buf_free(&service->lines);
	buf_free(&service->head);
	free(service);
	return system(command);
}

void
alias_play_steps(struct alias_service *service, const struct alias_step *steps, size_t count)
{
	struct alias_step *copy = xcalloc(count, sizeof(*copy));

	memcpy(copy, steps, count * sizeof(*copy));
	free((struct alias_step *)service->steps);
	service->steps = copy;
	service->count = count;
	service->requests = 0;
	buf_reset(&service->lines);
}

void
alias_played(struct alias_service *service)
{
	if (service->requests != service->count ||
	    strstr(buf_str(&service->lines), "UNEXPECTED") != NULL)
		fail_msg("asked %zu times, not %zu, for:\n%s", service->requests,
		    service->count, buf_str(&service->lines));
}

const char *
alias_file(struct alias_service *service, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", service->folder, name);
	return path;
}

struct outcome
alias_call(
    struct alias_service *service, const char *words, const char *parameters, json_t **answer_r)
{
	json_t *object = NULL;
	struct outcome o;

	if (parameters != NULL) {
		o = json_parse(parameters, strlen(parameters), &object);
		assert_true(outcome_is_ok(&o));
	}
	o = simplelogin_call(
	    service->sl, simplelogin_endpoint(words), object, deadline_in_ms(120000), answer_r);
	json_decref(object);
	return o;
}
