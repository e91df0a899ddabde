/*
 * A secret that another program knows.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/service/secret_command.h"

#define TIME_MS    30000
#define POLL_MS    200
#define NAP_MS     5
#define ERRORS_MAX 512

struct stream {
	int fd; /* -1 when it has ended */
	size_t max;
	struct buf *text;
};

static void
run_child(const char *command, int out, int errors)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(errors, STDERR_FILENO) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* Start it; the reading ends of its output and errors are out[0] and err[0]. */
static struct outcome
start(const char *command, int out[2], int err[2], pid_t *child_r)
{
	struct outcome o;

	if (pipe2(out, O_CLOEXEC) < 0)
		return file_error("cannot make a pipe for", "a command");
	if (pipe2(err, O_CLOEXEC) < 0) {
		o = file_error("cannot make a pipe for", "a command");
		close(out[0]);
		close(out[1]);
		return o;
	}
	*child_r = fork();
	if (*child_r == 0)
		run_child(command, out[1], err[1]);
	/* A time-out ends its children, too, and may come before it could do this itself. */
	if (*child_r > 0)
		(void)setpgid(*child_r, *child_r);
	o = *child_r < 0 ? file_error("cannot run", "a command") : outcome_ok();
	close(out[1]);
	close(err[1]);
	if (*child_r < 0) {
		close(out[0]);
		close(err[0]);
	}
	return o;
}

/* Take what a stream has; past its limit bytes are read and dropped. */
static void
drain(struct stream *s)
{
	char bytes[1024];
	ssize_t n = read(s->fd, bytes, sizeof(bytes));
	size_t room = s->max - s->text->len;

	if (n > 0)
		buf_add(s->text, bytes, (size_t)n < room ? (size_t)n : room);
	else if (n == 0 || errno != EINTR)
		s->fd = -1;
	explicit_bzero(bytes, sizeof(bytes));
}

/* Read both streams to their ends; false if time ran out or a signal wants us to stop. */
static bool
read_streams(struct stream *streams, struct deadline d)
{
	while (streams[0].fd >= 0 || streams[1].fd >= 0) {
		struct pollfd fds[] = {{.fd = streams[0].fd, .events = POLLIN},
		    {.fd = streams[1].fd, .events = POLLIN}};
		int64_t left = deadline_left_ms(d);

		if (left == 0 || cancel_requested())
			return false;
		if (poll(fds, 2, left < POLL_MS ? (int)left : POLL_MS) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (fds[i].revents != 0)
				drain(&streams[i]);
	}
	return true;
}

/* It may have closed both and still run: false, if it does, likewise. */
static bool
wait_for_end(pid_t child, struct deadline d, int *status_r)
{
	pid_t ended;

	while (
	    (ended = waitpid(child, status_r, WNOHANG)) == 0 || (ended < 0 && errno == EINTR))
		if (!clock_sleep_ms(NAP_MS, d))
			return false;
	return true;
}

static void
kill_all(pid_t child, int *status_r)
{
	kill(-child, SIGKILL);
	while (waitpid(child, status_r, 0) < 0 && errno == EINTR)
		continue;
}

static void
keep_first_line(struct buf *text)
{
	if (text->len != 0)
		buf_truncate(text, strcspn(text->data, "\r\n"));
}

static struct outcome
judge(bool in_time, int status, const struct buf *secret, const struct buf *errors)
{
	struct outcome o;

	if (!in_time && cancel_requested())
		return outcome_make("local", "cancelled", "while a command got the secret");
	if (!in_time)
		o = outcome_make(
		    "auth", "secret", "its command took over %d s", TIME_MS / 1000);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		o = outcome_make("auth", "secret", "its command failed with status %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	else if (secret->len == 0)
		o = outcome_make("auth", "secret", "its command printed nothing");
	else
		return outcome_ok();
	if (errors->len != 0)
		outcome_hint(&o, "it says: %s", errors->data);
	return o;
}

struct outcome
secret_command(const char *command, size_t max, struct buf *secret)
{
	struct buf line = BUF_INIT, errors = BUF_INIT;
	int out[2], err[2], status = 0;
	struct stream streams[2];
	struct deadline d = deadline_in_ms(TIME_MS);
	struct outcome o;
	bool in_time;
	pid_t child = -1;

	o = start(command, out, err, &child);
	if (!outcome_is_ok(&o))
		return o;
	streams[0] = (struct stream){out[0], max, &line};
	streams[1] = (struct stream){err[0], ERRORS_MAX, &errors};
	in_time = read_streams(streams, d) && wait_for_end(child, d, &status);
	if (!in_time)
		kill_all(child, &status);
	close(out[0]);
	close(err[0]);
	keep_first_line(&line);
	keep_first_line(&errors);
	o = judge(in_time, status, &line, &errors);
	if (outcome_is_ok(&o))
		buf_add(secret, line.data, line.len);
	buf_wipe(&line);
	buf_free(&errors);
	return o;
}
