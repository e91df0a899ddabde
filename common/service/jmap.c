/*
 * A JMAP client for one account: its parts put together, and requests with credentials.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/service/problem.h"

struct outcome
jmap_open(
    const struct account *account, const struct http_options *options, struct jmap **jmap_r)
{
	struct http_options http = options != NULL ? *options : (struct http_options){0};
	struct credentials *credentials;
	struct outcome o = credentials_open(account, &credentials);
	struct jmap *jmap;

	*jmap_r = NULL;
	if (!outcome_is_ok(&o))
		return o;
	if (http.ca_file == NULL)
		http.ca_file = account->ca_file;
	jmap = xcalloc(1, sizeof(*jmap));
	jmap->account = account;
	jmap->credentials = credentials;
	jmap->http = http_new(&http);
	jmap->auth = auth_new(account, credentials, jmap->http);
	jmap->queue_end = &jmap->queue;
	*jmap_r = jmap;
	return o;
}

void
jmap_close(struct jmap **jmap_p)
{
	struct jmap *jmap = *jmap_p;

	if (jmap == NULL)
		return;
	jmap_abandon(jmap);
	jmap_session_clear(&jmap->session);
	free(jmap->kept_account);
	json_decref(jmap->sending);
	auth_free(&jmap->auth);
	http_free(&jmap->http);
	credentials_close(&jmap->credentials);
	free(jmap);
	*jmap_p = NULL;
}

const struct account *
jmap_account(struct jmap *jmap)
{
	return jmap->account;
}

struct auth *
jmap_auth(struct jmap *jmap)
{
	return jmap->auth;
}

struct http *
jmap_http(struct jmap *jmap)
{
	return jmap->http;
}

struct credentials *
jmap_credentials(struct jmap *jmap)
{
	return jmap->credentials;
}

struct outcome
jmap_perform(struct jmap *jmap, struct http_request *request, struct http_answer *answer)
{
	struct buf value = BUF_INIT;
	struct outcome o;
	bool renewed = false;

	*answer = (struct http_answer){0};
	for (;;) {
		o = auth_header(jmap->auth, request->deadline, &value);
		if (!outcome_is_ok(&o))
			break;
		request->authorization = value.data;
		o = http_perform(jmap->http, request, answer);
		request->authorization = NULL;
		if (!outcome_is_ok(&o) || answer->status != 401 || renewed ||
		    !auth_refused(jmap->auth, value.data))
			break;
		renewed = true;
		if (request->source != NULL && !request->source->rewind(request->source->arg))
			break;
		http_answer_free(answer);
		*answer = (struct http_answer){0};
		buf_wipe(&value);
	}
	buf_wipe(&value);
	return o;
}

struct outcome
jmap_answer_outcome(const struct http_answer *answer)
{
	struct outcome o = problem_outcome(answer), expired;

	if (answer->status != 401)
		return o;
	expired = outcome_make("auth", "expired", "%s", o.text);
	if (o.hint[0] != '\0')
		outcome_hint(&expired, "%s", o.hint);
	return expired;
}
