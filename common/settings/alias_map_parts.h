/*
 * alias_map_parts - what the files of the alias map in SQLite share
 *
 *	alias_map.c		the tables, finders, and the map as a whole
 *	alias_map_change.c	learning and forgetting
 */
#ifndef FERRY_ALIAS_MAP_PARTS_H
#define FERRY_ALIAS_MAP_PARTS_H

#include "common/settings/alias_map.h"
#include "common/settings/alias_memory.h"
#include "common/settings/reverse_domains.h"
#include "common/settings/store.h"

struct alias_map {
	char *path;
	struct store *store; /* NULL after a failure */
	bool reading;        /* between begin_reading and end_reading: what is known holds */
	int64_t state;       /* of the database, that it is known of */
	struct reverse_domains domains;
	struct alias_memory memory;
};

/* Begin a change, waiting for others in turns; and end it. */
struct outcome alias_map_begin(struct alias_map *map);
struct outcome alias_map_commit(struct alias_map *map);

/* The correspondent's address with its domain in lower case; the caller free()s it. */
char *alias_map_key(const char *address);

#endif
