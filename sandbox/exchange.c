/*
 * One request on its way through.
 *
 *	head ──► who answers? ──► body ──► fault? ──► answer ──► fault? ──► send
 *
 * The head decides who answers and how large the body may be.  The body is collected
 * (spool.h); then the fault ordered for the request is taken, if there is one, and the
 * route's function fills in the reply, which knows nothing of faults: what they do is done
 * around it.  What goes to an upstream server and is not JMAP is not collected but passed on
 * as it comes (pass.h); its fault is taken before.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/alias.h"
#include "sandbox/exchange.h"
#include "sandbox/fault.h"
#include "sandbox/http.h"
#include "sandbox/json.h"
#include "sandbox/pass.h"
#include "sandbox/proxy.h"
#include "sandbox/route.h"
#include "sandbox/send.h"
#include "sandbox/spool.h"

struct exchange {
	struct sandbox *sandbox;
	struct delays *delays;
	struct request request;
	char *uri;
	char *path;
	const struct route *route; /* NULL: refused, or for upstream */
	int refused;               /* status to answer with instead, or 0 */
	int64_t limit;             /* of the body */
	struct spool body;
	struct proxy_transfer *transfer; /* what is passed on as it comes */
	bool begun;
	bool streams;  /* it is passed on so, or would be but for the fault or the token */
	bool decided;  /* about the fault */
	bool answered; /* the reply is filled in */
	struct fault fault;
	struct buf rewritten; /* the body, changed by the fault */
	json_t *memo;
	struct reply reply;
	int64_t started_ns;
};

struct exchange *
exchange_new(struct sandbox *s, struct delays *delays, const char *uri)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->sandbox = s;
	x->delays = delays;
	x->uri = xstrdup(uri);
	x->started_ns = clock_ns();
	x->body = SPOOL_INIT(s->dir);
	x->reply = REPLY_INIT;
	return x;
}

bool
exchange_begun(const struct exchange *x)
{
	return x->begun;
}

/* Take the fault for the request; body is its JSON, or NULL. */
static void
take_fault(struct exchange *x, json_t *body)
{
	x->decided = true;
	if (strncmp(x->path, "/sandbox/", 9) == 0)
		return;
	x->fault = faults_take(x->sandbox->faults, x->path, body);
	count_many(x->sandbox->counters.faults_applied, x->fault.orders);
	if (x->fault.kind == FAULT_DIFFICULTY)
		x->request.difficulty = json_number(x->fault.order, "bits", 0);
	x->request.muted = x->fault.kind == FAULT_MUTE;
	if (fault_in_jmap(&x->fault)) {
		char *text;

		fault_rewrite_request(&x->fault, body, &x->memo);
		text = json_dumps(body, JSON_COMPACT);
		buf_adds(&x->rewritten, text);
		free(text);
	}
}

/* Does the fault keep the request from being acted upon? */
static bool
fault_prevents(const struct exchange *x)
{
	return x->fault.kind == FAULT_STATUS || x->fault.kind == FAULT_CUT_BEFORE;
}

/* Let a delay pass; false if the connection is suspended, and will be back. */
static bool
wait_for(struct exchange *x, int64_t ms)
{
	return ms == 0 || delays_wait(x->delays, x->request.connection, ms);
}

/* A transfer that streams takes its fault now, and starts. */
static void
begin_stream(struct exchange *x, int64_t body_length)
{
	x->streams = true;
	take_fault(x, NULL);
	(void)wait_for(x, x->fault.ms_before);
	if (!fault_prevents(x))
		x->transfer = pass_start(&x->request, body_length, false, &x->reply);
}

enum MHD_Result
exchange_begin(
    struct exchange *x, struct MHD_Connection *connection, const char *method, const char *path)
{
	struct sandbox *s = x->sandbox;
	const char *length_text;
	int64_t length = 0;

	x->begun = true;
	x->path = xstrdup(path);
	x->request = (struct request){
	    .sandbox = s,
	    .connection = connection,
	    .method = method,
	    .path = x->path,
	    .uri = x->uri,
	    .difficulty = s->options.difficulty,
	};
	count_one(s->counters.requests);
	x->route = route_find(s, method, path, &x->refused);
	length_text = request_header(&x->request, "Content-Length");
	if (length_text != NULL)
		length = strtoll(length_text, NULL, 10);
	else if (request_header(&x->request, "Transfer-Encoding") != NULL)
		length = -1;
	if (x->route == NULL && x->refused == 0 && !pass_is_jmap(&x->request)) {
		begin_stream(x, length);
		return MHD_YES;
	}
	x->limit = route_limit(s, x->route);
	if (x->refused != 0 || length <= x->limit)
		return MHD_YES;
	/* An answer before the body closes the connection: right for one too large to read. */
	x->refused = 413;
	return exchange_finish(x);
}

enum MHD_Result
exchange_receive(struct exchange *x, const char *bytes, size_t *length)
{
	if (x->transfer != NULL) {
		proxy_send(x->transfer, bytes, *length);
	} else if (x->refused == 0 && !x->streams) {
		if ((int64_t)(x->body.length + *length) > x->limit) {
			x->refused = 413;
			spool_free(&x->body);
		} else if (!spool_add(&x->body, bytes, *length)) {
			x->refused = 507;
		}
	}
	*length = 0;
	return MHD_YES;
}

static void
refuse(struct exchange *x)
{
	/* Without a route of ours, it was JMAP for the upstream server. */
	const char *limit = x->route == NULL ? "maxSizeRequest" : x->route->limit_name;

	if (x->refused == 413 && limit != NULL)
		reply_problem(
		    &x->reply, 413, "limit", limit, "the request's body is too large");
	else if (x->refused == 413)
		reply_error(&x->reply, 413, "the request's body is too large", "send less");
	else if (x->refused == 405)
		reply_error(&x->reply, 405, "this path takes another method",
		    "ferry-sandbox(8) lists paths and methods");
	else if (x->refused == 507)
		reply_error(&x->reply, 507, "the sandbox's disk is full", "make room");
	else
		reply_error(&x->reply, 404, "there is nothing here",
		    "ferry-sandbox(8) lists what there is");
}

static void
answer_as_ordered(struct exchange *x)
{
	const json_t *body = json_object_get(x->fault.order, "body");
	const char *key;
	json_t *value;

	reply_reset(&x->reply);
	x->reply.status = (int)json_number(x->fault.order, "status", 500);
	if (json_is_string(body)) {
		buf_adds(&x->reply.body, json_string_value(body));
	} else if (body != NULL) {
		char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

		buf_adds(&x->reply.body, text);
		free(text);
	}
	json_object_foreach (json_object_get(x->fault.order, "headers"), key, value)
		if (json_is_string(value))
			reply_header(&x->reply, key, json_string_value(value));
}

/* Let a fault inside JMAP change the response. */
static void
rewrite_reply(struct exchange *x)
{
	json_t *response = json_loadb(buf_str(&x->reply.body), x->reply.body.len, 0, NULL);

	if (json_is_object(response)) {
		fault_rewrite_response(&x->fault, x->memo, response);
		reply_reset(&x->reply);
		reply_json(&x->reply, 200, response);
	} else {
		json_decref(response);
	}
}

/* Fill in the reply. */
static void
answer(struct exchange *x)
{
	bool in_jmap = fault_in_jmap(&x->fault);

	if (x->refused != 0)
		refuse(x);
	else if (x->fault.kind == FAULT_STATUS)
		answer_as_ordered(x);
	else if (x->transfer != NULL)
		pass_finish(&x->transfer, &x->request, &x->reply);
	else if (x->route != NULL)
		x->route->answer(&x->request, &x->reply);
	else if (!x->streams)
		pass_jmap(&x->request, in_jmap, &x->reply);
	if (in_jmap)
		rewrite_reply(x);
}

/* Take the fault for a collected request; false if it must wait first. */
static bool
decide(struct exchange *x)
{
	json_t *body = NULL;

	if (faults_need_body(x->sandbox->faults, x->path))
		body = json_loadb(x->request.body, x->request.body_length, 0, NULL);
	take_fault(x, body);
	json_decref(body);
	if (!fault_prevents(x))
		route_enter(x->route, &x->request);
	return wait_for(x, x->fault.ms_before);
}

/* Fill in the reply, from the request and the fault it has met. */
static void
act(struct exchange *x)
{
	if (x->rewritten.data != NULL) {
		x->request.body = x->rewritten.data;
		x->request.body_length = x->rewritten.len;
	}
	answer(x);
	if (x->fault.kind == FAULT_CUT_AFTER)
		(void)reply_collect(&x->reply);
	if (x->fault.kind == FAULT_HALF)
		reply_halve(&x->reply);
	x->answered = true;
}

enum MHD_Result
exchange_finish(struct exchange *x)
{
	x->request.body = x->refused == 0 ? spool_bytes(&x->body) : "";
	x->request.body_length = x->refused == 0 ? x->body.length : 0;
	if (x->request.body == NULL)
		x->refused = 507;
	if (!x->decided && x->refused == 0 && !decide(x))
		return MHD_YES;
	if (x->fault.kind == FAULT_CUT_BEFORE)
		return MHD_NO;
	if (!x->answered) {
		act(x);
		if (!wait_for(x, x->fault.ms_after))
			return MHD_YES;
	}
	if (x->fault.kind == FAULT_CUT_AFTER)
		return MHD_NO;
	return send_reply(
	    &x->request, &x->reply, x->fault.kind == FAULT_TRUNCATE ? SEND_HALF : SEND_WHOLE);
}

static void
log_request(const struct exchange *x)
{
	struct log_line l;

	if (!x->begun || !log_shown(LOG_DEBUG))
		return;
	log_begin(&l, LOG_DEBUG, NULL);
	log_event(&l, "request");
	log_str(&l, "method", x->request.method);
	log_str(&l, "path", x->path);
	log_num(&l, "status", x->reply.status);
	log_str(&l, "fault", json_text(x->fault.order, "do"));
	log_num(&l, "delay", x->fault.ms_before + x->fault.ms_after);
	log_num(&l, "us", (clock_ns() - x->started_ns) / 1000);
	log_end(&l);
}

void
exchange_free(struct exchange **x)
{
	if (*x == NULL)
		return;
	log_request(*x);
	alias_leave(&(*x)->request.alias);
	proxy_drop(&(*x)->transfer);
	spool_free(&(*x)->body);
	fault_release(&(*x)->fault);
	buf_free(&(*x)->rewritten);
	json_decref((*x)->memo);
	reply_free(&(*x)->reply);
	free((*x)->uri);
	free((*x)->path);
	free(*x);
	*x = NULL;
}
