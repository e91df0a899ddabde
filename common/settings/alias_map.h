/*
 * alias_map - which alias belongs to which hostname, and which address stands for which
 * correspondent
 *
 * One map for each alias section, shared by all programs.  It says
 *
 *	hostname				-> the alias for it; exactly one
 *	(alias, correspondent's address)	-> contact id, reverse address
 *	reverse address				-> alias, correspondent
 *	alias id, or address			-> enabled, trashed, when this was learned
 *
 * and it is a cache: everything in it came from the service, can be learned again, and is to
 * be checked again when it is old (learned_ms).  What a caller may rely on is that two
 * processes never see two aliases for one hostname.
 *
 * This header is the one way to the map.  Nothing in it speaks of the engine, which is SQLite
 * today (alias_map.c); another may stand beside it.
 *
 * Any number of processes may use a map at once.  A struct alias_map belongs to one thread at
 * a time; a daemon opens one for each of its threads, or passes one around under a lock of its
 * own.  Each call is a transaction: a crash leaves all of it or nothing.  A failed call
 * (local/locked, local/disk-full, local/database) changes nothing, and the next one starts
 * afresh.
 *
 * Addresses: a reverse address is kept, given and compared in exact case, because the service
 * compares it so in headers.  A correspondent's local part is in exact case too (the service
 * makes two contacts of Bob@ and bob@), the domain in any.  An alias's address is in any case.
 */
#ifndef FERRY_ALIAS_MAP_H
#define FERRY_ALIAS_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"

struct alias_map;

/* Open, or make with mode 0600, the map in file path. */
struct outcome alias_map_open(const char *path, struct alias_map **map_r);
void alias_map_close(struct alias_map **map);

struct alias_map_alias {
	int64_t id;    /* 0: not known */
	char *address; /* allocated by the finders */
	bool enabled;
	bool trashed;       /* or deleted: of no use any more */
	int64_t learned_ms; /* since 1970: when the service last said so */
};

struct alias_map_contact {
	int64_t id; /* 0: not known */
	int64_t alias_id;
	char *address; /* the correspondent's */
	char *reverse;
	int64_t learned_ms;
};

void alias_map_alias_free(struct alias_map_alias *alias);
void alias_map_contact_free(struct alias_map_contact *contact);

/*
 * Between these, finders answer from one state of the map, and faster than each by itself: what
 * they found before in the same state, they remember.  It is to be short, and no call between
 * them may change the map.
 */
void alias_map_begin_reading(struct alias_map *map);
void alias_map_end_reading(struct alias_map *map);

/* Finders: OK with id 0 if it is not known.  The caller frees what is found. */
struct outcome alias_map_find_host(
    struct alias_map *map, const char *hostname, struct alias_map_alias *alias_r);
struct outcome
alias_map_find_alias(struct alias_map *map, int64_t id, struct alias_map_alias *alias_r);
struct outcome alias_map_find_address(
    struct alias_map *map, const char *address, struct alias_map_alias *alias_r);
struct outcome alias_map_find_contact(struct alias_map *map, int64_t alias_id,
    const char *address, struct alias_map_contact *contact_r);
struct outcome alias_map_find_reverse(
    struct alias_map *map, const char *reverse, struct alias_map_contact *contact_r);

/*
 * The contact for a correspondent's address whichever alias has it: *count_r says how many
 * there are, and *contact_r is one of them.
 */
struct outcome alias_map_find_correspondent(struct alias_map *map, const char *address,
    struct alias_map_contact *contact_r, int64_t *count_r);

/* Learn, now: learned_ms of what is given is not looked at.  A hostname moves to the alias if
 * it had another. */
struct outcome alias_map_put_alias(struct alias_map *map, const struct alias_map_alias *alias);
struct outcome alias_map_put_host(
    struct alias_map *map, const char *hostname, const struct alias_map_alias *alias);
struct outcome
alias_map_put_contact(struct alias_map *map, const struct alias_map_contact *contact);

/* Forget: a hostname; a contact; an alias with its hostnames and contacts. */
struct outcome alias_map_drop_host(struct alias_map *map, const char *hostname);
struct outcome alias_map_drop_contact(struct alias_map *map, int64_t id);
struct outcome alias_map_drop_alias(struct alias_map *map, int64_t id);

/*
 * Rebuilding: learn all there is at the service between these two; what it did not mention
 * is then no more: aliases become trashed, and with contacts, contacts are dropped.
 * What others learn meanwhile counts as mentioned.
 */
int64_t alias_map_rebuild_begin(void);
struct outcome alias_map_rebuild_end(struct alias_map *map, int64_t begun, bool contacts);

/* How many there are. */
struct alias_map_counts {
	int64_t hosts, aliases, trashed, contacts;
	int64_t oldest_ms; /* the longest-known alias's learned_ms; 0 if there is none */
};
struct outcome alias_map_count(struct alias_map *map, struct alias_map_counts *counts_r);

/*
 * Go through all hostnames with their aliases (hostname NULL: an alias without one), or all
 * contacts with the alias's address, in order.  What each is given lives until it returns; it
 * must not call the map; false stops.
 */
struct outcome alias_map_each_alias(struct alias_map *map,
    bool (*each)(void *arg, const char *hostname, const struct alias_map_alias *alias),
    void *arg);
struct outcome alias_map_each_contact(struct alias_map *map,
    bool (*each)(void *arg, const char *alias, const struct alias_map_contact *contact),
    void *arg);

/* Is the file sound, and does every hostname and contact have its alias? */
struct outcome alias_map_check(struct alias_map *map);

#endif
