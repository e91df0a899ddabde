/*
 * The desk: jobs, those who wait for them, and the clerks who do them.
 *
 * A job is in the list from the first question for it until it is done, or until nobody wants
 * it any more; who holds it frees it.  All of that is under one lock; a clerk gives it up while
 * it works (clerk.c).
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/departed.h"
#include "common/base/xalloc.h"
#include "milter/breaker.h"
#include "milter/clerk.h"
#include "milter/desk.h"

#define WAITING_FACTOR 10
#define TICK_MS        1000
#define IDLE_MS        20000 /* that a clerk waits for work before it leaves */
#define STACK_BYTES    (512 << 10)
#define REFRESH_MS     10000 /* that a question may take for which nobody waits */

/* How long the breakers are open. */
#define SERVICE_PATIENCE 1
#define SERVICE_FIRST_MS 2000
#define SERVICE_MOST_MS  60000
#define PLAN_FIRST_MS    60000
#define PLAN_MOST_MS     900000

enum job_state { JOB_WAITS, JOB_RUNS, JOB_DONE };

struct job {
	enum job_kind kind;
	char *name;
	int64_t alias_id;
	enum job_state state;
	unsigned holders; /* those who wait, the clerk, and the desk itself: */
	bool refreshes;   /* it is done for the map's sake */
	struct deadline deadline;
	struct answer answer;
	struct job *next;
};

enum breaker_kind { BREAKER_SERVICE, BREAKER_ALIASES, BREAKER_CONTACTS, BREAKER_COUNT };

struct desk {
	const struct alias_account *account;
	pthread_mutex_t lock;
	pthread_cond_t work; /* there is a job, or the desk closes */
	pthread_cond_t done; /* a job is done, or a clerk has left */
	struct job *jobs;    /* those that wait or run, the oldest first */
	size_t waiting, running;
	unsigned clerks, idle, clerks_max;
	struct departed departed;
	unsigned key_number; /* counts refused keys: clerks read theirs again */
	bool looking;        /* a clerk is at a JOB_ALIAS */
	bool closing;
	struct breaker breakers[BREAKER_COUNT];
	char *subjects[BREAKER_COUNT];
};

void
answer_free(struct answer *answer)
{
	alias_map_alias_free(&answer->alias);
	alias_map_contact_free(&answer->contact);
}

/* --- jobs */

static void
free_job(struct job *job)
{
	answer_free(&job->answer);
	free(job->name);
	free(job);
}

static void
unlink_job(struct desk *desk, struct job *job)
{
	struct job **link = &desk->jobs;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
}

/* Let go of a job; one that nobody wants any more is not begun. */
static void
let_go(struct desk *desk, struct job *job)
{
	if (--job->holders != 0)
		return;
	if (job->state == JOB_WAITS) {
		unlink_job(desk, job);
		desk->waiting--;
	}
	free_job(job);
}

static struct job *
find_job(struct desk *desk, const struct question *q)
{
	for (struct job *job = desk->jobs; job != NULL; job = job->next)
		if (job->kind == q->kind && job->alias_id == q->alias_id &&
		    strcmp(job->name, q->name) == 0)
			return job;
	return NULL;
}

static struct job *
add_job(struct desk *desk, const struct question *q)
{
	struct job *job = xcalloc(1, sizeof(*job)), **link = &desk->jobs;

	job->kind = q->kind;
	job->name = xstrdup(q->name);
	job->alias_id = q->alias_id;
	while (*link != NULL)
		link = &(*link)->next;
	*link = job;
	desk->waiting++;
	return job;
}

/* The breakers in a job's way. */
static enum breaker_kind
own_breaker(enum job_kind kind)
{
	return kind == JOB_CONTACT ? BREAKER_CONTACTS : BREAKER_ALIASES;
}

static struct outcome
check_breakers(struct desk *desk, const struct job *job)
{
	int64_t now = clock_ms();
	struct breaker *service = &desk->breakers[BREAKER_SERVICE];
	struct outcome o = breaker_check(service, now);

	if (!outcome_is_ok(&o) || job->kind == JOB_FIXED)
		return o;
	o = breaker_check(&desk->breakers[own_breaker(job->kind)], now);
	if (!outcome_is_ok(&o))
		breaker_skip(service);
	return o;
}

static bool
stops(const struct breaker *breaker, const struct question *q)
{
	return q->optional ? breaker_is_open(breaker) : breaker_stops(breaker, clock_ms());
}

/* The trouble by which a job would fail now, or OK. */
static struct outcome
stopped(const struct desk *desk, const struct question *q)
{
	const struct breaker *service = &desk->breakers[BREAKER_SERVICE];
	const struct breaker *own = &desk->breakers[own_breaker(q->kind)];
	struct outcome o = outcome_ok();

	if (stops(service, q))
		o = service->trouble;
	else if (q->kind != JOB_FIXED && stops(own, q))
		o = own->trouble;
	o.alarm = false; /* it was raised when this began */
	return o;
}

/* --- what an outcome says of the service */

/* Does it speak of this job alone, or of what others do? */
static bool
is_trouble(const struct outcome *o)
{
	static const char *const own[] = {"alias/rate", "alias/forbidden", "alias/missing",
	    "alias/exists", "alias/expired", "alias/refused", "alias/none-left", "local/locked",
	    "local/cancelled", "http/400"};

	if (o->class != OUTCOME_TEMPORARY || o->reach < REACH_ACCOUNT)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (outcome_is(o, own[i]))
			return false;
	return true;
}

static bool
is_used_up(const struct outcome *o)
{
	return outcome_is(o, "alias/quota") || outcome_is(o, "alias/plan");
}

static bool
is_limit(const struct outcome *o)
{
	return outcome_is(o, "alias/rate") || outcome_is(o, "alias/none-left") || is_used_up(o);
}

/* What a person can mend must not bounce mail. */
static struct outcome
as_temporary(struct outcome o)
{
	struct outcome temporary = outcome_make("alias", "refused", NULL);

	if (!is_used_up(&o))
		return o;
	o.class = temporary.class;
	o.smtp = temporary.smtp;
	o.exit = temporary.exit;
	o.dsn[0] = '4';
	o.alarm = true;
	return o;
}

static void
note(struct desk *desk, const struct job *job)
{
	static const struct outcome ok = {.class = OUTCOME_OK, .condition = "ok"};
	const struct outcome *o = &job->answer.outcome;
	int64_t now = clock_ms();

	if (outcome_is(o, "alias/key"))
		desk->key_number++;
	if (outcome_is(o, "local/cancelled") || outcome_is(o, "local/locked")) {
		breaker_skip(&desk->breakers[BREAKER_SERVICE]);
		breaker_skip(&desk->breakers[own_breaker(job->kind)]);
		return;
	}
	breaker_note(&desk->breakers[BREAKER_SERVICE], is_trouble(o) ? o : &ok, now);
	if (job->kind == JOB_FIXED)
		return;
	if (is_limit(o))
		breaker_note(&desk->breakers[own_breaker(job->kind)], o, now);
	else if (is_trouble(o))
		breaker_skip(&desk->breakers[own_breaker(job->kind)]);
	else if (outcome_is_ok(o) && (job->answer.made || job->kind == JOB_CONTACT))
		breaker_note(&desk->breakers[own_breaker(job->kind)], &ok, now);
	else
		breaker_skip(&desk->breakers[own_breaker(job->kind)]);
}

/* --- clerks */

static bool
can_begin(const struct desk *desk, const struct job *job)
{
	return job->state == JOB_WAITS && !(job->kind == JOB_ALIAS && desk->looking);
}

static struct job *
next_job(struct desk *desk)
{
	for (struct job *job = desk->jobs; job != NULL; job = job->next)
		if (can_begin(desk, job))
			return job;
	return NULL;
}

static void
end_job(struct desk *desk, struct job *job)
{
	job->state = JOB_DONE;
	unlink_job(desk, job);
	pthread_cond_broadcast(&desk->done);
	if (job->refreshes)
		job->holders--;
	let_go(desk, job);
}

static void
do_job(struct desk *desk, struct clerk *clerk, struct job *job)
{
	struct question question = {
	    .kind = job->kind, .name = job->name, .alias_id = job->alias_id};
	struct outcome o;

	job->state = JOB_RUNS;
	job->holders++;
	desk->waiting--;
	o = check_breakers(desk, job);
	if (!outcome_is_ok(&o)) {
		job->answer.outcome = o;
		end_job(desk, job);
		return;
	}
	desk->running++;
	if (job->kind == JOB_ALIAS)
		desk->looking = true;
	pthread_mutex_unlock(&desk->lock);
	clerk_answer(clerk, &question, job->deadline, &job->answer);
	pthread_mutex_lock(&desk->lock);
	if (job->kind == JOB_ALIAS) {
		desk->looking = false;
		pthread_cond_signal(&desk->work); /* the next of these may begin */
	}
	desk->running--;
	job->answer.outcome = as_temporary(job->answer.outcome);
	note(desk, job);
	end_job(desk, job);
}

static struct timespec
in_ms(int64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(ms / 1000);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Wait for a job; NULL if none comes for long. */
static struct job *
await_job(struct desk *desk)
{
	struct timespec until = in_ms(IDLE_MS);
	struct job *job;
	int result = 0;

	while ((job = next_job(desk)) == NULL && !desk->closing && result == 0) {
		desk->idle++;
		result = pthread_cond_timedwait(&desk->work, &desk->lock, &until);
		desk->idle--;
	}
	return job;
}

static void *
work(void *arg)
{
	struct desk *desk = arg;
	struct clerk clerk = {.account = desk->account};
	struct departed before;
	struct job *job;

	pthread_mutex_lock(&desk->lock);
	while ((job = await_job(desk)) != NULL) {
		if (clerk.key_number != desk->key_number) {
			clerk_forget_key(&clerk);
			clerk.key_number = desk->key_number;
		}
		do_job(desk, &clerk, job);
	}
	clerk_close(&clerk);
	desk->clerks--;
	before = departed_add(&desk->departed);
	pthread_cond_broadcast(&desk->done);
	pthread_mutex_unlock(&desk->lock);
	departed_join(before);
	return NULL;
}

/* One clerk more, if there may be; signals are not for it. */
static void
hire(struct desk *desk)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t thread;

	if (desk->clerks >= desk->clerks_max)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (pthread_create(&thread, &attributes, work, desk) == 0)
		desk->clerks++;
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- those who ask */

/* A new job, which a clerk is to find. */
static struct job *
post(struct desk *desk, const struct question *q)
{
	struct job *job = add_job(desk, q);

	if (desk->idle < desk->waiting)
		hire(desk);
	pthread_cond_signal(&desk->work);
	return job;
}

/* The job for a question, held; NULL with the reason if there can be none. */
static struct job *
put(struct desk *desk, const struct question *q, struct deadline d, bool *shared_r,
    struct outcome *o)
{
	struct job *job = find_job(desk, q);

	*o = outcome_ok();
	*shared_r = job != NULL;
	if (job == NULL)
		*o = stopped(desk, q);
	if (job == NULL && outcome_is_ok(o) &&
	    desk->waiting >= WAITING_FACTOR * (size_t)desk->clerks_max)
		*o = outcome_make("local", "busy", "mail to new correspondents");
	if (!outcome_is_ok(o))
		return NULL;
	if (job == NULL)
		job = post(desk, q);
	job->holders++;
	if (job->deadline.at_ms < d.at_ms)
		job->deadline = d;
	return job;
}

/* Wait for a job, with a tick now and then; false if it is not done by the deadline. */
static bool
await(struct desk *desk, const struct job *job, struct deadline d, void (*tick)(void *arg),
    void *arg)
{
	while (job->state != JOB_DONE && !deadline_passed(d)) {
		int64_t left = deadline_left_ms(d);
		struct timespec until = in_ms(left < TICK_MS ? left : TICK_MS);
		int result = 0;

		while (job->state != JOB_DONE && result == 0)
			result = pthread_cond_timedwait(&desk->done, &desk->lock, &until);
		if (job->state != JOB_DONE && tick != NULL) {
			pthread_mutex_unlock(&desk->lock);
			tick(arg);
			pthread_mutex_lock(&desk->lock);
		}
	}
	return job->state == JOB_DONE;
}

static void
copy_answer(const struct answer *from, bool shared, struct answer *to)
{
	*to = *from;
	to->alias.address = xstrdup(from->alias.address);
	to->contact.address = xstrdup(from->contact.address);
	to->contact.reverse = xstrdup(from->contact.reverse);
	to->shared = shared;
}

void
desk_ask(struct desk *desk, const struct question *questions, size_t count, struct deadline d,
    void (*tick)(void *arg), void *arg, struct answer *answers_r)
{
	struct job **jobs = xcalloc(count + 1, sizeof(struct job *));

	pthread_mutex_lock(&desk->lock);
	for (size_t i = 0; i < count; i++) {
		answers_r[i] = (struct answer){0};
		jobs[i] =
		    put(desk, &questions[i], d, &answers_r[i].shared, &answers_r[i].outcome);
	}
	for (size_t i = 0; i < count; i++) {
		if (jobs[i] == NULL)
			continue;
		if (await(desk, jobs[i], d, tick, arg))
			copy_answer(&jobs[i]->answer, answers_r[i].shared, &answers_r[i]);
		else
			answers_r[i].outcome = outcome_make(
			    "local", "deadline", "no answer about %s", questions[i].name);
		let_go(desk, jobs[i]);
	}
	pthread_mutex_unlock(&desk->lock);
	free(jobs);
}

void
desk_refresh(struct desk *desk, const struct question *question)
{
	struct outcome o;
	struct job *job;

	pthread_mutex_lock(&desk->lock);
	o = stopped(desk, question);
	if (desk->waiting < desk->clerks_max && find_job(desk, question) == NULL &&
	    outcome_is_ok(&o)) {
		job = post(desk, question);
		job->holders++;
		job->refreshes = true;
		job->deadline = deadline_in_ms(REFRESH_MS);
	}
	pthread_mutex_unlock(&desk->lock);
}

/* --- the desk itself */

struct desk *
desk_open(const struct alias_account *account, unsigned clerks)
{
	static const char *const what[] = {"service", "new aliases", "new contacts"};
	struct desk *desk = xcalloc(1, sizeof(*desk));
	pthread_condattr_t attributes;

	desk->account = account;
	desk->clerks_max = clerks;
	pthread_mutex_init(&desk->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&desk->work, &attributes);
	pthread_cond_init(&desk->done, &attributes);
	pthread_condattr_destroy(&attributes);
	for (size_t i = 0; i < BREAKER_COUNT; i++) {
		desk->subjects[i] = xasprintf("alias %s: %s", account->name, what[i]);
		desk->breakers[i] = (struct breaker){
		    .subject = desk->subjects[i],
		    .patience = i == BREAKER_SERVICE ? SERVICE_PATIENCE : 0,
		    .first_ms = i == BREAKER_SERVICE ? SERVICE_FIRST_MS : PLAN_FIRST_MS,
		    .most_ms = i == BREAKER_SERVICE ? SERVICE_MOST_MS : PLAN_MOST_MS,
		};
	}
	return desk;
}

void
desk_close(struct desk **desk)
{
	struct desk *d = *desk;

	if (d == NULL)
		return;
	pthread_mutex_lock(&d->lock);
	d->closing = true;
	pthread_cond_broadcast(&d->work);
	while (d->clerks > 0)
		pthread_cond_wait(&d->done, &d->lock);
	pthread_mutex_unlock(&d->lock);
	departed_join(d->departed);
	while (d->jobs != NULL) { /* no clerk could be hired */
		struct job *job = d->jobs;

		d->jobs = job->next;
		free_job(job);
	}
	for (size_t i = 0; i < BREAKER_COUNT; i++)
		free(d->subjects[i]);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->done);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*desk = NULL;
}

void
desk_count(struct desk *desk, struct desk_counts *counts_r)
{
	pthread_mutex_lock(&desk->lock);
	*counts_r = (struct desk_counts){.waiting = desk->waiting, .running = desk->running};
	for (size_t i = 0; i < BREAKER_COUNT; i++)
		counts_r->breakers_open += breaker_is_open(&desk->breakers[i]);
	if (breaker_is_open(&desk->breakers[BREAKER_SERVICE]))
		counts_r->trouble = desk->breakers[BREAKER_SERVICE].trouble.condition;
	pthread_mutex_unlock(&desk->lock);
}
