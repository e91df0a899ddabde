/*
 * alias_limit - how often who may ask for what, and who holds which lock
 *
 * A limit is a list of windows, "100/day;50/hour;5/minute".  A window starts with the first
 * request that it counts and ends when its time is over; they are counted in the order of the
 * list, up to the first that is full, so a request that a later window refuses was counted by
 * those before it.  Not thread-safe.
 */
#ifndef SANDBOX_ALIAS_LIMIT_H
#define SANDBOX_ALIAS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct alias_limits;

struct alias_limits *alias_limits_new(void);
void alias_limits_free(struct alias_limits **l);

/* Forget all that was counted. */
void alias_limits_reset(struct alias_limits *l);

/* Count a request under a key at a time; false if it is one too many.  A list that cannot be
 * read limits nothing. */
bool
alias_limits_hit(struct alias_limits *l, const char *windows, const char *key, int64_t now);

/* The same where windows begin at multiples of their length: "10/900s;50/3600s". */
bool alias_limits_hit_aligned(
    struct alias_limits *l, const char *windows, const char *key, int64_t now);

/* Can the list be read? */
bool alias_limits_valid(const char *windows);

/*
 * Take a lock for so many seconds; 0 if another holds it, else the number to let go of it by:
 * who comes after the seconds may have it, and then it is not the first one's to release.
 */
int64_t
alias_limits_lock(struct alias_limits *l, const char *key, int64_t now, int64_t seconds);
void alias_limits_unlock(struct alias_limits *l, const char *key, int64_t number);

#endif
