/*
 * The process that watches: it starts a thread for each section, and then hears signals,
 * clocks that jump, and what the sections have to tell systemd.
 *
 * Signals are blocked in all threads and read from a descriptor.  A new configuration is
 * read whole before anything of the old is given up; then all sections end, each at the next
 * clean point of what it does, and begin anew.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/wire/supervisor.h"
#include "sync/watch_clock.h"
#include "sync/watch_parts.h"

#define LOOK_MS 30000 /* at the clocks, where the kernel does not tell that they jumped */

/* Descriptors. */

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A timer that never fires, but is cancelled when the wall clock jumps: set, or after sleep. */
static void
set_timer(int timer)
{
	struct itimerspec never = {.it_value.tv_sec = INT32_MAX};

	(void)timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

/* Sections. */

static void
wake_all(struct watch *w, bool lost)
{
	for (size_t i = 0; i < w->count; i++) {
		if (lost)
			w->sections[i].lost = true;
		else
			w->sections[i].hurry = true;
		watch_section_wake(&w->sections[i]);
	}
}

/* Those that the command line names, or all; an unknown name is local/config. */
static struct outcome
choose(const struct watch_options *options, const struct config *config,
    const struct sync_config ***chosen_r, size_t *count_r)
{
	size_t count = options->count > 0 ? (size_t)options->count : config->sync_count;
	const struct sync_config **chosen = xcalloc(count + 1, sizeof(*chosen));
	struct outcome o = outcome_ok();

	if (count == 0)
		o = outcome_make("local", "config", "%s has no sync section", config->path);
	for (size_t i = 0; i < count && outcome_is_ok(&o); i++) {
		chosen[i] = options->count > 0 ? config_sync(config, options->names[i])
		                               : &config->syncs[i];
		if (chosen[i] == NULL)
			o = outcome_make("local", "config", "%s has no section sync \"%s\"",
			    config->path, options->names[i]);
	}
	if (!outcome_is_ok(&o)) {
		free(chosen);
		chosen = NULL;
	}
	*chosen_r = chosen;
	*count_r = count;
	return o;
}

static struct outcome
start_sections(struct watch *w, const struct sync_config **chosen, size_t count)
{
	struct outcome o = outcome_ok();

	pthread_mutex_lock(&w->lock);
	w->sections = xcalloc(count, sizeof(*w->sections));
	for (size_t i = 0; i < count; i++) {
		w->sections[i].wake = -1;
		w->sections[i].trouble = outcome_ok();
		w->sections[i].config = chosen[i];
	}
	w->count = count;
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < count && outcome_is_ok(&o); i++)
		o = watch_section_start(w, chosen[i], &w->sections[i]);
	return o;
}

/* End all sections; what they do is cancelled as by this signal. */
static void
end_sections(struct watch *w, int signal_number)
{
	struct watch_section *sections = w->sections;
	size_t count = w->count;

	w->stopping = true;
	cancel_set(signal_number);
	wake_all(w, false);
	for (size_t i = 0; i < count; i++)
		watch_section_join(&sections[i]);
	pthread_mutex_lock(&w->lock);
	w->sections = NULL;
	w->count = 0;
	pthread_mutex_unlock(&w->lock);
	free(sections);
}

/* What systemd is told. */

static void
say_state(struct watch *w, const char *first)
{
	struct buf line = BUF_INIT;

	(void)watch_describe(w, &line);
	supervisor_notify("%sSTATUS=%s", first, buf_str(&line));
	buf_free(&line);
}

static void
say_ready(const struct watch *w, const char *event)
{
	struct log_line line;

	log_begin(&line, LOG_NOTICE, NULL);
	log_event(&line, event);
	log_str(&line, "config", w->config->path);
	log_num(&line, "sections", (int64_t)w->count);
	log_str(&line, "monitor", w->config->watch.monitor);
	log_end(&line);
}

/* Start, and start again. */

static struct outcome
load(struct watch *w, struct config **config_r, const struct sync_config ***chosen_r,
    size_t *count_r)
{
	struct outcome o = config_load(w->options->config_path, config_r);

	if (outcome_is_ok(&o))
		o = choose(w->options, *config_r, chosen_r, count_r);
	if (!outcome_is_ok(&o))
		config_free(config_r);
	return o;
}

static struct outcome
start(struct watch *w)
{
	const struct sync_config **chosen = NULL;
	size_t count = 0;
	struct outcome o = load(w, &w->config, &chosen, &count);

	if (!outcome_is_ok(&o))
		return o;
	config_open_log(w->config, w->options->ident, w->options->verbose);
	w->metrics = watch_metrics(w);
	if (w->config->watch.monitor != NULL)
		o = monitor_start(w->config->watch.monitor, &w->metrics, &w->monitor);
	if (outcome_is_ok(&o))
		o = start_sections(w, chosen, count);
	free(chosen);
	if (outcome_is_ok(&o)) {
		say_ready(w, "watching");
		say_state(w, "READY=1\n");
	}
	return o;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* False if nothing can be watched any more. */
static bool
reload(struct watch *w)
{
	struct config *config = NULL;
	const struct sync_config **chosen = NULL;
	size_t count = 0;
	struct outcome o;

	supervisor_notify_reloading();
	o = load(w, &config, &chosen, &count);
	if (!outcome_is_ok(&o)) {
		log_say(LOG_ERR, "not reloaded, the old configuration stays: %s", o.text);
		say_state(w, "READY=1\n");
		return true;
	}
	end_sections(w, SIGHUP);
	cancel_set(0);
	w->stopping = false;
	if (!same_text(w->config->watch.monitor, config->watch.monitor))
		log_say(LOG_WARNING, "the new monitor takes effect at the next start");
	config_free(&w->config);
	w->config = config;
	config_open_log(config, w->options->ident, w->options->verbose);
	o = start_sections(w, chosen, count);
	free(chosen);
	if (!outcome_is_ok(&o)) {
		log_say(LOG_ERR, "cannot go on: %s", o.text);
		return false;
	}
	say_ready(w, "reloaded");
	say_state(w, "READY=1\n");
	return true;
}

/* What is heard. */

/* Somebody who asks twice does not want to wait for a clean point. */
static void
leave_at_once_if_asked(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			_exit(128 + (int)info.ssi_signo);
}

struct ending {
	struct watch *watch;
	int signal_number;
	int over; /* eventfd */
};

static void *
end_in_background(void *arg)
{
	struct ending *e = arg;

	end_sections(e->watch, e->signal_number);
	(void)eventfd_write(e->over, 1);
	return NULL;
}

static void
stop(struct watch *w, int signal_number)
{
	struct ending e = {w, signal_number, eventfd(0, EFD_CLOEXEC)};
	struct pollfd fds[] = {
	    {.fd = w->signals, .events = POLLIN}, {.fd = e.over, .events = POLLIN}};
	pthread_t thread;

	log_say(LOG_NOTICE, "stopping");
	supervisor_notify("STOPPING=1\nSTATUS=finishing what is being done");
	if (e.over < 0 || pthread_create(&thread, NULL, end_in_background, &e) != 0) {
		end_sections(w, signal_number);
	} else {
		while (fds[1].revents == 0)
			if (poll(fds, 2, -1) > 0 && fds[0].revents != 0)
				leave_at_once_if_asked(w->signals);
		pthread_join(thread, NULL);
	}
	if (e.over >= 0)
		close(e.over);
}

/* False when it is over. */
static bool
hear_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			if (!reload(w))
				return false;
			break;
		case SIGUSR1:
			wake_all(w, false);
			break;
		default:
			stop(w, (int)info.ssi_signo);
			return false;
		}
	}
	return true;
}

static void
look_at_clocks(struct watch *w, struct watch_clock *before)
{
	static const char *const words[] = {
	    [CLOCK_SLEPT] = "the machine slept", [CLOCK_SET] = "the clock was set"};
	struct watch_clock now;
	enum watch_clock_change change;

	watch_clock_read(&now);
	change = watch_clock_compare(before, &now);
	*before = now;
	if (change == CLOCK_STEADY)
		return;
	log_say(LOG_INFO, "%s: all sections are looked after", words[change]);
	wake_all(w, true);
}

static void
hear_timer(struct watch *w)
{
	uint64_t expirations;

	/* ECANCELED: that is what it is for. */
	(void)!read(w->timer, &expirations, sizeof(expirations));
	set_timer(w->timer);
}

static void
watch_on(struct watch *w)
{
	int64_t watchdog = supervisor_watchdog_ms();
	int wait = (int)(watchdog > 0 && watchdog < LOOK_MS ? watchdog : LOOK_MS);
	struct watch_clock clock;
	bool on = true;

	watch_clock_read(&clock);
	while (on) {
		struct pollfd fds[] = {
		    {.fd = w->signals, .events = POLLIN},
		    {.fd = w->timer, .events = POLLIN},
		    {.fd = w->changed, .events = POLLIN},
		};
		eventfd_t changes;

		if (poll(fds, 3, wait) > 0) {
			if (fds[1].revents != 0)
				hear_timer(w);
			if (fds[2].revents != 0) {
				(void)eventfd_read(w->changed, &changes);
				say_state(w, "");
			}
			if (fds[0].revents != 0)
				on = hear_signals(w);
		}
		look_at_clocks(w, &clock);
		if (watchdog > 0)
			supervisor_notify("WATCHDOG=1");
	}
}

int
watch_serve(const struct watch_options *options)
{
	struct watch w = {
	    .options = options,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .signals = open_signals(),
	    .timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK),
	    .changed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	struct outcome o;

	json_object_seed(0); /* before there are threads */
	set_timer(w.timer);
	o = start(&w);
	if (outcome_is_ok(&o))
		watch_on(&w);
	else
		fprintf(stderr, "%s: %s\n", options->ident, o.text);
	if (w.sections != NULL)
		end_sections(&w, SIGTERM);
	monitor_stop(&w.monitor);
	config_free(&w.config);
	close(w.signals);
	close(w.timer);
	close(w.changed);
	if (outcome_is_ok(&o))
		return EX_OK;
	return outcome_is(&o, "local/config") ? EX_CONFIG : EX_UNAVAILABLE;
}
