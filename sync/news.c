/*
 * Counting what is new.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sync/news.h"

static struct news_mailbox *
find(struct news *news, const char *name)
{
	/* Messages of one mailbox mostly come one after the other. */
	for (size_t i = news->count; i-- != 0;)
		if (strcmp(news->mailboxes[i].name, name) == 0)
			return &news->mailboxes[i];
	news->mailboxes =
	    xreallocarray(news->mailboxes, news->count + 1, sizeof(news->mailboxes[0]));
	news->mailboxes[news->count] = (struct news_mailbox){.name = xstrdup(name)};
	return &news->mailboxes[news->count++];
}

void
news_add(
    struct news *news, const char *mailbox, const char *file, int64_t received, bool unseen)
{
	struct news_mailbox *mb = find(news, mailbox);
	bool better = unseen == (mb->unseen != 0) ? received >= mb->newest : unseen;

	if (mb->file == NULL || better) {
		free(mb->file);
		mb->file = xstrdup(file);
		mb->newest = received;
	}
	mb->count++;
	mb->unseen += unseen;
}

void
news_free(struct news *news)
{
	for (size_t i = 0; i < news->count; i++) {
		free(news->mailboxes[i].name);
		free(news->mailboxes[i].file);
	}
	free(news->mailboxes);
	*news = (struct news){0};
}
