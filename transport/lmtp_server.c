/*
 * The LMTP server: its start, its signals, its end.
 *
 * The first thread accepts clients and hears signals; another one serves them all; one more
 * tends the courier (logins ahead of their time); the monitor, the courier's groups and the
 * crew have their own.  All signals are blocked everywhere and read from a descriptor, so
 * that no system call of any thread is ever interrupted by one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/daemon.h"
#include "common/wire/supervisor.h"
#include "transport/lmtp_parts.h"
#include "transport/lmtp_server.h"

#define TEND_MS     5000
#define PAUSE_MS    100 /* after an accept(2) that found no descriptor */
#define POLL_MAX_MS 60000

struct daemon {
	struct lmtp_server server;
	const struct arguments *args;
	const char *ident;
	struct endpoint_socket socket;
	int signals;
	struct monitor_table metrics;
	struct monitor *monitor;
	pthread_t tender;
	pthread_mutex_t lock; /* of: */
	pthread_cond_t over;
	bool tended;     /* the courier needs no more tending */
	bool passed;     /* the socket is systemd's */
	bool crowded;    /* the last client was sent away */
	bool log_opened; /* as the configuration says, and not to standard error */
};

/* --- start */

static int
open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static char *
machine_name(void)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 || *name == '\0')
		return xstrdup("localhost");
	return xstrdup(name);
}

static struct daemon_place
place_of(const struct transport_config *config)
{
	return (struct daemon_place){
	    .section = "transport",
	    .user = config->user,
	    .listen = config->listen,
	    .mode = config->listen_mode,
	    .group = config->listen_group,
	    .monitor = config->monitor,
	};
}

static void *
tend(void *arg)
{
	struct daemon *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->tended) {
		struct setup *setup;
		struct timespec until;

		pthread_mutex_unlock(&d->lock);
		setup = setup_hold(&d->server.setups);
		courier_tend(setup->courier);
		setup_release(&d->server.setups, &setup);
		pthread_mutex_lock(&d->lock);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += TEND_MS / 1000;
		if (!d->tended)
			pthread_cond_timedwait(&d->over, &d->lock, &until);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static struct outcome
start_threads(struct daemon *d, const struct transport_config *config)
{
	struct outcome o = outcome_ok();

	if (config->monitor != NULL) {
		d->metrics = lmtp_metrics(&d->server);
		o = monitor_start(config->monitor, &d->metrics, &d->monitor);
	}
	if (!outcome_is_ok(&o))
		return o;
	if (!lmtp_loop_start(&d->server) || pthread_create(&d->tender, NULL, tend, d) != 0)
		return outcome_make("local", "io", "cannot start a thread");
	return o;
}

static void
say_ready(const struct daemon *d, const struct config *config, const char *event)
{
	struct log_line line;

	log_begin(&line, LOG_NOTICE, NULL);
	log_event(&line, event);
	log_str(&line, "config", config->path);
	log_str(&line, "listen", d->passed ? "passed" : config->transport.listen);
	log_num(&line, "connections", config->transport.connections);
	log_str(&line, "monitor", config->transport.monitor);
	log_end(&line);
}

static struct outcome
start(struct daemon *d)
{
	const struct passwd *user = NULL;
	struct daemon_place place;
	struct setup *setup = NULL;
	struct outcome o = setup_load(&d->server.setups, &setup);

	if (!outcome_is_ok(&o))
		return o;
	config_open_log(setup->config, d->ident, d->args->verbose);
	d->log_opened = setup->config->log.to != LOG_TO_STDERR;
	place = place_of(&setup->config->transport);
	o = daemon_user(&place, &user);
	if (outcome_is_ok(&o))
		o = daemon_listen(&place, user, &d->socket, &d->passed);
	if (outcome_is_ok(&o))
		o = daemon_become(user);
	if (!outcome_is_ok(&o)) {
		setup_free(&setup);
		return o;
	}
	o = setup_start(&d->server.setups, setup);
	if (outcome_is_ok(&o))
		o = start_threads(d, &setup->config->transport);
	if (outcome_is_ok(&o)) {
		say_ready(d, setup->config, "ready");
		supervisor_notify("READY=1\nSTATUS=serving");
	}
	return o;
}

/* --- signals */

static void
reload(struct daemon *d)
{
	struct setup *before = setup_hold(&d->server.setups), *setup = NULL;
	struct daemon_place place, place_now;
	struct outcome o;

	supervisor_notify_reloading();
	o = setup_load(&d->server.setups, &setup);
	if (outcome_is_ok(&o))
		o = setup_start(&d->server.setups, setup);
	if (outcome_is_ok(&o)) {
		config_open_log(setup->config, d->ident, d->args->verbose);
		say_ready(d, setup->config, "reloaded");
		place = place_of(&before->config->transport);
		place_now = place_of(&setup->config->transport);
		daemon_note_place(&place, &place_now);
	} else {
		log_say(LOG_ERR, "not reloaded, the old configuration stays: %s", o.text);
	}
	setup_release(&d->server.setups, &before);
	supervisor_notify("READY=1\nSTATUS=%s",
	    outcome_is_ok(&o) ? "serving" : "serving by the old configuration");
}

static void
stop(struct daemon *d, int signal_number)
{
	if (d->server.stopping) { /* somebody is impatient */
		log_say(LOG_WARNING, "ended at once, with %u clients",
		    (unsigned)d->server.connections);
		_exit(128 + signal_number);
	}
	d->server.stopping = true;
	(void)eventfd_write(d->server.stop, 1);
	endpoint_close(&d->socket);
	log_say(
	    LOG_NOTICE, "stopping: %u clients are connected", (unsigned)d->server.connections);
	supervisor_notify("STOPPING=1\nSTATUS=finishing what was accepted");
}

static void
hear_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			stop(d, (int)info.ssi_signo);
		else if (!d->server.stopping)
			reload(d);
	}
}

/* --- clients */

static void
send_away(struct daemon *d, int fd)
{
	struct buf goodbye = BUF_INIT;

	lmtp_goodbye(&goodbye, "4.3.2", "too many connections");
	(void)send(fd, goodbye.data, goodbye.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	buf_free(&goodbye);
	close(fd);
	d->server.sent_away++;
	if (!d->crowded)
		log_say(LOG_WARNING, "clients are sent away: %u are connected",
		    (unsigned)d->server.connections);
	d->crowded = true;
}

static bool
has_room(struct daemon *d)
{
	struct setup *setup = setup_hold(&d->server.setups);
	bool room = d->server.connections < setup->config->transport.connections;

	setup_release(&d->server.setups, &setup);
	return room;
}

static void
accept_client(struct daemon *d)
{
	int fd = accept4(d->socket.fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_say(LOG_ERR, "cannot accept a client: %s", strerror(errno));
			(void)clock_sleep_ms(PAUSE_MS, DEADLINE_NEVER);
		}
		return;
	}
	if (has_room(d)) {
		lmtp_loop_take(&d->server, fd);
		d->server.accepted++;
		d->crowded = false;
	} else {
		send_away(d, fd);
	}
}

/* Accept clients and hear signals until the last client is gone after a signal. */
static void
run(struct daemon *d)
{
	int64_t watchdog = supervisor_watchdog_ms();
	int wait = (int)(watchdog > 0 && watchdog < POLL_MAX_MS ? watchdog : POLL_MAX_MS);

	while (!d->server.stopping || d->server.connections != 0) {
		struct pollfd fds[] = {
		    {.fd = d->signals, .events = POLLIN},
		    {.fd = d->socket.fd, .events = POLLIN},
		    {.fd = d->server.ended, .events = POLLIN},
		};
		eventfd_t ended;

		if (poll(fds, 3, wait) > 0) {
			if (fds[0].revents != 0)
				hear_signals(d);
			else if (fds[1].revents != 0)
				accept_client(d);
			if (fds[2].revents != 0)
				(void)eventfd_read(d->server.ended, &ended);
		}
		if (watchdog > 0)
			supervisor_notify("WATCHDOG=1");
	}
}

/* --- end */

static void
stop_tending(struct daemon *d)
{
	pthread_mutex_lock(&d->lock);
	d->tended = true;
	pthread_cond_broadcast(&d->over);
	pthread_mutex_unlock(&d->lock);
	cancel_set(SIGTERM); /* a login is given up */
	pthread_join(d->tender, NULL);
}

int
lmtp_serve(const struct arguments *args, const char *ident)
{
	struct daemon d = {
	    .args = args,
	    .ident = ident,
	    .socket = ENDPOINT_CLOSED,
	    .signals = open_signals(),
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .over = PTHREAD_COND_INITIALIZER,
	};
	struct outcome o;

	log_open(ident, LOG_TO_STDERR, LOG_MAIL, LOG_INFO);
	daemon_limit_memory();
	daemon_raise_descriptors();
	d.server.name = machine_name();
	d.server.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d.server.ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d.server.crew = crew_new();
	setups_init(&d.server.setups,
	    args->config_path != NULL ? args->config_path : config_default_path());
	o = start(&d);
	if (outcome_is_ok(&o)) {
		run(&d);
		stop_tending(&d);
		log_say(LOG_NOTICE, "stopped");
	} else {
		if (d.log_opened)
			fprintf(stderr, "%s: cannot start: %s\n", ident, o.text);
		log_say(LOG_ERR, "cannot start: %s", o.text);
		endpoint_close(&d.socket);
	}
	lmtp_loop_end(&d.server);
	crew_free(&d.server.crew);
	monitor_stop(&d.monitor);
	setups_free(&d.server.setups);
	close(d.server.stop);
	close(d.server.ended);
	close(d.signals);
	free(d.server.name);
	if (outcome_is_ok(&o))
		return EX_OK;
	return outcome_is(&o, "local/config") ? EX_CONFIG : EX_UNAVAILABLE;
}
