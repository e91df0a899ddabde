/*
 * What was done to folders here.
 *
 * A folder is known by its path and by which directory its cur/ is (mailbox.identity).  A
 * mailbox without its folder, and a folder without a mailbox that is the same directory, are
 * a rename.  Any other folder that no mailbox has is a new one.  A mailbox whose folder is
 * nowhere was removed: its messages are deleted as if each file had been, under the same
 * policy and the same brake, and when nothing is left in it, it is destroyed; never with
 * messages in it.  The inbox and other mailboxes with a role are not removed so: readers
 * make and remove their folders as they like.
 *
 * If the service renamed the same mailbox, its name wins, and the folder gets it.  If it has
 * made a mailbox of the same name, folders_settle() has given it the folder already.
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

/* What concerns one folder is reported; what ends the run is returned. */
static struct outcome
judge(struct mirror *m, const char *path, struct outcome o)
{
	if (outcome_is_ok(&o) || (o.reach > REACH_MESSAGE && !outcome_is(&o, "set/forbidden")))
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

static struct outcome
rename_mailbox(struct mirror *m, struct mailbox *mb, const char *path)
{
	struct outcome o = outcome_ok();
	const char *parent;
	char *name;

	if (!name_of(m, path, &name, &parent))
		return o;
	if (parent != NULL && strcmp(parent, mb->id) == 0) {
		free(name); /* below itself: that is a new folder, and this one comes back */
		return o;
	}
	report_event(m->report, "told-renamed",
	    json_pack("{s:s, s:s, s:s}", "mailbox", mb->display, "to", name, "path", path),
	    "%s is %s now", mb->display, name);
	if (!m->options.dry_run)
		o = set_mailbox(m, NULL,
		    json_pack("{s:o}", mb->id, mailbox_object(name, parent)), NULL, NULL);
	if (outcome_is_ok(&o)) {
		json_t *object = json_pack("{s:s, s:s, s:s?, s:s?}", "id", mb->id, "name", name,
		    "parentId", parent, "role", mb->role);

		store_begin(m->store);
		take_path(m, mb, path);
		mailboxes_record(&m->mailboxes, m->store, object);
		mailboxes_settle(&m->mailboxes, m->store, m->config);
		o = store_commit(m->store);
		m->report->folders++;
		json_decref(object);
	}
	free(name);
	return judge(m, path, o);
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
	return mb->role == NULL && !mb->inbox && !mb->moved_there && mb->identity != NULL &&
	       m->config->deletions != DELETIONS_NEVER &&
	       (m->verdict == ROOT_KNOWN || m->verdict == ROOT_CRASHED);
}

static struct folder *
find_identity(struct mirror *m, struct list *list, const char *identity)
{
	for (size_t i = 0; i < list->count && identity != NULL; i++)
		if (strcmp(list->v[i].identity, identity) == 0 &&
		    folders_holder(m, list->v[i].path) == NULL)
			return &list->v[i];
	return NULL;
}

static bool
is_without_folder(const struct mirror *m, const struct mailbox *mb)
{
	return mb->two_way && !mb->gone && mb->path != NULL && *mb->path != '\0' &&
	       !is_there(m, mb->path);
}

/* Mailboxes that lost their folder: renamed, or removed. */
static struct outcome
settle_lost(struct mirror *m, struct list *list, bool steady)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
		struct mailbox *mb = m->mailboxes.v[i];
		const struct folder *now;

		if (!is_without_folder(m, mb))
			continue;
		now = find_identity(m, list, mb->identity);
		if (now != NULL && mb->moved_there)
			o = follow_service(m, mb, now->path);
		else if (now != NULL)
			o = rename_mailbox(m, mb, now->path);
		else if (steady && may_be_removed(m, mb))
			o = note_vanished(m, mb);
	}
	return o;
}

/* Folders that no mailbox has. */
static struct outcome
settle_new(struct mirror *m, struct list *list)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < list->count && outcome_is_ok(&o); i++)
		if (folders_holder(m, list->v[i].path) == NULL && is_there(m, list->v[i].path))
			o = create_mailbox(m, list->v[i].path);
	return o;
}

struct outcome
folders_look(struct mirror *m)
{
	struct list list;
	struct outcome o;
	bool lost = false;

	for (size_t i = 0; i < m->mailboxes.count; i++)
		lost = lost || is_without_folder(m, m->mailboxes.v[i]);
	list_folders(m, &list);
	o = settle_lost(m, &list, !lost || list_is_steady(m, &list));
	if (outcome_is_ok(&o))
		o = settle_new(m, &list);
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
