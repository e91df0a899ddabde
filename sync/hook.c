/*
 * The command for new mail.
 *
 * What a message says goes into the environment, never into the command's text: a shell
 * does not look into its variables for commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sync/header_text.h"
#include "sync/hook.h"

#define NAP_MS       10
#define CANCELLED_MS 5000 /* for a command, once we are asked to stop */
#define PREFIX       "FERRY_"

extern char **environ;

/* The environment. */

struct environment {
	char **v; /* NULL-terminated */
	size_t count;
};

static void
add_variable(struct environment *e, char *variable)
{
	e->v = xreallocarray(e->v, e->count + 2, sizeof(char *));
	e->v[e->count++] = variable;
	e->v[e->count] = NULL;
}

static void
make_environment(
    const struct sync_config *config, const struct news_mailbox *mb, struct environment *e)
{
	struct buf name = BUF_INIT, from = BUF_INIT, subject = BUF_INIT;

	for (char **v = environ; *v != NULL; v++)
		if (strncmp(*v, PREFIX, strlen(PREFIX)) != 0)
			add_variable(e, xstrdup(*v));
	header_text_clean(mb->name, &name);
	header_text_read(mb->file, &from, &subject);
	add_variable(e, xasprintf(PREFIX "SYNC=%s", config->name));
	add_variable(e, xasprintf(PREFIX "MAILBOX=%s", name.data));
	add_variable(e, xasprintf(PREFIX "MAILDIR=%s", config->maildir));
	add_variable(e, xasprintf(PREFIX "COUNT=%lld", (long long)mb->count));
	add_variable(e, xasprintf(PREFIX "UNSEEN=%lld", (long long)mb->unseen));
	add_variable(e, xasprintf(PREFIX "FILE=%s", mb->file));
	add_variable(e, xasprintf(PREFIX "FROM=%s", from.data));
	add_variable(e, xasprintf(PREFIX "SUBJECT=%s", subject.data));
	buf_free(&name);
	buf_free(&from);
	buf_free(&subject);
}

static void
free_environment(struct environment *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->v[i]);
	free(e->v);
}

/* The command. */

/* Only what is safe after fork(2) in a process with threads. */
static void
run_child(const char *const *arguments, char *const *environment)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setpgid(0, 0); /* so that a time-out ends its children too */
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(126);
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	execve("/bin/sh", (char *const *)arguments, environment);
	_exit(127);
}

/* False if it took too long, and was killed. */
static bool
wait_for_child(pid_t child, int64_t timeout_ms, int *status_r)
{
	struct deadline end = deadline_in_ms(timeout_ms);
	struct deadline hurried = DEADLINE_NEVER;
	pid_t ended;

	while (
	    (ended = waitpid(child, status_r, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (cancel_requested() && hurried.at_ms == INT64_MAX)
			hurried = deadline_in_ms(CANCELLED_MS);
		if (deadline_passed(deadline_min(end, hurried))) {
			kill(-child, SIGKILL);
			while (waitpid(child, status_r, 0) < 0 && errno == EINTR)
				continue;
			return false;
		}
		nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000}, NULL);
	}
	return true;
}

static bool
run_one(const struct sync_config *config, const struct news_mailbox *mb, int64_t timeout_ms)
{
	const char *arguments[] = {"sh", "-c", config->on_new, NULL};
	struct environment e = {0};
	bool in_time = false;
	int status = 0;
	pid_t child;

	make_environment(config, mb, &e);
	child = fork();
	if (child == 0)
		run_child(arguments, e.v);
	free_environment(&e);
	if (child < 0) {
		log_say(LOG_ERR, "%s: on-new cannot be run: %s", config->name, strerror(errno));
		return false;
	}
	in_time = wait_for_child(child, timeout_ms, &status);
	if (!in_time)
		log_say(LOG_ERR, "%s: on-new took too long, and was ended", config->name);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_say(LOG_ERR, "%s: on-new ended with status %d", config->name,
		    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

size_t
hook_on_new(const struct sync_config *config, const struct news *news, int64_t timeout_ms)
{
	size_t failed = 0;

	for (size_t i = 0; i < news->count && config->on_new != NULL; i++)
		failed += !run_one(config, &news->mailboxes[i], timeout_ms);
	return failed;
}
