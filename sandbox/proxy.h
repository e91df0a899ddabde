/*
 * proxy - the login in front of a JMAP server that is not ours
 *
 * Who signs up here as USERNAME is USER with PASSWORD there: lines "USERNAME USER PASSWORD"
 * of a file say so.
 */
#ifndef SANDBOX_PROXY_H
#define SANDBOX_PROXY_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "sandbox/options.h"

struct proxy;

/* Read the file of users.  NULL with *o set if that cannot be done. */
struct proxy *proxy_open(const struct options *options, struct outcome *o);
void proxy_close(struct proxy **p);

/* Append the user's name there, which is the inbox; false if the username is not listed. */
bool proxy_inbox(const struct proxy *p, const char *username, struct buf *inbox);

#endif
