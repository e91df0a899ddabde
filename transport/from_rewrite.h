/*
 * from_rewrite - a From field made the account's own
 *
 *	From: =?utf-8?Q?J=C3=BCrgen?= <j@elsewhere.example>
 *
 * becomes
 *
 *	From: =?utf-8?Q?J=C3=BCrgen?= <agent@atomicmail.ai>
 *	Reply-To: =?utf-8?Q?J=C3=BCrgen?= <j@elsewhere.example>
 *
 * Here are the words alone; message.h puts them into a message.  What comes out depends on
 * nothing but what goes in.
 */
#ifndef FERRY_FROM_REWRITE_H
#define FERRY_FROM_REWRITE_H

#include "common/wire/address_list.h"

/* More mailboxes than that in a From field are as good as none. */
#define FROM_MAILBOXES_MAX 1000

/*
 * The mailboxes a From field names, of the text behind its colon.  One that breaks the rules
 * gives at most one: what stands between "<" and ">", if that is an address.
 */
void from_parse(const char *value, size_t length, struct address_list *list_r);

/*
 * Append the value that From gets: the display name of the first mailbox as it is, or one made
 * of its comment, or of its address, or of all there is; and the address.  No line end.
 */
void from_make(const char *value, size_t length, const char *address, struct buf *out);

/*
 * Append the value that Reply-To gets: the old From as it is if answers can go there, else the
 * address in it.  False, and nothing, if there is no address to answer to.
 */
bool from_reply_to(const char *value, size_t length, struct buf *out);

/*
 * Append a From that is complete: the same mailbox, with "@domain" behind an address that
 * lacks it.  False, and nothing, if there is nothing to complete.
 */
bool from_complete(const char *value, size_t length, const char *domain, struct buf *out);

#endif
