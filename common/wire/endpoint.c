/*
 * Where a daemon listens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/endpoint.h"

#define BACKLOG 1024

/* An address of either family. */
struct place {
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
		struct sockaddr_un local;
	} address;
	socklen_t length;
};

/* Say why not, and be false. */
static bool
refuse(struct buf *why, const char *text)
{
	buf_adds(why, text);
	return false;
}

static bool
parse_port(const char *text, in_port_t *port_r)
{
	size_t digits = strspn(text, "0123456789");
	long port = strtol(text, NULL, 10);

	*port_r = htons((in_port_t)port);
	return digits != 0 && digits < 6 && text[digits] == '\0' && port > 0 && port < 65536;
}

/* "127.0.0.1:PORT" or "[::1]:PORT". */
static bool
parse_inet(const char *text, struct place *place, struct buf *why)
{
	const char *colon = strrchr(text, ':');
	bool six = *text == '[';
	char *host;
	in_port_t port;
	bool parsed;

	if (colon == NULL || !parse_port(colon + 1, &port) || (six && colon[-1] != ']'))
		return refuse(why, "must be an address and a port, like \"127.0.0.1:10025\"");
	host = xstrndup(text + six, (size_t)(colon - text) - (six ? 2 : 0));
	*place = (struct place){0};
	if (six) {
		place->address.six.sin6_family = AF_INET6;
		place->address.six.sin6_port = port;
		place->length = sizeof(place->address.six);
		parsed = inet_pton(AF_INET6, host, &place->address.six.sin6_addr) == 1;
	} else {
		place->address.four.sin_family = AF_INET;
		place->address.four.sin_port = port;
		place->length = sizeof(place->address.four);
		parsed = inet_pton(AF_INET, host, &place->address.four.sin_addr) == 1;
	}
	free(host);
	if (!parsed || !endpoint_is_allowed(&place->address.any))
		return refuse(
		    why, "must be on the loopback, 127.0.0.1 or [::1], not at port 25");
	return true;
}

static bool
parse_path(const char *path, struct place *place, struct buf *why)
{
	*place = (struct place){.length = sizeof(place->address.local)};
	if (*path != '/')
		return refuse(why, "must be the absolute path of a socket");
	if (strlen(path) >= sizeof(place->address.local.sun_path))
		return refuse(why, "is too long for the path of a socket");
	place->address.local.sun_family = AF_UNIX;
	memcpy(place->address.local.sun_path, path, strlen(path) + 1);
	return true;
}

static bool
parse(const char *text, struct place *place, struct buf *why)
{
	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(text + 5, place, why);
	if (strncmp(text, "inet:", 5) == 0)
		return parse_inet(text + 5, place, why);
	return refuse(why, "must start with \"unix:\" or \"inet:\"");
}

bool
endpoint_accepts(const char *text, struct buf *why)
{
	struct place place;

	return parse(text, &place, why);
}

bool
endpoint_accepts_inet(const char *text, struct buf *why)
{
	struct place place;

	return parse_inet(text, &place, why);
}

bool
endpoint_is_allowed(const struct sockaddr *address)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;

	switch (address->sa_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(four->sin_addr.s_addr) >> 24 == 127 && four->sin_port != htons(25);
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) && six->sin6_port != htons(25);
	default:
		return false;
	}
}

/* Make the directory of a socket if it is missing. */
static struct outcome
make_directory(const char *path, const struct endpoint_access *access)
{
	char *copy = xstrdup(path);
	const char *directory = dirname(copy);
	struct outcome o = outcome_ok();
	struct stat st;

	if (stat(directory, &st) < 0 && errno == ENOENT) {
		o = file_make_dirs(directory, 0755);
		if (outcome_is_ok(&o) && access->owner != (uid_t)-1 &&
		    chown(directory, access->owner, (gid_t)-1) < 0)
			o = file_error("cannot give away", directory);
	}
	free(copy);
	return o;
}

static bool
somebody_listens(const struct place *place)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens = fd >= 0 && (connect(fd, &place->address.any, place->length) == 0 ||
	                              errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return listens;
}

/* Take away a socket that is nobody's. */
static struct outcome
remove_stale(const char *path, const struct place *place)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? outcome_ok() : file_error("cannot look at", path);
	if (!S_ISSOCK(st.st_mode))
		return outcome_make("local", "config", "%s is there, and is no socket", path);
	if (somebody_listens(place))
		return outcome_make("local", "locked", "somebody listens on %s", path);
	return unlink(path) < 0 && errno != ENOENT ? file_error("cannot remove", path)
	                                           : outcome_ok();
}

static struct outcome
take_path(const char *path, const struct place *place, const struct endpoint_access *access,
    struct endpoint_socket *socket)
{
	char *lock = xasprintf("%s.lock", path);
	struct outcome o = make_directory(path, access);

	if (outcome_is_ok(&o))
		o = file_lock(AT_FDCWD, lock, deadline_in_ms(0), &socket->lock);
	if (outcome_is_ok(&o))
		o = remove_stale(path, place);
	else if (outcome_is(&o, "local/locked"))
		o = outcome_make("local", "locked", "another server has %s", path);
	free(lock);
	return o;
}

/* Closed to all until it is given to those who may connect. */
static int
bind_closed(int fd, const struct place *place)
{
	mode_t before = umask(0777);
	int bound = bind(fd, &place->address.any, place->length);
	int error = errno;

	umask(before);
	errno = error;
	return bound;
}

static struct outcome
open_socket(const char *text, const struct place *place, const struct endpoint_access *access,
    struct endpoint_socket *s)
{
	int yes = 1;

	s->fd =
	    socket(place->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind_closed(s->fd, place) < 0)
		return file_error("cannot listen on", text);
	if (s->path != NULL && (chown(s->path, access->owner, access->group) < 0 ||
	                           chmod(s->path, access->mode) < 0))
		return file_error("cannot open to its users", s->path);
	return listen(s->fd, BACKLOG) < 0 ? file_error("cannot listen on", text) : outcome_ok();
}

struct outcome
endpoint_listen(
    const char *text, const struct endpoint_access *access, struct endpoint_socket *socket_r)
{
	struct buf why = BUF_INIT;
	struct outcome o = outcome_ok();
	struct place place;

	*socket_r = ENDPOINT_CLOSED;
	if (!parse(text, &place, &why)) {
		o = outcome_make("local", "config", "%s %s", text, buf_str(&why));
	} else if (place.address.any.sa_family == AF_UNIX) {
		o = take_path(text + 5, &place, access, socket_r);
		if (outcome_is_ok(&o))
			socket_r->path = xstrdup(text + 5);
	}
	if (outcome_is_ok(&o))
		o = open_socket(text, &place, access, socket_r);
	if (!outcome_is_ok(&o))
		endpoint_close(socket_r);
	buf_free(&why);
	return o;
}

void
endpoint_close(struct endpoint_socket *socket)
{
	if (socket->path != NULL && socket->fd >= 0)
		(void)unlink(socket->path);
	if (socket->fd >= 0)
		close(socket->fd);
	if (socket->lock >= 0)
		close(socket->lock);
	free(socket->path);
	*socket = ENDPOINT_CLOSED;
}
