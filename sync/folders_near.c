/*
 * What was done to folders here.
 *
 * A folder is known by its path and by which directory its cur/ is (mailbox.identity).  A
 * mailbox without its folder, and a folder without a mailbox that is the same directory, are
 * a rename.  Any other folder that no mailbox has is a new one.  Parents are told before what
 * is below them, be they new or renamed.  A mailbox whose folder is nowhere was removed: its
 * messages are deleted as if each file had been, under the same policy and the same brake, and
 * when nothing is left in it, it is destroyed; never with messages in it.  The inbox and other
 * mailboxes with a role are not removed so: readers make and remove their folders as they like.
 *
 * If the service renamed the same mailbox, its name wins, and the folder gets it.  If it has
 * made a mailbox of the same name, folders_settle() has given it the folder already.
 *
 * If the service refuses to rename a mailbox, or is not to be told, the folder keeps its name:
 * it is that mailbox's all the same (mailbox.renamed_from).  Giving it back its old name would
 * undo what somebody did, and while the mailbox had no folder, a new one would be made of it,
 * with all messages in both.  What was refused is asked for again by each run, until the service
 * renames the mailbox, or somebody the folder.
 *
 * Everything is found again after a crash: what was done at the service is in the next
 * changes, and then the folder has its mailbox.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "sync/files.h"
#include "sync/folders.h"
#include "sync/folders_near.h"
#include "sync/mailbox_path.h"
#include "sync/remote.h"

#define DEPTH_MAX   30
#define FOLDERS_MAX 20000 /* more is not a Maildir */

struct folder {
	char *path;
	char *identity;
};

struct list {
	struct folder *v;
	size_t count;
};

static void
list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->v[i].path);
		free(list->v[i].identity);
	}
	free(list->v);
	*list = (struct list){0};
}

/* Note the folder if it is one: it has cur/. */
static void
note_folder(const struct mirror *m, struct list *list, const char *path)
{
	char *cur = xasprintf("%s/cur", path);
	struct stat st;

	if (list->count < FOLDERS_MAX &&
	    fstatat(m->root.fd, cur, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
		list->v = xreallocarray(list->v, list->count + 1, sizeof(list->v[0]));
		list->v[list->count++] = (struct folder){
		    xstrdup(path), xasprintf("%llu:%llu", (unsigned long long)st.st_dev,
		                       (unsigned long long)st.st_ino)};
	}
	free(cur);
}

/* May a directory of this name be a folder, or lead to one? */
static bool
may_be_folder(const struct mirror *m, const struct dirent *entry)
{
	const char *name = entry->d_name;

	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return false;
	if (m->config->layout == LAYOUT_MAILDIRPP)
		return name[0] == '.' && name[1] != '\0' && strcmp(name, "..") != 0;
	return name[0] != '.' && strcmp(name, "cur") != 0 && strcmp(name, "new") != 0 &&
	       strcmp(name, "tmp") != 0;
}

static void
list_below(const struct mirror *m, struct list *list, const char *path, int depth)
{
	int fd = openat(m->root.fd, *path != '\0' ? path : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL && fd >= 0)
		close(fd);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *below;

		if (!may_be_folder(m, entry))
			continue;
		below = xasprintf("%s%s%s", path, *path != '\0' ? "/" : "", entry->d_name);
		note_folder(m, list, below);
		if (m->config->layout == LAYOUT_FS && depth < DEPTH_MAX)
			list_below(m, list, below, depth + 1);
		free(below);
	}
	if (dir != NULL)
		closedir(dir);
}

/* Parents before what is below them. */
static int
compare_folders(const void *a, const void *b)
{
	return strcmp(((const struct folder *)a)->path, ((const struct folder *)b)->path);
}

static void
list_folders(const struct mirror *m, struct list *list)
{
	*list = (struct list){0};
	list_below(m, list, "", 0);
	if (list->count > 1)
		qsort(list->v, list->count, sizeof(list->v[0]), compare_folders);
}

/* Two looks that see the same: nobody was renaming. */
static bool
list_is_steady(const struct mirror *m, const struct list *list)
{
	struct list again;
	bool same;

	list_folders(m, &again);
	same = again.count == list->count;
	for (size_t i = 0; i < list->count && same; i++)
		same = strcmp(again.v[i].path, list->v[i].path) == 0 &&
		       strcmp(again.v[i].identity, list->v[i].identity) == 0;
	list_free(&again);
	return same;
}

static bool
is_there(const struct mirror *m, const char *path)
{
	char *cur = xasprintf("%s/cur", path);
	bool has = faccessat(m->root.fd, cur, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	free(cur);
	return has;
}

/* At the service */

/* One Mailbox/set; *created_r (may be NULL) is the object of a creation, a new reference. */
static struct outcome
set_mailbox(
    struct mirror *m, json_t *create, json_t *update, json_t *destroy, json_t **created_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *id = update != NULL ? json_object_iter_key(json_object_iter(update)) : NULL;
	char *changed = xstrdup(id);
	char *gone =
	    destroy != NULL ? xstrdup(json_string_value(json_array_get(destroy, 0))) : NULL;
	const char *call = jmap_mailbox_set_call(request, create, update, destroy);
	struct outcome o = mirror_start_changing(m);
	json_t *result, *object = NULL;

	if (outcome_is_ok(&o))
		o = remote_send(m, request, &response);
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o))
		o = changed != NULL ? jmap_updated(result, changed)
		    : gone != NULL  ? jmap_destroyed(result, gone)
		                    : jmap_created(result, "new", &object);
	if (outcome_is_ok(&o) && created_r != NULL)
		*created_r = json_incref(object);
	free(changed);
	free(gone);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Does it concern one folder, and not the run? */
static bool
is_of_one(const struct outcome *o)
{
	return !outcome_is_ok(o) &&
	       (o->reach <= REACH_MESSAGE || outcome_is(o, "set/forbidden") ||
	           outcome_is(o, "method/forbidden"));
}

/* What concerns one folder is reported; what ends the run is returned. */
static struct outcome
judge(struct mirror *m, const char *path, struct outcome o)
{
	if (!is_of_one(&o))
		return o;
	report_error(m->report, path, &o);
	return outcome_ok();
}

/* The name and the parent's id that a folder's path gives.  False if its parent is none. */
static bool
name_of(const struct mirror *m, const char *path, char **name_r, const char **parent_r)
{
	const struct mailbox *above;
	char *parent;

	*parent_r = NULL;
	if (!mailbox_path_parse(m->config->layout, path, &parent, name_r))
		return false;
	above = parent != NULL ? folders_holder(m, parent) : NULL;
	if (parent != NULL && (above == NULL || above->gone)) {
		free(parent);
		free(*name_r);
		*name_r = NULL;
		return false;
	}
	*parent_r = above != NULL ? above->id : NULL;
	free(parent);
	return true;
}

static void
take_path(struct mirror *m, struct mailbox *mb, const char *path)
{
	free(mb->path);
	mb->path = xstrdup(path);
	store_run(m->store, "UPDATE mailbox SET path = ? WHERE n = ?", "ti", path, mb->n);
}

static json_t *
mailbox_object(const char *name, const char *parent)
{
	return json_pack("{s:s, s:s?}", "name", name, "parentId", parent);
}

/* Would the configuration mirror a mailbox of this name, and tell of it? */
static bool
is_selected(const struct mirror *m, const char *name, const char *parent)
{
	const struct mailbox *above =
	    parent != NULL ? mailboxes_by_id(&m->mailboxes, parent) : NULL;
	char *display =
	    above != NULL ? xasprintf("%s/%s", above->display, name) : xstrdup(name);
	bool selected =
	    mailboxes_selects(m->config, display) && mailboxes_tells(m->config, display);

	free(display);
	return selected;
}

static struct outcome
create_mailbox(struct mirror *m, const char *path)
{
	struct outcome o = outcome_ok();
	json_t *created = NULL;
	const char *parent;
	char *name;

	if (!name_of(m, path, &name, &parent) || !is_selected(m, name, parent)) {
		free(name);
		return o;
	}
	report_event(m->report, "told-created",
	    json_pack("{s:s, s:s}", "mailbox", name, "path", path), "%s", name);
	if (!m->options.dry_run)
		o = set_mailbox(m, json_pack("{s:o}", "new", mailbox_object(name, parent)),
		    NULL, NULL, &created);
	if (created != NULL) {
		struct mailbox *mb;
		const char *id = json_get_id(created, "id");
		json_t *object = mailbox_object(name, parent);

		json_object_set_new(object, "id", json_string(id));
		json_object_set(object, "myRights", json_object_get(created, "myRights"));
		json_object_set(
		    object, "isSubscribed", json_object_get(created, "isSubscribed"));
		store_begin(m->store);
		if (id != NULL && mailboxes_record(&m->mailboxes, m->store, object)) {
			mb = mailboxes_by_id(&m->mailboxes, id);
			take_path(m, mb, path);
			remote_note_made(m, id);
			mailboxes_settle(&m->mailboxes, m->store, m->config);
			m->report->folders++;
		}
		o = store_commit(m->store);
		json_decref(object);
		json_decref(created);
	}
	free(name);
	/* What somebody moved into it is in no folder that is looked at. */
	m->hidden = m->hidden || !outcome_is_ok(&o);
	return judge(m, path, o);
}

/* Is the mailbox with this id that one, or below it? */
static bool
is_within(const struct mirror *m, const char *id, const struct mailbox *top)
{
	const struct mailbox *mb = id != NULL ? mailboxes_by_id(&m->mailboxes, id) : NULL;

	for (size_t i = 0; mb != NULL && i < m->mailboxes.count; i++) {
		if (mb == top)
			return true;
		mb = mb->parent != NULL ? mailboxes_by_id(&m->mailboxes, mb->parent) : NULL;
	}
	return false;
}

/* The mailbox's folder is this now, and stays it while the service's names give named. */
static void
take_folder(struct mirror *m, struct mailbox *mb, const char *path, const char *named)
{
	char *from = xstrdup(mb->path);

	if (strcmp(from, path) != 0) {
		take_path(m, mb, path);
		folders_move_below(m, from, path);
	}
	folders_keep_path(m, mb, strcmp(named, path) != 0 ? named : NULL);
	free(from);
}

static struct outcome
keep_folder(struct mirror *m, struct mailbox *mb, const char *path, const char *named)
{
	store_begin(m->store);
	take_folder(m, mb, path, named);
	return store_commit(m->store);
}

static struct outcome
tell_name(struct mirror *m, struct mailbox *mb, const char *path, const char *name,
    const char *parent)
{
	struct outcome o = outcome_ok();
	json_t *object;

	if (!m->options.dry_run)
		o = set_mailbox(m, NULL,
		    json_pack("{s:o}", mb->id, mailbox_object(name, parent)), NULL, NULL);
	if (!outcome_is_ok(&o))
		return o;
	report_event(m->report, "told-renamed",
	    json_pack("{s:s, s:s, s:s}", "mailbox", mb->display, "to", name, "path", path),
	    "%s is %s now", mb->display, name);
	object = json_pack("{s:s, s:s, s:s?, s:s?}", "id", mb->id, "name", name, "parentId",
	    parent, "role", mb->role);
	store_begin(m->store);
	take_folder(m, mb, path, path);
	mailboxes_record(&m->mailboxes, m->store, object);
	mailboxes_settle(&m->mailboxes, m->store, m->config);
	o = store_commit(m->store);
	m->report->folders++;
	json_decref(object);
	return o;
}

/* It stays what it is called, with the folder as that is called. */
static struct outcome
refuse_name(struct mirror *m, struct mailbox *mb, const char *path, const char *named,
    struct outcome why)
{
	char *what = xasprintf("%s, whose folder is %s now", mb->display, path);

	outcome_hint(&why, "the mailbox keeps its name; the next run tries again");
	report_error(m->report, what, &why);
	free(what);
	return keep_folder(m, mb, path, named);
}

static struct outcome
rename_mailbox(struct mirror *m, struct mailbox *mb, const char *path, const char *named)
{
	struct outcome o;
	const char *parent;
	char *name;

	if (!name_of(m, path, &name, &parent))
		o = outcome_make("local", "policy", "no mailbox can have that path");
	else if (is_within(m, parent, mb))
		o = create_mailbox(m, path); /* below itself: this one comes back */
	else
		o = tell_name(m, mb, path, name, parent);
	free(name);
	return is_of_one(&o) ? refuse_name(m, mb, path, named, o) : o;
}

/* Somebody gave the mailbox's folder this path, now or before. */
static struct outcome
settle_renamed(struct mirror *m, struct mailbox *mb, const char *path)
{
	struct outcome o;
	char *named;

	folders_find_wanted(m);
	named = folders_named_path(m, mb);
	if (strcmp(named, path) == 0 || !mailboxes_tells(m->config, mb->display))
		o = keep_folder(m, mb, path, named);
	else
		o = rename_mailbox(m, mb, path, named);
	free(named);
	return o;
}

/* The service has another name for it, too: that one wins. */
static struct outcome
follow_service(struct mirror *m, struct mailbox *mb, const char *path)
{
	struct touched touched = {0};
	struct outcome o = outcome_ok();

	if (m->options.dry_run)
		return o;
	o = mirror_start_changing(m);
	if (outcome_is_ok(&o) && files_rename(m->root.fd, path, mb->path) < 0)
		o = file_error("cannot rename to", mb->path);
	/* Under its other name again, it would be a folder that somebody made. */
	touched_add(&touched, path);
	touched_add(&touched, mb->path);
	if (outcome_is_ok(&o))
		o = touched_sync(&touched, m->root.fd);
	touched_free(&touched);
	return judge(m, path, o);
}

/* Here */

/* Its messages are deleted, as far as deletions are told; else it comes back. */
static struct outcome
note_vanished(struct mirror *m, struct mailbox *mb)
{
	mb->vanished = true;
	store_begin(m->store);
	store_run(m->store, "DELETE FROM stray WHERE mailbox = ?", "i", mb->n);
	store_run(m->store, "DELETE FROM place WHERE mailbox = ? AND agreed = 0", "i", mb->n);
	store_run(m->store, "UPDATE place SET missing = 1 WHERE mailbox = ?", "i", mb->n);
	store_run(m->store,
	    "UPDATE email SET near = 1 WHERE n IN (SELECT email FROM place WHERE mailbox = ?)",
	    "i", mb->n);
	return store_commit(m->store);
}

static bool
may_be_removed(const struct mirror *m, const struct mailbox *mb)
{
	return mb->role == NULL && !mb->inbox && !mb->moved_there && !mb->moved_above &&
	       mb->identity != NULL && m->config->deletions != DELETIONS_NEVER &&
	       (m->verdict == ROOT_KNOWN || m->verdict == ROOT_CRASHED);
}

/* A mailbox whose folder is not where it was. */
static bool
is_lost(const struct mirror *m, const struct mailbox *mb)
{
	return mb->selected && !mb->gone && mb->path != NULL && *mb->path != '\0' &&
	       !is_there(m, mb->path);
}

/* The one whose folder this was; NULL if it is new. */
static struct mailbox *
find_lost(const struct mirror *m, const char *identity)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->identity != NULL && strcmp(mb->identity, identity) == 0 &&
		    is_lost(m, mb))
			return mb;
	}
	return NULL;
}

/* Does its folder have a name that the service may be told, and has not taken? */
static bool
is_to_be_told(const struct mirror *m, const struct mailbox *mb)
{
	return mb->renamed_from != NULL && mb->selected && !mb->gone &&
	       mailboxes_tells(m->config, mb->display);
}

static struct outcome
settle_folder(struct mirror *m, const struct folder *folder)
{
	struct mailbox *holder = folders_holder(m, folder->path), *lost;

	if (holder != NULL)
		return is_to_be_told(m, holder) ? settle_renamed(m, holder, folder->path)
		                                : outcome_ok();
	lost = find_lost(m, folder->identity);
	if (lost == NULL)
		return create_mailbox(m, folder->path);
	return lost->moved_there ? follow_service(m, lost, folder->path)
	                         : settle_renamed(m, lost, folder->path);
}

/* Folders that no mailbox has, or one of another name. */
static struct outcome
settle_folders(struct mirror *m, struct list *list)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < list->count && outcome_is_ok(&o); i++)
		if (is_there(m, list->v[i].path))
			o = settle_folder(m, &list->v[i]);
	return o;
}

/* Mailboxes whose folder is nowhere. */
static struct outcome
settle_removed(struct mirror *m)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (mb->two_way && is_lost(m, mb) && may_be_removed(m, mb))
			o = note_vanished(m, mb);
	}
	return o;
}

struct outcome
folders_look(struct mirror *m)
{
	struct list list;
	struct outcome o;
	bool lost = false, steady;

	for (size_t i = 0; i < m->mailboxes.count; i++)
		lost = lost || (m->mailboxes.v[i]->two_way && is_lost(m, m->mailboxes.v[i]));
	list_folders(m, &list);
	steady = !lost || list_is_steady(m, &list);
	o = settle_folders(m, &list);
	if (outcome_is_ok(&o) && steady)
		o = settle_removed(m);
	list_free(&list);
	return o;
}

static struct outcome
destroy_mailbox(struct mirror *m, struct mailbox *mb)
{
	struct outcome o = outcome_ok();

	report_event(m->report, "told-removed", json_pack("{s:s}", "mailbox", mb->display),
	    "%s", mb->display);
	if (m->options.dry_run)
		return o;
	o = set_mailbox(m, NULL, NULL, json_pack("[s]", mb->id), NULL);
	if (outcome_is_ok(&o) || outcome_is(&o, "set/notFound")) {
		m->report->folders++;
		store_begin(m->store);
		mailboxes_record_gone(&m->mailboxes, m->store, mb->id);
		return store_commit(m->store);
	}
	/* It has messages, or mailboxes below it: it is still wanted, and comes back.  What else
	 * keeps it is told, and the next run finds the folder missing again. */
	if (m->pulls &&
	    (outcome_is(&o, "set/mailboxHasEmail") || outcome_is(&o, "set/mailboxHasChild")))
		return folders_make(m, mb->path);
	return judge(m, mb->display, o);
}

struct outcome
folders_tell_removed(struct mirror *m)
{
	struct outcome o = outcome_ok();

	/* From the lowest level up. */
	for (unsigned depth = 100; depth-- > 0 && outcome_is_ok(&o);) {
		for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
			struct mailbox *mb = m->mailboxes.v[i];

			if (mb->vanished && !mb->gone && mb->depth == depth &&
			    store_number(m->store, 0,
			        "SELECT count(*) FROM place WHERE mailbox = ?", "i",
			        mb->n) == 0)
				o = destroy_mailbox(m, mb);
		}
	}
	return o;
}
