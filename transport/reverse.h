/*
 * reverse - whose address a reverse address is, by the alias maps of a configuration
 *
 * The maps are those of the alias sections (alias_map.h), which the milter and ferryctl keep.
 * They are only read here: one that nobody has made yet is empty, and is not made.  One that
 * was put in the place of another is noticed.
 */
#ifndef FERRY_REVERSE_H
#define FERRY_REVERSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings/config.h"

struct reverse_maps; /* for any number of threads */
struct reverse_set;  /* the same for one at a time */

/* Nothing is opened yet.  The configuration must outlive them. */
struct reverse_maps *reverse_maps_new(const struct config *config);
void reverse_maps_free(struct reverse_maps **maps); /* all sets were given back */

/*
 * Take the maps for one message, and give them back.  *set_r is NULL if there is no map.
 * local/... if one is there and cannot be opened, or if there should be one, because the
 * message is known to be for aliases: then nobody can tell what a recipient is.
 * Costs a stat(2) a section, once they are open.
 */
struct outcome
reverse_maps_take(struct reverse_maps *maps, bool aliased, struct reverse_set **set_r);
void reverse_maps_give(struct reverse_maps *maps, struct reverse_set **set);

/* What is known of an address. */
struct reverse {
	size_t section; /* of the configuration, from 1; 0: it is no reverse address */
	int64_t alias_id;
	char *address; /* the reverse address in the service's own case; to be free()d */
};

/* The address may be written in any case: only the service is particular about it. */
struct outcome
reverse_find(struct reverse_set *set, const char *address, struct reverse *reverse_r);

/* The alias of what was found, or NULL if the map has no name for it; to be free()d. */
struct outcome
reverse_alias(struct reverse_set *set, const struct reverse *reverse, char **alias_r);

#endif
