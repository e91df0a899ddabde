/*
 * maps - open alias maps of one account, for many threads
 *
 * A map that is open answers in some ten microseconds; to open one takes as many hundreds of
 * them.  So they are kept, and lent to one thread at a time: there are as many as were ever
 * needed at once, up to MAPS_MAX; who comes when all are lent waits for one.  Thread-safe.
 */
#ifndef FERRY_MAPS_H
#define FERRY_MAPS_H

#include <stdbool.h>

#include "common/settings/alias_map.h"

#define MAPS_MAX 4

struct maps;

/* path: the map's file; made when the first one is lent, if it is missing, or, without make,
 * then there is none. */
struct maps *maps_new(const char *path, bool make);
void maps_free(struct maps **maps); /* all are given back */

/* Lend one, to be given back soon.  OK with NULL, which can be given back too, if there is none:
 * nothing is known then. */
struct outcome maps_take(struct maps *maps, struct alias_map **map_r);
void maps_give(struct maps *maps, struct alias_map **map);

#endif
