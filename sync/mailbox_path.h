/*
 * mailbox_path - from mailbox names, which may hold anything, to folders
 *
 * Paths are relative to the Maildir's root and safe whatever the server says: no level can
 * leave the root, hide, collide with a Maildir's own files, or exceed NAME_MAX.
 *
 * LAYOUT_MAILDIRPP: the inbox is "", others are ".A.B", each level in the modified UTF-7 of
 * RFC 3501 §5.1.3, as Courier and Dovecot expect.  LAYOUT_FS: "INBOX", "A/B" in UTF-8, as
 * Dovecot's LAYOUT=fs with utf-8 names and mutt expect.
 *
 * What a level cannot say as it is, is said by a backslash and two hexadecimal digits a
 * byte, the way of Dovecot's listescape plugin: the backslash itself, '/', control
 * characters, bytes that are not UTF-8, in Maildir++ '.', at the start '.' and '~', and the
 * first letter of names that mean something else on disk ("cur", "INBOX").  Further:
 *
 *	\_		the empty name
 *	\~HASH		the rest of a name that is too long
 *	\+HASH		set behind a name that another mailbox has already
 *
 * So different names never give the same path.
 */
#ifndef FERRY_MAILBOX_PATH_H
#define FERRY_MAILBOX_PATH_H

#include <stdbool.h>

#include "common/settings/config.h"

/* The inbox's own path, and the prefix of the mailboxes below it. */
const char *mailbox_path_inbox(enum maildir_layout layout);
const char *mailbox_path_below_inbox(enum maildir_layout layout);

/* The path of the mailbox called name under the one whose path is parent, NULL for none.
 * The caller free()s it. */
char *mailbox_path(enum maildir_layout layout, const char *parent, const char *name);

/*
 * The other way: the name of the mailbox whose folder this is, and the path of its parent's
 * folder (NULL at the top), which the caller free()s.  False if no mailbox has this path.
 */
bool mailbox_path_parse(
    enum maildir_layout layout, const char *path, char **parent_r, char **name_r);

/* Another path for the mailbox with this id, when path is taken.  The caller free()s it. */
char *mailbox_path_distinct(const char *path, const char *id);

#endif
