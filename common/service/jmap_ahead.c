/*
 * Requests that are sent before their response is wanted.
 *
 * Only the plain case is dealt with here.  A token that was refused, a session that moved, a
 * connection that was cut: then the request is sent again as any other, where all of that is
 * taken care of.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/wire/json.h"

#define RUN_MS 1000

struct jmap_ahead {
	struct jmap *jmap;
	struct jmap_request *request; /* the caller's */
	struct deadline deadline;
	struct outcome outcome;
	struct http_answer answer;
	bool over, dropped;
};

static void
free_ahead(struct jmap_ahead *ahead)
{
	http_answer_free(&ahead->answer);
	free(ahead);
}

static void
answered(void *arg, struct outcome o, struct http_answer *answer)
{
	struct jmap_ahead *ahead = arg;

	ahead->over = true;
	ahead->outcome = o;
	ahead->answer = *answer;
	*answer = (struct http_answer){0};
	if (ahead->dropped)
		free_ahead(ahead);
}

struct jmap_ahead *
jmap_ahead_begin(struct jmap *jmap, struct jmap_request *request, struct deadline d)
{
	struct jmap_ahead *ahead = xcalloc(1, sizeof(*ahead));
	struct buf text = BUF_INIT, authorization = BUF_INIT;
	const struct jmap_session *session;
	struct outcome o = jmap_encode(jmap, request, d, &text, &session);

	ahead->jmap = jmap;
	ahead->request = request;
	ahead->deadline = d;
	if (outcome_is_ok(&o))
		o = auth_header(jmap->auth, d, &authorization);
	if (outcome_is_ok(&o)) {
		struct http_request post = jmap_api_request(session, &text, true, d);

		post.authorization = authorization.data;
		http_start(jmap->http, &post, answered, ahead);
	}
	ahead->outcome = o;
	ahead->over = !outcome_is_ok(&o);
	buf_wipe(&authorization);
	buf_free(&text);
	return ahead;
}

static struct outcome
read_answer(struct jmap_ahead *ahead, struct jmap_response **response_r)
{
	struct outcome o = ahead->outcome;
	json_t *document = NULL;

	if (outcome_is_ok(&o))
		o = jmap_answer_outcome(&ahead->answer);
	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&ahead->answer.body), ahead->answer.body.len, &document);
	if (outcome_is_ok(&o))
		o = jmap_take_response(ahead->jmap, document, response_r);
	json_decref(document);
	return o;
}

bool
jmap_ahead_is_over(const struct jmap_ahead *ahead)
{
	return ahead->over;
}

struct outcome
jmap_ahead_finish(struct jmap_ahead **ahead, struct jmap_response **response_r)
{
	struct jmap_ahead *a = *ahead;
	struct outcome o;

	*response_r = NULL;
	while (!a->over)
		http_run(a->jmap->http, RUN_MS);
	o = read_answer(a, response_r);
	if (!outcome_is_ok(&o) && !outcome_is(&o, "local/cancelled"))
		o = jmap_send(a->jmap, a->request, true, a->deadline, response_r);
	jmap_ahead_drop(ahead);
	return o;
}

void
jmap_ahead_drop(struct jmap_ahead **ahead)
{
	if (*ahead != NULL && (*ahead)->over)
		free_ahead(*ahead);
	else if (*ahead != NULL)
		(*ahead)->dropped = true; /* answered() frees it */
	*ahead = NULL;
}
