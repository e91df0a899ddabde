/*
 * Mailboxes, sorted by id: every message names its mailboxes by id.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "sync/mailboxes.h"

#define NO_DEPTH  ((unsigned)-1)
#define DEPTH_MAX 100 /* what is deeper stands at the top */

/* Where in the order a mailbox with this id is, or would be. */
static size_t
position(const struct mailboxes *all, const char *id)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(id, all->v[middle]->id) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct mailbox *
add(struct mailboxes *all, const char *id)
{
	struct mailbox *mb = xcalloc(1, sizeof(*mb));
	size_t i = position(all, id);

	mb->id = xstrdup(id);
	mb->follows = true;
	mb->subscribed = mb->subscribed_there = -1;
	all->v = xreallocarray(all->v, all->count + 1, sizeof(struct mailbox *));
	memmove(&all->v[i + 1], &all->v[i], (all->count - i) * sizeof(all->v[0]));
	all->v[i] = mb;
	all->count++;
	return mb;
}

static void
free_one(struct mailbox *mb)
{
	free(mb->id);
	free(mb->parent);
	free(mb->role);
	free(mb->name);
	free(mb->path);
	free(mb->display);
	free(mb->wanted);
	free(mb->identity);
	free(mb->renamed_from);
	free(mb->subscribed_as);
	for (size_t i = 0; i < PARTS; i++)
		free(mb->stamps[i]);
	letters_free(&mb->letters);
	free(mb);
}

void
mailboxes_load(struct mailboxes *all, struct store *store)
{
	sqlite3_stmt *q = store_query(store,
	    "SELECT n, id, parent, name, role, path, selected, gone, rights, two_way,"
	    " identity, stamp_new, stamp_cur, follows,"
	    " subscribed, subscribed_there, subscribed_as, renamed_from"
	    " FROM mailbox ORDER BY id",
	    "");

	while (store_row(store, q)) {
		struct mailbox *mb = add(all, (const char *)sqlite3_column_text(q, 1));

		mb->n = sqlite3_column_int64(q, 0);
		mb->parent = store_copy(q, 2);
		mb->name = store_copy(q, 3);
		mb->role = store_copy(q, 4);
		mb->path = store_copy(q, 5);
		mb->selected = sqlite3_column_int(q, 6) != 0;
		mb->gone = sqlite3_column_int(q, 7) != 0;
		mb->rights = sqlite3_column_int(q, 8);
		mb->two_way = sqlite3_column_int(q, 9) != 0;
		mb->identity = store_copy(q, 10);
		mb->stamps[PART_NEW] = store_copy(q, 11);
		mb->stamps[PART_CUR] = store_copy(q, 12);
		mb->follows = sqlite3_column_int(q, 13) != 0;
		mb->subscribed = sqlite3_column_int(q, 14);
		mb->subscribed_there = sqlite3_column_int(q, 15);
		mb->subscribed_as = store_copy(q, 16);
		mb->renamed_from = store_copy(q, 17);
	}
}

void
mailboxes_free(struct mailboxes *all)
{
	for (size_t i = 0; i < all->count; i++)
		free_one(all->v[i]);
	free(all->v);
	*all = (struct mailboxes){0};
}

struct mailbox *
mailboxes_by_id(const struct mailboxes *all, const char *id)
{
	size_t i = position(all, id);

	return i < all->count && strcmp(all->v[i]->id, id) == 0 ? all->v[i] : NULL;
}

struct mailbox *
mailboxes_by_n(const struct mailboxes *all, int64_t n)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->v[i]->n == n)
			return all->v[i];
	return NULL;
}

bool
mailbox_may(const struct mailbox *mb, enum mailbox_right right)
{
	return mb->rights == RIGHTS_UNKNOWN || (mb->rights & (int)right) != 0;
}

struct mailbox *
mailboxes_with_role(const struct mailboxes *all, const char *role)
{
	struct mailbox *found = NULL;

	for (size_t i = 0; i < all->count; i++) {
		struct mailbox *mb = all->v[i];

		if (!mb->gone && mb->role != NULL && strcmp(mb->role, role) == 0 &&
		    (found == NULL || mb->n < found->n))
			found = mb;
	}
	return found;
}

static void
replace(char **text, const char *with)
{
	free(*text);
	*text = xstrdup(with);
}

/* A service that says nothing of rights allows everything, until it refuses something. */
static int
rights_of(const json_t *object)
{
	static const struct {
		const char *name;
		enum mailbox_right right;
	} names[] = {
	    {"mayAddItems", RIGHT_ADD},
	    {"mayRemoveItems", RIGHT_REMOVE},
	    {"maySetSeen", RIGHT_SEEN},
	    {"maySetKeywords", RIGHT_KEYWORDS},
	};
	const json_t *said = json_get_object(object, "myRights");
	int rights = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_get_bool(said, names[i].name, true))
			rights |= (int)names[i].right;
	return rights;
}

bool
mailboxes_record(struct mailboxes *all, struct store *store, const json_t *object)
{
	const char *id = json_get_id(object, "id");
	const char *name = json_get_string(object, "name");
	const char *parent = json_get_string(object, "parentId");
	const char *role = json_get_string(object, "role");
	struct mailbox *mb;

	if (id == NULL || name == NULL)
		return false;
	mb = mailboxes_by_id(all, id);
	if (mb == NULL) {
		mb = add(all, id);
		store_run(store, "INSERT INTO mailbox(id, name) VALUES(?, ?)", "tt", id, name);
		mb->n = store_last_id(store);
		mb->fresh = true;
	}
	replace(&mb->parent, parent);
	replace(&mb->name, name);
	replace(&mb->role, role);
	mb->gone = false;
	mb->rights = rights_of(object);
	if (json_is_boolean(json_object_get(object, "isSubscribed")))
		mb->subscribed_there = json_get_bool(object, "isSubscribed", false) ? 1 : 0;
	store_run(store,
	    "UPDATE mailbox SET parent = ?, name = ?, role = ?, gone = 0, rights = ?,"
	    " subscribed_there = ? WHERE n = ?",
	    "tttiii", parent, name, role, (int64_t)mb->rights, (int64_t)mb->subscribed_there,
	    mb->n);
	return true;
}

void
mailboxes_record_subscription(
    const struct mailboxes *all, struct store *store, const json_t *object)
{
	const char *id = json_get_id(object, "id");
	struct mailbox *mb = id != NULL ? mailboxes_by_id(all, id) : NULL;
	int subscribed = json_get_bool(object, "isSubscribed", false) ? 1 : 0;

	if (mb == NULL || mb->subscribed_there == subscribed ||
	    !json_is_boolean(json_object_get(object, "isSubscribed")))
		return;
	mb->subscribed_there = subscribed;
	store_run(store, "UPDATE mailbox SET subscribed_there = ? WHERE n = ?", "ii",
	    (int64_t)subscribed, mb->n);
}

void
mailboxes_record_gone(struct mailboxes *all, struct store *store, const char *id)
{
	struct mailbox *mb = mailboxes_by_id(all, id);

	if (mb == NULL)
		return;
	mb->gone = true;
	store_run(store, "UPDATE mailbox SET gone = 1 WHERE n = ?", "i", mb->n);
}

void
mailboxes_forget(struct mailboxes *all, struct store *store, struct mailbox *mb)
{
	size_t i = 0;

	store_run(store, "DELETE FROM place WHERE mailbox = ?", "i", mb->n);
	store_run(store, "DELETE FROM stray WHERE mailbox = ?", "i", mb->n);
	store_run(store, "DELETE FROM kwletter WHERE mailbox = ?", "i", mb->n);
	store_run(store, "DELETE FROM mailbox WHERE n = ?", "i", mb->n);
	while (all->v[i] != mb)
		i++;
	memmove(&all->v[i], &all->v[i + 1], (all->count - i - 1) * sizeof(all->v[0]));
	all->count--;
	free_one(mb);
}

static void
find_inbox(struct mailboxes *all)
{
	struct mailbox *by_role = NULL, *by_name = NULL, *inbox;

	for (size_t i = 0; i < all->count; i++) {
		struct mailbox *mb = all->v[i];

		mb->inbox = false;
		if (mb->gone)
			continue;
		if (mb->role != NULL && strcmp(mb->role, "inbox") == 0 &&
		    (by_role == NULL || mb->n < by_role->n))
			by_role = mb;
		if (mb->parent == NULL && strcasecmp(mb->name, "INBOX") == 0)
			by_name = mb;
	}
	inbox = by_role != NULL ? by_role : by_name;
	if (inbox != NULL)
		inbox->inbox = true;
}

/* A mailbox is one level below its parent; one whose parent is not there is at the top, and
 * so are those that are each other's parents. */
static void
find_depths(struct mailboxes *all)
{
	bool found = true;

	for (size_t i = 0; i < all->count; i++) {
		struct mailbox *mb = all->v[i];
		const struct mailbox *parent =
		    mb->parent != NULL ? mailboxes_by_id(all, mb->parent) : NULL;

		mb->depth = parent == NULL || parent->gone || mb->inbox ? 0 : NO_DEPTH;
	}
	for (unsigned depth = 1; found && depth < DEPTH_MAX; depth++) {
		found = false;
		for (size_t i = 0; i < all->count; i++) {
			struct mailbox *mb = all->v[i];

			if (mb->depth == NO_DEPTH &&
			    mailboxes_by_id(all, mb->parent)->depth == depth - 1) {
				mb->depth = depth;
				found = true;
			}
		}
	}
	for (size_t i = 0; i < all->count; i++)
		if (all->v[i]->depth == NO_DEPTH)
			all->v[i]->depth = 0;
}

static void
find_display(const struct mailboxes *all, struct mailbox *mb)
{
	const struct mailbox *parent = mb->depth > 0 ? mailboxes_by_id(all, mb->parent) : NULL;

	free(mb->display);
	mb->display = mb->inbox        ? xstrdup("INBOX")
	              : parent != NULL ? xasprintf("%s/%s", parent->display, mb->name)
	                               : xstrdup(mb->name);
}

bool
mailboxes_match(char *const *patterns, const char *display)
{
	for (; patterns != NULL && *patterns != NULL; patterns++)
		if (fnmatch(*patterns, display, 0) == 0)
			return true;
	return false;
}

bool
mailboxes_selects(const struct sync_config *config, const char *display)
{
	return mailboxes_match(config->mailboxes, display) &&
	       !mailboxes_match(config->exclude, display);
}

enum sync_direction
mailboxes_direction(const struct sync_config *config, const char *display)
{
	if (mailboxes_match(config->pull_only, display))
		return DIRECTION_PULL;
	return mailboxes_match(config->push_only, display) ? DIRECTION_PUSH : config->direction;
}

bool
mailboxes_tells(const struct sync_config *config, const char *display)
{
	return mailboxes_direction(config, display) != DIRECTION_PULL;
}

static bool
has_patterns(char *const *patterns)
{
	return patterns != NULL && *patterns != NULL;
}

bool
mailboxes_push(const struct sync_config *config)
{
	return config->direction != DIRECTION_PULL || has_patterns(config->push_only);
}

bool
mailboxes_pull(const struct sync_config *config)
{
	return config->direction != DIRECTION_PUSH || has_patterns(config->pull_only);
}

bool
mailboxes_follows(const struct sync_config *config, const char *display)
{
	return !mailboxes_pull(config) ||
	       mailboxes_direction(config, display) != DIRECTION_PUSH;
}

/* Set what the configuration says of one.  Does it change what is to be looked for? */
static bool
configure(struct mailbox *mb, struct store *store, const struct sync_config *config)
{
	bool selected = mailboxes_selects(config, mb->display);
	bool follows = mailboxes_follows(config, mb->display);
	bool changed = selected && (!mb->selected || follows != mb->follows);

	if (selected == mb->selected && follows == mb->follows)
		return false;
	mb->selected = selected;
	mb->follows = follows;
	store_run(store, "UPDATE mailbox SET selected = ?, follows = ? WHERE n = ?", "iii",
	    (int64_t)selected, (int64_t)follows, mb->n);
	return changed && !mb->fresh;
}

bool
mailboxes_settle(struct mailboxes *all, struct store *store, const struct sync_config *config)
{
	bool changed = false;
	size_t left = all->count;

	find_inbox(all);
	find_depths(all);
	for (unsigned depth = 0; left > 0; depth++) {
		for (size_t i = 0; i < all->count; i++) {
			struct mailbox *mb = all->v[i];

			if (mb->depth != depth)
				continue;
			left--;
			find_display(all, mb);
			changed = configure(mb, store, config) || changed;
		}
	}
	all->unfollowed = false;
	for (size_t i = 0; i < all->count; i++) {
		all->v[i]->fresh = false;
		all->unfollowed = all->unfollowed || !all->v[i]->follows;
	}
	return changed;
}
