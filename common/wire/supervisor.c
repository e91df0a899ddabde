/*
 * What systemd tells a daemon, and wants to be told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/wire/endpoint.h"
#include "common/wire/supervisor.h"

#ifdef HAVE_SYSTEMD

/* Is it a socket that we would have opened ourselves? */
static struct outcome
check_socket(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return outcome_make(
		    "local", "config", "what was passed is no stream socket that listens");
	if (!endpoint_is_allowed((struct sockaddr *)&address))
		return outcome_make("local", "config",
		    "the socket passed is not on the loopback, or at port 25");
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return outcome_make("local", "io", "the socket passed: %s", strerror(errno));
	return outcome_ok();
}

struct outcome
supervisor_socket(int *fd_r)
{
	int count = sd_listen_fds(1);
	struct outcome o = outcome_ok();

	*fd_r = -1;
	if (count < 0)
		return outcome_make("local", "config", "LISTEN_FDS: %s", strerror(-count));
	if (count > 1)
		return outcome_make(
		    "local", "config", "%d sockets were passed, not one", count);
	if (count == 1) {
		o = check_socket(SD_LISTEN_FDS_START);
		if (outcome_is_ok(&o))
			*fd_r = SD_LISTEN_FDS_START;
	}
	return o;
}

static void
notify(const char *state)
{
	(void)sd_notify(0, state); /* nobody listens: fine */
}

int64_t
supervisor_watchdog_ms(void)
{
	uint64_t microseconds;

	return sd_watchdog_enabled(0, &microseconds) > 0 ? (int64_t)(microseconds / 2000) : 0;
}

#else

struct outcome
supervisor_socket(int *fd_r)
{
	*fd_r = -1;
	return outcome_ok();
}

static void
notify(const char *state)
{
	(void)state;
}

int64_t
supervisor_watchdog_ms(void)
{
	return 0;
}

#endif

void
supervisor_notify(const char *format, ...)
{
	struct buf state = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_addv(&state, format, args);
	va_end(args);
	notify(buf_str(&state));
	buf_free(&state);
}

void
supervisor_notify_reloading(void)
{
	supervisor_notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(clock_ns() / 1000));
}
