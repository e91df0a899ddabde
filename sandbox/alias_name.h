/*
 * alias_name - what the service makes of names: prefixes, suggestions, reverse addresses
 *
 * All but the random ones are pure.  All are thread-safe.
 */
#ifndef SANDBOX_ALIAS_NAME_H
#define SANDBOX_ALIAS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

#define ALIAS_PREFIX_MAX 40

/*
 * Rewrite what was asked for into what a local part may hold: lower case, no blanks,
 * transliterated, and '_' for all that is not in [A-Za-z0-9_.-]; cut at 64.
 *
 * Transliteration is glibc's //TRANSLIT, asked first with the rules of C.UTF-8 (accents,
 * ligatures), then with those of C (Cyrillic): both are part of libc6, whatever locale the
 * process has.  Other alphabets become '_', where the real service's Unidecode spells them
 * out; but Han becomes a capital letter, since Unidecode's "ZhongGuo" has them and is refused
 * for it.
 */
void alias_name_rewrite(const char *text, struct buf *out);

/* Is it, rewritten, a prefix: 1 to 40 of [0-9a-z_.-]? */
bool alias_prefix_valid(const char *prefix);

/*
 * The suggestion for a website: the label before its public suffix (ICANN's part of the
 * list), rewritten.  Takes URLs and ports; "" if there is no such label.
 */
void alias_name_suggest(const char *hostname, struct buf *out);

/* Is LOCAL@DOMAIN an address that an alias may have? */
bool alias_address_valid(const char *email);

/*
 * Read a contact: "Name <address>", or an address after words that are its name.  The domain
 * comes out in lower case.  False if it is no address that mail can be sent to; the strings
 * are the caller's to free, *name_r is NULL if there is none.
 */
bool alias_contact_read(const char *text, char **name_r, char **email_r);

/* Is it an address that mail can be sent to, after email-validator's rules without DNS? */
bool alias_email_valid(const char *email);

/* Put the domain of an address into lower case, as contacts have it. */
void alias_lower_domain(char *email);

/* Append the local part of a reverse alias: made of the address, or random if that is NULL. */
void alias_reverse_local(const char *email, struct buf *out);

/* Append "Name | bob at x.com" <reply>; format is the user's sender_format. */
void alias_reverse_display(const char *name, const char *email, const char *reply,
    const char *format, struct buf *out);

/* Append what stands in From of forwarded mail. */
void alias_sender_display(const char *name, const char *email, const char *reply,
    const char *format, struct buf *out);

/* Lower-case a copy, trimmed, blanks inside dropped: how addresses are compared. */
char *alias_canonical(const char *email);

/* The same mailbox of a provider that overlooks dots and +tags: a new string. */
char *alias_canonical_mailbox(const char *email);

#endif
