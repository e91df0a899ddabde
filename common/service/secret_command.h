/*
 * secret_command - a secret that another program knows (pass, gpg, a keyring)
 */
#ifndef FERRY_SECRET_COMMAND_H
#define FERRY_SECRET_COMMAND_H

#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

/*
 * Run command by /bin/sh, with nothing on its standard input, and append the first line it
 * prints, at most max bytes.  A command that fails, prints nothing or takes over 30 seconds
 * is auth/secret; the first line of its standard error is the hint.
 */
struct outcome secret_command(const char *command, size_t max, struct buf *secret);

#endif
