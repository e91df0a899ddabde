/*
 * The way to the service of one account.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "transport/circuit.h"
#include "transport/lane.h"

#define IDLE_MAX 16 /* clients kept, with their connections */

#define NO_IMPORT         "no-import"
#define NO_IMPORT_SECONDS 86400

/* What other processes write down of the account is looked for only so often. */
#define LOOK_MS 100

/* Longer than a service takes to give up by itself: what we wait for is acted upon, and if we
 * do not hear of it, nobody knows. */
#define STALL_MS 240000

struct lane {
	const struct account *account;
	const struct transport_config *config;
	struct circuit circuit;
	struct group *group;
	pthread_mutex_t lock;
	struct jmap *idle[IDLE_MAX];
	size_t idle_count;
	bool known; /* offer is */
	struct submit_offer offer;
	bool open;         /* the circuit */
	int64_t closed_ms; /* when it was last seen closed, */
	int64_t import_ms; /* and when this was: */
	bool lacks_import;
};

/* Was it seen so lately that there is no need to look again? */
static bool
is_recent(int64_t seen_ms)
{
	return seen_ms != 0 && clock_ms() - seen_ms < LOOK_MS;
}

struct lane *
lane_new(const struct account *account, const struct transport_config *config,
    const struct buf *key, group_carry *carry, void *arg)
{
	struct lane *lane = xcalloc(1, sizeof(*lane));

	lane->account = account;
	lane->config = config;
	lane->circuit = (struct circuit){.account = account, .key = key};
	lane->group = group_new(carry, arg);
	pthread_mutex_init(&lane->lock, NULL);
	return lane;
}

void
lane_free(struct lane **lane_p)
{
	struct lane *lane = *lane_p;

	if (lane == NULL)
		return;
	group_free(&lane->group); /* whose threads give their clients back before they end */
	for (size_t i = 0; i < lane->idle_count; i++)
		jmap_close(&lane->idle[i]);
	pthread_mutex_destroy(&lane->lock);
	free(lane);
	*lane_p = NULL;
}

const struct account *
lane_account(const struct lane *lane)
{
	return lane->account;
}

struct group *
lane_group(struct lane *lane)
{
	return lane->group;
}

struct outcome
lane_check(struct lane *lane)
{
	struct outcome o;
	bool open, recent;

	pthread_mutex_lock(&lane->lock);
	recent = is_recent(lane->closed_ms);
	pthread_mutex_unlock(&lane->lock);
	if (recent)
		return outcome_ok();
	o = circuit_check(&lane->circuit, &open);
	pthread_mutex_lock(&lane->lock);
	lane->open = open;
	/* Where it is open, each is asked for: one of them is let through. */
	lane->closed_ms = outcome_is_ok(&o) && !open ? clock_ms() : 0;
	pthread_mutex_unlock(&lane->lock);
	return o;
}

void
lane_note(struct lane *lane, const struct outcome *o)
{
	pthread_mutex_lock(&lane->lock);
	circuit_note(&lane->circuit, o, &lane->open);
	if (!outcome_is_ok(o))
		lane->closed_ms = 0;
	pthread_mutex_unlock(&lane->lock);
}

bool
lane_is_open(struct lane *lane)
{
	bool open;

	pthread_mutex_lock(&lane->lock);
	open = lane->open;
	pthread_mutex_unlock(&lane->lock);
	return open;
}

static char *
import_note(const struct lane *lane)
{
	return xasprintf("%s/" NO_IMPORT, lane->account->directory);
}

bool
lane_lacks_import(struct lane *lane)
{
	struct stat st;
	bool lacks;

	pthread_mutex_lock(&lane->lock);
	if (!is_recent(lane->import_ms)) {
		char *path = import_note(lane);

		lane->lacks_import =
		    stat(path, &st) == 0 && st.st_mtime + NO_IMPORT_SECONDS > clock_wall();
		lane->import_ms = clock_ms();
		free(path);
	}
	lacks = lane->lacks_import;
	pthread_mutex_unlock(&lane->lock);
	return lacks;
}

void
lane_note_lacks_import(struct lane *lane)
{
	char *path = import_note(lane);
	struct outcome o = file_write_atomic(AT_FDCWD, path, "", 0, 0600);

	if (!outcome_is_ok(&o))
		log_say(LOG_WARNING, "%s", o.text);
	pthread_mutex_lock(&lane->lock);
	lane->import_ms = 0;
	pthread_mutex_unlock(&lane->lock);
	log_say(LOG_NOTICE,
	    "account %s: the service lacks Email/import: messages are made anew of their parts",
	    lane->account->name);
	free(path);
}

struct outcome
lane_take(struct lane *lane, struct jmap **jmap_r)
{
	const struct http_options options = {
	    .retry_ms = lane->config->retry_ms, .stall_ms = STALL_MS};

	*jmap_r = NULL;
	pthread_mutex_lock(&lane->lock);
	if (lane->idle_count != 0)
		*jmap_r = lane->idle[--lane->idle_count];
	pthread_mutex_unlock(&lane->lock);
	return *jmap_r != NULL ? outcome_ok() : jmap_open(lane->account, &options, jmap_r);
}

void
lane_give(struct lane *lane, struct jmap **jmap)
{
	pthread_mutex_lock(&lane->lock);
	if (*jmap != NULL && lane->idle_count < IDLE_MAX) {
		lane->idle[lane->idle_count++] = *jmap;
		*jmap = NULL;
	}
	pthread_mutex_unlock(&lane->lock);
	jmap_close(jmap);
}

/* Note what the session says. */
static void
learn(struct lane *lane, const struct jmap_session *session)
{
	const struct group_limits limits = {
	    .requests = session->max_concurrent_requests,
	    .uploads = session->max_concurrent_upload,
	    .items = session->max_objects_in_set,
	    .bytes = session->max_size_request,
	};
	struct submit_offer offer;

	submit_offer_read(session, &offer);
	pthread_mutex_lock(&lane->lock);
	lane->offer = offer;
	lane->known = true;
	pthread_mutex_unlock(&lane->lock);
	group_set_limits(lane->group, &limits);
}

bool
lane_known_offer(struct lane *lane, struct submit_offer *offer_r)
{
	bool known;

	pthread_mutex_lock(&lane->lock);
	known = lane->known;
	*offer_r = lane->offer;
	pthread_mutex_unlock(&lane->lock);
	return known;
}

struct outcome
lane_learn(struct lane *lane, struct jmap *jmap, struct deadline d)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(jmap, d, &session);

	if (outcome_is_ok(&o))
		learn(lane, session);
	o.ambiguous = false; /* nothing but a question was asked */
	return o;
}

struct outcome
lane_offer(struct lane *lane, struct deadline d, struct submit_offer *offer_r)
{
	struct jmap *jmap = NULL;
	struct outcome o;

	if (lane_known_offer(lane, offer_r))
		return outcome_ok();
	if (!group_take_place(lane->group, GROUP_UPLOAD, d))
		return outcome_make("local", "deadline", "while waiting to log in");
	o = lane_take(lane, &jmap);
	/* Whoever was before us may have learnt it. */
	if (outcome_is_ok(&o) && !lane_known_offer(lane, offer_r))
		o = lane_learn(lane, jmap, d);
	lane_give(lane, &jmap);
	group_give_place(lane->group, GROUP_UPLOAD);
	(void)lane_known_offer(lane, offer_r);
	return o;
}
