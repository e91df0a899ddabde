/*
 * book - which address stands for a correspondent: the map first, then the service
 *
 * One for each alias section.  Everything that the map knows is answered from it, without
 * waiting for anybody: mail to known correspondents goes on whatever becomes of the service.
 * What is known but old (refresh of the section) is used too, and asked for again behind the
 * message's back: an alias that is no more costs one message, which the service rejects, and
 * the next one finds another alias.  Thread-safe.
 */
#ifndef FERRY_BOOK_H
#define FERRY_BOOK_H

#include "milter/desk.h"

struct book;

/* clerks: look-ups at the service at a time; 0: it is only to be read, and a map that is missing
 * is not made. */
struct book *book_open(const struct alias_account *account, unsigned clerks);
void book_close(struct book **book);
const struct alias_account *book_account(const struct book *book);

/*
 * A look into the map, for one message: everything is answered from one state of it, but that
 * what the service is asked for meanwhile is seen too.  It takes one of few open maps, so it
 * is to be ended soon.  Belongs to one thread.
 */
struct look {
	struct book *book;
	bool open;
	struct alias_map *map; /* NULL if there is none */
};
#define LOOK_INTO(the_book)        \
	{                          \
		.book = (the_book) \
	}
void look_end(struct look *look);

/* A correspondent that is to have an alias. */
struct entry {
	const char *address; /* the caller's, like the next two */
	const char *group;   /* the hostname whose alias it is, or */
	const char *fixed;   /* the alias's address */
	bool may_fail;       /* it is in a header field only: without an answer that comes soon
	                      * it is left out; such entries come after all others */

	int64_t alias_id; /* 0: not known */
	char *alias;      /* its address */
	char *reverse;    /* what stands for the correspondent; NULL: not known */
};
void entry_free(struct entry *entry);

/* What was done for it. */
struct book_work {
	unsigned aliases, contacts; /* that were made */
	unsigned requests;          /* to the service */
};

struct book_query {
	struct entry *entries;
	size_t count;
	bool contacts; /* reverse addresses are wanted, not only aliases */
	bool ask; /* the service may be asked; else what the map does not know stays unknown */
	struct deadline deadline;
	void (*tick)(
	    void *arg); /* called every second or so while others are waited for; or NULL */
	void *arg;
	struct book_work work; /* added to */
};

/*
 * Fill in the entries.  The worst outcome of those that may not fail; what was found for the
 * others is there all the same.  With ask, OK means that all of those have all that is wanted.
 */
struct outcome book_find(struct look *look, struct book_query *query);

/*
 * Is the address a reverse address that the map knows?  *exact_r (the caller free()s it; NULL:
 * no) is its spelling, *alias_id_r the alias it belongs to.  What was written with capitals is
 * found too.
 */
struct outcome
book_reverse(struct look *look, const char *address, char **exact_r, int64_t *alias_id_r);

/* Is it the address of an alias that the map knows? */
struct outcome book_has_alias(struct look *look, const char *address, bool *has_r);

struct desk *book_desk(struct book *book);

#endif
