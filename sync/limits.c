/*
 * email.aside, and when it changes.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "sync/limits.h"
#include "sync/state.h"

/* Seconds since 1970 that a message must not be older than. */
static int64_t
oldest(const struct mirror *m)
{
	return m->config->max_age_s == 0 ? INT64_MIN : clock_wall() - m->config->max_age_s;
}

static int64_t
largest(const struct mirror *m)
{
	return m->config->max_size == 0 ? INT64_MAX : m->config->max_size;
}

bool
limits_exceeded(const struct mirror *m, int64_t received, int64_t size)
{
	return received < oldest(m) || size > largest(m);
}

struct outcome
limits_begin(struct mirror *m)
{
	char *were = state_get(m->store, STATE_LIMITS);
	char *now = xasprintf("age %lld size %lld", (long long)m->config->max_age_s,
	    (long long)m->config->max_size);
	struct outcome o = outcome_ok();

	/* A state from before there were limits has left nothing aside. */
	if (strcmp(were != NULL ? were : "age 0 size 0", now) != 0) {
		store_begin(m->store);
		store_run(m->store,
		    "UPDATE email SET aside = (received < ? OR size > ?)"
		    " WHERE keywords IS NULL AND want_mailboxes IS NOT NULL"
		    " AND NOT EXISTS (SELECT 1 FROM place WHERE place.email = email.n)",
		    "ii", oldest(m), largest(m));
		state_set(m->store, STATE_LIMITS, now);
		o = store_commit(m->store);
	}
	free(were);
	free(now);
	return o;
}

void
limits_lift(struct mirror *m)
{
	store_run(m->store, "UPDATE email SET aside = 0 WHERE aside = 1", "");
}

void
limits_set_aside(struct mirror *m, int64_t email, bool aside)
{
	store_run(m->store, "UPDATE email SET aside = ? WHERE n = ? AND aside <> ?", "iii",
	    (int64_t)aside, email, (int64_t)aside);
}
