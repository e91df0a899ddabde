/*
 * known_domains - domains that were sent to, and answered for as quickly as is usual
 *
 * Plain data, all zeroes to begin with: so many places, and no more are remembered; a domain
 * whose place another one takes is new again.  Domains are hashes (group_domain()).
 */
#ifndef FERRY_KNOWN_DOMAINS_H
#define FERRY_KNOWN_DOMAINS_H

#include <stddef.h>
#include <stdint.h>

#define KNOWN_DOMAINS_MAX 4096

enum domain_standing {
	DOMAIN_NEW,
	DOMAIN_TRIED, /* the first request to it is under way */
	DOMAIN_KNOWN,
};

struct known_domains {
	struct known_domain {
		uint64_t domain;
		enum domain_standing standing; /* DOMAIN_NEW: nobody has the place */
	} places[KNOWN_DOMAINS_MAX];
};

enum domain_standing known_domains_find(const struct known_domains *known, uint64_t domain);
void
known_domains_set(struct known_domains *known, uint64_t domain, enum domain_standing standing);

#endif
