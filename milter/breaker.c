/*
 * What keeps us from asking where it is of no use.
 */
#include "milter/breaker.h"
#include "common/base/log.h"

bool
breaker_is_open(const struct breaker *breaker)
{
	return breaker->open_ms != 0;
}

bool
breaker_stops(const struct breaker *breaker, int64_t now_ms)
{
	return breaker_is_open(breaker) && (now_ms < breaker->until_ms || breaker->probing);
}

struct outcome
breaker_check(struct breaker *breaker, int64_t now_ms)
{
	struct outcome o = breaker->trouble;

	if (!breaker_stops(breaker, now_ms)) {
		breaker->probing = breaker_is_open(breaker);
		return outcome_ok();
	}
	o.alarm = false; /* it was raised when this began */
	return o;
}

void
breaker_skip(struct breaker *breaker)
{
	breaker->probing = false;
}

static void
log_change(const struct breaker *breaker, int priority, const char *event)
{
	struct log_line line;

	log_begin(&line, priority, NULL);
	log_event(&line, event);
	log_str(&line, "what", breaker->subject);
	if (breaker_is_open(breaker))
		log_outcome(&line, &breaker->trouble);
	log_end(&line);
}

static void
close_again(struct breaker *breaker)
{
	bool was_open = breaker_is_open(breaker);

	breaker->failures = 0;
	breaker->open_ms = 0;
	breaker->probing = false;
	if (was_open)
		log_change(breaker, LOG_NOTICE, "trouble is over");
}

/* Open for what the service asks for, if it does, else for longer each time. */
static int64_t
next_open_ms(const struct breaker *breaker, const struct outcome *o)
{
	int64_t ms = breaker_is_open(breaker) ? 2 * breaker->open_ms : breaker->first_ms;

	if (o->retry_after != 0)
		ms = 1000 * (int64_t)o->retry_after;
	return ms < breaker->most_ms ? ms : breaker->most_ms;
}

void
breaker_note(struct breaker *breaker, const struct outcome *o, int64_t now_ms)
{
	bool was_open = breaker_is_open(breaker);

	if (outcome_is_ok(o)) {
		close_again(breaker);
		return;
	}
	/* Of those that asked together, the first is enough. */
	if (was_open && !breaker->probing)
		return;
	if (breaker->failures++ < breaker->patience && !was_open)
		return;
	breaker->open_ms = next_open_ms(breaker, o);
	breaker->until_ms = now_ms + breaker->open_ms;
	breaker->probing = false;
	breaker->trouble = *o;
	if (!was_open)
		log_change(breaker, o->alarm ? LOG_CRIT : LOG_WARNING, "trouble");
}
