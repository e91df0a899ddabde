/*
 * The domains of reverse addresses.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/settings/reverse_domains.h"

/* What follows the last @ of an address, or all of it, in lower case. */
#define DOMAIN_OF(address)                                                         \
	"lower(substr(" address ", 1 + length(rtrim(" address ", replace(" address \
	", '@', '')))))"

/* An INSERT OR IGNORE in a trigger would do as the statement says that set it off. */
#define REMEMBER                                              \
	"BEGIN INSERT INTO reverse_domain SELECT " DOMAIN_OF( \
	    "new.reverse") " AS domain"                       \
	                   " WHERE domain NOT IN (SELECT domain FROM reverse_domain); END;"

const char reverse_domains_schema[] =
    "CREATE TABLE reverse_domain(domain TEXT PRIMARY KEY) WITHOUT ROWID;"
    "INSERT INTO reverse_domain SELECT DISTINCT " DOMAIN_OF(
        "reverse") " FROM contact;"
                   "CREATE TRIGGER reverse_domain_of_new AFTER INSERT ON contact " REMEMBER
                   "CREATE TRIGGER reverse_domain_of_changed AFTER UPDATE OF reverse ON "
                   "contact " REMEMBER;

void
reverse_domains_forget(struct reverse_domains *domains)
{
	for (size_t i = 0; i < domains->count; i++)
		free(domains->items[i]);
	free(domains->items);
	*domains = (struct reverse_domains){0};
}

static void
read_all(struct reverse_domains *domains, struct store *store)
{
	struct outcome o;
	sqlite3_stmt *q = store_query(store, "SELECT domain FROM reverse_domain", "");

	domains->items = xcalloc(REVERSE_DOMAINS_MAX, sizeof(*domains->items));
	while (store_row(store, q)) {
		if (domains->count == REVERSE_DOMAINS_MAX) {
			store_done(q);
			return;
		}
		domains->items[domains->count++] = store_copy(q, 0);
	}
	o = store_error(store);
	domains->complete = outcome_is_ok(&o);
}

void
reverse_domains_update(struct reverse_domains *domains, struct store *store)
{
	if (domains->items == NULL)
		read_all(domains, store);
}

bool
reverse_domains_allow(const struct reverse_domains *domains, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *domain = at != NULL ? at + 1 : address;

	for (size_t i = 0; i < domains->count; i++)
		if (strcasecmp(domains->items[i], domain) == 0)
			return true;
	return !domains->complete;
}
