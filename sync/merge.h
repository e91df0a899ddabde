/*
 * merge - three-way merge of sets: mailboxes of a message, keywords of a message
 *
 * The essay on what is merged with what, and the rules where both sides changed the same
 * message, is in merge.c.  Everything here is arithmetic on sets.
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
void numbers_remove(struct numbers *set, int64_t number);
bool numbers_has(const struct numbers *set, int64_t number);

/* As text, which the caller free()s. */
char *numbers_text(const struct numbers *set);

/* What a side did to the set since base. */
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

/* base with both sides' changes.  Mailboxes: rule 4 of the essay is applied. */
void merge_both_mailboxes(const struct numbers *base, const struct numbers *near,
    const struct numbers *far, struct numbers *merged);

/*
 * What both sides did to a message since base, which is in some mailbox, where not all of it
 * can be had: "deleted-here", "deleted-there" or "moved"; else NULL.  Keywords always go
 * together; of them it is said whether a side has changed any.
 */
const char *merge_conflict(const struct numbers *base, const struct numbers *near,
    const struct numbers *far, bool near_keywords, bool far_keywords);

/* The same of keywords, all as text (see keywords.h); the caller free()s the result. */
char *merge_both_keywords(const char *base, const char *near, const char *far);

#endif
