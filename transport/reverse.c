/*
 * Whose address a reverse address is.
 *
 * Sets of open maps are kept and taken in turns, as a map is one thread's at a time.  Each
 * taker looks whether the files are still those that are open: a map that was removed and
 * learned anew would else go on answering as it was, and what it does not know would pass for
 * an ordinary recipient.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_find.h"
#include "transport/reverse.h"

#define IDLE_MAX 16 /* sets kept */

struct open_map {
	struct alias_map *map; /* or NULL */
	dev_t device;          /* of the file that it was opened as */
	ino_t inode;
};

struct reverse_set {
	size_t count;
	bool failed; /* a look-up did */
	struct open_map maps[];
};

struct reverse_maps {
	char **paths; /* one a section */
	size_t count;
	pthread_mutex_t lock;
	struct reverse_set *idle[IDLE_MAX];
	size_t idle_count;
};

struct reverse_maps *
reverse_maps_new(const struct config *config)
{
	struct reverse_maps *maps = xcalloc(1, sizeof(*maps));

	maps->count = config->alias_count;
	maps->paths = xcalloc(maps->count + 1, sizeof(*maps->paths));
	for (size_t i = 0; i < maps->count; i++)
		maps->paths[i] = alias_map_path(&config->aliases[i]);
	pthread_mutex_init(&maps->lock, NULL);
	return maps;
}

static void
free_set(struct reverse_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++)
		alias_map_close(&set->maps[i].map);
	free(set);
}

void
reverse_maps_free(struct reverse_maps **maps_p)
{
	struct reverse_maps *maps = *maps_p;

	if (maps == NULL)
		return;
	for (size_t i = 0; i < maps->idle_count; i++)
		free_set(maps->idle[i]);
	for (size_t i = 0; i < maps->count; i++)
		free(maps->paths[i]);
	free(maps->paths);
	pthread_mutex_destroy(&maps->lock);
	free(maps);
	*maps_p = NULL;
}

/* Have the map open if its file is there, and not if it is not. */
static struct outcome
follow_file(const char *path, struct open_map *open)
{
	struct outcome o;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT)
			return file_error("cannot look at", path);
		alias_map_close(&open->map);
		return outcome_ok();
	}
	if (open->map != NULL && open->device == st.st_dev && open->inode == st.st_ino)
		return outcome_ok();
	alias_map_close(&open->map);
	/* Should it be replaced just now, the next one to look sees another file. */
	open->device = st.st_dev;
	open->inode = st.st_ino;
	o = alias_map_open(path, &open->map);
	if (!outcome_is_ok(&o))
		outcome_hint(&o,
		    "the alias map %s must be readable: without it correspondents "
		    "would see each other's addresses",
		    path);
	return o;
}

static struct reverse_set *
idle_set(struct reverse_maps *maps)
{
	struct reverse_set *set = NULL;

	pthread_mutex_lock(&maps->lock);
	if (maps->idle_count != 0)
		set = maps->idle[--maps->idle_count];
	pthread_mutex_unlock(&maps->lock);
	if (set != NULL)
		return set;
	set = xcalloc(1, sizeof(*set) + maps->count * sizeof(set->maps[0]));
	set->count = maps->count;
	return set;
}

struct outcome
reverse_maps_take(struct reverse_maps *maps, bool aliased, struct reverse_set **set_r)
{
	struct outcome o = outcome_ok();
	struct reverse_set *set;
	bool any = false;

	*set_r = NULL;
	if (maps->count == 0)
		return o;
	set = idle_set(maps);
	for (size_t i = 0; i < set->count && outcome_is_ok(&o); i++) {
		o = follow_file(maps->paths[i], &set->maps[i]);
		any = any || set->maps[i].map != NULL;
	}
	if (outcome_is_ok(&o) && any)
		*set_r = set;
	else
		reverse_maps_give(maps, &set);
	if (outcome_is_ok(&o) && !any && aliased)
		o = outcome_make("local", "config",
		    "it is for aliases, and there is no alias map: %s", maps->paths[0]);
	return o;
}

void
reverse_maps_give(struct reverse_maps *maps, struct reverse_set **set)
{
	if (*set == NULL)
		return;
	pthread_mutex_lock(&maps->lock);
	if (!(*set)->failed && maps->idle_count < IDLE_MAX) {
		maps->idle[maps->idle_count++] = *set;
		*set = NULL;
	}
	pthread_mutex_unlock(&maps->lock);
	free_set(*set);
	*set = NULL;
}

/* Ask each map for the address as it is written. */
static struct outcome
find_exact(struct reverse_set *set, const char *address, struct reverse *reverse_r)
{
	struct alias_map_contact contact = {0};
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < set->count && contact.id == 0; i++) {
		if (set->maps[i].map == NULL)
			continue;
		o = alias_map_find_reverse(set->maps[i].map, address, &contact);
		if (!outcome_is_ok(&o)) {
			set->failed = true;
			break;
		}
		if (contact.id != 0)
			*reverse_r =
			    (struct reverse){i + 1, contact.alias_id, xstrdup(contact.reverse)};
	}
	alias_map_contact_free(&contact);
	return o;
}

static char *
in_lower_case(const char *address)
{
	char *copy = xstrdup(address);

	for (char *p = copy; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return copy;
}

struct outcome
reverse_find(struct reverse_set *set, const char *address, struct reverse *reverse_r)
{
	struct outcome o;
	char *lower;

	*reverse_r = (struct reverse){0};
	o = find_exact(set, address, reverse_r);
	if (!outcome_is_ok(&o) || reverse_r->section != 0)
		return o;
	lower = in_lower_case(address); /* as the service makes them */
	if (strcmp(lower, address) != 0)
		o = find_exact(set, lower, reverse_r);
	free(lower);
	return o;
}

struct outcome
reverse_alias(struct reverse_set *set, const struct reverse *reverse, char **alias_r)
{
	struct alias_map_alias alias;
	struct outcome o = alias_map_find_alias(
	    set->maps[reverse->section - 1].map, reverse->alias_id, &alias);

	*alias_r = alias.address;
	set->failed |= !outcome_is_ok(&o);
	return o;
}
