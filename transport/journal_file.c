/*
 * The journal's files: opened, locked, set aside when damaged; and rows as entries.
 *
 * The database may be replaced while others have it open: by us, when it is damaged, or by a
 * person.  So before each piece of work, and after it if it wrote, it is made sure that the
 * file we have open still is the one that has the name; what was written to another is
 * written once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "transport/journal_parts.h"

#define DATABASE      "journal.db"
#define OWNERS        "journal.owners"
#define ASIDE_LOCK    "journal.aside-lock"
#define ASIDE_WAIT_MS 10000
#define ATTEMPTS      3 /* of a piece of work: the file may be replaced meanwhile */
#define CACHE_PAGES   512

/* SQLite does not queue those who wait for a database: each looks again now and then, and among
 * twenty processes that never pause one can be late for seconds.  Nobody holds it for long. */
#define BUSY_MS 30000

/*
 * Keys are random.  So rows lie in the order in which they were made: those of one group lie
 * in the same few pages, and so do they when they are written again, and only the keys
 * are spread over all of theirs.
 */
static const char *const steps[] = {
    "CREATE TABLE recipient (recipient TEXT PRIMARY KEY, delivery TEXT NOT NULL,"
    " state INTEGER NOT NULL, owner INTEGER NOT NULL, serial INTEGER NOT NULL, email TEXT,"
    " condition TEXT, class INTEGER, smtp INTEGER, status INTEGER, dsn TEXT, text TEXT,"
    " begun INTEGER NOT NULL, changed INTEGER NOT NULL, account TEXT, queue_id TEXT,"
    " message_id TEXT, sender TEXT, address TEXT) WITHOUT ROWID;"
    "CREATE INDEX recipient_changed ON recipient (changed);",
    "ALTER TABLE recipient RENAME TO earlier;"
    "CREATE TABLE recipient (recipient TEXT NOT NULL UNIQUE, delivery TEXT NOT NULL,"
    " state INTEGER NOT NULL, owner INTEGER NOT NULL, serial INTEGER NOT NULL, email TEXT,"
    " condition TEXT, class INTEGER, smtp INTEGER, status INTEGER, dsn TEXT, text TEXT,"
    " begun INTEGER NOT NULL, changed INTEGER NOT NULL, account TEXT, queue_id TEXT,"
    " message_id TEXT, sender TEXT, address TEXT);"
    "INSERT INTO recipient SELECT recipient, delivery, state, owner, serial, email,"
    " condition, class, smtp, status, dsn, text, begun, changed, account, queue_id,"
    " message_id, sender, address FROM earlier ORDER BY changed;"
    "DROP TABLE earlier;"
    "CREATE INDEX recipient_changed ON recipient (changed);",
    NULL,
};

/* Lock a byte of the owners' file that is nobody else's. */
static struct outcome
become_owner(struct journal *journal)
{
	char *path = xasprintf("%s/" OWNERS, journal->directory);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	struct outcome o = outcome_ok();
	uint64_t random;

	journal->owners = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal->owners < 0)
		o = file_error("cannot open", path);
	while (outcome_is_ok(&o) && journal->owner == 0) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
			o = outcome_make("local", "io", "no random numbers for %s", path);
			break;
		}
		lock.l_start = (off_t)(random >> 2) + 1;
		if (fcntl(journal->owners, F_OFD_SETLK, &lock) == 0)
			journal->owner = (int64_t)lock.l_start;
		else if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			o = file_error("cannot lock", path);
	}
	free(path);
	return o;
}

/* Is who has this number at work still? */
static bool
owner_lives(const struct journal *journal, int64_t owner)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)owner, .l_len = 1};

	if (owner == 0)
		return false;
	if (owner == journal->owner)
		return true;
	/* In doubt it lives: then the row is left alone. */
	return fcntl(journal->owners, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

static void
open_desk(struct journal *journal, struct journal_desk *desk)
{
	desk->journal = journal;
	pthread_mutex_init(&desk->lock, NULL);
}

static void
close_desk(struct journal_desk *desk)
{
	store_close(&desk->store);
	pthread_mutex_destroy(&desk->lock);
}

struct outcome
journal_open(const struct journal_options *options, struct journal **journal_r)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));
	struct outcome o;

	*journal_r = NULL;
	journal->owners = -1;
	journal->keep = options->keep;
	journal->busy_max = options->busy_max;
	journal->set_aside = options->set_aside;
	journal->directory = xasprintf("%s/transport", options->state_dir);
	journal->path = xasprintf("%s/" DATABASE, journal->directory);
	open_desk(journal, &journal->reading);
	open_desk(journal, &journal->writing);
	o = file_make_dirs(journal->directory, 0700);
	if (outcome_is_ok(&o))
		o = become_owner(journal);
	if (outcome_is_ok(&o))
		*journal_r = journal;
	else
		journal_close(&journal);
	return o;
}

void
journal_close(struct journal **journal)
{
	struct journal *j = *journal;

	if (j == NULL)
		return;
	close_desk(&j->reading);
	close_desk(&j->writing);
	if (j->owners >= 0)
		close(j->owners);
	free(j->directory);
	free(j->path);
	free(j);
	*journal = NULL;
}

/* Is the file that we have open the one that has the name? */
static bool
is_current(const struct journal_desk *desk)
{
	struct stat now;

	return stat(desk->journal->path, &now) == 0 && now.st_dev == desk->file.st_dev &&
	       now.st_ino == desk->file.st_ino;
}

static struct outcome
open_store(struct journal_desk *desk)
{
	const struct store_options options = {
	    .steps = steps, .cache_pages = CACHE_PAGES, .busy_ms = BUSY_MS};
	const char *path = desk->journal->path;
	struct outcome o;

	if (desk->store != NULL && is_current(desk))
		return outcome_ok();
	store_close(&desk->store);
	desk->file = (struct stat){0};
	o = store_open(path, &options, &desk->store);
	/* Also of one that cannot be opened, so that it is known if it is damaged. */
	if (stat(path, &desk->file) < 0 && outcome_is_ok(&o)) {
		o = file_error("cannot stat", path);
		store_close(&desk->store);
	}
	return o;
}

/* Rename the database, and what belongs to it, out of the way. */
static struct outcome
rename_database(const struct journal *journal)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	int64_t now = clock_wall();
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *from = xasprintf("%s%s", journal->path, parts[i]);
		char *to =
		    xasprintf("%s.damaged-%lld%s", journal->path, (long long)now, parts[i]);

		if (rename(from, to) < 0 && (errno != ENOENT || i == 0))
			o = file_error("cannot rename", from);
		free(from);
		free(to);
		if (!outcome_is_ok(&o))
			return o;
	}
	log_say(LOG_CRIT,
	    "%s is damaged and was set aside as %s.damaged-%lld: a message whose delivery was "
	    "under way may be sent twice",
	    journal->path, journal->path, (long long)now);
	return o;
}

/* Set the damaged file aside, unless another process has done so. */
static struct outcome
set_aside(struct journal_desk *desk)
{
	struct journal *journal = desk->journal;
	char *lock_path = xasprintf("%s/" ASIDE_LOCK, journal->directory);
	struct outcome o;
	int lock;

	o = file_lock(AT_FDCWD, lock_path, deadline_in_ms(ASIDE_WAIT_MS), &lock);
	if (outcome_is_ok(&o)) {
		if (is_current(desk))
			o = rename_database(journal);
		close(lock);
	}
	free(lock_path);
	return o;
}

static bool
is_reading(enum journal_access access)
{
	return access == JOURNAL_READS || access == JOURNAL_READS_ON;
}

static void
begin_work(struct journal_desk *desk, enum journal_access access)
{
	if (access == JOURNAL_READS_ON) {
		store_begin_reading(desk->store);
		desk->held = true;
	} else if (!is_reading(access)) {
		store_durable(desk->store, access == JOURNAL_LASTS);
		store_begin(desk->store);
	}
}

static void
let_go(struct journal_desk *desk)
{
	if (desk->held)
		store_end_reading(desk->store);
	desk->held = false;
}

/* One try at a piece of work. */
static struct outcome
try_work(struct journal_desk *desk, enum journal_access access, journal_work *work, void *arg)
{
	struct outcome o = outcome_ok();

	if (access != JOURNAL_READS_ON)
		let_go(desk);
	if (!desk->held) {
		o = open_store(desk);
		if (!outcome_is_ok(&o))
			return o;
		begin_work(desk, access);
	}
	work(desk, arg);
	o = is_reading(access) ? store_error(desk->store) : store_commit(desk->store);
	if (!outcome_is_ok(&o)) {
		desk->held = false;
		store_close(&desk->store);
	}
	return o;
}

/* See to what went wrong; OK means that the work may be tried again. */
static struct outcome
mend(struct journal_desk *desk, struct outcome o)
{
	if (!outcome_is(&o, "local/damaged"))
		return o;
	if (desk->journal->set_aside)
		return set_aside(desk);
	outcome_hint(&o, "nothing is sent until the file is moved away");
	return o;
}

struct outcome
journal_do(struct journal *journal, enum journal_access access, journal_work *work, void *arg)
{
	struct journal_desk *desk = is_reading(access) ? &journal->reading : &journal->writing;
	struct outcome o = outcome_ok();

	pthread_mutex_lock(&desk->lock);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		o = try_work(desk, access, work, arg);
		/* What was read was true when the file still was the one that has the name. */
		if (outcome_is_ok(&o) && (is_reading(access) || is_current(desk)))
			break;
		if (outcome_is_ok(&o)) {
			o = outcome_make("local", "database", "%s was replaced", journal->path);
			continue;
		}
		struct outcome mended = mend(desk, o);

		if (!outcome_is_ok(&mended)) {
			o = mended;
			break;
		}
	}
	pthread_mutex_unlock(&desk->lock);
	return o;
}

void
journal_rest(struct journal *journal)
{
	struct journal_desk *desk = &journal->reading;

	pthread_mutex_lock(&desk->lock);
	let_go(desk);
	pthread_mutex_unlock(&desk->lock);
}

static void
read_stamp(sqlite3_stmt *row, int column, struct stamp *stamp)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	*stamp = (struct stamp){""};
	if (text != NULL && strlen(text) == STAMP_LENGTH)
		memcpy(stamp->text, text, sizeof(stamp->text));
}

/* The outcome of a condition by name, with what the service said of it. */
static struct outcome
read_outcome(sqlite3_stmt *row)
{
	const char *condition = (const char *)sqlite3_column_text(row, 6);
	const char *dsn = (const char *)sqlite3_column_text(row, 10);
	const char *text = (const char *)sqlite3_column_text(row, 11);
	int class = sqlite3_column_int(row, 7);
	struct outcome o;

	if (condition == NULL || strcmp(condition, "ok") == 0 || strchr(condition, '/') == NULL)
		o = outcome_ok();
	else {
		char *family = xstrdup(condition), *name = strchr(family, '/');

		*name++ = '\0';
		o = outcome_make(family, name, NULL);
		free(family);
		if (class == OUTCOME_TEMPORARY || class == OUTCOME_PERMANENT)
			o.class = (enum outcome_class) class;
		o.smtp = (short)sqlite3_column_int(row, 8);
		o.exit = (short)sqlite3_column_int(row, 9);
		snprintf(o.dsn, sizeof(o.dsn), "%s", dsn != NULL ? dsn : "");
	}
	if (text != NULL)
		snprintf(o.text, sizeof(o.text), "%s", text);
	return o;
}

/* Is somebody at work on a row that says so?  What could not be written when it was over
 * still does. */
static bool
is_busy(const struct journal *journal, int64_t owner, int64_t since)
{
	if (journal->busy_max != 0 && clock_wall() - since > journal->busy_max)
		return false;
	return owner_lives(journal, owner);
}

void
journal_read_row(const struct journal *journal, sqlite3_stmt *row, struct journal_entry *entry)
{
	int64_t owner = sqlite3_column_int64(row, 3);
	int state = sqlite3_column_int(row, 2);

	read_stamp(row, 0, &entry->recipient);
	read_stamp(row, 1, &entry->delivery);
	/* What this version does not know is best not touched. */
	entry->state = state > JOURNAL_UNKNOWN && state <= JOURNAL_DONE
	                   ? (enum journal_state)state
	                   : JOURNAL_DOUBT;
	entry->serial = sqlite3_column_int64(row, 4);
	entry->email_id = store_copy(row, 5);
	entry->outcome = read_outcome(row);
	entry->begun = sqlite3_column_int64(row, 12);
	entry->changed = sqlite3_column_int64(row, 13);
	if (entry->state == JOURNAL_SUBMITTING && !is_busy(journal, owner, entry->changed))
		entry->state = JOURNAL_DOUBT;
	entry->account = store_copy(row, 14);
	entry->queue_id = store_copy(row, 15);
	entry->message_id = store_copy(row, 16);
	entry->sender = store_copy(row, 17);
	entry->address = store_copy(row, 18);
}

bool
journal_write_row(struct journal_desk *desk, struct journal_entry *entry, int64_t owner)
{
	const struct outcome *o = &entry->outcome;
	int64_t rows;

	entry->serial++;
	entry->changed = clock_wall();
	if (entry->begun == 0)
		entry->begun = entry->changed;
	rows = store_run(desk->store,
	    "INSERT INTO recipient (recipient, delivery, state, owner, serial, email,"
	    " condition, class, smtp, status, dsn, text, begun, changed, account, queue_id,"
	    " message_id, sender, address)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT (recipient) DO UPDATE SET delivery = excluded.delivery,"
	    " state = excluded.state, owner = excluded.owner, serial = excluded.serial,"
	    " email = excluded.email, condition = excluded.condition,"
	    " class = excluded.class, smtp = excluded.smtp, status = excluded.status,"
	    " dsn = excluded.dsn, text = excluded.text, changed = excluded.changed"
	    " WHERE serial = excluded.serial - 1",
	    "ttiiittiiittiittttt", entry->recipient.text, entry->delivery.text,
	    (int64_t)entry->state, owner, entry->serial, entry->email_id, o->condition,
	    (int64_t)o->class, (int64_t)o->smtp, (int64_t)o->exit, o->dsn,
	    outcome_is_ok(o) ? NULL : o->text, entry->begun, entry->changed, entry->account,
	    entry->queue_id, entry->message_id, entry->sender, entry->address);
	return rows != 0;
}
