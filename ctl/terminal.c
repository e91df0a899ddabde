/*
 * Asking whoever is at the terminal.
 *
 * A signal may come while the terminal does not echo; it is put right before anything else
 * happens, because reading ends with EINTR and no handler of ours ends the process.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "ctl/terminal.h"

#define LINE_MAX_BYTES 4096

bool
terminal_is_there(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

int
terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* Byte by byte: what follows the line is for the next question. */
static struct outcome
read_line(int fd, struct buf *line)
{
	size_t start = line->len;
	ssize_t n;
	char c;

	while ((n = read(fd, &c, 1)) != 0 && (n < 0 || c != '\n')) {
		if (n < 0 && errno == EINTR && !cancel_requested())
			continue;
		if (n < 0 && errno == EINTR)
			return outcome_make("local", "cancelled", NULL);
		if (n < 0)
			return file_error("cannot read", "the answer");
		if (line->len - start >= LINE_MAX_BYTES)
			return outcome_make("local", "usage", "the answer is too long");
		buf_addc(line, c);
	}
	if (n == 0 && line->len == start)
		return outcome_make("local", "usage", "there is no answer");
	buf_reserve(line, 0);
	return outcome_ok();
}

struct outcome
terminal_ask(const char *prompt, bool hidden, struct buf *line)
{
	struct termios before, silent;
	struct outcome o;

	if (!terminal_is_there())
		return read_line(STDIN_FILENO, line);
	if (hidden && tcgetattr(STDIN_FILENO, &before) < 0)
		return file_error("cannot hide", "the answer");
	if (hidden) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	/* Now, and not before: who answers a prompt quickly must not be seen, or lost. */
	fprintf(stderr, "%s: ", prompt);
	o = read_line(STDIN_FILENO, line);
	if (hidden) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
		fputc('\n', stderr);
	}
	return o;
}

bool
terminal_confirm(const char *question)
{
	struct buf line = BUF_INIT;
	struct outcome o;
	bool yes;

	fprintf(stderr, "%s [y/N] ", question);
	o = read_line(STDIN_FILENO, &line);
	yes = outcome_is_ok(&o) &&
	      (strcasecmp(buf_str(&line), "y") == 0 || strcasecmp(buf_str(&line), "yes") == 0);
	buf_free(&line);
	return yes;
}
