/*
 * One watched section: a thread that waits, and runs.
 *
 * What wakes it:
 *
 *	the service's events ───┐   jmap_push.h; also when a stream has opened, because what
 *	                        │   changed while there was none may never be told
 *	files that change here ─┤   watch_folders.h; when they have been quiet for a while
 *	the clock ──────────────┤   every poll seconds where there are no events, every half hour
 *	                        │   where there are: nobody's word is taken for ever
 *	sleep, SIGUSR1 ─────────┘   at once, whatever else was to be waited for
 *
 * A wake is never more than a reason to look, so it does not matter if one is missed, comes
 * twice or is our own doing: a run finds out what changed, in one request if nothing did.
 * What happens during a run is heard after it.  The files that the run itself changed are
 * heard, too, and cost one more run, which changes none and so is the last.  A service that
 * tells of changes all the time where there are none is listened to less and less.
 *
 * The lock of the section is held by a run only, so that a run by hand finds its turn in
 * between; a lock of our own keeps another --watch away.
 *
 * A run that fails is told once, until another trouble or success; the next one waits, twice
 * as long each time, and a quarter of an hour where somebody has to do something about it.
 * Meanwhile events are not listened to: they would only be logins that fail.
 *
 * Each section has a thread, since a run waits for service and disk in many places; a first
 * run may take hours and is nobody else's business.  Stream and run take turns in that one
 * thread, and share one login and its connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sync/hook.h"
#include "sync/watch_clock.h"
#include "sync/watch_parts.h"

#define TOLD_POLL_MS     1800000 /* where changes are told */
#define QUIET_MS         200     /* since the last change here, */
#define RESTLESS_MS      2000    /* or so long after the first, it is looked at */
#define RETRY_FIRST_MS   5000
#define RETRY_LONGEST_MS 300000
#define RETRY_ALARM_MS   900000 /* somebody must do something */
#define REQUEST_MS       10000  /* to try one again; after that it is the next run's turn */
#define LOCKED_MS        1000   /* another run is at work; they end soon */
#define LOCKED_LONG_MS   60000  /* or not */
#define TEND_MS          5000   /* logins are renewed ahead, but not by so much */
#define TEND_LATER_MS    60000  /* after it failed */
#define TEND_DEADLINE_MS 10000

/* A lock for as long as the section is watched. */

static char *
lock_path(const struct sync_config *config)
{
	return xasprintf("%s.watch", config->database);
}

bool
watch_is_on(const struct sync_config *config)
{
	char *path = lock_path(config);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool on = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	free(path);
	return on;
}

static struct outcome
take_lock(struct watch_section *s)
{
	char *copy, *path;
	struct outcome o;

	if (s->lock >= 0)
		return outcome_ok();
	copy = xstrdup(s->config->database);
	path = lock_path(s->config);
	o = file_make_dirs(dirname(copy), 0700);
	if (outcome_is_ok(&o))
		o = file_lock(AT_FDCWD, path, deadline_in_ms(LOCKED_MS), &s->lock);
	if (outcome_is(&o, "local/locked"))
		outcome_hint(&o, "another ferry-sync watches this section");
	free(copy);
	free(path);
	return o;
}

/* Trouble. */

static void
set_trouble(struct watch_section *s, const struct outcome *o)
{
	pthread_mutex_lock(&s->watch->lock);
	s->trouble = *o;
	pthread_mutex_unlock(&s->watch->lock);
	(void)eventfd_write(s->watch->changed, 1);
}

static int64_t
back_off_ms(const struct watch_section *s, const struct outcome *o)
{
	static const char *const alarming[] = {
	    "local/brake", "local/wrong-folder", "local/config", "local/permission"};
	unsigned shift = s->failures < 16 ? s->failures : 16;
	int64_t wait = RETRY_FIRST_MS << shift;
	bool alarm = o->alarm;
	uint32_t random = 0;

	for (size_t i = 0; i < sizeof(alarming) / sizeof(alarming[0]); i++)
		alarm = alarm || outcome_is(o, alarming[i]);
	if (alarm)
		return RETRY_ALARM_MS;
	if (wait > RETRY_LONGEST_MS)
		wait = RETRY_LONGEST_MS;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)clock_ns();
	return wait / 2 + (int64_t)((uint64_t)random * (uint64_t)wait >> 32);
}

/* The trouble that the section is in already need not be told again. */
static bool
is_told(struct watch_section *s, const struct outcome *o)
{
	return !outcome_is_ok(&s->trouble) && outcome_is(&s->trouble, o->condition);
}

static void
note_failure(struct watch_section *s, const struct outcome *o)
{
	int64_t now = watch_clock_ms();

	set_trouble(s, o);
	s->watch->counts.failed_runs++;
	s->not_before_ms = now + back_off_ms(s, o);
	s->due_ms = s->not_before_ms;
	s->failures++;
	s->ready = false;
	s->state = PUSH_CLOSED;
}

static void
note_success(struct watch_section *s)
{
	struct outcome ok = outcome_ok();

	if (!outcome_is_ok(&s->trouble)) {
		log_say(LOG_NOTICE, "%s: works again", s->config->name);
		if (s->push != NULL)
			push_hurry(s->push);
	}
	set_trouble(s, &ok);
	s->failures = 0;
	s->not_before_ms = 0;
	s->ready = true;
}

/* Runs. */

static bool
has_done_something(const struct report *r)
{
	return r->added + r->adopted + r->flags + r->moved + r->deleted + r->folders +
	           r->uploaded + r->told + r->errors !=
	       0;
}

static void
count_run(struct watch_section *s, const struct report *r)
{
	struct watch_counts *counts = &s->watch->counts;

	counts->runs++;
	counts->new_messages += (uint64_t)r->added;
	counts->deleted += (uint64_t)r->deleted;
	counts->uploaded += (uint64_t)r->uploaded;
	counts->told += (uint64_t)r->told;
	monitor_observe(&counts->run_time, clock_ms() - r->started_ms);
}

static void
run_hooks(struct watch_section *s, const struct news *news)
{
	if (s->config->on_new == NULL)
		return;
	s->watch->counts.hooks += news->count;
	s->watch->counts.failed_hooks += hook_on_new(s->config, news, HOOK_MS);
}

/* Another run is at work: that is no trouble unless it goes on for long. */
static bool
waits_for_another(struct watch_section *s, const struct outcome *o)
{
	int64_t now = watch_clock_ms();

	if (!outcome_is(o, "local/locked") || s->lock < 0) {
		s->locked_since = 0;
		return false;
	}
	if (s->locked_since == 0)
		s->locked_since = now;
	s->due_ms = s->not_before_ms = now + LOCKED_MS;
	return now - s->locked_since < LOCKED_LONG_MS;
}

static struct outcome
mirror(struct watch_section *s, struct report *report, struct news *news)
{
	struct mirror_options options = {.news = news};
	struct outcome o = take_lock(s);

	if (outcome_is_ok(&o) && s->jmap == NULL)
		o = mirror_connect(s->config, REQUEST_MS, &s->jmap);
	options.jmap = s->jmap;
	return outcome_is_ok(&o) ? mirror_run(s->config, &options, report) : o;
}

static void
run(struct watch_section *s)
{
	const struct watch_options *options = s->watch->options;
	struct report report;
	struct news news = {0};
	struct outcome o;

	s->stirred_ms = 0;
	s->due_ms = s->quiet_ms = INT64_MAX;
	report_begin(&report, s->config->name, &options->style);
	o = mirror(s, &report, &news);
	if (!outcome_is(&o, "local/cancelled") && !waits_for_another(s, &o)) {
		bool told = is_told(s, &o);

		count_run(s, &report);
		watch_pace_note(&s->pace, watch_clock_ms(), has_done_something(&report));
		if (!outcome_is_ok(&o) && !told)
			report_error(&report, NULL, &o);
		if (has_done_something(&report) && !told)
			report_end(&report, &o, options->exit_status(&o, report.errors != 0));
		if (outcome_is_ok(&o))
			note_success(s);
		else
			note_failure(s, &o);
	}
	run_hooks(s, &news);
	news_free(&news);
	if (s->folders != NULL)
		watch_folders_refresh(s->folders);
}

/* Waiting. */

static int64_t
poll_interval(const struct watch_section *s)
{
	return s->state == PUSH_OPEN && s->config->poll_ms < TOLD_POLL_MS ? TOLD_POLL_MS
	                                                                  : s->config->poll_ms;
}

static void
run_by(struct watch_section *s, int64_t ms)
{
	if (ms < s->not_before_ms)
		ms = s->not_before_ms;
	if (ms < s->due_ms)
		s->due_ms = ms;
}

/* Renew the login before it is needed. */
static void
tend(struct watch_section *s)
{
	struct outcome o;

	if (s->config->account->auth != AUTH_ATOMICMAIL) {
		s->tend_ms = INT64_MAX;
		return;
	}
	o = auth_tend(jmap_auth(s->jmap), deadline_in_ms(TEND_DEADLINE_MS));
	/* If it cannot be now, the next run will say so. */
	s->tend_ms = watch_clock_ms() + (outcome_is_ok(&o) ? TEND_MS : TEND_LATER_MS);
}

/* What is connected may not be, though nobody was told: the machine slept. */
static void
connect_anew(struct watch_section *s)
{
	if (s->push != NULL)
		push_hurry(s->push);
	if (s->jmap != NULL)
		http_disconnect(jmap_http(s->jmap));
}

static void
take_flags(struct watch_section *s)
{
	eventfd_t wakes;

	(void)eventfd_read(s->wake, &wakes);
	if (atomic_exchange(&s->lost, false)) {
		connect_anew(s);
		s->hastened = true;
	}
	if (atomic_exchange(&s->hurry, false)) {
		if (s->push != NULL && s->state != PUSH_OPEN)
			push_hurry(s->push);
		s->hastened = true;
	}
}

static void
take_folders(struct watch_section *s)
{
	int64_t now = watch_clock_ms();

	if (!watch_folders_read(s->folders))
		return;
	s->watch->counts.local_changes++;
	if (s->stirred_ms == 0)
		s->stirred_ms = now;
	s->quiet_ms = now + QUIET_MS < s->stirred_ms + RESTLESS_MS
	                  ? now + QUIET_MS
	                  : s->stirred_ms + RESTLESS_MS;
	if (s->quiet_ms < s->not_before_ms)
		s->quiet_ms = s->not_before_ms;
}

static void
say_absent(struct watch_section *s)
{
	if (!s->absent_said)
		log_say(LOG_NOTICE, "%s: no events (%s): polled every %lld s", s->config->name,
		    push_outcome(s->push)->text, (long long)s->config->poll_ms / 1000);
	s->absent_said = true;
}

/* Servers are restarted, and proxies cut what lasts: the same need not be told every time. */
static void
say_cut(struct watch_section *s)
{
	const struct outcome *o = push_outcome(s->push);

	log_say(outcome_is(&s->cut_said, o->condition) ? LOG_DEBUG : LOG_INFO, "%s: events: %s",
	    s->config->name, o->text);
	s->cut_said = *o;
}

static void
take_events(struct watch_section *s, unsigned happened)
{
	enum push_state before = s->state;
	int64_t now = watch_clock_ms();

	s->state = push_state(s->push);
	if ((happened & PUSH_OPENED) != 0)
		s->watch->counts.opened++;
	if ((happened & PUSH_CHANGED) != 0)
		s->watch->counts.told_events++;
	if ((happened & PUSH_FAILED) != 0) {
		s->watch->counts.cut++;
		say_cut(s);
		/* The way may be gone, and not the service. */
		if (outcome_is(push_outcome(s->push), "net/timeout"))
			http_disconnect(jmap_http(s->jmap));
	}
	if ((happened & (PUSH_OPENED | PUSH_CHANGED)) != 0)
		run_by(s, now + watch_pace_pause(&s->pace));
	if (s->state == PUSH_ABSENT)
		say_absent(s);
	if (s->state != before) {
		if (s->state == PUSH_OPEN)
			s->absent_said = false;
		(void)eventfd_write(s->watch->changed, 1);
		run_by(s, now + poll_interval(s));
	}
}

/* When the next run begins, if nothing happens before. */
static int64_t
next_run_ms(const struct watch_section *s)
{
	if (s->hastened)
		return 0;
	return s->due_ms < s->quiet_ms ? s->due_ms : s->quiet_ms;
}

static int64_t
wait_ms(const struct watch_section *s)
{
	int64_t until = next_run_ms(s), left;

	if (s->ready && s->tend_ms < until)
		until = s->tend_ms;
	left = until - watch_clock_ms();

	return left < 0 ? 0 : left < INT32_MAX ? left : INT32_MAX;
}

static void
wait_for_something(struct watch_section *s)
{
	struct pollfd others[2] = {{.fd = s->wake, .events = POLLIN}};
	unsigned count = 1;

	if (s->folders != NULL)
		others[count++] =
		    (struct pollfd){.fd = watch_folders_fd(s->folders), .events = POLLIN};
	if (s->ready && s->push == NULL)
		s->push = push_new(s->jmap, &(struct push_options){.ping = s->config->ping});
	if (s->ready)
		take_events(s, push_wait(s->push, wait_ms(s), others, count));
	else
		(void)poll(others, count, (int)wait_ms(s));
	if (others[0].revents != 0)
		take_flags(s);
	if (count > 1 && others[1].revents != 0)
		take_folders(s);
	if (s->ready && watch_clock_ms() >= s->tend_ms)
		tend(s);
}

static void *
watch_over(void *arg)
{
	struct watch_section *s = arg;

	while (!s->watch->stopping) {
		if (watch_clock_ms() >= next_run_ms(s)) {
			s->hastened = false;
			run(s);
			run_by(s, watch_clock_ms() + poll_interval(s));
		} else {
			wait_for_something(s);
		}
	}
	push_free(&s->push);
	jmap_close(&s->jmap);
	watch_folders_free(&s->folders);
	if (s->lock >= 0)
		close(s->lock);
	return NULL;
}

struct outcome
watch_section_start(
    struct watch *watch, const struct sync_config *config, struct watch_section *s)
{
	s->watch = watch;
	s->config = config;
	s->lock = -1;
	s->trouble = s->cut_said = outcome_ok();
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake < 0)
		return file_error("cannot make", "an eventfd");
	if (config->direction != DIRECTION_PULL)
		s->folders = watch_folders_new(config->name, config->maildir);
	if (s->folders != NULL)
		watch_folders_refresh(s->folders);
	if (pthread_create(&s->thread, NULL, watch_over, s) != 0)
		return outcome_make("local", "io", "cannot start a thread");
	s->started = true;
	return outcome_ok();
}

void
watch_section_wake(struct watch_section *s)
{
	(void)eventfd_write(s->wake, 1);
}

void
watch_section_join(struct watch_section *s)
{
	if (s->started)
		pthread_join(s->thread, NULL);
	else
		watch_folders_free(&s->folders);
	if (s->wake >= 0)
		close(s->wake);
}
