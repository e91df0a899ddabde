/*
 * The alias map in SQLite.
 *
 *	alias	id, address, enabled, trashed, learned
 *	host	hostname (its key: one row a hostname), alias
 *	contact	id, alias, address, reverse, learned
 *	reverse_domain	domain
 *
 * Every question is one look-up by a key, so a million rows answer like ten.  Other processes
 * may hold the file for a moment: SQLite waits two seconds, and we begin again some times
 * before we say local/locked.  A store that has failed is dead (its error sticks); it is
 * opened afresh for the next call, so that a daemon outlives a full disk.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_map_parts.h"

#define TRIES       6 /* of two seconds each */
#define PAUSE_MS    20
#define CACHE_PAGES 256 /* 1 MB */

static const char *const steps[] = {
    "CREATE TABLE alias("
    " id INTEGER PRIMARY KEY,"
    " address TEXT NOT NULL COLLATE NOCASE UNIQUE,"
    " enabled INTEGER NOT NULL,"
    " trashed INTEGER NOT NULL,"
    " learned INTEGER NOT NULL);"

    "CREATE TABLE host("
    " hostname TEXT PRIMARY KEY,"
    " alias INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX host_alias ON host(alias);"

    "CREATE TABLE contact("
    " id INTEGER PRIMARY KEY,"
    " alias INTEGER NOT NULL,"
    " address TEXT NOT NULL,"
    " reverse TEXT NOT NULL UNIQUE,"
    " learned INTEGER NOT NULL,"
    " UNIQUE(alias, address));"
    "CREATE INDEX contact_address ON contact(address);",

    reverse_domains_schema,

    NULL,
};

static struct outcome
open_store(const char *path, struct store **store_r)
{
	struct store_options options = {.steps = steps, .cache_pages = CACHE_PAGES};
	struct outcome o;

	for (int i = 0; i < TRIES; i++) {
		o = store_open(path, &options, store_r);
		/* Two that open a new file at once: SQLite does not wait while it turns to WAL. */
		if (!outcome_is(&o, "local/locked") ||
		    !clock_sleep_ms(PAUSE_MS << i, DEADLINE_NEVER))
			break;
	}
	return o;
}

struct outcome
alias_map_open(const char *path, struct alias_map **map_r)
{
	struct alias_map *map = xcalloc(1, sizeof(*map));
	struct outcome o;

	map->path = xstrdup(path);
	o = open_store(path, &map->store);
	if (!outcome_is_ok(&o))
		alias_map_close(&map);
	*map_r = map;
	return o;
}

/* The database is another: nothing is known of it. */
static void
forget(struct alias_map *map)
{
	reverse_domains_forget(&map->domains);
	alias_memory_forget(&map->memory);
}

void
alias_map_close(struct alias_map **map)
{
	if (*map == NULL)
		return;
	reverse_domains_forget(&(*map)->domains);
	alias_memory_free(&(*map)->memory);
	store_close(&(*map)->store);
	free((*map)->path);
	free(*map);
	*map = NULL;
}

/* The store to work with, opened again if it failed; NULL with the outcome in *o. */
static struct store *
store_of(struct alias_map *map, struct outcome *o)
{
	*o = map->store != NULL ? outcome_ok() : open_store(map->path, &map->store);
	return map->store;
}

/* End a call: what came of it; a store that failed is given up. */
static struct outcome
finish(struct alias_map *map)
{
	struct outcome o = store_error(map->store);

	if (!outcome_is_ok(&o)) {
		store_close(&map->store);
		forget(map);
		map->reading = false;
	}
	return o;
}

struct outcome
alias_map_begin(struct alias_map *map)
{
	struct outcome o;

	for (int i = 0; i < TRIES; i++) {
		if (store_of(map, &o) == NULL)
			return o;
		store_begin(map->store);
		o = finish(map);
		if (!outcome_is(&o, "local/locked"))
			break;
	}
	return o;
}

struct outcome
alias_map_commit(struct alias_map *map)
{
	(void)store_commit(map->store);
	forget(map);
	return finish(map);
}

/* What fails here, the finders say. */
void
alias_map_begin_reading(struct alias_map *map)
{
	struct outcome o;
	int64_t state;

	if (store_of(map, &o) == NULL)
		return;
	state = store_begin_reading(map->store);
	if (state != map->state)
		forget(map);
	map->state = state;
	reverse_domains_update(&map->domains, map->store);
	map->reading = true;
	(void)finish(map);
}

void
alias_map_end_reading(struct alias_map *map)
{
	map->reading = false;
	if (map->store != NULL) {
		store_end_reading(map->store);
		(void)finish(map);
	}
}

void
alias_map_alias_free(struct alias_map_alias *alias)
{
	free(alias->address);
	*alias = (struct alias_map_alias){0};
}

void
alias_map_contact_free(struct alias_map_contact *contact)
{
	free(contact->address);
	free(contact->reverse);
	*contact = (struct alias_map_contact){0};
}

char *
alias_map_key(const char *address)
{
	char *copy = xstrdup(address), *at = strrchr(copy, '@');

	for (char *p = at; p != NULL && *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/* Columns id, address, enabled, trashed, learned from first on, borrowed. */
static struct alias_map_alias
alias_of_row(sqlite3_stmt *q, int first)
{
	return (struct alias_map_alias){
	    .id = sqlite3_column_int64(q, first),
	    .address = (char *)sqlite3_column_text(q, first + 1),
	    .enabled = sqlite3_column_int(q, first + 2) != 0,
	    .trashed = sqlite3_column_int(q, first + 3) != 0,
	    .learned_ms = sqlite3_column_int64(q, first + 4),
	};
}

static struct alias_map_contact
contact_of_row(sqlite3_stmt *q)
{
	return (struct alias_map_contact){
	    .id = sqlite3_column_int64(q, 0),
	    .alias_id = sqlite3_column_int64(q, 1),
	    .address = (char *)sqlite3_column_text(q, 2),
	    .reverse = (char *)sqlite3_column_text(q, 3),
	    .learned_ms = sqlite3_column_int64(q, 4),
	};
}

#define ALIAS_COLUMNS   "a.id, a.address, a.enabled, a.trashed, a.learned"
#define CONTACT_COLUMNS "id, alias, address, reverse, learned"

/* The first row of a query, whose strings are copied; all zeroes if there is none. */
static struct outcome
find_alias(struct alias_map *map, struct alias_map_alias *alias_r, const char *sql,
    const char *types, ...)
{
	struct outcome o;
	sqlite3_stmt *q;
	va_list args;

	*alias_r = (struct alias_map_alias){0};
	if (store_of(map, &o) == NULL)
		return o;
	va_start(args, types);
	q = store_query_v(map->store, sql, types, args);
	va_end(args);
	if (store_row(map->store, q)) {
		*alias_r = alias_of_row(q, 0);
		alias_r->address = xstrdup(alias_r->address);
		store_done(q);
	}
	return finish(map);
}

static struct outcome
find_contact(struct alias_map *map, struct alias_map_contact *contact_r, const char *sql,
    const char *types, ...)
{
	struct outcome o;
	sqlite3_stmt *q;
	va_list args;

	*contact_r = (struct alias_map_contact){0};
	if (store_of(map, &o) == NULL)
		return o;
	va_start(args, types);
	q = store_query_v(map->store, sql, types, args);
	va_end(args);
	if (store_row(map->store, q)) {
		*contact_r = contact_of_row(q);
		contact_r->address = xstrdup(contact_r->address);
		contact_r->reverse = xstrdup(contact_r->reverse);
		store_done(q);
	}
	return finish(map);
}

/* Is it remembered?  Only while the map is read is it known to hold. */
static bool
remembers(const struct alias_map *map, int64_t alias_id, const char *key,
    struct alias_memory_row *row_r)
{
	return map->reading && alias_memory_find(&map->memory, alias_id, key, row_r);
}

/* Remember what was found. */
static void
remember_host(struct alias_map *map, const char *hostname, const struct alias_map_alias *alias)
{
	const struct alias_memory_row row = {
	    .id = alias->id,
	    .address = alias->address,
	    .enabled = alias->enabled,
	    .trashed = alias->trashed,
	    .learned_ms = alias->learned_ms,
	};

	if (map->reading && alias->id != 0)
		alias_memory_keep(&map->memory, 0, hostname, &row);
}

static void
remember_contact(
    struct alias_map *map, const char *key, const struct alias_map_contact *contact)
{
	const struct alias_memory_row row = {
	    .id = contact->id,
	    .address = contact->reverse,
	    .learned_ms = contact->learned_ms,
	};

	if (map->reading && contact->id != 0)
		alias_memory_keep(&map->memory, contact->alias_id, key, &row);
}

struct outcome
alias_map_find_host(
    struct alias_map *map, const char *hostname, struct alias_map_alias *alias_r)
{
	struct alias_memory_row row;
	struct outcome o;

	if (remembers(map, 0, hostname, &row)) {
		*alias_r = (struct alias_map_alias){
		    .id = row.id,
		    .address = xstrdup(row.address),
		    .enabled = row.enabled,
		    .trashed = row.trashed,
		    .learned_ms = row.learned_ms,
		};
		return outcome_ok();
	}
	o = find_alias(map, alias_r,
	    "SELECT " ALIAS_COLUMNS " FROM host h JOIN alias a ON a.id = h.alias"
	    " WHERE h.hostname = ?",
	    "t", hostname);
	remember_host(map, hostname, alias_r);
	return o;
}

struct outcome
alias_map_find_alias(struct alias_map *map, int64_t id, struct alias_map_alias *alias_r)
{
	return find_alias(
	    map, alias_r, "SELECT " ALIAS_COLUMNS " FROM alias a WHERE a.id = ?", "i", id);
}

struct outcome
alias_map_find_address(
    struct alias_map *map, const char *address, struct alias_map_alias *alias_r)
{
	return find_alias(map, alias_r,
	    "SELECT " ALIAS_COLUMNS " FROM alias a WHERE a.address = ?", "t", address);
}

struct outcome
alias_map_find_contact(struct alias_map *map, int64_t alias_id, const char *address,
    struct alias_map_contact *contact_r)
{
	char *key = alias_map_key(address);
	struct alias_memory_row row;
	struct outcome o;

	if (remembers(map, alias_id, key, &row)) {
		*contact_r = (struct alias_map_contact){
		    .id = row.id,
		    .alias_id = alias_id,
		    .address = key,
		    .reverse = xstrdup(row.address),
		    .learned_ms = row.learned_ms,
		};
		return outcome_ok();
	}
	o = find_contact(map, contact_r,
	    "SELECT " CONTACT_COLUMNS " FROM contact WHERE alias = ? AND address = ?", "it",
	    alias_id, key);
	remember_contact(map, key, contact_r);
	free(key);
	return o;
}

struct outcome
alias_map_find_reverse(
    struct alias_map *map, const char *reverse, struct alias_map_contact *contact_r)
{
	*contact_r = (struct alias_map_contact){0};
	if (map->reading && !reverse_domains_allow(&map->domains, reverse))
		return outcome_ok();
	return find_contact(map, contact_r,
	    "SELECT " CONTACT_COLUMNS " FROM contact WHERE reverse = ?", "t", reverse);
}

struct outcome
alias_map_find_correspondent(struct alias_map *map, const char *address,
    struct alias_map_contact *contact_r, int64_t *count_r)
{
	char *key = alias_map_key(address);
	struct outcome o = find_contact(map, contact_r,
	    "SELECT " CONTACT_COLUMNS " FROM contact WHERE address = ? LIMIT 1", "t", key);

	*count_r = 0;
	if (outcome_is_ok(&o)) {
		*count_r = store_number(
		    map->store, 0, "SELECT count(*) FROM contact WHERE address = ?", "t", key);
		o = finish(map);
		if (!outcome_is_ok(&o))
			alias_map_contact_free(contact_r);
	}
	free(key);
	return o;
}

struct outcome
alias_map_count(struct alias_map *map, struct alias_map_counts *counts_r)
{
	struct outcome o;
	struct store *s = store_of(map, &o);

	*counts_r = (struct alias_map_counts){0};
	if (s == NULL)
		return o;
	counts_r->hosts = store_number(s, 0, "SELECT count(*) FROM host", "");
	counts_r->aliases = store_number(s, 0, "SELECT count(*) FROM alias", "");
	counts_r->trashed = store_number(s, 0, "SELECT count(*) FROM alias WHERE trashed", "");
	counts_r->contacts = store_number(s, 0, "SELECT count(*) FROM contact", "");
	counts_r->oldest_ms = store_number(s, 0, "SELECT min(learned) FROM alias", "");
	return finish(map);
}

struct outcome
alias_map_each_alias(struct alias_map *map,
    bool (*each)(void *arg, const char *hostname, const struct alias_map_alias *alias),
    void *arg)
{
	struct outcome o;
	sqlite3_stmt *q;

	if (store_of(map, &o) == NULL)
		return o;
	q = store_query(map->store,
	    "SELECT h.hostname, " ALIAS_COLUMNS " FROM alias a LEFT JOIN host h"
	    " ON h.alias = a.id ORDER BY h.hostname IS NULL, h.hostname, a.address",
	    "");
	while (store_row(map->store, q)) {
		struct alias_map_alias alias = alias_of_row(q, 1);

		if (!each(arg, (const char *)sqlite3_column_text(q, 0), &alias)) {
			store_done(q);
			break;
		}
	}
	return finish(map);
}

struct outcome
alias_map_each_contact(struct alias_map *map,
    bool (*each)(void *arg, const char *alias, const struct alias_map_contact *contact),
    void *arg)
{
	struct outcome o;
	sqlite3_stmt *q;

	if (store_of(map, &o) == NULL)
		return o;
	q = store_query(map->store,
	    "SELECT c.id, c.alias, c.address, c.reverse, c.learned, a.address FROM contact c"
	    " LEFT JOIN alias a ON a.id = c.alias ORDER BY a.address, c.address",
	    "");
	while (store_row(map->store, q)) {
		struct alias_map_contact contact = contact_of_row(q);

		if (!each(arg, (const char *)sqlite3_column_text(q, 5), &contact)) {
			store_done(q);
			break;
		}
	}
	return finish(map);
}

struct outcome
alias_map_check(struct alias_map *map)
{
	struct outcome o;
	struct store *s = store_of(map, &o);
	int64_t hosts, contacts;

	if (s == NULL)
		return o;
	o = store_check(s);
	hosts = store_number(
	    s, 0, "SELECT count(*) FROM host WHERE alias NOT IN (SELECT id FROM alias)", "");
	contacts = store_number(
	    s, 0, "SELECT count(*) FROM contact WHERE alias NOT IN (SELECT id FROM alias)", "");
	if (!outcome_is_ok(&o)) {
		(void)finish(map);
		return o;
	}
	o = finish(map);
	if (outcome_is_ok(&o) && hosts + contacts != 0) {
		o = outcome_make("local", "database",
		    "%s: %lld hostnames and %lld contacts without their alias", map->path,
		    (long long)hosts, (long long)contacts);
		outcome_hint(&o, "ferryctl map rebuild");
	}
	return o;
}
