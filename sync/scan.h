/*
 * scan - look through a folder for the files the state knows, and for those it does not
 */
#ifndef FERRY_SYNC_SCAN_H
#define FERRY_SYNC_SCAN_H

#include <stdbool.h>

#include "sync/mirror.h"

enum scan_result {
	SCAN_SURE,      /* nothing moved while looking: what was not seen is not there */
	SCAN_UNSURE,    /* what was seen is there; the rest may be, too */
	SCAN_NO_FOLDER, /* the folder is not there: that says nothing about messages */
};

/*
 * Read the mailbox's new/ and cur/, bring the places in the state up to date (also which ones
 * are missing, after a sure scan), and with strays note files that no place knows as strays:
 * those with our names, and where changes are told to the service or files of others are
 * adopted, all.
 */
struct outcome
scan_folder(struct mirror *m, struct mailbox *mailbox, bool strays, enum scan_result *result_r);

/* The same of a mailbox whose changes are told: only the parts that changed are read. */
struct outcome
scan_changed(struct mirror *m, struct mailbox *mailbox, enum scan_result *result_r);

/* Are new/ and cur/ as they were when all they held was known? */
bool scan_is_still(const struct mirror *m, const struct mailbox *mailbox);

/* Which directory the folder's cur/ is; NULL if there is none.  The caller free()s it. */
char *scan_identity(const struct mirror *m, const struct mailbox *mailbox);

/* After a crash or a loss: every folder, with strays; temporary files of dead runs go. */
struct outcome scan_all(struct mirror *m);

#endif
