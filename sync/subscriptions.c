/*
 * Three sides again: the service says it of each mailbox (mailbox.subscribed_there), the file
 * has a line or has none, and mailbox.subscribed is what both agreed on last.  Whichever side
 * differs from that has changed; if both have, they are the same.  Before anything was
 * agreed on, a mailbox that either side subscribes to is subscribed to.
 *
 * With each question for changes the service is asked for all subscriptions, too: not every
 * server counts them as changes of a mailbox.
 *
 * A folder that was renamed is in the file under the name it had then
 * (mailbox.subscribed_as), until this renames the line.
 *
 * A file that is gone, is empty, or has lost all of several lines at once proves nothing: it is
 * written again.
 *
 * The file is changed beside a Dovecot that runs as Dovecot does it: under its dotlock
 * subscriptions.lock it is read, and replaced by a rename.  The service is told before, so
 * that the lock is not held while the network is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "sync/dovecot.h"
#include "sync/remote.h"
#include "sync/subscription_file.h"
#include "sync/subscriptions.h"

#define FILE_NAME "subscriptions"
#define FILE_MAX  (1 << 20)

/* What is to become of one mailbox. */
struct wish {
	struct mailbox *mailbox;
	bool subscribed; /* on the sides that are changed */
	bool here, there;
};

struct wishes {
	struct wish *v;
	size_t count;
};

static struct outcome
read_file(const struct mirror *m, struct subscription_file *file)
{
	struct buf text = BUF_INIT;
	struct outcome o = file_read(m->root.fd, FILE_NAME, FILE_MAX, &text);

	if (!outcome_is_ok(&o) && errno == ENOENT)
		o = outcome_ok();
	subscription_file_parse(file, buf_str(&text), text.len);
	buf_free(&text);
	return o;
}

static bool
is_concerned(const struct mailbox *mb)
{
	return mb->selected && !mb->gone && mb->path != NULL;
}

/* Does another mailbox have a line of this name, because its folder was called so? */
static bool
is_of_another(const struct mirror *m, const struct mailbox *mb)
{
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		const struct mailbox *other = m->mailboxes.v[i];

		if (other != mb && is_concerned(other) && other->subscribed_as != NULL &&
		    strcmp(other->subscribed_as, mb->path) == 0)
			return true;
	}
	return false;
}

static bool
is_in_file(
    const struct mirror *m, const struct subscription_file *file, const struct mailbox *mb)
{
	enum maildir_layout layout = m->config->layout;

	if (mb->subscribed_as != NULL && subscription_file_has(file, layout, mb->subscribed_as))
		return true;
	return subscription_file_has(file, layout, mb->path) && !is_of_another(m, mb);
}

/* Does the file say anything of what was done here? */
static bool
proves_anything(const struct mirror *m, const struct subscription_file *file)
{
	size_t were = 0, are = 0;

	for (size_t i = 0; i < m->mailboxes.count; i++) {
		const struct mailbox *mb = m->mailboxes.v[i];

		if (!is_concerned(mb) || mb->subscribed != 1)
			continue;
		were++;
		are += is_in_file(m, file, mb) ? 1 : 0;
	}
	return file->there && (are != 0 || were < 2 || m->options.allow_deletes);
}

/* What it shall be, and where that is to be done. */
static struct wish
wish_of(const struct mirror *m, struct mailbox *mb, bool near, bool proven)
{
	bool known = mb->subscribed >= 0, base = mb->subscribed == 1;
	bool far = mb->subscribed_there == 1;
	bool tells = m->pushes && mb->two_way, follows = m->pulls && mb->follows;
	struct wish w = {.mailbox = mb, .subscribed = known ? base : near};

	if (known && tells && proven && near != base) {
		w.subscribed = near;
		w.there = near != far;
	} else if (known && follows && (far != base || !proven)) {
		w.subscribed = far;
		w.here = near != far;
	} else if (!known && follows) {
		w.subscribed = near || far;
		w.here = w.subscribed != near;
		w.there = tells && w.subscribed != far;
	}
	return w;
}

static bool
is_renamed(const struct mailbox *mb)
{
	return mb->subscribed_as != NULL && strcmp(mb->subscribed_as, mb->path) != 0;
}

/* All there is to do, and what both sides agree on by now. */
static void
compare(struct mirror *m, const struct subscription_file *file, struct wishes *wishes)
{
	bool proven = proves_anything(m, file);

	wishes->v = xcalloc(m->mailboxes.count + 1, sizeof(wishes->v[0]));
	for (size_t i = 0; i < m->mailboxes.count; i++) {
		struct mailbox *mb = m->mailboxes.v[i];
		struct wish w;

		if (!is_concerned(mb))
			continue;
		w = wish_of(m, mb, is_in_file(m, file, mb), proven);
		if (w.here || w.there || mb->subscribed != (int)w.subscribed ||
		    mb->subscribed_as == NULL || is_renamed(mb))
			wishes->v[wishes->count++] = w;
	}
}

static void
report(struct mirror *m, const struct wish *w, bool there)
{
	if (there)
		m->report->told++;
	else
		m->report->folders++;
	report_event(m->report, "subscription",
	    json_pack("{s:s, s:b, s:s}", "mailbox", w->mailbox->display, "subscribed",
	        (int)w->subscribed, "where", there ? "service" : "maildir"),
	    "%s %s %s", w->mailbox->display, w->subscribed ? "on" : "off",
	    there ? "at the service" : "in the Maildir");
}

/* The service */

static void
read_results(struct mirror *m, struct wishes *wishes, size_t from, size_t to, json_t *result)
{
	for (size_t i = from; i < to; i++) {
		struct wish *w = &wishes->v[i];
		struct outcome o;

		if (!w->there)
			continue;
		o = jmap_updated(result, w->mailbox->id);
		if (outcome_is_ok(&o)) {
			w->mailbox->subscribed_there = (int)w->subscribed;
			report(m, w, true);
		} else {
			report_error(m->report, w->mailbox->display, &o);
			w->mailbox = NULL;
		}
	}
}

/* Those of a part of the list; *to_r is where it ends. */
static struct outcome
tell_some(struct mirror *m, struct wishes *wishes, size_t from, size_t *to_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	json_t *update = json_object(), *result;
	struct outcome o = outcome_ok();
	const char *call;
	size_t to = from;

	for (; to < wishes->count && json_object_size(update) < m->set_page; to++)
		if (wishes->v[to].there)
			json_object_set_new(update, wishes->v[to].mailbox->id,
			    json_pack("{s:b}", "isSubscribed", (int)wishes->v[to].subscribed));
	*to_r = to;
	if (json_object_size(update) != 0 && !m->options.dry_run) {
		o = mirror_start_changing(m);
		call = jmap_mailbox_set_call(request, NULL, json_incref(update), NULL);
		if (outcome_is_ok(&o))
			o = remote_send(m, request, &response);
		if (outcome_is_ok(&o))
			o = jmap_result(response, call, NULL, &result);
		if (outcome_is_ok(&o))
			read_results(m, wishes, from, to, result);
	}
	json_decref(update);
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

static struct outcome
tell(struct mirror *m, struct wishes *wishes)
{
	struct outcome o = outcome_ok();

	for (size_t at = 0; at < wishes->count && outcome_is_ok(&o);)
		o = tell_some(m, wishes, at, &at);
	return o;
}

/* The file */

static void
change_lines(struct mirror *m, const struct wishes *wishes, struct subscription_file *file)
{
	enum maildir_layout layout = m->config->layout;

	/* First what is not called so any more: another folder may be now. */
	for (size_t i = 0; i < wishes->count; i++) {
		const struct mailbox *mb = wishes->v[i].mailbox;

		if (mb != NULL && is_renamed(mb))
			subscription_file_set(file, layout, mb->subscribed_as, false);
	}
	for (size_t i = 0; i < wishes->count; i++) {
		const struct wish *w = &wishes->v[i];

		if (w->mailbox != NULL && (w->here || is_renamed(w->mailbox)))
			subscription_file_set(file, layout, w->mailbox->path, w->subscribed);
	}
}

static struct outcome
write_file(const struct mirror *m, const struct subscription_file *file)
{
	struct buf text = BUF_INIT;
	struct stat st;
	struct outcome o;

	subscription_file_print(file, &text);
	if (fstatat(m->root.fd, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st.st_mode = 0600;
	o = file_write_atomic(
	    m->root.fd, FILE_NAME, buf_str(&text), text.len, st.st_mode & 0777);
	buf_free(&text);
	return o;
}

static struct outcome
change_file(struct mirror *m, const struct wishes *wishes)
{
	struct subscription_file file;
	struct outcome o = mirror_start_changing(m);

	if (outcome_is_ok(&o))
		o = dovecot_lock_file(m->root.fd, FILE_NAME ".lock");
	if (!outcome_is_ok(&o))
		return o;
	o = read_file(m, &file);
	if (outcome_is_ok(&o)) {
		change_lines(m, wishes, &file);
		o = write_file(m, &file);
	}
	dovecot_unlock_file(m->root.fd, FILE_NAME ".lock");
	subscription_file_free(&file);
	return o;
}

static struct outcome
change_here(struct mirror *m, const struct wishes *wishes)
{
	bool changes = false;
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < wishes->count; i++) {
		const struct wish *w = &wishes->v[i];

		changes =
		    changes || (w->mailbox != NULL && (w->here || is_renamed(w->mailbox)));
	}
	if (changes && !m->options.dry_run)
		o = change_file(m, wishes);
	for (size_t i = 0; i < wishes->count && outcome_is_ok(&o); i++)
		if (wishes->v[i].mailbox != NULL && wishes->v[i].here)
			report(m, &wishes->v[i], false);
	return o;
}

static struct outcome
record(struct mirror *m, const struct wishes *wishes)
{
	store_begin(m->store);
	for (size_t i = 0; i < wishes->count; i++) {
		struct mailbox *mb = wishes->v[i].mailbox;

		if (mb == NULL)
			continue;
		mb->subscribed = (int)wishes->v[i].subscribed;
		free(mb->subscribed_as);
		mb->subscribed_as = xstrdup(mb->path);
		store_run(m->store,
		    "UPDATE mailbox SET subscribed = ?, subscribed_there = ?,"
		    " subscribed_as = ? WHERE n = ?",
		    "iiti", (int64_t)mb->subscribed, (int64_t)mb->subscribed_there, mb->path,
		    mb->n);
	}
	return store_commit(m->store);
}

static bool
is_unknown(const struct mailbox *mb)
{
	return is_concerned(mb) && mb->subscribed_there < 0;
}

/* A state from before this was asked for does not know what the service says.  What it says
 * nothing of then is not subscribed to. */
static struct outcome
know_subscriptions(struct mirror *m)
{
	struct outcome o = outcome_ok();
	bool unknown = false;

	for (size_t i = 0; i < m->mailboxes.count; i++)
		unknown = unknown || is_unknown(m->mailboxes.v[i]);
	if (unknown)
		o = remote_ask_mailboxes(m);
	for (size_t i = 0; i < m->mailboxes.count && outcome_is_ok(&o); i++) {
		struct mailbox *mb = m->mailboxes.v[i];

		if (!is_unknown(mb))
			continue;
		mb->subscribed_there = 0;
		store_run(m->store, "UPDATE mailbox SET subscribed_there = 0 WHERE n = ?", "i",
		    mb->n);
	}
	return o;
}

struct outcome
subscriptions_settle(struct mirror *m)
{
	struct subscription_file file;
	struct wishes wishes = {0};
	struct outcome o;

	if (!m->config->subscriptions || m->root.fd < 0)
		return outcome_ok();
	o = know_subscriptions(m);
	if (!outcome_is_ok(&o))
		return o;
	o = read_file(m, &file);
	if (outcome_is_ok(&o))
		compare(m, &file, &wishes);
	subscription_file_free(&file);
	for (size_t i = 0; i < wishes.count && m->options.dry_run; i++)
		if (wishes.v[i].there)
			report(m, &wishes.v[i], true);
	if (outcome_is_ok(&o))
		o = tell(m, &wishes);
	if (outcome_is_ok(&o))
		o = change_here(m, &wishes);
	if (outcome_is_ok(&o) && wishes.count != 0)
		o = record(m, &wishes);
	free(wishes.v);
	return o;
}
