/*
 * One question at the alias service.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_find.h"
#include "milter/clerk.h"

void
clerk_forget_key(struct clerk *clerk)
{
	simplelogin_close(&clerk->sl);
}

void
clerk_close(struct clerk *clerk)
{
	alias_map_close(&clerk->map);
	simplelogin_close(&clerk->sl);
}

static struct outcome
open_both(struct clerk *clerk)
{
	struct outcome o = outcome_ok();
	char *path;

	if (clerk->sl == NULL)
		o = simplelogin_open(clerk->account, NULL, &clerk->sl);
	if (outcome_is_ok(&o) && clerk->map == NULL) {
		path = alias_map_path(clerk->account);
		o = alias_map_open(path, &clerk->map);
		free(path);
	}
	return o;
}

static struct outcome
find_host(struct clerk *clerk, const char *hostname, struct deadline d, struct answer *answer)
{
	enum alias_found how;
	struct outcome o =
	    alias_find(clerk->map, clerk->sl, hostname, false, d, &answer->alias, &how);

	answer->made = outcome_is_ok(&o) && how == ALIAS_MADE;
	return o;
}

/* An alias that the configuration names: it is never made. */
static struct outcome
find_fixed(struct clerk *clerk, const char *address, struct deadline d, struct answer *answer)
{
	struct simplelogin_alias found = {0};
	struct outcome o = simplelogin_alias_find(clerk->sl, address, d, &found);

	if (outcome_is_ok(&o) && found.id == 0) {
		o = outcome_make(
		    "alias", "missing", "%s, which the configuration names", address);
		outcome_hint(
		    &o, "ferryctl alias create makes one, ferryctl alias list shows all");
	}
	if (outcome_is_ok(&o)) {
		answer->alias = (struct alias_map_alias){
		    .id = found.id,
		    .address = xstrdup(found.address),
		    .enabled = found.enabled,
		    .learned_ms = clock_wall_ms(),
		};
		o = alias_map_put_alias(clerk->map, &answer->alias);
	}
	simplelogin_alias_free(&found);
	return o;
}

/* Was it the alias that the service no longer has?  Then the map learns that. */
static void
look_after_alias(struct clerk *clerk, int64_t alias_id, struct deadline d)
{
	struct alias_map_alias alias;
	struct outcome o = alias_map_find_alias(clerk->map, alias_id, &alias);

	if (outcome_is_ok(&o) && alias.id != 0)
		(void)alias_refresh(clerk->map, clerk->sl, &alias, d);
	alias_map_alias_free(&alias);
}

static struct outcome
find_contact(struct clerk *clerk, int64_t alias_id, const char *address, struct deadline d,
    struct answer *answer)
{
	struct alias_map_contact before;
	struct outcome o = alias_map_find_contact(clerk->map, alias_id, address, &before);

	if (outcome_is_ok(&o))
		o = alias_find_contact(
		    clerk->map, clerk->sl, alias_id, address, d, &answer->contact);
	if (outcome_is(&o, "alias/forbidden") || outcome_is(&o, "alias/missing"))
		look_after_alias(clerk, alias_id, d);
	answer->made = outcome_is_ok(&o) && before.id == 0;
	alias_map_contact_free(&before);
	return o;
}

void
clerk_answer(struct clerk *clerk, const struct question *question, struct deadline d,
    struct answer *answer_r)
{
	struct outcome o = open_both(clerk);
	unsigned before;

	*answer_r = (struct answer){.outcome = o};
	if (!outcome_is_ok(&o))
		return;
	before = simplelogin_requests(clerk->sl);
	switch (question->kind) {
	case JOB_ALIAS:
		o = find_host(clerk, question->name, d, answer_r);
		break;
	case JOB_FIXED:
		o = find_fixed(clerk, question->name, d, answer_r);
		break;
	case JOB_CONTACT:
		o = find_contact(clerk, question->alias_id, question->name, d, answer_r);
		break;
	}
	answer_r->requests = simplelogin_requests(clerk->sl) - before;
	answer_r->outcome = o;
}
