/*
 * departed - threads that end by themselves, and are waited for nevertheless
 *
 * A thread that has said under a lock that it ends is not gone yet: what libraries keep for it
 * is freed after that, and the process must not end meanwhile.  Only who joins it knows.  So
 * that nobody has to come for each of them, one that ends joins the one that ended before it,
 * and who waits for all joins the last.
 */
#ifndef FERRY_DEPARTED_H
#define FERRY_DEPARTED_H

#include <pthread.h>
#include <stdbool.h>

/* The thread that ended last; all zero if none did. */
struct departed {
	pthread_t thread;
	bool any;
};

/*
 * In a joinable thread that is about to end, under the lock that guards *last: it is the last
 * now.  Gives the one before, which it has to join when it has let go of the lock.
 */
struct departed departed_add(struct departed *last);

/* Wait till the thread is gone, if there is one, and with it all that ended before it. */
void departed_join(struct departed departed);

#endif
