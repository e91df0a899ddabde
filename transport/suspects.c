/*
 * Domains that made a request slow.
 */
#include <stddef.h>

#include "transport/suspects.h"

#define SUSPECT_MS 300000 /* that a domain is sent to by itself */

/* The place of a suspect, or -1. */
static int
find(const struct suspects *suspects, uint64_t domain, int64_t now)
{
	for (int i = 0; i < SUSPECTS_MAX; i++)
		if (suspects->places[i].domain == domain && suspects->places[i].until_ms > now)
			return i;
	return -1;
}

static int
find_free(const struct suspects *suspects, int64_t now)
{
	for (int i = 0; i < SUSPECTS_MAX; i++)
		if (suspects->places[i].until_ms <= now)
			return i;
	return -1;
}

void
suspects_add(struct suspects *suspects, uint64_t domain, int64_t now)
{
	int place = find(suspects, domain, now);

	if (place < 0)
		place = find_free(suspects, now);
	if (place < 0)
		return;
	suspects->places[place] = (struct suspect){domain, now + SUSPECT_MS};
	suspects->latest_ms = now + SUSPECT_MS;
}

void
suspects_drop(struct suspects *suspects, uint64_t domain, int64_t now)
{
	int place = find(suspects, domain, now);

	if (place >= 0)
		suspects->places[place].until_ms = 0;
}

bool
suspects_has(const struct suspects *suspects, uint64_t domain, int64_t now)
{
	return find(suspects, domain, now) >= 0;
}

bool
suspects_any(const struct suspects *suspects, int64_t now)
{
	return suspects->latest_ms > now;
}
