/*
 * Before and after a run: lock, folder, state, service; in this order, so that a run that
 * must not be costs no request.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "sync/mirror.h"
#include "sync/remote.h"
#include "sync/state.h"

/*
 * Downloads at once, over all connections.  A connection is a process of the service's, so
 * HTTP/2 is spread over two where there is much to download: a service that is near does more
 * then.  The second costs 4 MB for its own copy of the system's authorities.  Without HTTP/2
 * there are the few connections that struct http allows.
 */
#define STREAMS    32
#define SPREAD     2
#define GATHER_MS  2   /* a service that is near sends a few messages meanwhile */
#define SET_PAGE   250 /* objects to change at once; more is no faster */
#define SESSION_MS 180000

#define DEADLINE_MS 300000 /* for a message, and for every byte of it: */
#define SLOWEST     8      /* bytes a millisecond, half the bandwidth if that is less */

static struct outcome
lock_database(const char *database, int64_t patience_ms, int *lock_r)
{
	char *copy = xstrdup(database), *lock = xasprintf("%s.lock", database);
	struct outcome o = file_make_dirs(dirname(copy), 0700);

	*lock_r = -1;
	if (outcome_is_ok(&o))
		o = file_lock(AT_FDCWD, lock, deadline_in_ms(patience_ms), lock_r);
	free(copy);
	free(lock);
	return o;
}

void
mirror_remove_database(const struct sync_config *config)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *file = xasprintf("%s%s", config->database, suffixes[i]);

		(void)unlink(file);
		free(file);
	}
}

/* A rehearsal of a first run has its state in a temporary file. */
static struct outcome
open_state(struct mirror *m, bool afresh)
{
	const char *path = m->config->database;
	struct outcome o;

	if (m->options.dry_run && (afresh || access(path, F_OK) < 0))
		path = "";
	else if (afresh)
		mirror_remove_database(m->config);
	o = state_open(path, &m->store);
	if (outcome_is(&o, "local/database") || outcome_is(&o, "local/damaged"))
		outcome_hint(&o, "ferry-sync --rebuild %s makes it anew from the Maildir",
		    m->config->name);
	return o;
}

/* What state and folder say about each other. */
static struct outcome
judge_root(struct mirror *m)
{
	char *uuid = state_get(m->store, STATE_UUID);
	struct outcome o;

	m->verdict = root_judge(&m->root, uuid, state_get_number(m->store, STATE_EPOCH, 0),
	    state_get_number(m->store, STATE_RUNNING, 0) != 0);
	free(uuid);
	/* Cut short, perhaps repeatedly, between the announcement of an epoch and its record:
	 * nothing is old. */
	if (m->verdict == ROOT_OLD_DATABASE &&
	    m->root.epoch <= state_get_number(m->store, STATE_NEXT, 0))
		m->verdict = ROOT_CRASHED;
	if (m->options.rebuild && (m->verdict == ROOT_FRESH || m->verdict == ROOT_UNUSABLE))
		m->verdict = ROOT_NO_DATABASE;
	o = root_refusal(&m->root, m->verdict, m->config->name);
	if (outcome_is_ok(&o) && m->verdict == ROOT_CRASHED)
		o = store_check(m->store);
	return o;
}

/* The folder is an old copy: what the state says of the files is not so. */
static struct outcome
forget_state(struct mirror *m)
{
	store_close(&m->store);
	m->verdict = ROOT_NO_DATABASE;
	return open_state(m, true);
}

static struct outcome
open_local(struct mirror *m)
{
	struct outcome o = root_open(&m->root, m->config->maildir);

	if (outcome_is_ok(&o))
		o = open_state(m, m->options.rebuild);
	if (outcome_is_ok(&o))
		o = judge_root(m);
	if (outcome_is_ok(&o) && m->options.verify && mirror_recovers(m) &&
	    m->verdict != ROOT_CRASHED) {
		o = outcome_make("local", "wrong-folder",
		    "%s and its database do not fit together yet", m->root.path);
		outcome_hint(&o, "run ferry-sync %s first", m->config->name);
	}
	if (outcome_is_ok(&o) && m->verdict == ROOT_OLD_FOLDER)
		o = forget_state(m);
	return o;
}

/* The host of an URL: what tells two services apart, whatever port they have. */
static char *
host_of(const char *url)
{
	const char *host = strstr(url, "://");

	host = host != NULL ? host + 3 : url;
	if (*host == '[')
		return xstrndup(host, strcspn(host, "]"));
	return xstrndup(host, strcspn(host, ":/?#"));
}

static bool
differs(const char *known, const char *now)
{
	return known != NULL && strcmp(known, now) != 0;
}

/* The Maildir of one account is never filled from another. */
static struct outcome
check_account(const struct mirror *m)
{
	char *service = state_get(m->store, STATE_SERVICE);
	char *account = state_get(m->store, STATE_ACCOUNT);
	struct outcome o = outcome_ok();

	if (differs(service, m->service) || differs(account, m->account_id) ||
	    differs(m->root.service, m->service) || differs(m->root.account, m->account_id)) {
		o = outcome_make("local", "wrong-folder",
		    "%s is the mirror of %s at %s, not %s at %s", m->root.path,
		    account != NULL ? account : m->root.account,
		    service != NULL ? service : m->root.service, m->account_id, m->service);
		outcome_hint(&o, "give another account another maildir");
	}
	free(service);
	free(account);
	return o;
}

/* An account that may only be read is only read. */
static void
choose_direction(struct mirror *m, const struct jmap_session *session)
{
	const json_t *account = json_get_object(
	    json_get_object(session->document, "accounts"), session->account_id);

	m->pulls = mailboxes_pull(m->config);
	m->pushes = mailboxes_push(m->config);
	m->adopts =
	    m->verdict == ROOT_NO_DATABASE || (m->verdict == ROOT_FRESH && m->root.fd >= 0);
	if (m->pushes && json_get_bool(account, "isReadOnly", false)) {
		log_say(LOG_NOTICE, "%s: the account is read-only: nothing is told to it",
		    m->config->name);
		m->pushes = false;
	}
}

struct outcome
mirror_connect(const struct sync_config *config, int64_t retry_ms, struct jmap **jmap_r)
{
	unsigned spread = config->connections != 0 ? config->connections : SPREAD;
	struct http_options options = {
	    .connections = config->connections,
	    .spread = spread,
	    .speed = config->bandwidth,
	    .retry_ms = retry_ms,
	    .streams = spread < STREAMS ? STREAMS / spread : STREAMS,
	    .gather_ms = GATHER_MS,
	};

	return jmap_open(config->account, &options, jmap_r);
}

static struct outcome
open_remote(struct mirror *m)
{
	const struct jmap_session *session;
	struct outcome o = outcome_ok();

	m->jmap = m->options.jmap;
	if (m->jmap == NULL)
		o = mirror_connect(m->config, 0, &m->jmap);
	if (outcome_is_ok(&o))
		o = jmap_session(m->jmap, deadline_in_ms(SESSION_MS), &session);
	if (!outcome_is_ok(&o))
		return o;
	m->pace.rate = m->config->bandwidth;
	m->service = host_of(session->api_url);
	m->account_id = xstrdup(session->account_id);
	m->page = session->max_objects_in_get < REMOTE_PAGE && session->max_objects_in_get > 0
	              ? (size_t)session->max_objects_in_get
	              : REMOTE_PAGE;
	m->set_page = session->max_objects_in_set < SET_PAGE && session->max_objects_in_set > 0
	                  ? (size_t)session->max_objects_in_set
	                  : SET_PAGE;
	m->ahead = session->max_concurrent_requests > MIRROR_AHEAD
	               ? MIRROR_AHEAD
	               : (size_t)session->max_concurrent_requests - 1;
	choose_direction(m, session);
	maildir_namer_init(&m->namer, m->service, m->account_id);
	o = check_account(m);
	if (outcome_is_ok(&o))
		jmap_keep_account(m->jmap);
	else
		jmap_session_forget(
		    m->jmap); /* if the service was mistaken, it is asked again */
	return o;
}

struct outcome
mirror_open(struct mirror *m)
{
	struct outcome o;

	m->root.fd = -1;
	o = lock_database(m->config->database, m->options.patience_ms, &m->lock);
	if (outcome_is_ok(&o))
		o = open_local(m);
	if (outcome_is_ok(&o))
		o = open_remote(m);
	return o;
}

struct outcome
mirror_peek(struct mirror *m)
{
	struct outcome o;

	m->root.fd = m->lock = -1;
	if (access(m->config->database, F_OK) < 0)
		return errno == ENOENT ? outcome_ok()
		                       : file_error("cannot read", m->config->database);
	o = lock_database(m->config->database, m->options.patience_ms, &m->lock);
	if (outcome_is_ok(&o))
		o = state_open(m->config->database, &m->store);
	if (!outcome_is_ok(&o))
		return o;
	return mirror_know_mailboxes(m);
}

/* That a mailbox is newly selected is for the next run to find, not for us to note. */
struct outcome
mirror_know_mailboxes(struct mirror *m)
{
	store_begin(m->store);
	mailboxes_load(&m->mailboxes, m->store);
	mailboxes_settle(&m->mailboxes, m->store, m->config);
	store_rollback(m->store);
	return store_error(m->store);
}

bool
mirror_chooses(const struct mirror *m, const struct mailbox *mb)
{
	return m->options.mailboxes == NULL ||
	       mailboxes_match(m->options.mailboxes, mb->display);
}

bool
mirror_concerns(const struct mirror *m, const struct numbers *mailboxes)
{
	bool concerns = m->options.mailboxes == NULL;

	for (size_t i = 0; i < mailboxes->count && !concerns; i++) {
		const struct mailbox *mb = mailboxes_by_n(&m->mailboxes, mailboxes->v[i]);

		concerns = mb != NULL && mirror_chooses(m, mb);
	}
	return concerns;
}

struct outcome
mirror_start_changing(struct mirror *m)
{
	int64_t epoch;
	struct outcome o;

	if (m->changing)
		return outcome_ok();
	epoch = state_get_number(m->store, STATE_EPOCH, 0);
	o = root_make(&m->root);
	if (m->root.marked && m->root.epoch > epoch)
		epoch = m->root.epoch;
	/* A marker that is ahead of an announcement that was lost would say that the state is an
	 * old copy, and then no missing file counts as deleted. */
	if (outcome_is_ok(&o)) {
		store_durable(m->store, true);
		state_set_number(m->store, STATE_NEXT, epoch + 1);
		store_durable(m->store, false);
		o = store_error(m->store);
	}
	if (outcome_is_ok(&o))
		o = root_mark(&m->root, epoch + 1, m->service, m->account_id);
	if (!outcome_is_ok(&o))
		return o;
	store_begin(m->store);
	state_set(m->store, STATE_UUID, m->root.uuid);
	state_set(m->store, STATE_SERVICE, m->service);
	state_set(m->store, STATE_ACCOUNT, m->account_id);
	state_set_number(m->store, STATE_EPOCH, epoch + 1);
	state_set_number(m->store, STATE_RUNNING, 1);
	m->changing = true;
	return store_commit(m->store);
}

bool
mirror_recovers(const struct mirror *m)
{
	return m->verdict != ROOT_KNOWN && m->verdict != ROOT_FRESH;
}

struct deadline
mirror_deadline(const struct mirror *m, int64_t size)
{
	int64_t slowest = m->config->bandwidth / 1000 / 2;

	if (slowest == 0)
		slowest = m->config->bandwidth == 0 ? SLOWEST : 1;
	return deadline_in_ms(DEADLINE_MS + size / (slowest < SLOWEST ? slowest : SLOWEST));
}

struct outcome
mirror_take_turn(struct mirror *m, int64_t size)
{
	int64_t wait = pace_wait_ms(&m->pace, clock_ms());

	if (wait != 0 && !clock_sleep_ms(wait, DEADLINE_NEVER))
		return outcome_make("local", "cancelled", NULL);
	pace_take(&m->pace, clock_ms(), size);
	return outcome_ok();
}

bool
mirror_recognises(const struct mirror *m)
{
	return mirror_recovers(m) || m->adopts;
}

/* Does the state know every file that has a name of ours? */
static bool
is_clean(const struct mirror *m)
{
	return !m->astray && (!mirror_recovers(m) || m->recovered);
}

/* Whatever the outcome: if what was done is recorded, the end is clean. */
struct outcome
mirror_close(struct mirror *m)
{
	struct outcome o = outcome_ok();

	/* When a run was last complete is what the lock's date says. */
	if (m->recovered && !m->options.dry_run)
		(void)futimens(m->lock, NULL);
	if (m->changing && m->store != NULL && is_clean(m)) {
		state_set_number(m->store, STATE_RUNNING, 0);
		o = store_error(m->store);
	}
	mailboxes_free(&m->mailboxes);
	maildir_namer_free(&m->namer);
	store_close(&m->store);
	if (m->options.jmap == NULL)
		jmap_close(&m->jmap);
	root_close(&m->root);
	if (m->lock >= 0)
		close(m->lock);
	free(m->service);
	free(m->account_id);
	return o;
}
