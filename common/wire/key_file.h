/*
 * key_file - a key of random bytes that this machine keeps for itself
 */
#ifndef FERRY_KEY_FILE_H
#define FERRY_KEY_FILE_H

#include "common/base/buf.h"
#include "common/base/outcome.h"

/*
 * Append the key in DIRECTORY/NAME, 64 hexadecimal digits, to *key, which the caller wipes.  The
 * directory (0700) and the key (0600) are made if they are missing: the key once, even if
 * several processes come at the same time.  auth/secret if others may read the file.
 */
struct outcome key_file(const char *directory, const char *name, struct buf *key);

#endif
