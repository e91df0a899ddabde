/*
 * Two sides that were equal once, and have both changed since.
 *
 * A message is known by its id.  It has a set of mailboxes and a set of keywords.  Three
 * versions of each set are at hand: base, the last that both sides agreed on; far, the
 * service's; near, what the files say.  A side's change is what it has more, and less, than
 * base, and
 *
 *	new = base + (added near + added far) - (removed near + removed far)
 *
 * Element by element there is nothing to argue about: what is in base can only be removed,
 * what is not can only be added, and two sides that do the same agree.  No clocks are
 * compared, no side is "newer", and doing it twice is doing it once: after a crash the change
 * is found on both sides, and is no difference any more.
 *
 *	far  = new - far   told to the service, as a patch of single elements
 *	near = new - near  done to the files
 *
 * Where the sets touch each other or the message's life, there are rules.  All of them follow
 * one: in doubt a message is kept.
 *
 *  1. Flags here, flags there: both.
 *  2. Moved here, moved there: a member of both mailboxes.
 *  3. Deleted here, other flags there: deleted.  A deletion here is a move into the trash,
 *     so the flags are not lost either.  If deletions shall destroy, a message that has
 *     changed at the service since both sides agreed goes to the trash all the same.
 *  4. One left one mailbox, the other side left the other one, and none is left: nobody has
 *     deleted it.  The service's mailboxes stay.
 *  5. Deleted here, moved there: it stays where it was moved to.
 *  6. Destroyed there, flags here: destroyed.  Somebody said so.
 *  7. Destroyed there, moved or copied here: what was put there is a new message, and is
 *     uploaded as one.
 *  8. Destroyed there, deleted here: they agree.
 *  9. A message with files in several mailboxes has one set of keywords: what was done to
 *     the flags of any of the files was done to it, and then to the other files.
 * 10. A copy that somebody just made has no past: flags it lacks were not removed, unless
 *     it is the only file left, which is a move.
 * 11. With no base (a database that was lost, a Maildir of another program) every element
 *     of either side was added by it: the union, and nothing is removed.
 * 12. The content of a message never changes; other bytes under a known name are not looked
 *     at.  A draft that was edited is a new message and a deletion, on either side.
 *
 * What a side cannot say is not a change of it: keywords without a letter in a folder, and
 * letters without a keyword; mailboxes that are not mirrored; anything the account has no
 * right to do.
 *
 * That something is not there proves little.  A file is deleted if a scan that nothing
 * disturbed did not see it, in the folder that was there the last time, while no other folder
 * was changing or waits to become a mailbox (scan.c, near.c); a message is destroyed if the
 * service says so by its id.
 * Before a message leaves its last mailbox the service is asked which mailboxes it has now
 * (push.c): it may be in one that is not mirrored.
 *
 * Rejected: the last change wins (whose clock?); one side always wins (it makes the other
 * one's work undone silently); matching by content alone (people keep copies on purpose).
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "sync/merge.h"

void
numbers_free(struct numbers *set)
{
	free(set->v);
	*set = (struct numbers){0};
}

bool
numbers_has(const struct numbers *set, int64_t number)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->v[i] == number)
			return true;
	return false;
}

void
numbers_add(struct numbers *set, int64_t number)
{
	size_t i = set->count;

	if (numbers_has(set, number))
		return;
	set->v = xreallocarray(set->v, set->count + 1, sizeof(set->v[0]));
	for (; i > 0 && set->v[i - 1] > number; i--)
		set->v[i] = set->v[i - 1];
	set->v[i] = number;
	set->count++;
}

void
numbers_remove(struct numbers *set, int64_t number)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->v[i] != number)
			set->v[kept++] = set->v[i];
	set->count = kept;
}

void
numbers_parse(const char *text, struct numbers *set)
{
	*set = (struct numbers){0};
	while (text != NULL && *text != '\0') {
		char *end;
		long long number = strtoll(text, &end, 10);

		if (end == text)
			return;
		numbers_add(set, number);
		text = *end == ' ' ? end + 1 : end;
	}
}

char *
numbers_text(const struct numbers *set)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "");
	for (size_t i = 0; i < set->count; i++)
		buf_addf(&text, "%s%lld", i == 0 ? "" : " ", (long long)set->v[i]);
	return buf_steal(&text);
}

void
merge_mailboxes(
    const struct numbers *base, const struct numbers *side, struct mailbox_change *change)
{
	*change = (struct mailbox_change){0};
	for (size_t i = 0; i < side->count; i++)
		if (!numbers_has(base, side->v[i]))
			numbers_add(&change->added, side->v[i]);
	for (size_t i = 0; i < base->count; i++)
		if (!numbers_has(side, base->v[i]))
			numbers_add(&change->removed, base->v[i]);
}

void
mailbox_change_free(struct mailbox_change *change)
{
	numbers_free(&change->added);
	numbers_free(&change->removed);
}

/* The names of a that b has not; *count_r of them. */
static const char **
difference(const struct keywords *a, const struct keywords *b, size_t *count_r)
{
	const char **names = a->count != 0 ? xcalloc(a->count, sizeof(names[0])) : NULL;

	*count_r = 0;
	for (size_t i = 0; i < a->count; i++)
		if (!keywords_has(b, a->names[i]))
			names[(*count_r)++] = a->names[i];
	return names;
}

void
merge_keywords(
    const struct keywords *base, const struct keywords *side, struct keyword_change *change)
{
	change->added = difference(side, base, &change->added_count);
	change->removed = difference(base, side, &change->removed_count);
}

void
keyword_change_free(struct keyword_change *change)
{
	free(change->added);
	free(change->removed);
	*change = (struct keyword_change){0};
}

void
merge_both_mailboxes(const struct numbers *base, const struct numbers *near,
    const struct numbers *far, struct numbers *merged)
{
	struct mailbox_change here;

	*merged = (struct numbers){0};
	merge_mailboxes(base, near, &here);
	for (size_t i = 0; i < far->count; i++)
		if (!numbers_has(&here.removed, far->v[i]))
			numbers_add(merged, far->v[i]);
	for (size_t i = 0; i < here.added.count; i++)
		numbers_add(merged, here.added.v[i]);
	if (merged->count == 0 && near->count != 0)
		for (size_t i = 0; i < far->count; i++)
			numbers_add(merged, far->v[i]);
	mailbox_change_free(&here);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
merge_both_keywords(const char *base, const char *near, const char *far)
{
	struct keywords sets[3];
	struct keyword_change here;
	struct buf text = BUF_INIT;
	const char **names;
	size_t count = 0;

	keywords_parse(base, &sets[0]);
	keywords_parse(near, &sets[1]);
	keywords_parse(far, &sets[2]);
	merge_keywords(&sets[0], &sets[1], &here);
	names = xcalloc(sets[2].count + here.added_count + 1, sizeof(names[0]));
	for (size_t i = 0; i < sets[2].count; i++)
		if (!keywords_has(&sets[0], sets[2].names[i]) ||
		    keywords_has(&sets[1], sets[2].names[i]))
			names[count++] = sets[2].names[i];
	for (size_t i = 0; i < here.added_count; i++)
		if (!keywords_has(&sets[2], here.added[i]))
			names[count++] = here.added[i];
	qsort(names, count, sizeof(names[0]), compare_names);
	buf_adds(&text, "");
	for (size_t i = 0; i < count; i++)
		buf_addf(&text, "%s%s", i == 0 ? "" : " ", names[i]);
	free(names);
	keyword_change_free(&here);
	for (size_t i = 0; i < 3; i++)
		keywords_free(&sets[i]);
	return buf_steal(&text);
}

static bool
same_numbers(const struct numbers *a, const struct numbers *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->v, b->v, a->count * sizeof(a->v[0])) == 0);
}

const char *
merge_conflict(const struct numbers *base, const struct numbers *near,
    const struct numbers *far, bool near_keywords, bool far_keywords)
{
	bool moved_here = !same_numbers(near, base), moved_there = !same_numbers(far, base);

	if (near->count == 0 && far->count == 0)
		return NULL;
	if (near->count == 0)
		return moved_there || far_keywords ? "deleted-here" : NULL;
	if (far->count == 0)
		return moved_here || near_keywords ? "deleted-there" : NULL;
	return moved_here && moved_there && !same_numbers(near, far) ? "moved" : NULL;
}
