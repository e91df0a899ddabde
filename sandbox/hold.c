/*
 * One thread that waits for the time of the next submission.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/deliver.h"
#include "sandbox/hold.h"
#include "sandbox/json.h"
#include "sandbox/submissions.h"

#define RETRY_SECONDS 5 /* after trouble with the database or the disk */

struct hold {
	struct sandbox *sandbox;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool look; /* something was added since the thread last looked */
	bool stop;
};

/* The deliveryStatus of a message that was refused when its time had come. */
static json_t *
refused_status(const json_t *envelope, const json_t *error)
{
	json_t *status = json_object();
	size_t i;
	const json_t *recipient;

	json_array_foreach (json_object_get(envelope, "rcptTo"), i, recipient)
		json_object_set_new(status, json_text(recipient, "email"),
		    json_pack("{s:s, s:s, s:s}", "smtpReply", json_text(error, "description"),
		        "delivered", "no", "displayed", "unknown"));
	return status;
}

/* Send one; false if that failed for the disk's sake. */
static bool
send_one(struct jmap_request *r, struct submission *held)
{
	struct blob blob = {0};
	json_t *error = NULL;
	bool stored = true;

	if (!blob_by_hash(
	        store_blobs(r->sandbox->store), r->db, r->account.id, held->hash, &blob))
		error = jmap_set_error("serverFail", NULL, "the message cannot be read");
	else
		error = deliver_refusal(r, held->envelope);
	json_decref(held->delivery);
	held->delivery = NULL;
	if (error != NULL) {
		held->delivery = refused_status(held->envelope, error);
	} else {
		held->outbox = deliver(r, held->envelope, &blob, &held->delivery);
		stored = held->outbox != 0;
	}
	held->undo = UNDO_FINAL;
	submission_change(r->db, &r->account, held, submissions_vanish(&r->sandbox->options));
	account_save(r->db, &r->account);
	json_decref(error);
	blob_release(&blob);
	return stored;
}

/* Send the first that is due: 1, 0 if none is, -1 for trouble. */
static int
send_first(struct sandbox *s, int64_t due)
{
	struct jmap_request r = {.sandbox = s, .db = store_begin_write(s->store)};
	struct submission held = {0};
	sqlite3_stmt *row = db_query(r.db,
	    "SELECT " SUBMISSION_COLUMNS
	    " FROM submission WHERE undo = 0 AND send_at <= ? ORDER BY send_at, id LIMIT 1",
	    "i", due);
	int result = 0;

	if (db_next(r.db, row)) {
		submission_read(row, &held);
		db_finish(row);
		result = account_by_id(r.db, held.account, &r.account) && send_one(&r, &held)
		             ? 1
		             : -1;
	}
	if (result < 0)
		store_rollback(s->store, r.db);
	else if (!store_commit(s->store, r.db, NULL))
		result = -1;
	account_free(&r.account);
	submission_free(&held);
	return result;
}

int64_t
hold_send(struct sandbox *s, int64_t due)
{
	int64_t count = 0;

	while (send_first(s, due) > 0)
		count++;
	return count;
}

/* When the next is due, in seconds since 1970; INT64_MAX if none is held. */
static int64_t
next_due(struct sandbox *s)
{
	struct db *d = store_take(s->store);
	int64_t next;

	if (d == NULL)
		return clock_wall() + RETRY_SECONDS;
	store_begin_read(s->store, d);
	next = db_int(d, INT64_MAX, "SELECT min(send_at) FROM submission WHERE undo = 0", "");
	store_rollback(s->store, d);
	store_give(s->store, d);
	return next;
}

/* Wait for a change or until a time; the lock is held. */
static void
wait_until(struct hold *h, int64_t seconds)
{
	struct timespec until = {seconds, 0};

	while (!h->stop && !h->look && clock_wall() < seconds) {
		if (seconds == INT64_MAX)
			pthread_cond_wait(&h->changed, &h->lock);
		else
			pthread_cond_timedwait(&h->changed, &h->lock, &until);
	}
	h->look = false;
}

static void *
work(void *argument)
{
	struct hold *h = argument;

	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		int64_t next;

		pthread_mutex_unlock(&h->lock);
		next = next_due(h->sandbox);
		if (next <= clock_wall() && hold_send(h->sandbox, clock_wall()) == 0)
			next = clock_wall() + RETRY_SECONDS;
		pthread_mutex_lock(&h->lock);
		wait_until(h, next);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

struct hold *
hold_start(struct sandbox *s)
{
	struct hold *h = xcalloc(1, sizeof(*h));

	h->sandbox = s;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL); /* on the wall clock, as sendAt is */
	if (pthread_create(&h->thread, NULL, work, h) != 0) {
		log_say(LOG_ERR, "cannot start a thread");
		exit(EX_OSERR);
	}
	return h;
}

void
hold_wake(struct hold *h)
{
	pthread_mutex_lock(&h->lock);
	h->look = true;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

void
hold_stop(struct hold **h)
{
	if (*h == NULL)
		return;
	pthread_mutex_lock(&(*h)->lock);
	(*h)->stop = true;
	pthread_cond_signal(&(*h)->changed);
	pthread_mutex_unlock(&(*h)->lock);
	pthread_join((*h)->thread, NULL);
	pthread_cond_destroy(&(*h)->changed);
	pthread_mutex_destroy(&(*h)->lock);
	free(*h);
	*h = NULL;
}
