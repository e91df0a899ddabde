/*
 * network - address ranges, as "192.0.2.0/24", "2001:db8::/32" or a single address
 */
#ifndef FERRY_NETWORK_H
#define FERRY_NETWORK_H

#include <stdbool.h>
#include <sys/socket.h>

struct network {
	int family;              /* AF_INET or AF_INET6 */
	unsigned char bytes[16]; /* 4 or 16 of them, in network order */
	unsigned bits;           /* how many of them count */
};

/* False if the text is none, or says something of the host: 192.0.2.7/24. */
bool network_parse(const char *text, struct network *network_r);

/* Is the address in it?  An IPv4 address that came as ::ffff:192.0.2.7 is one; addresses of
 * other families are nowhere. */
bool network_has(const struct network *network, const struct sockaddr *address);

#endif
