/*
 * The name whose recipients share an alias.
 *
 * What it is depends on nothing that changes, so that what is remembered stays right; of two
 * domains that belong in one place the later one has it.
 */
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/xalloc.h"
#include "common/wire/hostname.h"
#include "milter/policy_group.h"

#define PLACES     256 /* a power of two */
#define DOMAIN_MAX 253

struct place {
	char *domain; /* NULL: it is free */
	char *group;
};

struct policy_groups {
	enum policy_grouping grouping;
	pthread_mutex_t lock;
	struct place places[PLACES];
};

struct policy_groups *
policy_groups_new(enum policy_grouping grouping)
{
	struct policy_groups *groups = xcalloc(1, sizeof(*groups));

	groups->grouping = grouping;
	pthread_mutex_init(&groups->lock, NULL);
	return groups;
}

static void
free_place(struct place *place)
{
	free(place->domain);
	free(place->group);
}

void
policy_groups_free(struct policy_groups **groups)
{
	struct policy_groups *g = *groups;

	if (g == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free_place(&g->places[i]);
	pthread_mutex_destroy(&g->lock);
	free(g);
	*groups = NULL;
}

static struct place *
place_of(struct policy_groups *groups, const char *domain)
{
	return &groups->places[hash_text(domain) & (PLACES - 1)];
}

static char *
recall(struct policy_groups *groups, const char *domain)
{
	const struct place *place = place_of(groups, domain);
	char *group = NULL;

	pthread_mutex_lock(&groups->lock);
	if (place->domain != NULL && strcmp(place->domain, domain) == 0)
		group = xstrdup(place->group);
	pthread_mutex_unlock(&groups->lock);
	return group;
}

static void
remember(struct policy_groups *groups, const char *domain, const char *group)
{
	struct place *place = place_of(groups, domain);

	if (strlen(domain) > DOMAIN_MAX)
		return;
	pthread_mutex_lock(&groups->lock);
	free_place(place);
	*place = (struct place){xstrdup(domain), xstrdup(group)};
	pthread_mutex_unlock(&groups->lock);
}

static char *
find(enum policy_grouping grouping, const char *domain)
{
	struct buf name = BUF_INIT;
	struct outcome o = hostname_normalise(domain, &name);
	const psl_ctx_t *list = psl_builtin();
	const char *registrable = NULL;
	char *group;

	if (!outcome_is_ok(&o))
		return NULL;
	/* Of a name that is a suffix itself, as github.io is, there is none. */
	if (grouping == GROUP_BY_REGISTRABLE_DOMAIN && list != NULL)
		registrable = psl_registrable_domain(list, name.data);
	if (registrable == NULL)
		return buf_steal(&name);
	group = xstrdup(registrable);
	buf_free(&name);
	return group;
}

char *
policy_group(struct policy_groups *groups, const char *domain)
{
	char *group = recall(groups, domain);

	if (group != NULL)
		return group;
	group = find(groups->grouping, domain);
	if (group != NULL)
		remember(groups, domain, group);
	return group;
}
