/*
 * Address ranges.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/network.h"

#define TEXT_MAX 64

static unsigned
size_of(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* The bits behind the slash; false if that is no number up to most. */
static bool
parse_bits(const char *text, unsigned most, unsigned *bits_r)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end != '\0' || bits > most)
		return false;
	*bits_r = (unsigned)bits;
	return true;
}

static bool
bit_is_set(const unsigned char *bytes, unsigned i)
{
	return (bytes[i / 8] & (0x80u >> (i % 8))) != 0;
}

bool
network_parse(const char *text, struct network *network_r)
{
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct network network = {
	    .family = memchr(text, ':', length) != NULL ? AF_INET6 : AF_INET};
	unsigned most = 8 * size_of(network.family);
	char address[TEXT_MAX];

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	network.bits = most;
	if (inet_pton(network.family, address, network.bytes) != 1 ||
	    (slash != NULL && !parse_bits(slash + 1, most, &network.bits)))
		return false;
	for (unsigned i = network.bits; i < most; i++)
		if (bit_is_set(network.bytes, i))
			return false;
	*network_r = network;
	return true;
}

/* The address's bytes, and the family they are of. */
static const unsigned char *
bytes_of(const struct sockaddr *address, int *family_r)
{
	const struct in6_addr *six =
	    &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

	*family_r = address->sa_family;
	if (address->sa_family == AF_INET)
		return (const unsigned char *)&(
		    (const struct sockaddr_in *)(const void *)address)
		    ->sin_addr;
	if (address->sa_family != AF_INET6)
		return NULL;
	if (!IN6_IS_ADDR_V4MAPPED(six))
		return six->s6_addr;
	*family_r = AF_INET;
	return six->s6_addr + 12;
}

bool
network_has(const struct network *network, const struct sockaddr *address)
{
	int family;
	const unsigned char *bytes = bytes_of(address, &family);

	if (bytes == NULL || family != network->family)
		return false;
	for (unsigned i = 0; i < network->bits; i++)
		if (bit_is_set(bytes, i) != bit_is_set(network->bytes, i))
			return false;
	return true;
}
