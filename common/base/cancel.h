/*
 * cancel - Ctrl-C and SIGTERM as something long work can ask about
 *
 * A program that calls cancel_on_signals() is no longer ended by SIGINT, SIGTERM or SIGHUP:
 * the first of them sets a flag, which loops, transfers and the proof-of-work solver poll,
 * so that each stops at a point where its state is clean.  A second SIGINT or SIGTERM ends
 * the process at once, for the impatient; that too is safe, only less tidy.
 */
#ifndef FERRY_CANCEL_H
#define FERRY_CANCEL_H

#include <stdbool.h>

/* Install the handlers (without SA_RESTART, so blocking calls return EINTR). */
void cancel_on_signals(void);

/* Has a signal asked us to stop?  Async-signal-safe and thread-safe. */
bool cancel_requested(void);

/* The signal that asked, or 0; a program may exit with 128 + it. */
int cancel_signal(void);

/* Ask for, or (for tests) take back, the same from inside the process; 0 takes back. */
void cancel_set(int signal_number);

#endif
