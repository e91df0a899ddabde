/*
 * A small HTTP/1.1 server inside a test: one thread, one poll(2) loop, blocking writes.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "tests/unit/http_server.h"

#define CONNECTIONS_MAX 64

struct connection {
	int fd; /* -1: free */
	unsigned number;
	bool held;
	struct buf in;
	size_t head; /* length of the head at its start; 0: not known */
};

struct http_server {
	server_handler *handler;
	void *arg;
	pthread_t thread;
	int listener, wake[2];
	char *url, *at;
	unsigned accepted;
	atomic_uint cut_heads;
	struct connection connections[CONNECTIONS_MAX];
};

static void
drop(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	buf_free(&c->in);
}

static bool
write_all(int fd, const struct buf *bytes)
{
	size_t done = 0;

	while (done < bytes->len) {
		ssize_t n = send(fd, bytes->data + done, bytes->len - done, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

const char *
server_header(const struct server_request *request, const char *name)
{
	static char value[8192];
	size_t length = strlen(name);

	for (const char *line = request->head; (line = strstr(line, "\r\n")) != NULL;) {
		line += 2;
		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " ");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r\n"), line);
		return value;
	}
	return NULL;
}

/* Bytes of the body that follows head in the buffer, or -1 if it is not there yet. */
static ssize_t
body_length(const struct server_request *request, const char *body)
{
	const char *coding = server_header(request, "Transfer-Encoding"), *length, *end;

	if (coding != NULL) {
		end = strstr(body, "0\r\n\r\n");
		return end != NULL ? end + 5 - body : -1;
	}
	length = server_header(request, "Content-Length");
	return length != NULL ? strtol(length, NULL, 10) : 0;
}

/* Once a request, not once a read: bodies are large. */
static bool
find_head(struct connection *c)
{
	const char *end;

	if (c->head == 0 && c->in.len != 0) {
		end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
		if (end != NULL)
			c->head = (size_t)(end - c->in.data) + 4;
	}
	return c->head != 0;
}

/* Answer the request at the start of the buffer; false if there is none, or no more. */
static bool
serve_one(struct http_server *server, struct connection *c)
{
	struct server_request request = {.connection = c->number};
	struct server_reply reply = {.bytes = BUF_INIT};
	ssize_t length;
	size_t whole;

	if (c->held || !find_head(c))
		return false;
	if (atomic_load(&server->cut_heads) != 0) {
		atomic_fetch_sub(&server->cut_heads, 1);
		drop(c);
		return false;
	}
	request.head = xstrndup(c->in.data, c->head);
	length = body_length(&request, c->in.data + c->head);
	whole = c->head + (length > 0 ? (size_t)length : 0);
	if (length < 0 || c->in.len < whole) {
		free(request.head);
		return false;
	}
	request.body = c->in.data + c->head;
	request.body_length = (size_t)length;
	request.method = xstrndup(request.head, strcspn(request.head, " "));
	request.path = xstrdup(request.head + strlen(request.method) + 1);
	request.path[strcspn(request.path, " ")] = '\0';
	server->handler(server->arg, &request, &reply);
	free(request.head);
	free(request.method);
	free(request.path);

	c->held = reply.hold;
	c->head = 0;
	memmove(c->in.data, c->in.data + whole, c->in.len - whole + 1);
	c->in.len -= whole;
	if (!write_all(c->fd, &reply.bytes) || reply.close)
		drop(c);
	buf_free(&reply.bytes);
	return c->fd >= 0;
}

static void
receive(struct http_server *server, struct connection *c)
{
	ssize_t n = read(c->fd, buf_reserve(&c->in, 65536), 65536);

	if (n <= 0) {
		drop(c);
		return;
	}
	c->in.len += (size_t)n;
	c->in.data[c->in.len] = '\0';
	while (serve_one(server, c)) {
	}
}

static void
accept_one(struct http_server *server)
{
	int fd = accept(server->listener, NULL, NULL);

	for (size_t i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++) {
		struct connection *c = &server->connections[i];

		if (c->fd >= 0)
			continue;
		*c = (struct connection){.fd = fd, .number = ++server->accepted};
		return;
	}
	close(fd);
}

static void *
run(void *arg)
{
	struct http_server *server = arg;

	for (;;) {
		struct pollfd polled[CONNECTIONS_MAX + 2];

		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			polled[i] = (struct pollfd){server->connections[i].fd, POLLIN, 0};
		polled[CONNECTIONS_MAX] = (struct pollfd){server->listener, POLLIN, 0};
		polled[CONNECTIONS_MAX + 1] = (struct pollfd){server->wake[0], POLLIN, 0};
		if (poll(polled, CONNECTIONS_MAX + 2, -1) < 0)
			continue;
		if (polled[CONNECTIONS_MAX + 1].revents != 0)
			return NULL;
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			if (polled[i].revents != 0)
				receive(server, &server->connections[i]);
		if (polled[CONNECTIONS_MAX].revents != 0)
			accept_one(server);
	}
}

struct http_server *
http_server_start(server_handler *handler, void *arg)
{
	struct http_server *server = xcalloc(1, sizeof(*server));
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	server->handler = handler;
	server->arg = arg;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		server->connections[i].fd = -1;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server->listener, 64) < 0 ||
	    getsockname(server->listener, (struct sockaddr *)&address, &length) < 0 ||
	    pipe(server->wake) < 0) {
		perror("http_server");
		abort();
	}
	server->url = xasprintf("http://127.0.0.1:%d", ntohs(address.sin_port));
	if (pthread_create(&server->thread, NULL, run, server) != 0)
		abort();
	return server;
}

void
http_server_stop(struct http_server **server)
{
	struct http_server *s = *server;

	if (write(s->wake[1], "", 1) != 1)
		abort();
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (s->connections[i].fd >= 0)
			drop(&s->connections[i]);
	close(s->listener);
	close(s->wake[0]);
	close(s->wake[1]);
	free(s->url);
	free(s->at);
	free(s);
	*server = NULL;
}

const char *
http_server_url(const struct http_server *server)
{
	return server->url;
}

const char *
http_server_at(struct http_server *server, const char *path)
{
	free(server->at);
	server->at = xasprintf("%s%s", server->url, path);
	return server->at;
}

void
http_server_cut_heads(struct http_server *server, unsigned count)
{
	atomic_store(&server->cut_heads, count);
}

void
server_answer(struct server_reply *reply, int status, const char *headers, const char *body)
{
	buf_addf(&reply->bytes, "HTTP/1.1 %d Test\r\nContent-Length: %zu\r\n%s\r\n%s", status,
	    strlen(body), headers, body);
}
