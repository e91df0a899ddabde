/*
 * trial - what would be done, without doing it
 */
#ifndef FERRY_TRIAL_H
#define FERRY_TRIAL_H

#include "milter/arguments.h"

/* --check: is the configuration in order, with all its rules and tables?  Returns an exit
 * status: EX_OK, EX_CONFIG. */
int trial_check(const struct milter_arguments *args, const char *ident);

/* --test: judge a message as if somebody whose mail is ours to change had sent it, and print the
 * verdict and the edits.  EX_OK; EX_NOPERM if it would be refused, EX_TEMPFAIL if deferred. */
int trial_test(const struct milter_arguments *args, const char *ident);

#endif
