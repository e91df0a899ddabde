/*
 * own - what is the writer's: his addresses, and the domains of what his programs name
 *
 * An own address must not become a correspondent: its contact would show it to everybody who
 * reads the header.  And in from mode none may be left in a header.  Own are those of the
 * envelope's sender and of From, Sender, Reply-To and their Resent- forms; those that the alias
 * section lists as senders, whole domains too; and its mailbox.  An extension ("me+lists@")
 * makes no difference.
 *
 * Fields that cannot be read tell nothing; nor do addresses in fields beyond OWN_FIELDS_MAX.
 * Thread-safe.
 */
#ifndef FERRY_OWN_H
#define FERRY_OWN_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/service/alias_account.h"
#include "milter/mail.h"

#define OWN_FIELDS_MAX 200

struct own_list {
	char **items;
	size_t count;
};

struct own {
	struct own_list keys;      /* address.h, without extensions; "@domain": all of it */
	struct own_list spellings; /* of the addresses, all that are known, for texts */
	struct own_list domains;   /* normal forms; an identifier at one, or below it, is own */
};

/*
 * domains: more of those whose identifiers are own, "example.org" and all below it; ends with
 * NULL.  This machine's name belongs there.  Without it (NULL) nothing but own_has() is to be
 * asked afterwards.
 */
void own_find(const struct mail *mail, const struct alias_account *account,
    char *const *domains, struct own *own_r);
void own_free(struct own *own);

/* Not own after all: the alias is what everybody may see, and mail that comes through again
 * has it. */
void own_forget(struct own *own, const char *alias);

/* Is this an own address, whatever its extension?  Or one with this key (address.h)? */
bool own_has(const struct own *own, const char *address);
bool own_has_key(const struct own *own, const char *key);

/* Is the domain an own one, or below one? */
bool own_has_domain(const struct own *own, const char *domain);

/* own_text.c */

/* Does an own address stand in the text, in any case, and not as a part of another's? */
bool own_in(const struct own *own, const char *text);

/* Does one stand in it, even as a part of something else? */
bool own_within(const struct own *own, const char *text);

/* Append the text with the alias in place of own addresses. */
void own_replace(const struct own *own, const char *text, const char *alias, struct buf *out);

#endif
