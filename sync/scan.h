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
 * are missing, after a sure scan), and with strays note files with our names that no place
 * knows in temp.stray.
 */
struct outcome
scan_folder(struct mirror *m, struct mailbox *mailbox, bool strays, enum scan_result *result_r);

/* After a crash or a loss: every folder, with strays; temporary files of dead runs go. */
struct outcome scan_all(struct mirror *m);

#endif
