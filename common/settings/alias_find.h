/*
 * alias_find - the alias for a hostname, and the address for a correspondent, with the map
 * before the service
 *
 * What programs call: everything that the map knows, and that is not too old, is answered
 * without the service.  What is not is asked for, made if need be, and put into the map.
 */
#ifndef FERRY_ALIAS_FIND_H
#define FERRY_ALIAS_FIND_H

#include "common/base/clock.h"
#include "common/service/simplelogin.h"
#include "common/settings/alias_map.h"

/* The map's file in the account's directory; the caller free()s. */
char *alias_map_path(const struct alias_account *account);

enum alias_found { ALIAS_KNOWN, ALIAS_FOUND, ALIAS_MADE };

/*
 * The alias for a normalised hostname (hostname_normalise()).  One process at a time asks the
 * service; the others wait, and find the answer in the map.  disabled_too: a disabled alias
 * will do; a trashed one never does, as no mail goes through it.
 */
struct outcome alias_find(struct alias_map *map, struct simplelogin *sl, const char *hostname,
    bool disabled_too, struct deadline d, struct alias_map_alias *alias_r,
    enum alias_found *how_r);

/* The contact of an alias for a correspondent's address, made at the service if need be. */
struct outcome
alias_find_contact(struct alias_map *map, struct simplelogin *sl, int64_t alias_id,
    const char *address, struct deadline d, struct alias_map_contact *contact_r);

/* Ask the service for the state of an alias that the map knows, and remember it. */
struct outcome alias_refresh(struct alias_map *map, struct simplelogin *sl,
    struct alias_map_alias *alias, struct deadline d);

/*
 * Learn all aliases, and with contacts all contacts, from the service; what it no longer has
 * is marked or dropped.  Hostnames, which no list of the service has, stay.  progress (may be
 * NULL) is called after each alias.
 */
struct outcome alias_rebuild(struct alias_map *map, struct simplelogin *sl, bool contacts,
    struct deadline d, void (*progress)(void *arg, int64_t aliases), void *arg);

#endif
