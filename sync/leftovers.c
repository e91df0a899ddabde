/*
 * Files of ours without a message.  Ids that are hashed in the name cannot be asked for;
 * those files stay.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "sync/leftovers.h"
#include "sync/remote.h"

static void
remove_file(struct mirror *m, const struct mailbox *mb, const char *base, const char *place)
{
	struct buf file = BUF_INIT;

	if (*mb->path != '\0')
		buf_addf(&file, "%s/", mb->path);
	maildir_place_file(base, place, &file);
	if (!m->options.dry_run)
		(void)unlinkat(m->root.fd, file.data, 0);
	buf_free(&file);
}

static void
remove_files(struct mirror *m, const char *id)
{
	sqlite3_stmt *q = store_query(
	    m->store, "SELECT mailbox, base, place FROM temp.stray WHERE id = ?", "t", id);

	while (store_row(m->store, q)) {
		const struct mailbox *mb =
		    mailboxes_by_n(&m->mailboxes, sqlite3_column_int64(q, 0));

		if (mb != NULL && mb->path != NULL)
			remove_file(m, mb, (const char *)sqlite3_column_text(q, 1),
			    (const char *)sqlite3_column_text(q, 2));
	}
	m->report->deleted++;
	report_event(m->report, "deleted", json_pack("{s:s}", "id", id), "%s", id);
}

/* In one of no mailbox that is mirrored: whoever put the file here may keep it. */
static void
leave_files(struct mirror *m, const json_t *email)
{
	(void)m;
	(void)email;
}

struct outcome
leftovers_remove(struct mirror *m)
{
	return remote_prove(m,
	    "SELECT n, id FROM temp.stray WHERE n > ? AND id NOT LIKE '~%'"
	    " AND id NOT IN (SELECT id FROM email) ORDER BY n LIMIT ?",
	    leave_files, remove_files);
}
