/*
 * daemon - how a server of ours starts: little memory, many descriptors, a socket, no root
 */
#ifndef FERRY_DAEMON_H
#define FERRY_DAEMON_H

#include <pwd.h>
#include <stdbool.h>

#include "common/wire/endpoint.h"

/*
 * Memory is what a hundred large messages must not take: two arenas instead of one for every
 * few threads, and blocks of some size go back to the system when they are freed.
 */
void daemon_limit_memory(void);

/* A client takes a few descriptors; let there be as many as may be. */
void daemon_raise_descriptors(void);

/* Where to listen, and as whom; texts are the configuration's.  All of it is looked at once. */
struct daemon_place {
	const char *section; /* of the configuration, for messages */
	const char *user;    /* to become if started as root, or NULL */
	const char *listen;  /* endpoint */
	mode_t mode;         /* of a socket in the file system */
	const char *group;   /* its group, or NULL: the user's */
	const char *monitor; /* HOST:PORT (monitor.h), or NULL */
};

/* Whom to become; NULL in *user_r if we are not root.  local/config if we are, and it is not
 * said whom.  *user_r is getpwnam(3)'s. */
struct outcome daemon_user(const struct daemon_place *place, const struct passwd **user_r);

/* The socket that systemd passed, or one of our own; *passed_r says which. */
struct outcome daemon_listen(const struct daemon_place *place, const struct passwd *user,
    struct endpoint_socket *socket_r, bool *passed_r);

/* Become the user, for good; NULL: stay who we are. */
struct outcome daemon_become(const struct passwd *user);

/* A reload has brought another place: log that it is looked at once, at the start. */
void daemon_note_place(const struct daemon_place *before, const struct daemon_place *now);

#endif
