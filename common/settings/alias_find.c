/*
 * The map before the service.
 *
 * For one hostname and many processes: each looks into the map, and if it is not there takes
 * the lock "host.lock", looks again, and only the first finds nothing and asks.  That lock is
 * outside of those of the client; they are always taken in this order.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_find.h"

#define MAP_FILE  "map.db"
#define HOST_LOCK "host.lock"

char *
alias_map_path(const struct alias_account *account)
{
	return xasprintf("%s/" MAP_FILE, account->directory);
}

static bool
is_old(const struct simplelogin *sl, int64_t learned_ms)
{
	int64_t age = clock_wall_ms() - learned_ms;

	/* One from the future was learned by a clock that was wrong. */
	return age < 0 || age >= simplelogin_account(sl)->refresh_ms;
}

/* The map takes over what the service said; address is the service's. */
static void
become(struct alias_map_alias *alias, const struct simplelogin_alias *known, bool trashed)
{
	if (known->address != NULL) {
		free(alias->address);
		alias->address = xstrdup(known->address);
	}
	alias->enabled = known->enabled;
	alias->trashed = trashed;
	alias->learned_ms = clock_wall_ms();
}

struct outcome
alias_refresh(struct alias_map *map, struct simplelogin *sl, struct alias_map_alias *alias,
    struct deadline d)
{
	struct simplelogin_alias known, listed = {0};
	struct outcome o = simplelogin_alias_get(sl, alias->id, d, &known);
	bool trashed = outcome_is(&o, "alias/missing") || outcome_is(&o, "alias/forbidden");

	if (!outcome_is_ok(&o) && !trashed)
		return o;
	/* By id, a trashed alias looks like a disabled one; in the list it is not. */
	if (!trashed && !known.enabled) {
		o = simplelogin_alias_find(sl, known.address, d, &listed);
		trashed = outcome_is_ok(&o) && listed.id != alias->id;
		simplelogin_alias_free(&listed);
	} else {
		o = outcome_ok();
	}
	if (outcome_is_ok(&o)) {
		become(alias, &known, trashed);
		o = alias_map_put_alias(map, alias);
	}
	simplelogin_alias_free(&known);
	return o;
}

/* What the map knows for the hostname, made young; id 0 if it knows none that will do. */
static struct outcome
look(struct alias_map *map, struct simplelogin *sl, const char *hostname, bool disabled_too,
    struct deadline d, struct alias_map_alias *alias)
{
	struct outcome o = alias_map_find_host(map, hostname, alias);

	if (outcome_is_ok(&o) && alias->id != 0 && is_old(sl, alias->learned_ms))
		o = alias_refresh(map, sl, alias, d);
	if (!outcome_is_ok(&o) || alias->trashed || (!alias->enabled && !disabled_too))
		alias_map_alias_free(alias);
	return o;
}

static struct outcome
ask(struct alias_map *map, struct simplelogin *sl, const char *hostname, bool disabled_too,
    struct deadline d, struct alias_map_alias *alias, enum alias_found *how_r)
{
	struct simplelogin_alias found;
	struct outcome o;
	bool made;

	o = simplelogin_find(sl, hostname, disabled_too, d, &found, &made);
	if (!outcome_is_ok(&o))
		return o;
	*how_r = made ? ALIAS_MADE : ALIAS_FOUND;
	alias->id = found.id;
	become(alias, &found, false);
	simplelogin_alias_free(&found);
	return alias_map_put_host(map, hostname, alias);
}

struct outcome
alias_find(struct alias_map *map, struct simplelogin *sl, const char *hostname,
    bool disabled_too, struct deadline d, struct alias_map_alias *alias_r,
    enum alias_found *how_r)
{
	struct outcome o = look(map, sl, hostname, disabled_too, d, alias_r);
	char *path;
	int lock;

	*how_r = ALIAS_KNOWN;
	if (!outcome_is_ok(&o) || alias_r->id != 0)
		return o;
	path = xasprintf("%s/" HOST_LOCK, simplelogin_account(sl)->directory);
	o = file_lock(AT_FDCWD, path, d, &lock);
	free(path);
	if (!outcome_is_ok(&o))
		return o;
	o = look(map, sl, hostname, disabled_too, d, alias_r);
	if (outcome_is_ok(&o) && alias_r->id == 0)
		o = ask(map, sl, hostname, disabled_too, d, alias_r, how_r);
	close(lock);
	if (!outcome_is_ok(&o))
		alias_map_alias_free(alias_r);
	return o;
}

struct outcome
alias_find_contact(struct alias_map *map, struct simplelogin *sl, int64_t alias_id,
    const char *address, struct deadline d, struct alias_map_contact *contact_r)
{
	struct outcome o = alias_map_find_contact(map, alias_id, address, contact_r);
	struct simplelogin_contact made;

	if (!outcome_is_ok(&o) || (contact_r->id != 0 && !is_old(sl, contact_r->learned_ms)))
		return o;
	alias_map_contact_free(contact_r);
	/* Asking for a contact that is there gives the same one. */
	o = simplelogin_contact_add(sl, alias_id, address, d, &made);
	if (!outcome_is_ok(&o))
		return o;
	*contact_r = (struct alias_map_contact){
	    .id = made.id,
	    .alias_id = alias_id,
	    .address = xstrdup(made.address),
	    .reverse = xstrdup(made.reverse),
	    .learned_ms = clock_wall_ms(),
	};
	simplelogin_contact_free(&made);
	o = alias_map_put_contact(map, contact_r);
	if (!outcome_is_ok(&o))
		alias_map_contact_free(contact_r);
	return o;
}

static struct outcome
learn_contacts(
    struct alias_map *map, struct simplelogin *sl, int64_t alias_id, struct deadline d)
{
	json_t *parameters = json_pack("{s:I}", "alias_id", (json_int_t)alias_id), *item;
	struct simplelogin_list *list =
	    simplelogin_list(sl, simplelogin_endpoint("contact list"), parameters);
	struct simplelogin_contact contact;
	struct outcome o;

	while (simplelogin_next(list, d, &item, &o)) {
		o = simplelogin_contact_read(item, &contact);
		if (outcome_is_ok(&o))
			o = alias_map_put_contact(
			    map, &(struct alias_map_contact){.id = contact.id,
			             .alias_id = alias_id,
			             .address = contact.address,
			             .reverse = contact.reverse});
		simplelogin_contact_free(&contact);
		if (!outcome_is_ok(&o))
			break;
	}
	simplelogin_list_free(&list);
	json_decref(parameters);
	return o;
}

static struct outcome
learn_alias(struct alias_map *map, struct simplelogin *sl, const json_t *item, bool contacts,
    struct deadline d)
{
	struct simplelogin_alias alias;
	struct outcome o = simplelogin_alias_read(item, &alias);

	if (outcome_is_ok(&o))
		o = alias_map_put_alias(map,
		    &(struct alias_map_alias){
		        .id = alias.id, .address = alias.address, .enabled = alias.enabled});
	if (outcome_is_ok(&o) && contacts)
		o = learn_contacts(map, sl, alias.id, d);
	simplelogin_alias_free(&alias);
	return o;
}

struct outcome
alias_rebuild(struct alias_map *map, struct simplelogin *sl, bool contacts, struct deadline d,
    void (*progress)(void *arg, int64_t aliases), void *arg)
{
	int64_t begun = alias_map_rebuild_begin(), count = 0;
	struct simplelogin_list *list =
	    simplelogin_list(sl, simplelogin_endpoint("alias list"), NULL);
	struct outcome o;
	json_t *item;

	while (simplelogin_next(list, d, &item, &o)) {
		o = learn_alias(map, sl, item, contacts, d);
		if (!outcome_is_ok(&o))
			break;
		count++;
		if (progress != NULL)
			progress(arg, count);
	}
	simplelogin_list_free(&list);
	return outcome_is_ok(&o) ? alias_map_rebuild_end(map, begun, contacts) : o;
}
