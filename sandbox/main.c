/*
 * ferry-sandbox: the parts put together, from the first line on stdout to the last signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "sandbox/alias.h"
#include "sandbox/events.h"
#include "sandbox/fault.h"
#include "sandbox/hold.h"
#include "sandbox/http.h"
#include "sandbox/outbox.h"
#include "sandbox/pool.h"
#include "sandbox/proxy.h"
#include "sandbox/sandbox.h"
#include "sandbox/store.h"

#define URL_FILE "url"

/* The signals that end the service wait until the main thread asks for them. */
static void
block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Open the directory and take it for ourselves; the lock ends with the process. */
static struct outcome
open_directory(struct sandbox *s)
{
	const char *path = s->options.dir;
	struct outcome o = file_make_dirs(path, 0700);
	int lock;

	if (!outcome_is_ok(&o))
		return o;
	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return file_error("cannot open", path);
	o = file_lock(s->dir, "lock", deadline_in_ms(0), &lock);
	if (outcome_is(&o, "local/locked"))
		outcome_hint(&o, "another ferry-sandbox serves %s", path);
	(void)unlinkat(s->dir, URL_FILE, 0);
	return o;
}

static struct outcome
open_parts(struct sandbox *s)
{
	struct outcome o = open_directory(s);

	s->faults = faults_new();
	if (outcome_is_ok(&o))
		s->store = store_open(s->options.dir, &o);
	if (outcome_is_ok(&o))
		s->outbox = outbox_open(s->options.dir, strcmp(s->options.outbox, "files") == 0,
		    store_last_sent(s->store), &o);
	if (outcome_is_ok(&o) && s->options.aliases)
		s->aliases = alias_open(&s->options, &o);
	if (outcome_is_ok(&o) && s->options.upstream != NULL)
		s->proxy = proxy_open(&s->options, &o);
	if (outcome_is_ok(&o))
		s->hold = hold_start(s);
	if (outcome_is_ok(&o))
		s->events = events_start(s);
	return o;
}

static void
close_parts(struct sandbox *s)
{
	hold_stop(&s->hold);
	events_free(&s->events);
	proxy_close(&s->proxy);
	alias_close(&s->aliases);
	outbox_close(&s->outbox);
	store_close(&s->store);
	faults_free(&s->faults);
	if (s->dir >= 0)
		close(s->dir);
}

/* Say where we are: in a file, then on stdout. */
static struct outcome
announce(struct sandbox *s, const char *url)
{
	struct buf line = BUF_INIT;
	struct outcome o;

	buf_addf(&line, "%s\n", url);
	o = file_write_atomic(s->dir, URL_FILE, line.data, line.len, 0644);
	buf_free(&line);
	if (outcome_is_ok(&o)) {
		printf("ferry-sandbox: listening on %s\n", url);
		fflush(stdout);
	}
	return o;
}

static struct outcome
serve(struct sandbox *s, const sigset_t *signals)
{
	char *url = NULL;
	struct outcome o;
	struct server *server = server_start(s, &url, &o);
	int signal_number;

	if (server != NULL)
		o = announce(s, url);
	free(url);
	if (outcome_is_ok(&o))
		sigwait(signals, &signal_number);
	server_stop(&server);
	(void)unlinkat(s->dir, URL_FILE, 0);
	return o;
}

int
main(int argc, char **argv)
{
	struct sandbox s = {.options = options_read(argc, argv), .dir = -1};
	sigset_t signals;
	struct outcome o;

	log_open("ferry-sandbox", LOG_TO_STDERR, 0, s.options.verbose ? LOG_DEBUG : LOG_INFO);
	pool_serve_json();
	json_object_seed(0);
	block_signals(&signals);
	o = open_parts(&s);
	if (outcome_is_ok(&o))
		o = serve(&s, &signals);
	close_parts(&s);
	if (outcome_is_ok(&o))
		return EX_OK;
	fprintf(stderr, "ferry-sandbox: %s%s%s\n", o.text, *o.hint != '\0' ? ": " : "", o.hint);
	return o.exit;
}
