/*
 * What changes the alias map.
 */
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/settings/alias_map_parts.h"

/* Within a transaction.  Another alias that had the address is gone: addresses are unique. */
static void
put_alias(struct store *s, const struct alias_map_alias *alias)
{
	store_run(s, "DELETE FROM alias WHERE address = ? AND id <> ?", "ti", alias->address,
	    alias->id);
	store_run(s,
	    "INSERT INTO alias(id, address, enabled, trashed, learned) VALUES(?, ?, ?, ?, ?)"
	    " ON CONFLICT(id) DO UPDATE SET address = excluded.address,"
	    " enabled = excluded.enabled, trashed = excluded.trashed,"
	    " learned = excluded.learned",
	    "itiii", alias->id, alias->address, (int64_t)alias->enabled,
	    (int64_t)alias->trashed, clock_wall_ms());
}

struct outcome
alias_map_put_alias(struct alias_map *map, const struct alias_map_alias *alias)
{
	struct outcome o = alias_map_begin(map);

	if (!outcome_is_ok(&o))
		return o;
	put_alias(map->store, alias);
	return alias_map_commit(map);
}

struct outcome
alias_map_put_host(
    struct alias_map *map, const char *hostname, const struct alias_map_alias *alias)
{
	struct outcome o = alias_map_begin(map);

	if (!outcome_is_ok(&o))
		return o;
	put_alias(map->store, alias);
	store_run(map->store,
	    "INSERT INTO host(hostname, alias) VALUES(?, ?)"
	    " ON CONFLICT(hostname) DO UPDATE SET alias = excluded.alias",
	    "ti", hostname, alias->id);
	return alias_map_commit(map);
}

struct outcome
alias_map_put_contact(struct alias_map *map, const struct alias_map_contact *contact)
{
	char *address = alias_map_key(contact->address);
	struct outcome o = alias_map_begin(map);

	if (outcome_is_ok(&o)) {
		/* A contact that was deleted and made again has a new id and reverse address. */
		store_run(map->store,
		    "DELETE FROM contact WHERE id <> ? AND (reverse = ? OR (alias = ? AND"
		    " address = ?))",
		    "itit", contact->id, contact->reverse, contact->alias_id, address);
		store_run(map->store,
		    "INSERT INTO contact(id, alias, address, reverse, learned)"
		    " VALUES(?, ?, ?, ?, ?)"
		    " ON CONFLICT(id) DO UPDATE SET alias = excluded.alias,"
		    " address = excluded.address, reverse = excluded.reverse,"
		    " learned = excluded.learned",
		    "iitti", contact->id, contact->alias_id, address, contact->reverse,
		    clock_wall_ms());
		o = alias_map_commit(map);
	}
	free(address);
	return o;
}

struct outcome
alias_map_drop_host(struct alias_map *map, const char *hostname)
{
	struct outcome o = alias_map_begin(map);

	if (!outcome_is_ok(&o))
		return o;
	store_run(map->store, "DELETE FROM host WHERE hostname = ?", "t", hostname);
	return alias_map_commit(map);
}

struct outcome
alias_map_drop_contact(struct alias_map *map, int64_t id)
{
	struct outcome o = alias_map_begin(map);

	if (!outcome_is_ok(&o))
		return o;
	store_run(map->store, "DELETE FROM contact WHERE id = ?", "i", id);
	return alias_map_commit(map);
}

struct outcome
alias_map_drop_alias(struct alias_map *map, int64_t id)
{
	struct outcome o = alias_map_begin(map);

	if (!outcome_is_ok(&o))
		return o;
	store_run(map->store, "DELETE FROM host WHERE alias = ?", "i", id);
	store_run(map->store, "DELETE FROM contact WHERE alias = ?", "i", id);
	store_run(map->store, "DELETE FROM alias WHERE id = ?", "i", id);
	return alias_map_commit(map);
}

int64_t
alias_map_rebuild_begin(void)
{
	return clock_wall_ms();
}

struct outcome
alias_map_rebuild_end(struct alias_map *map, int64_t begun, bool contacts)
{
	struct outcome o = alias_map_begin(map);

	if (!outcome_is_ok(&o))
		return o;
	store_run(map->store, "UPDATE alias SET trashed = 1, enabled = 0 WHERE learned < ?",
	    "i", begun);
	if (contacts)
		store_run(map->store, "DELETE FROM contact WHERE learned < ?", "i", begun);
	return alias_map_commit(map);
}
