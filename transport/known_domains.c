/*
 * Domains that were sent to.
 *
 * A table by the hash: a domain is in one of the few places that follow its own.
 */
#include "transport/known_domains.h"

#define NEAR 8 /* places in which a domain may be */

static size_t
place(uint64_t domain, size_t step)
{
	return (size_t)((domain + step) % KNOWN_DOMAINS_MAX);
}

/* Where the domain is, or NEAR. */
static size_t
find(const struct known_domains *known, uint64_t domain)
{
	size_t step = 0;

	while (step < NEAR && (known->places[place(domain, step)].domain != domain ||
	                          known->places[place(domain, step)].standing == DOMAIN_NEW))
		step++;
	return step;
}

static size_t
find_free(const struct known_domains *known, uint64_t domain)
{
	size_t step = 0;

	while (step < NEAR && known->places[place(domain, step)].standing != DOMAIN_NEW)
		step++;
	return step;
}

enum domain_standing
known_domains_find(const struct known_domains *known, uint64_t domain)
{
	size_t step = find(known, domain);

	return step < NEAR ? known->places[place(domain, step)].standing : DOMAIN_NEW;
}

void
known_domains_set(struct known_domains *known, uint64_t domain, enum domain_standing standing)
{
	size_t step = find(known, domain);

	if (step == NEAR && standing == DOMAIN_NEW)
		return;
	if (step == NEAR)
		step = find_free(known, domain);
	if (step == NEAR)
		step = (size_t)(domain >> 32) % NEAR; /* somebody has to go */
	known->places[place(domain, step)] = (struct known_domain){domain, standing};
}
