/*
 * The server: libmicrohttpd, with a pool of threads that serve many connections each by
 * epoll(7); or, where requests are passed on to another server and so have to wait for it,
 * with a thread for each connection.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sandbox/delay.h"
#include "sandbox/events.h"
#include "sandbox/exchange.h"
#include "sandbox/http.h"
#include "sandbox/listen.h"
#include "sandbox/proxy.h"

#define CONNECTION_MEMORY  32768
#define CONNECTION_TIMEOUT 300 /* seconds without a byte */
#define MIN_THREADS        4

struct server {
	struct MHD_Daemon *daemon;
	struct sandbox *sandbox;
	struct delays *delays;
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

static void *
on_uri(void *state, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = state;

	(void)connection;
	return exchange_new(server->sandbox, server->delays, uri);
}

static enum MHD_Result
on_request(void *server, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *length, void **state)
{
	(void)server;
	(void)version;
	if (!exchange_begun(*state))
		return exchange_begin(*state, connection, method, url);
	if (*length > 0)
		return exchange_receive(*state, bytes, length);
	return exchange_finish(*state);
}

static void
on_completed(void *server, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *state;

	(void)server;
	(void)connection;
	(void)how;
	exchange_free(&x);
	*state = NULL;
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
	struct server *server;
	int fd = listen_on(s->options.listen, o);
	bool threaded = s->proxy != NULL;
	unsigned flags = threaded ? MHD_USE_THREAD_PER_CONNECTION |
	                                MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL
	                          : MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	/* A thread for each connection, or so many for all. */
	struct MHD_OptionItem pool[] = {
	    {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)thread_count(&s->options), NULL},
	    {MHD_OPTION_END, 0, NULL}};

	if (fd < 0)
		return NULL;
	server = xcalloc(1, sizeof(*server));
	server->sandbox = s;
	*url_r = listen_url(fd);
	server->delays = delays_start(threaded);
	server->daemon = MHD_start_daemon(flags | MHD_USE_ITC, 0, NULL, NULL, on_request,
	    server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)CONNECTION_TIMEOUT, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_ARRAY, threaded ? &pool[1] : &pool[0],
	    MHD_OPTION_END);
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
	delays_stop((*server)->delays);
	events_stop((*server)->sandbox->events);
	if ((*server)->sandbox->proxy != NULL)
		proxy_stop((*server)->sandbox->proxy);
	if ((*server)->daemon != NULL)
		MHD_stop_daemon((*server)->daemon);
	delays_free(&(*server)->delays);
	free(*server);
	*server = NULL;
}
