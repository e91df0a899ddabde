/*
 * The daemon: its start, its signals, its end.
 *
 * libmilter serves in threads of its own, among them one that waits for SIGHUP, SIGTERM and
 * SIGINT by sigwait(3) and ends the filter at each of them.  A reload must not do that.  So
 * from the start of libmilter on, the first thread of the process does nothing but hear signals:
 * Linux hands a signal for the process to its first thread if that can take it, and libmilter's
 * comes next.  It cannot while it starts a thread: for that moment glibc holds its signals back.
 * So what they ask for is done in a second thread, and smfi_main() is called in a third.  Should
 * that return without having been told to, the process ends with an error, to be started again.
 *
 * Sockets are opened by endpoint.h, which knows of modes, groups and stale sockets, and handed
 * to libmilter as "fd:N", as those of systemd are: Debian's libmilter takes them.
 *
 * libmilter's threads cannot be waited for.  At the end the messages that are in hand get their
 * verdicts, and the process goes without cleaning up behind threads that may still look.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "common/base/xalloc.h"
#include "common/wire/daemon.h"
#include "common/wire/supervisor.h"
#include "milter/filter.h"
#include "milter/metrics.h"
#include "milter/server.h"

#define POLL_MAX_MS 60000
#define LAST_MS     5000 /* beyond a message's deadline, at the end */
#define PAUSE_MS    20

struct daemon {
	struct filter filter;
	const struct milter_arguments *args;
	const char *ident;
	struct endpoint_socket socket;
	bool passed;     /* the socket is systemd's */
	bool log_opened; /* as the configuration says, and not to standard error */
	struct monitor_table metrics;
	struct monitor *monitor;
	pthread_mutex_t starting; /* held while the first thread may not hear signals */
	atomic_bool ended;        /* smfi_main() returned */
};

/* --- signals */

static int wake_fd = -1;
static atomic_bool heard_reload;
static atomic_uint heard_stop; /* so often */

static void
wake(void)
{
	uint64_t one = 1;
	int error = errno;

	if (write(wake_fd, &one, sizeof(one)) < 0) {
		/* It is awake already. */
	}
	errno = error;
}

static void
on_signal(int signal_number)
{
	if (signal_number == SIGHUP)
		heard_reload = true;
	else
		heard_stop++;
	wake();
}

static void
hear_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* --- start */

static struct daemon_place
place_of(const struct milter_config *config)
{
	return (struct daemon_place){
	    .section = "milter",
	    .user = config->user,
	    .listen = config->listen,
	    .mode = config->listen_mode,
	    .group = config->listen_group,
	    .monitor = config->monitor,
	};
}

static void *
run_milter(void *arg)
{
	struct daemon *d = arg;

	(void)smfi_main();
	d->ended = true;
	wake();
	return NULL;
}

/* A thread in which no signal is heard, and for whose end nobody waits. */
static bool
start_thread(void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	pthread_t thread;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, run, arg) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		(void)pthread_detach(thread);
	return started;
}

/* libmilter closes what it is given, so it gets a descriptor of its own. */
static struct outcome
prepare_milter(struct daemon *d)
{
	struct outcome o = filter_register(&d->filter);
	int fd = dup(d->socket.fd);
	char *name = xasprintf("fd:%d", fd);

	if (outcome_is_ok(&o) &&
	    (smfi_setconn(name) != MI_SUCCESS || smfi_opensocket(0) != MI_SUCCESS))
		o = outcome_make("local", "config",
		    "libmilter does not take an open socket: is it Debian's?");
	free(name);
	return o;
}

static struct outcome
start_monitor(struct daemon *d, const struct milter_config *config)
{
	sigset_t all, before;
	struct outcome o;

	if (config->monitor == NULL)
		return outcome_ok();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	d->metrics = milter_metrics(&d->filter);
	o = monitor_start(config->monitor, &d->metrics, &d->monitor);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return o;
}

static void
say_ready(const struct daemon *d, const struct config *config, const char *event)
{
	struct log_line line;

	log_begin(&line, LOG_NOTICE, NULL);
	log_event(&line, event);
	log_str(&line, "config", config->path);
	log_str(&line, "listen", d->passed ? "passed" : config->milter.listen);
	log_str(&line, "mode", config->milter.mode == MILTER_FROM ? "from" : "reverse");
	log_str(&line, "action", config->milter.log_only ? "log-only" : "rewrite");
	log_str(&line, "monitor", config->milter.monitor);
	log_end(&line);
}

/* As root: the socket, and then no more than what the user may do. */
static struct outcome
settle(struct daemon *d, const struct milter_config *config)
{
	struct daemon_place place = place_of(config);
	const struct passwd *user = NULL;
	struct outcome o = daemon_user(&place, &user);

	if (outcome_is_ok(&o))
		o = daemon_listen(&place, user, &d->socket, &d->passed);
	if (outcome_is_ok(&o))
		o = daemon_become(user);
	return o;
}

static struct outcome
start(struct daemon *d)
{
	struct milter_setup *setup = NULL;
	struct outcome o = milter_setup_load(&d->filter.setups, &setup);

	if (!outcome_is_ok(&o))
		return o;
	config_open_log(setup->config, d->ident, d->args->verbose);
	d->log_opened = setup->config->log.to != LOG_TO_STDERR;
	o = settle(d, &setup->config->milter);
	if (outcome_is_ok(&o))
		o = milter_setup_open(setup, false);
	if (!outcome_is_ok(&o)) {
		milter_setup_free(&setup);
		return o;
	}
	milter_setup_use(&d->filter.setups, setup);
	o = start_monitor(d, &setup->config->milter);
	if (outcome_is_ok(&o))
		o = prepare_milter(d);
	return o;
}

/* --- reload */

static void
reload(struct daemon *d)
{
	struct milter_setup *before = milter_setup_hold(&d->filter.setups), *setup = NULL;
	struct daemon_place place, place_now;
	struct outcome o;

	supervisor_notify_reloading();
	o = milter_setup_load(&d->filter.setups, &setup);
	if (outcome_is_ok(&o))
		o = milter_setup_open(setup, false);
	if (outcome_is_ok(&o)) {
		config_open_log(setup->config, d->ident, d->args->verbose);
		say_ready(d, setup->config, "reloaded");
		place = place_of(&before->config->milter);
		place_now = place_of(&setup->config->milter);
		daemon_note_place(&place, &place_now);
		milter_setup_use(&d->filter.setups, setup);
	} else {
		milter_setup_free(&setup);
		log_say(LOG_ERR, "not reloaded, the old configuration stays: %s", o.text);
	}
	supervisor_notify("READY=1\nSTATUS=%s",
	    outcome_is_ok(&o) ? "serving" : "serving by the old configuration");
	/* The last one to let go waits for what it still asks the services. */
	milter_setup_release(&d->filter.setups, &before);
}

/* --- run, and end */

/* Hear signals until one of them ends it, or libmilter has ended by itself. */
static void
run(struct daemon *d)
{
	int64_t watchdog = supervisor_watchdog_ms();
	int wait = (int)(watchdog > 0 && watchdog < POLL_MAX_MS ? watchdog : POLL_MAX_MS);

	while (!d->ended && heard_stop == 0) {
		struct pollfd fds[] = {{.fd = wake_fd, .events = POLLIN}};
		eventfd_t woken;

		if (poll(fds, 1, wait) > 0)
			(void)eventfd_read(wake_fd, &woken);
		if (atomic_exchange(&heard_reload, false))
			reload(d);
		if (watchdog > 0)
			supervisor_notify("WATCHDOG=1");
	}
}

/* libmilter waits, up to five seconds, for its thread that listens. */
static void *
stop_milter(void *arg)
{
	(void)arg;
	(void)smfi_stop();
	return NULL;
}

/* No new sessions; those messages that are in hand get their verdicts, unless somebody is
 * impatient. */
static void
finish(struct daemon *d)
{
	struct milter_setup *setup = milter_setup_hold(&d->filter.setups);
	struct deadline last = deadline_in_ms(setup->config->milter.deadline_ms + LAST_MS);

	milter_setup_release(&d->filter.setups, &setup);
	supervisor_notify("STOPPING=1\nSTATUS=finishing what is in hand");
	(void)start_thread(stop_milter, NULL);
	endpoint_close(&d->socket);
	log_say(LOG_NOTICE, "stopping: %u messages are in hand",
	    (unsigned)d->filter.counts.working);
	while (d->filter.counts.working != 0 && heard_stop < 2 && !deadline_passed(last))
		(void)clock_sleep_ms(PAUSE_MS, last);
	log_say(LOG_NOTICE, "stopped");
}

/* From the start of libmilter to the end of the process. */
static void *
serve(void *arg)
{
	struct daemon *d = arg;
	struct milter_setup *setup;

	pthread_mutex_lock(&d->starting);
	pthread_mutex_unlock(&d->starting);
	if (!start_thread(run_milter, d)) {
		log_say(LOG_ERR, "cannot start: cannot start a thread");
		endpoint_close(&d->socket);
		_exit(EX_UNAVAILABLE);
	}
	setup = milter_setup_hold(&d->filter.setups);
	say_ready(d, setup->config, "ready");
	milter_setup_release(&d->filter.setups, &setup);
	supervisor_notify("READY=1\nSTATUS=serving");
	run(d);
	if (d->ended && heard_stop == 0) {
		log_say(LOG_ERR, "ended: libmilter has stopped by itself");
		endpoint_close(&d->socket);
		_exit(EX_UNAVAILABLE);
	}
	finish(d);
	_exit(EX_OK);
}

static struct outcome
start_serving(struct daemon *d)
{
	struct outcome o = outcome_ok();

	pthread_mutex_init(&d->starting, NULL);
	pthread_mutex_lock(&d->starting);
	if (!start_thread(serve, d))
		o = outcome_make("local", "io", "cannot start a thread");
	pthread_mutex_unlock(&d->starting);
	return o;
}

int
milter_serve(const struct milter_arguments *args, const char *ident)
{
	/* libmilter's threads look at it to the very end of the process. */
	static struct daemon d;
	struct outcome o;

	d.args = args;
	d.ident = ident;
	d.socket = ENDPOINT_CLOSED;
	log_open(ident, LOG_TO_STDERR, LOG_MAIL, LOG_INFO);
	hear_signals();
	daemon_limit_memory();
	daemon_raise_descriptors();
	milter_setups_init(&d.filter.setups,
	    args->config_path != NULL ? args->config_path : config_default_path());
	o = start(&d);
	if (outcome_is_ok(&o))
		o = start_serving(&d);
	if (!outcome_is_ok(&o)) {
		if (d.log_opened)
			fprintf(stderr, "%s: cannot start: %s\n", ident, o.text);
		log_say(LOG_ERR, "cannot start: %s", o.text);
		endpoint_close(&d.socket);
		return outcome_is(&o, "local/config") ? EX_CONFIG : EX_UNAVAILABLE;
	}
	for (;;)
		pause();
}
