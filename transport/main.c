/*
 * ferry-transport - submit a message to a JMAP service
 *
 * The whole program: the front (front.h) becomes it when no server does the work.  With
 * --lmtp it is that server.
 *
 * In its dress for Postfix's pipe(8), what comes of a message is said twice: by the exit
 * status, and by one line of output that starts with an enhanced status code.  Nothing else
 * goes to standard output, and nothing to standard error either while that is the same pipe,
 * because Postfix reads both and looks at the first bytes alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/secrecy.h"
#include "transport/delivery.h"
#include "transport/lmtp_server.h"
#include "transport/pipe.h"
#include "transport/sendmail.h"

#define IDENT "ferry-transport"

/* Who started us, or the front before us. */
static pid_t
find_parent(void)
{
	const char *front = getenv("FERRY_TRANSPORT_PARENT");
	long parent = front != NULL ? strtol(front, NULL, 10) : 0;

	(void)unsetenv("FERRY_TRANSPORT_PARENT");
	return parent > 0 ? (pid_t)parent : getppid();
}

/* Would a log on standard error end up in our output?  Not on a terminal: there both are
 * for the same eyes. */
static bool
stderr_is_output(void)
{
	struct stat out, err;

	return !isatty(STDERR_FILENO) && fstat(STDOUT_FILENO, &out) == 0 &&
	       fstat(STDERR_FILENO, &err) == 0 && out.st_dev == err.st_dev &&
	       out.st_ino == err.st_ino;
}

/* Log one failure that came before there was a delivery to log. */
static void
log_failure(const char *queue_id, const struct outcome *o)
{
	struct log_line line;

	log_begin(&line, LOG_ERR, queue_id);
	log_event(&line, delivery_event(o));
	log_outcome(&line, o);
	log_end(&line);
}

/* The configuration, and the account that sends. */
static struct outcome
load(const struct arguments *args, struct config **config_r, const struct account **account_r)
{
	struct outcome o = config_load(
	    args->config_path != NULL ? args->config_path : config_default_path(), config_r);

	if (outcome_is_ok(&o))
		*account_r = pipe_account(*config_r, args, &o);
	return o;
}

static struct outcome
deliver(const struct arguments *args, pid_t parent)
{
	const struct account *account = NULL;
	struct config *config = NULL;
	struct outcome o = load(args, &config, &account);

	if (outcome_is_ok(&o)) {
		if (stderr_is_output())
			config->log.to = LOG_TO_SYSLOG;
		config_open_log(config, IDENT, args->verbose);
		o = pipe_deliver(config, account, args, STDIN_FILENO, parent);
	} else {
		log_failure(args->queue_id, &o);
	}
	config_free(&config);
	return o;
}

/* --check: for people, so with the statuses of sysexits(3). */
static int
check(const struct arguments *args)
{
	const struct account *account = NULL;
	struct config *config = NULL;
	struct outcome o = load(args, &config, &account);

	if (outcome_is(&o, "local/sender") && args->sender == NULL) {
		o = outcome_ok(); /* nobody sends for everybody, but each for some */
		printf("%s is in order; the sender decides on the account\n", config->path);
	} else if (outcome_is_ok(&o)) {
		printf("%s is in order; account \"%s\" sends\n", config->path, account->name);
	} else {
		fprintf(stderr, IDENT ": %s\n", o.text);
	}
	config_free(&config);
	return outcome_is_ok(&o) ? EX_OK : EX_CONFIG;
}

int
main(int argc, char **argv)
{
	pid_t parent = find_parent(); /* first of all: it may end at any time */
	struct arguments args;
	struct outcome o;

	secrecy_protect();
	signal(SIGPIPE, SIG_IGN);
	log_open(IDENT, LOG_TO_SYSLOG, LOG_MAIL, LOG_INFO);
	if (sendmail_is_called(argc, argv))
		return sendmail_main(argc, argv);
	o = arguments_parse(argc, argv, &args);
	if (!outcome_is_ok(&o)) {
		log_failure(NULL, &o);
		return pipe_report(&o);
	}
	if (args.action == ACTION_LMTP)
		return lmtp_serve(&args, IDENT);
	cancel_on_signals();
	switch (args.action) {
	case ACTION_VERSION:
		puts(IDENT " (Ferry) " PACKAGE_VERSION);
		return EX_OK;
	case ACTION_HELP:
		fputs(arguments_help, stdout);
		return EX_OK;
	case ACTION_CHECK:
		return check(&args);
	case ACTION_LMTP:
	case ACTION_DELIVER:
		break;
	}
	o = deliver(&args, parent);
	return pipe_report(&o);
}
