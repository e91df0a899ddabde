/*
 * ferry-transport, as it is installed: the front (front.h)
 *
 * Needs the C library and common/base alone, and must stay so: what it is for is to start
 * fast.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "transport/front.h"

#define NAME "ferry-transport"

/* Postfix bounces what runs into its command_time_limit, 1000 s. */
#define TIME_LIMIT 930

/* Tell pipe(8), in its way, what came of the message. */
static int
report(const struct outcome *o)
{
	struct buf line = BUF_INIT;

	outcome_pipe_line(o, &line);
	if (file_write_full(STDOUT_FILENO, line.data, line.len) < 0) {
		/* The exit status says enough. */
	}
	buf_free(&line);
	return o->exit;
}

static void
on_alarm(int signal_number)
{
	static const char line[] = "4.4.2 out of time: the server does not answer\n";

	(void)signal_number;
	if (write(STDOUT_FILENO, line, sizeof(line) - 1) < 0) {
		/* The exit status says enough. */
	}
	_exit(EX_TEMPFAIL);
}

/* Where the whole program is: beside us in the tree it is built in, else where it is
 * installed.  The caller free()s it. */
static char *
whole_program(void)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *path;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash != NULL) {
		*slash = '\0';
		path = xasprintf("%s/transport/" NAME, self);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup(PKGLIBEXECDIR "/" NAME);
}

/* Become the whole program, which must know whose child it has been from the start. */
static int
become_whole(char **argv, pid_t parent)
{
	char *path = whole_program(), *number = xasprintf("%ld", (long)parent);
	struct outcome o;

	setenv("FERRY_TRANSPORT_PARENT", number, 1);
	execv(path, argv);
	o = outcome_make("local", "config", "%s cannot be started", path);
	free(path);
	free(number);
	return report(&o);
}

/* The server that may do it, or NULL: what the command line asks for may be beyond it. */
static const char *
server_for(char **argv, const struct arguments *args)
{
	const char *slash = argv[0] != NULL ? strrchr(argv[0], '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : argv[0];

	if (name == NULL || strcmp(name, NAME) != 0 || args->action != ACTION_DELIVER ||
	    args->account != NULL || args->verbose != 0)
		return NULL;
	if (args->server != NULL)
		return strcmp(args->server, "none") != 0 ? args->server : NULL;
	/* The server at the usual place goes by the usual configuration. */
	return args->config_path == NULL ? TRANSPORT_SOCKET : NULL;
}

int
main(int argc, char **argv)
{
	pid_t parent = getppid(); /* first of all: it may end at any time */
	struct arguments args;
	struct outcome o = arguments_parse(argc, argv, &args);
	const char *server = outcome_is_ok(&o) ? server_for(argv, &args) : NULL;

	if (server == NULL)
		return become_whole(argv, parent);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, on_alarm);
	alarm(TIME_LIMIT);
	if (front_deliver(&args, server, STDIN_FILENO, parent, &o))
		return report(&o);
	alarm(0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	return become_whole(argv, parent);
}
