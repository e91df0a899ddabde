/*
 * crew - threads for work that waits
 *
 * As many as there is work at the same time, so that none waits for another; they end when
 * there has been nothing to do for a while.  Thread-safe.
 */
#ifndef FERRY_CREW_H
#define FERRY_CREW_H

#include <stdbool.h>

struct crew;

struct crew *crew_new(void);
void crew_free(struct crew **crew); /* waits till all work is done */

struct crew_job {
	void (*run)(struct crew_job *job); /* after which the job is its owner's again */
	struct crew_job *next;             /* the crew's own */
};

/* Do it soon.  False if there can be no thread for it: nothing is done then. */
bool crew_do(struct crew *crew, struct crew_job *job);

#endif
