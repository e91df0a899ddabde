/*
 * from_parts - what from_fields is made of
 */
#ifndef FERRY_FROM_PARTS_H
#define FERRY_FROM_PARTS_H

#include <stdbool.h>

#include "milter/from_fields.h"

/* from_own.c: what is the writer's own */

struct from_own {
	char **addresses; /* in every spelling known */
	size_t address_count;
	char **whole; /* "@domain", all of whose addresses are own; normal forms */
	size_t whole_count;
	char **domains; /* normal forms; an identifier at one, or below it, is own */
	size_t domain_count;
};

/* Learn from the envelope's sender, From, Sender, Reply-To, Message-ID, and the options. */
void from_own_init(
    struct from_own *own, const struct from_options *options, const struct mail *mail);
void from_own_free(struct from_own *own);

/* Is this an own address, whatever its extension? */
bool from_own_address(const struct from_own *own, const char *address);

/* Is the domain an own one, or below one? */
bool from_own_domain(const struct from_own *own, const char *domain);

/* Does an own address stand in the text, in any case, and not as a part of another's? */
bool from_own_in(const struct from_own *own, const char *text);

/* Does one stand in it, even as a part of something else? */
bool from_own_within(const struct from_own *own, const char *text);

/* Append the text with the alias in place of own addresses. */
void from_own_replace(
    const struct from_own *own, const char *text, const char *alias, struct buf *out);

/* from_date.c */

/* Append the moment that a Date names, or now if it names none, in UTC (RFC 5322 §3.3). */
void from_date(const char *value, int64_t now, struct buf *out);

/* from_subject.c */

/* Append a Subject without own addresses. */
void
from_subject(const struct from_own *own, const char *value, const char *alias, struct buf *out);

/* from_message_id.c */

/* Append what a Message-ID becomes; one that was made here for the alias stays. */
void from_message_id(const struct from_options *options, const char *value, struct buf *out);

/*
 * Append the identifiers, "<...>", of a References or In-Reply-To, one a line, own ones as they
 * are in the alias's name.  Nothing if there is none.
 */
void from_references(const struct from_options *options, const struct from_own *own,
    const char *value, struct buf *out);

#endif
