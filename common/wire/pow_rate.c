/*
 * How fast this machine does the proof of work: hashing for its own sake.
 */
#include <stdlib.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "common/wire/pow_parts.h"

struct gauge {
	const struct pow_plan *plan;
	void *arena;
	int64_t end;
	double rate; /* measured, 0 if it was stopped */
};

static bool
poll_cancel(void *arg)
{
	(void)arg;
	return !cancel_requested();
}

/* Whole batches till the end, the first of which only warms the memory. */
static void *
measure(void *arg)
{
	struct gauge *gauge = arg;
	const struct pow_plan *plan = gauge->plan;
	unsigned lanes = plan->kernel->lanes * plan->shape.sets, batches = 0;
	struct scrypt_input inputs[SCRYPT_LANES_MAX], salt = {"salt", 4};
	uint8_t hashes[SCRYPT_LANES_MAX][SCRYPT_HASH_SIZE];
	int64_t start = 0, now;

	for (unsigned i = 0; i < lanes; i++)
		inputs[i] = (struct scrypt_input){&inputs[i], sizeof(inputs[i])};
	do {
		if (scrypt_batch(plan->kernel, &plan->shape, inputs, salt, gauge->arena,
		        poll_cancel, NULL, hashes) != SCRYPT_DONE)
			return NULL;
		now = clock_ns();
		if (batches++ == 0)
			start = now;
	} while (batches < 2 || now < gauge->end);
	gauge->rate = (double)(batches - 1) * lanes * 1e9 / (double)(now - start);
	return NULL;
}

double
pow_rate(struct pow *pow, const struct pow_task *task, int64_t milliseconds)
{
	struct pow_plan plan;
	struct outcome o = pow_arenas_prepare(pow, task, &plan);
	struct gauge *gauges;
	double rate = 0;

	if (!outcome_is_ok(&o))
		return 0;
	gauges = xcalloc(plan.threads, sizeof(*gauges));
	for (unsigned i = 0; i < plan.threads; i++)
		gauges[i] = (struct gauge){
		    &plan, pow->arenas[i].base, clock_ns() + milliseconds * 1000000, 0};
	pow_run_threads(plan.threads, measure, gauges, sizeof(*gauges));
	for (unsigned i = 0; i < plan.threads; i++)
		rate += gauges[i].rate;
	free(gauges);
	pow_arenas_rest(pow);
	return rate;
}
