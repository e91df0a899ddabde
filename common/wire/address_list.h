/*
 * address_list - the mailboxes of a From, To, Cc, ... field (RFC 5322 §3.4, RFC 6532)
 *
 * Takes what follows the colon, folds and all: mailboxes with and without a display name,
 * groups, comments, quoted strings, domain literals, UTF-8, and of the obsolete syntax what is
 * still met: empty entries, routes, dots in names, an '@' in a name before "<".
 */
#ifndef FERRY_ADDRESS_LIST_H
#define FERRY_ADDRESS_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

#define ADDRESS_GROUPS_MAX 10000 /* in one list */

struct mailbox {
	char *address; /* local@domain, or a local part alone, free of comments and folds */
	size_t name,
	    name_end;    /* where in the text the display name is; equal if there is none */
	bool name_plain; /* it is words and dots alone, as it may stand before any "<" */
	size_t comment,
	    comment_end;       /* the inside of the last comment in or behind the mailbox */
	size_t spec, spec_end; /* where the address is, with a route and without "<" and ">" */
	size_t start, end;     /* all of it, with what blanks and comments are around it */
};

/* A group, the mailboxes of which are in the list as any other. */
struct address_group {
	size_t start, start_end; /* its name, the ':', and comments between them */
	size_t end, end_end;     /* the ';', and comments behind it */
	size_t first, count;     /* of its mailboxes; first is the next one if it has none */
};

struct address_list {
	struct mailbox *mailboxes;
	size_t count;
	struct address_group *groups;
	size_t group_count;
};

/*
 * False if the text is not such a list, or has more than max mailboxes or too many groups;
 * *list_r is then empty.  An empty text, and an empty group, is a list of none.
 */
bool
address_list_parse(const char *text, size_t length, size_t max, struct address_list *list_r);
void address_list_free(struct address_list *list);

/*
 * Append a display name as it may stand before "<": as atoms, in quotes, or, if it is not
 * ASCII, in encoded words (RFC 2047), folded.  What is not printable UTF-8 becomes '?'; a
 * name is cut after 256 bytes.
 */
void address_phrase(const char *text, size_t length, struct buf *out);

#endif
