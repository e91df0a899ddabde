/*
 * hook - tell a command of the user's what is new
 */
#ifndef FERRY_SYNC_HOOK_H
#define FERRY_SYNC_HOOK_H

#include "common/settings/config.h"
#include "sync/news.h"

#define HOOK_MS 60000 /* for one command */

/*
 * Run the section's on-new, if it has one, by /bin/sh -c: once for each mailbox that something
 * new is in, one after the other, with what there is in the environment (ferry-sync(1)).  A
 * command that takes longer than timeout_ms is killed with its children; that, and a status
 * other than 0, is logged.  Its output goes to standard error.  Returns how many failed.
 */
size_t
hook_on_new(const struct sync_config *config, const struct news *news, int64_t timeout_ms);

#endif
