/*
 * letters - keywords of a mailbox as letters a to z in its file names
 *
 * Dovecot's convention, the only one there is: the file dovecot-keywords in the folder has
 * lines "INDEX KEYWORD", and index 0 is the letter a.  It is written before any file carries
 * a new letter (Dovecot would invent a keyword for it, for good), under Dovecot's lock where
 * Dovecot uses the folder.  Letters are never given to another keyword.  The state has a
 * copy; where they differ, the file is right, since others write it too.
 */
#ifndef FERRY_SYNC_LETTERS_H
#define FERRY_SYNC_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/outcome.h"
#include "common/settings/store.h"

#define LETTERS_MAX 26

struct letters {
	char *keyword[LETTERS_MAX]; /* or NULL */
	bool known;                 /* read from the state and the file */
};

void letters_free(struct letters *letters);

/* Take over the lines of a dovecot-keywords file: what is no such line is skipped. */
void letters_parse(struct letters *letters, const char *text);

/* The letter of a keyword, or '\0'. */
char letters_find(const struct letters *letters, const char *keyword);

/* The letter of a keyword, which gets one if some are left; '\0' if not.  *new_r says
 * whether the file has to be written. */
char letters_give(struct letters *letters, const char *keyword, bool *new_r);

/* Are there any that no keyword has? */
bool letters_left(const struct letters *letters);

/* Read those of the mailbox with row n and folder path below root, once. */
struct outcome letters_load(
    struct letters *letters, struct store *store, int64_t n, int root, const char *path);

/* Write them, durably, and into the state.  locked: the caller holds Dovecot's lock. */
struct outcome letters_save(const struct letters *letters, struct store *store, int64_t n,
    int root, const char *path, bool locked);

#endif
