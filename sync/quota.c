/*
 * Two numbers in the state: how many tries have failed, and until when there is none.
 */
#include <time.h>

#include "common/base/clock.h"
#include "sync/quota.h"
#include "sync/state.h"

#define FIRST_S   300
#define LONGEST_S 3600

bool
quota_is_exceeded(const struct outcome *o)
{
	return outcome_is(o, "set/overQuota") || outcome_is(o, "method/overQuota") ||
	       outcome_is(o, "http/507");
}

/* Until when to wait; a clock that was set back makes nobody wait longer than the longest. */
static int64_t
until(const struct mirror *m)
{
	int64_t when = state_get_number(m->store, STATE_QUOTA_UNTIL, 0);

	return when > clock_wall() + LONGEST_S ? 0 : when;
}

static void
add_when(struct outcome *o, int64_t when)
{
	time_t seconds = (time_t)when;
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof(text), "%H:%M", &tm);
	outcome_hint(o, "uploads are tried again after %s", text);
}

bool
quota_allows(struct mirror *m, int64_t waiting)
{
	int64_t when = until(m);
	struct outcome o;

	if (m->full)
		return false;
	if (m->options.dry_run || waiting == 0 || when <= clock_wall())
		return true;
	m->full = true;
	o = outcome_make("set", "overQuota", "%lld messages wait here", (long long)waiting);
	add_when(&o, when);
	report_error(m->report, NULL, &o);
	return false;
}

void
quota_note_full(struct mirror *m, const char *subject, const struct outcome *o)
{
	int64_t tries = state_get_number(m->store, STATE_QUOTA_TRIES, 0), wait = FIRST_S;
	struct outcome told = *o;

	if (m->full)
		return; /* one line says it */
	m->full = true;
	for (int64_t i = 0; i < tries && wait < LONGEST_S; i++)
		wait *= 2;
	wait = wait < LONGEST_S ? wait : LONGEST_S;
	state_set_number(m->store, STATE_QUOTA_TRIES, tries + 1);
	state_set_number(m->store, STATE_QUOTA_UNTIL, clock_wall() + wait);
	add_when(&told, clock_wall() + wait);
	report_error(m->report, subject, &told);
}

void
quota_note_room(struct mirror *m)
{
	if (state_get_number(m->store, STATE_QUOTA_TRIES, 0) != 0)
		state_set_number(m->store, STATE_QUOTA_TRIES, 0);
}
