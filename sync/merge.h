/*
 * merge - three-way merge of sets: mailboxes of a message, keywords of a message
 *
 * Both are sets, so there are no conflicts: base is the last state both sides agreed on,
 * each side has added and removed elements since, and
 *
 *	new = base + (added here + added there) - (removed here + removed there)
 *
 * A change is what one side did.  The mirror applies the service's change to the files and
 * leaves what was done to the files alone; a two-way run applies each side's change to the
 * other, with these same functions.
 */
#ifndef FERRY_SYNC_MERGE_H
#define FERRY_SYNC_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "sync/keywords.h"

struct numbers {
	int64_t *v; /* ascending */
	size_t count;
};
void numbers_free(struct numbers *set);

/* From text, "1 5 9"; NULL is the empty set. */
void numbers_parse(const char *text, struct numbers *set);
void numbers_add(struct numbers *set, int64_t number);
bool numbers_has(const struct numbers *set, int64_t number);

/* As text, which the caller free()s. */
char *numbers_text(const struct numbers *set);

struct mailbox_change {
	struct numbers added, removed;
};
void merge_mailboxes(
    const struct numbers *base, const struct numbers *side, struct mailbox_change *change);
void mailbox_change_free(struct mailbox_change *change);

/* The names belong to the sets that were compared. */
struct keyword_change {
	const char **added, **removed;
	size_t added_count, removed_count;
};
void merge_keywords(
    const struct keywords *base, const struct keywords *side, struct keyword_change *change);
void keyword_change_free(struct keyword_change *change);

#endif
