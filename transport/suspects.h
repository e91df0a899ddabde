/*
 * suspects - domains that made a request slow, and are sent to by themselves for a while
 *
 * Plain data, all zeroes to begin with: a few dozen places, and no more are remembered; if
 * there are so many, suspicion says little.  Domains are hashes (group_domain()), times are
 * clock_ms().
 */
#ifndef FERRY_SUSPECTS_H
#define FERRY_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#define SUSPECTS_MAX 64

struct suspects {
	struct suspect {
		uint64_t domain;
		int64_t until_ms;
	} places[SUSPECTS_MAX];
	int64_t latest_ms; /* when the last of them is none any more */
};

void suspects_add(struct suspects *suspects, uint64_t domain, int64_t now);
void suspects_drop(struct suspects *suspects, uint64_t domain, int64_t now);

bool suspects_has(const struct suspects *suspects, uint64_t domain, int64_t now);

/* May there be any? */
bool suspects_any(const struct suspects *suspects, int64_t now);

#endif
