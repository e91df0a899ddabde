/*
 * The server: libmicrohttpd with a pool of threads.
 *
 * A request passes through here in three steps.  Its head decides who answers and how large
 * the body may be; its body is collected (spool.h); then, once whole, the fault ordered for it
 * is taken, if there is one, and the route's function fills in the reply.  The function
 * knows nothing of faults: what they do is done around it.  Requests for an upstream server
 * go through proxy.h instead, which neither collects nor fills in but passes on.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/delay.h"
#include "sandbox/fault.h"
#include "sandbox/http.h"
#include "sandbox/json.h"
#include "sandbox/route.h"
#include "sandbox/send.h"
#include "sandbox/spool.h"

#define CONNECTION_MEMORY  65536
#define CONNECTION_TIMEOUT 300 /* seconds without a byte */
#define BACKLOG            1024
#define MIN_THREADS        4

struct server {
	struct MHD_Daemon *daemon;
	struct sandbox *sandbox;
	struct delays *delays;
};

/* One request on its way through. */
struct exchange {
	struct server *server;
	struct request request;
	char *uri;
	char *path;
	const struct route *route;
	int refused; /* status to answer with instead, or 0 */
	struct spool body;
	bool begun;
	bool decided; /* about the fault */
	struct fault fault;
	struct buf rewritten; /* the body, changed by a fault */
	json_t *memo;
	int64_t started_ns;
	int status;
};

const char *
request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *
request_argument(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

void
request_origin(const struct request *r, struct buf *out)
{
	const char *host = request_header(r, "Host");

	buf_addf(out, "http://%s", host != NULL ? host : "localhost");
}

/* The head is there: who will answer? */
static enum MHD_Result
begin(
    struct exchange *x, struct MHD_Connection *connection, const char *method, const char *path)
{
	struct sandbox *s = x->server->sandbox;
	const char *length;
	int64_t limit;

	x->begun = true;
	x->path = xstrdup(path);
	x->request = (struct request){
	    .sandbox = s,
	    .connection = connection,
	    .method = method,
	    .path = x->path,
	    .uri = x->uri,
	};
	x->body = SPOOL_INIT(s->dir);
	count_one(s->counters.requests);
	x->route = route_find(s, method, path, &x->refused);
	if (x->route != NULL)
		x->refused = 0;
	limit = route_limit(x->route, &s->options.limits);
	length = request_header(&x->request, "Content-Length");
	if (length != NULL && strtoll(length, NULL, 10) > limit)
		x->refused = 413;
	return MHD_YES;
}

/* More of the body has come. */
static enum MHD_Result
receive(struct exchange *x, const char *bytes, size_t *length)
{
	int64_t limit = route_limit(x->route, &x->server->sandbox->options.limits);

	if (x->refused == 0 && (int64_t)(x->body.length + *length) > limit) {
		x->refused = 413;
		spool_free(&x->body);
	}
	if (x->refused == 0 && !spool_add(&x->body, bytes, *length))
		x->refused = 507;
	*length = 0;
	return MHD_YES;
}

static void
refuse(const struct exchange *x, struct reply *reply)
{
	if (x->refused == 413 && x->route != NULL && x->route->limit_name != NULL)
		reply_problem(reply, 413, "limit", x->route->limit_name,
		    "the request's body is too large");
	else if (x->refused == 413)
		reply_error(reply, 413, "the request's body is too large", "send less");
	else if (x->refused == 405)
		reply_error(reply, 405, "this path takes another method",
		    "ferry-sandbox(8) lists paths and methods");
	else if (x->refused == 507)
		reply_error(reply, 507, "the sandbox's disk is full", "make room");
	else
		reply_error(reply, 404, "there is nothing here",
		    "ferry-sandbox(8) lists what there is");
}

/* Take the fault for the request, and let one inside JMAP change the request. */
static void
take_fault(struct exchange *x)
{
	struct faults *faults = x->server->sandbox->faults;
	json_t *body = NULL;

	x->decided = true;
	if (strncmp(x->path, "/sandbox/", 9) == 0)
		return;
	if (faults_need_body(faults, x->path))
		body = json_loadb(x->request.body, x->request.body_length, 0, NULL);
	x->fault = faults_take(faults, x->path, body);
	if (x->fault.kind != FAULT_NONE)
		count_one(x->server->sandbox->counters.faults_applied);
	if (fault_in_jmap(&x->fault)) {
		char *text;

		fault_rewrite_request(&x->fault, body, &x->memo);
		text = json_dumps(body, JSON_COMPACT);
		buf_adds(&x->rewritten, text);
		free(text);
		x->request.body = x->rewritten.data;
		x->request.body_length = x->rewritten.len;
	}
	json_decref(body);
}

static void
rewrite_reply(const struct exchange *x, struct reply *reply)
{
	json_t *response = json_loadb(buf_str(&reply->body), reply->body.len, 0, NULL);

	if (response == NULL)
		return;
	fault_rewrite_response(&x->fault, x->memo, response);
	reply_reset(reply);
	reply_json(reply, 200, response);
}

static void
reply_as_ordered(const struct fault *f, struct reply *reply)
{
	const json_t *body = json_object_get(f->order, "body");
	const char *key;
	json_t *value;

	reply->status = (int)json_number(f->order, "status", 500);
	if (json_is_string(body)) {
		buf_adds(&reply->body, json_string_value(body));
	} else if (body != NULL) {
		char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

		buf_adds(&reply->body, text);
		free(text);
	}
	json_object_foreach (json_object_get(f->order, "headers"), key, value)
		if (json_is_string(value))
			reply_header(reply, key, json_string_value(value));
}

/* The request is whole: answer it. */
static enum MHD_Result
finish(struct exchange *x)
{
	struct reply reply = REPLY_INIT;
	enum MHD_Result result = MHD_NO;
	enum send_how how = SEND_WHOLE;

	x->request.body = x->refused == 0 ? spool_bytes(&x->body) : "";
	x->request.body_length = x->refused == 0 ? x->body.length : 0;
	if (x->request.body == NULL)
		x->refused = 507;
	if (!x->decided && x->refused == 0) {
		take_fault(x);
		if (x->fault.kind == FAULT_DELAY) {
			delays_add(x->server->delays, x->request.connection,
			    json_number(x->fault.order, "ms", 0));
			return MHD_YES;
		}
	}
	if (x->rewritten.data != NULL) {
		x->request.body = x->rewritten.data;
		x->request.body_length = x->rewritten.len;
	}
	if (x->fault.kind == FAULT_CUT_BEFORE)
		return MHD_NO;
	if (x->refused != 0)
		refuse(x, &reply);
	else if (x->fault.kind == FAULT_STATUS)
		reply_as_ordered(&x->fault, &reply);
	else
		x->route->answer(&x->request, &reply);
	if (fault_in_jmap(&x->fault))
		rewrite_reply(x, &reply);
	if (x->fault.kind == FAULT_TRUNCATE)
		how = SEND_HALF;
	x->status = reply.status;
	if (x->fault.kind != FAULT_CUT_AFTER)
		result = send_reply(&x->request, &reply, how);
	reply_free(&reply);
	return result;
}

static enum MHD_Result
on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *length, void **state)
{
	struct exchange *x = *state;

	(void)server;
	(void)version;
	if (!x->begun) {
		begin(x, connection, method, url);
		/* To answer before the body is there closes the connection: so be it if it is
		 * too large, but for the rest the client may go on. */
		return x->refused == 413 ? finish(x) : MHD_YES;
	}
	if (*length > 0)
		return receive(x, bytes, length);
	return finish(x);
}

static void *
on_uri(void *server, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	(void)connection;
	x->server = server;
	x->uri = xstrdup(uri);
	x->started_ns = clock_ns();
	x->body.fd = -1;
	return x;
}

static void
log_request(const struct exchange *x)
{
	struct log_line l;

	if (!log_shown(LOG_DEBUG))
		return;
	log_begin(&l, LOG_DEBUG, NULL);
	log_event(&l, "request");
	log_str(&l, "method", x->request.method);
	log_str(&l, "path", x->path);
	log_num(&l, "status", x->status);
	log_num(&l, "us", (clock_ns() - x->started_ns) / 1000);
	log_end(&l);
}

static void
on_completed(void *server, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *state;

	(void)server;
	(void)connection;
	(void)how;
	if (x == NULL)
		return;
	if (x->begun)
		log_request(x);
	spool_free(&x->body);
	fault_release(&x->fault);
	buf_free(&x->rewritten);
	json_decref(x->memo);
	free(x->uri);
	free(x->path);
	free(x);
	*state = NULL;
}

/* A listening socket on ADDRESS:PORT, or -1. */
static int
listen_on(const char *where, struct outcome *o)
{
	const char *colon = strrchr(where, ':');
	bool brackets = where[0] == '[' && colon > where && colon[-1] == ']';
	char *host = xstrndup(where + brackets, (size_t)(colon - where) - (brackets ? 2 : 0));
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	int yes = 1, fd = -1;
	int error = getaddrinfo(*host != '\0' ? host : NULL, colon + 1, &hints, &found);

	*o = outcome_ok();
	if (error != 0) {
		*o = outcome_make("local", "config", "%s: %s", where, gai_strerror(error));
	} else {
		fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0 ||
		    bind(fd, found->ai_addr, found->ai_addrlen) < 0 ||
		    listen(fd, BACKLOG) < 0) {
			*o = file_error("cannot listen on", where);
			if (fd >= 0)
				close(fd);
			fd = -1;
		}
		freeaddrinfo(found);
	}
	free(host);
	return fd;
}

static char *
url_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0 ||
	    getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port,
	        sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return xstrdup("http://localhost");
	return xasprintf(
	    strchr(host, ':') != NULL ? "http://[%s]:%s" : "http://%s:%s", host, port);
}

static unsigned
thread_count(const struct options *o)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->threads > 0)
		return (unsigned)o->threads;
	return processors > MIN_THREADS ? (unsigned)processors : MIN_THREADS;
}

struct server *
server_start(struct sandbox *s, char **url_r, struct outcome *o)
{
	struct server *server = xcalloc(1, sizeof(*server));
	int fd = listen_on(s->options.listen, o);

	server->sandbox = s;
	if (fd < 0) {
		free(server);
		return NULL;
	}
	*url_r = url_of(fd);
	server->delays = delays_start();
	server->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL,
	    NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
	    thread_count(&s->options), MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)CONNECTION_TIMEOUT, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
	if (server->daemon == NULL) {
		*o = file_error("cannot serve on", s->options.listen);
		close(fd);
		server_stop(&server);
	}
	return server;
}

void
server_stop(struct server **server)
{
	if (*server == NULL)
		return;
	delays_stop(&(*server)->delays);
	if ((*server)->daemon != NULL)
		MHD_stop_daemon((*server)->daemon);
	free(*server);
	*server = NULL;
}
