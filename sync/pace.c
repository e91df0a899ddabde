/*
 * Arithmetic with moments.
 */
#include "sync/pace.h"

#define OWED_MS 1000

void
pace_take(struct pace *p, int64_t now_ms, int64_t bytes)
{
	if (p->rate == 0)
		return;
	if (p->paid_at_ms < now_ms)
		p->paid_at_ms = now_ms;
	p->paid_at_ms += bytes / p->rate * 1000 + bytes % p->rate * 1000 / p->rate;
}

void
pace_pause(struct pace *p, int64_t now_ms, int64_t ms)
{
	/* What may be owed is no reason to start sooner. */
	int64_t until = now_ms + ms + (p->rate != 0 ? OWED_MS : 0);

	if (p->paid_at_ms < until)
		p->paid_at_ms = until;
}

int64_t
pace_wait_ms(const struct pace *p, int64_t now_ms)
{
	int64_t wait = p->paid_at_ms - now_ms - (p->rate != 0 ? OWED_MS : 0);

	return wait > 0 ? wait : 0;
}
