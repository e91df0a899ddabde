/*
 * Open alias maps, for many threads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "milter/maps.h"

struct maps {
	char *path;
	bool make;
	pthread_mutex_t lock;
	pthread_cond_t given;
	struct alias_map *idle[MAPS_MAX];
	size_t idle_count;
	size_t count; /* the lent ones too */
};

struct maps *
maps_new(const char *path, bool make)
{
	struct maps *maps = xcalloc(1, sizeof(*maps));

	maps->path = xstrdup(path);
	maps->make = make;
	pthread_mutex_init(&maps->lock, NULL);
	pthread_cond_init(&maps->given, NULL);
	return maps;
}

void
maps_free(struct maps **maps)
{
	struct maps *m = *maps;

	if (m == NULL)
		return;
	while (m->idle_count > 0)
		alias_map_close(&m->idle[--m->idle_count]);
	pthread_cond_destroy(&m->given);
	pthread_mutex_destroy(&m->lock);
	free(m->path);
	free(m);
	*maps = NULL;
}

struct outcome
maps_take(struct maps *maps, struct alias_map **map_r)
{
	struct outcome o = outcome_ok();

	*map_r = NULL;
	if (!maps->make && access(maps->path, F_OK) < 0 && errno == ENOENT)
		return o;
	pthread_mutex_lock(&maps->lock);
	while (maps->idle_count == 0 && maps->count == MAPS_MAX)
		pthread_cond_wait(&maps->given, &maps->lock);
	if (maps->idle_count > 0)
		*map_r = maps->idle[--maps->idle_count];
	else
		maps->count++;
	pthread_mutex_unlock(&maps->lock);
	if (*map_r == NULL)
		o = alias_map_open(maps->path, map_r);
	if (!outcome_is_ok(&o)) {
		pthread_mutex_lock(&maps->lock);
		maps->count--;
		pthread_cond_signal(&maps->given);
		pthread_mutex_unlock(&maps->lock);
	}
	return o;
}

void
maps_give(struct maps *maps, struct alias_map **map)
{
	if (*map == NULL)
		return;
	pthread_mutex_lock(&maps->lock);
	maps->idle[maps->idle_count++] = *map;
	pthread_cond_signal(&maps->given);
	pthread_mutex_unlock(&maps->lock);
	*map = NULL;
}
