/*
 * maildir_name - file names in a Maildir, ours and others'
 *
 *	SECONDS.M<usec>P<pid>Q<n>.HOST,J=TAG_ID,S=SIZE,W=VSIZE:2,FLAGS
 *	|____________________ base ___________________________||_info_|
 *
 * SECONDS is when the service received the message.  J= says which Email of which account
 * the file is (TAG is of the account), so that a lost database costs no download and a file
 * that someone moved is known again.  S= and W= are what Dovecot reads instead of stat(2)
 * and of the file: the size on disk, and with CRLF line ends.  Base names never change;
 * hard links of one message share theirs, which Dovecot takes as the message's GUID.
 *
 * A place is where a file with a known base is: 'n' for new/ or 'c' for cur/, then the info
 * (from the colon on, or nothing): "n", "c:2,FS".
 */
#ifndef FERRY_MAILDIR_NAME_H
#define FERRY_MAILDIR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/buf.h"

#define MAILDIR_TAG_LENGTH 4

/* What makes names of this process and account unique and ours. */
struct maildir_namer {
	char tag[MAILDIR_TAG_LENGTH + 1];
	char *host; /* with '/', ':' and ',' as octal escapes */
	pid_t pid;
	unsigned next;
};

/* service and account_id decide the tag; the host is this machine's. */
void
maildir_namer_init(struct maildir_namer *namer, const char *service, const char *account_id);
void maildir_namer_free(struct maildir_namer *namer);

/* Append SECONDS.M..P..Q..HOST,J=TAG_ID: unique, without the sizes. */
void maildir_name_make(
    struct maildir_namer *namer, const char *email_id, int64_t received, struct buf *base);

/* Append ,S=SIZE,W=VSIZE. */
void maildir_name_add_sizes(struct buf *base, int64_t size, int64_t vsize);

/* What J= holds: the id, or "~HASH" for ids that are too long or hold other characters
 * than RFC 8620 allows.  The caller free()s it. */
char *maildir_name_id(const char *email_id);

/* What a name says. */
struct maildir_name {
	size_t base_length; /* up to the colon, or all */
	bool ours;          /* J= with this account's tag */
	const char *id;     /* in J=, id_length bytes */
	size_t id_length;
	int64_t size, vsize; /* of S= and W=, -1 if absent */
	pid_t pid;           /* of P in the second part, 0 if absent */
	bool same_host;
};
void maildir_name_read(
    const struct maildir_namer *namer, const char *name, struct maildir_name *parts);

/* "new/BASE", "cur/BASE:2,FLAGS": append the file of a place. */
void maildir_place_file(const char *base, const char *place, struct buf *path);

/*
 * The place of the same file after flags and letters in add were set and those in remove
 * cleared.  Other letters, and what stands behind a second comma, stay.  A file in new/
 * stays there while it has no flags.  Info that is not "2," (experimental) stays as it is.
 */
char *maildir_place_change(const char *place, const char *add, const char *remove);

#endif
