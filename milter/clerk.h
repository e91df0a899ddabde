/*
 * clerk - answers one question after the other at an alias service, for the desk (desk.h)
 *
 * Has a connection and an open map of its own, both opened when they are first needed.
 * Belongs to one thread.
 */
#ifndef FERRY_CLERK_H
#define FERRY_CLERK_H

#include "common/service/simplelogin.h"
#include "milter/desk.h"

struct clerk {
	const struct alias_account *account; /* the caller's; the rest is zero at first */
	struct alias_map *map;
	struct simplelogin *sl;
	unsigned key_number; /* the desk's */
};

void clerk_close(struct clerk *clerk);

/* The key was refused: read it again before the next question. */
void clerk_forget_key(struct clerk *clerk);

/* Ask the service, and put what it says into the map. */
void clerk_answer(struct clerk *clerk, const struct question *question, struct deadline d,
    struct answer *answer_r);

#endif
