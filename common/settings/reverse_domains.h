/*
 * reverse_domains - at which domains are the reverse addresses of an alias map?
 *
 * Nearly every address that a map is asked about is a correspondent's own, and the service has
 * all its reverse addresses at a few domains: most questions "is this a reverse address?" are
 * answered here, without a look at the contacts.  The database keeps the set of domains by
 * itself, whoever writes to it; this is a copy in memory, good for one state of the database.
 */
#ifndef FERRY_REVERSE_DOMAINS_H
#define FERRY_REVERSE_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings/store.h"

/* The step of the map's schema, after its table contact with the column reverse. */
extern const char reverse_domains_schema[];

#define REVERSE_DOMAINS_MAX 64 /* of more there is no copy, and every address is looked up */

struct reverse_domains {
	char **items; /* in lower case; NULL: nothing is known */
	size_t count;
	bool complete;
};

/* Take what the database has now, unless something is known. */
void reverse_domains_update(struct reverse_domains *domains, struct store *store);

/* Know nothing, until the next update: the database is another, or was written to. */
void reverse_domains_forget(struct reverse_domains *domains);

/* Could the address, with its domain in any case, be a reverse address of that state? */
bool reverse_domains_allow(const struct reverse_domains *domains, const char *address);

#endif
