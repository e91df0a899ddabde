/*
 * news - which messages a run has brought, by mailbox
 *
 * For the hook: how many there are, and the newest of them.  Memory grows with mailboxes, not
 * with messages.
 */
#ifndef FERRY_SYNC_NEWS_H
#define FERRY_SYNC_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct news_mailbox {
	char *name;     /* INBOX, Lists/ferry */
	char *file;     /* of the newest message, of the unseen if there are any: a path */
	int64_t newest; /* when the service received that */
	int64_t count, unseen;
};

struct news {
	struct news_mailbox *mailboxes;
	size_t count;
};

/* A message was put into a mailbox; unseen if nobody has read it, and it is no draft. */
void news_add(
    struct news *news, const char *mailbox, const char *file, int64_t received, bool unseen);
void news_free(struct news *news);

#endif
