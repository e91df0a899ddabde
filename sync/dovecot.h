/*
 * dovecot - living in one Maildir with a Dovecot that runs
 *
 * While a file is renamed a scan of its folder can miss it: readdir(2) is no snapshot.
 * Dovecot then takes the message for expunged, and gives it a new UID when it is back.  It
 * does not scan while dovecot-uidlist.lock exists, so batches of renames and removals are
 * done under that lock.  New files need no lock.  The lock file is made with O_EXCL and
 * says "PID:HOST", as Dovecot's own; Dovecot overrides it 120 s after its last change.
 */
#ifndef FERRY_SYNC_DOVECOT_H
#define FERRY_SYNC_DOVECOT_H

#include <stdbool.h>

#include "common/base/outcome.h"

/* Does the folder at path below root have a dovecot-uidlist? */
bool dovecot_uses(int root, const char *path);

/* Wait at most 10 s for the lock: local/locked if somebody keeps it. */
struct outcome dovecot_lock(int root, const char *path);
void dovecot_unlock(int root, const char *path);

/* The same with another of Dovecot's locks, by its own name. */
struct outcome dovecot_lock_file(int root, const char *lock);
void dovecot_unlock_file(int root, const char *lock);

#endif
