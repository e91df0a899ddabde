/*
 * Files of ours without a message.  Ids that are hashed in the name cannot be asked for;
 * those files stay.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "sync/apply.h"
#include "sync/leftovers.h"
#include "sync/remote.h"

static json_t *
unknown_ids(struct mirror *m, int64_t *after)
{
	json_t *ids = json_array();
	sqlite3_stmt *q = store_query(m->store,
	    "SELECT n, id FROM temp.stray WHERE n > ? AND id NOT LIKE '~%'"
	    " AND id NOT IN (SELECT id FROM email) ORDER BY n LIMIT ?",
	    "ii", *after, (int64_t)m->page);

	while (store_row(m->store, q)) {
		*after = sqlite3_column_int64(q, 0);
		json_array_append_new(
		    ids, json_string((const char *)sqlite3_column_text(q, 1)));
	}
	return ids;
}

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

struct outcome
leftovers_remove(struct mirror *m)
{
	struct outcome o = outcome_ok();
	int64_t after = 0;

	while (outcome_is_ok(&o)) {
		json_t *ids = unknown_ids(m, &after), *result, *id;
		struct jmap_response *response = NULL;
		size_t i;

		if (json_array_size(ids) == 0) {
			json_decref(ids);
			break;
		}
		o = remote_get_emails(m, ids, &response, &result);
		if (outcome_is_ok(&o) && !m->options.dry_run)
			o = mirror_start_changing(m);
		if (outcome_is_ok(&o)) {
			json_array_foreach (json_get_array(result, "notFound"), i, id) {
				if (json_is_id(id))
					remove_files(m, json_string_value(id));
			}
		}
		jmap_response_free(&response);
	}
	return outcome_is_ok(&o) ? store_error(m->store) : o;
}
