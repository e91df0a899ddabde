/*
 * supervisor - what systemd tells a daemon, and wants to be told
 *
 * By libsystemd where Ferry was built with it; otherwise, and under any other supervisor, all
 * of it does nothing.
 */
#ifndef FERRY_SUPERVISOR_H
#define FERRY_SUPERVISOR_H

#include <stdint.h>

#include "common/base/outcome.h"

/*
 * The listening stream socket that was passed to us (sd_listen_fds(3)): *fd_r is it, not
 * blocking, or -1 if there is none.  local/config if there are several, or if it is not one
 * that may be served (endpoint.h).
 */
struct outcome supervisor_socket(int *fd_r);

/* Tell the state, in the words of sd_notify(3): "READY=1", "STATUS=...", ... */
void supervisor_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "RELOADING=1", with the time that systemd wants with it. */
void supervisor_notify_reloading(void);

/* How often, in milliseconds, "WATCHDOG=1" is to be said; 0: never. */
int64_t supervisor_watchdog_ms(void);

#endif
