/*
 * A listening socket, and the URL to reach it by.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sandbox/listen.h"

#define BACKLOG 1024

int
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

char *
listen_url(int fd)
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
