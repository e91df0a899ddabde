/*
 * root - the Maildir a mirror lives in, and the mark that says it is the right one
 *
 * The file .ferry-sync in the Maildir's root names, with a UUID, the database that belongs
 * to it, and counts the runs that changed anything (the epoch).  The database has the same.
 * So a disk that is not mounted, a wrong path, a restored backup of either one, are all
 * noticed before anything is concluded from files that are not there.
 */
#ifndef FERRY_SYNC_ROOT_H
#define FERRY_SYNC_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"

#define ROOT_MARKER      ".ferry-sync"
#define ROOT_UUID_LENGTH 32

struct root {
	const char *path;
	int fd;                          /* of the folder, -1 if it is not there */
	bool marked;                     /* it has the marker, and what follows is from it: */
	char uuid[ROOT_UUID_LENGTH + 1]; /* "" if not marked */
	int64_t epoch;
	char *service, *account;
	bool usable;   /* not marked, but empty or a Maildir: may be taken */
	bool caseless; /* the file system takes A for a */
};

/* Look at the folder.  A marker that cannot be understood is local/wrong-folder. */
struct outcome root_open(struct root *root, const char *path);
void root_close(struct root *root);

/* Make the folder if it is not there, with its parents. */
struct outcome root_make(struct root *root);

/* Write the marker, durably, with a new UUID if it had none. */
struct outcome
root_mark(struct root *root, int64_t epoch, const char *service, const char *account);

/* What database and folder together mean. */
enum root_verdict {
	ROOT_FRESH,        /* neither knows anything: the first run */
	ROOT_KNOWN,        /* they belong together, and all is in order */
	ROOT_CRASHED,      /* they belong together, the last run was cut short */
	ROOT_NO_DATABASE,  /* the database was lost: the files' names tell what they are */
	ROOT_OLD_DATABASE, /* ... or is an old copy: it has not seen everything */
	ROOT_OLD_FOLDER,   /* the folder is an old copy */
	ROOT_UNMARKED,     /* the database knows a folder, this one has no mark */
	ROOT_STRANGER,     /* this folder belongs to another database */
	ROOT_UNUSABLE,     /* the first run, but the folder has other things in it */
};

/* uuid is the database's, NULL if it is new. */
enum root_verdict
root_judge(const struct root *root, const char *uuid, int64_t epoch, bool running);

/* local/wrong-folder with what to type, for the verdicts that stop a run; else OK. */
struct outcome
root_refusal(const struct root *root, enum root_verdict verdict, const char *name);

#endif
