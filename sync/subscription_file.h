/*
 * subscription_file - Dovecot's file of subscriptions
 *
 * The file "subscriptions" in the Maildir's root has a line for each mailbox, its folder's
 * name as it is on disk.  In version 2 it starts with "V", a tab, "2" and an empty line, and
 * the levels of a name are separated by tabs; in version 1 by what separates them on disk.
 * What other lines say stays as it is.
 */
#ifndef FERRY_SYNC_SUBSCRIPTION_FILE_H
#define FERRY_SYNC_SUBSCRIPTION_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/settings/config.h"

struct subscription_file {
	bool there;      /* it was, and with something in it */
	bool version2;   /* else version 1 */
	struct buf text; /* the names, each with its newline, without the header */
};

/* From the content of the file; none, or NULL, is one that is not there.  What cannot be a
 * line (NUL) ends it. */
void subscription_file_parse(struct subscription_file *file, const char *text, size_t length);
void subscription_file_free(struct subscription_file *file);

/* Is the folder with this path in it?  Put it there, or take it out. */
bool subscription_file_has(
    const struct subscription_file *file, enum maildir_layout layout, const char *path);
void subscription_file_set(struct subscription_file *file, enum maildir_layout layout,
    const char *path, bool subscribed);

/* Append what is to be written. */
void subscription_file_print(const struct subscription_file *file, struct buf *text);

#endif
