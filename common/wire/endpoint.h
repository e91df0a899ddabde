/*
 * endpoint - where a daemon listens
 *
 * Written "unix:/path/of/socket" or "inet:127.0.0.1:10025", "inet:[::1]:10025".  Addresses
 * beyond the loopback are none, because what our daemons serve asks for no password; nor is
 * port 25, which belongs to SMTP (RFC 2033 §5).
 */
#ifndef FERRY_ENDPOINT_H
#define FERRY_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

/* Is the text an endpoint?  If not, *why says what is wrong, as the end of a sentence. */
bool endpoint_accepts(const char *text, struct buf *why);

/* The same of the part behind "inet:" alone. */
bool endpoint_accepts_inet(const char *text, struct buf *why);

/* Is this the address of a socket that may be served: of family unix, or loopback and not
 * port 25?  For sockets that were opened by somebody else. */
bool endpoint_is_allowed(const struct sockaddr *address);

/* Who may connect to a socket in the file system. */
struct endpoint_access {
	mode_t mode;
	uid_t owner; /* (uid_t)-1: whoever we are */
	gid_t group; /* (gid_t)-1: the process's */
};

struct endpoint_socket {
	int fd;     /* listens, does not block; -1: closed */
	int lock;   /* held as long as a socket in the file system is ours, or -1 */
	char *path; /* of that socket, or NULL */
};

#define ENDPOINT_CLOSED ((struct endpoint_socket){.fd = -1, .lock = -1})

/*
 * Listen.  A socket in the file system that nobody listens on any more is replaced; local/locked
 * if somebody does.  Who is first is settled by a lock on PATH.lock, so that two servers which
 * start together do not take each other's socket away.  Its directory is made, and given to
 * access->owner, if it is missing.  The text must have been accepted; access may be NULL with
 * inet.  Not thread-safe (umask).
 */
struct outcome endpoint_listen(
    const char *text, const struct endpoint_access *access, struct endpoint_socket *socket_r);

/* Stop listening, and take the socket out of the file system. */
void endpoint_close(struct endpoint_socket *socket);

#endif
