/*
 * Ctrl-C and SIGTERM as something long work can ask about.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "common/base/cancel.h"

/* Read by threads as well as set by handlers; C11 §7.14.1.1 lets lock-free atomics be both. */
static atomic_int requested;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "an int is not atomic for a signal handler");

static void
on_signal(int signal_number)
{
	if (requested != 0 && signal_number != SIGHUP) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
		return;
	}
	requested = signal_number;
}

void
cancel_on_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

bool
cancel_requested(void)
{
	return requested != 0;
}

int
cancel_signal(void)
{
	return requested;
}

void
cancel_set(int signal_number)
{
	requested = signal_number;
}
