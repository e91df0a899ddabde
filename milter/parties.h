/*
 * parties - those a message goes to, and those its header names
 *
 * Each address once, however often and in whatever case it is there (address.h): recipients of
 * the envelope first, then those that To, Cc and their Resent- forms alone name.
 */
#ifndef FERRY_PARTIES_H
#define FERRY_PARTIES_H

#include "common/base/outcome.h"
#include "milter/mail.h"
#include "milter/policy.h"

enum party_fate {
	PARTY_DIRECT,  /* as it is; a copy for such recipients is not one for aliases */
	PARTY_ALIAS,   /* its contact of an alias takes its place */
	PARTY_OWN,     /* the writer himself, in from mode: as it is, beside any others */
	PARTY_REVERSE, /* it is a reverse address already, of an alias that the map knows */
	PARTY_NOBODY,  /* named by the header alone, and left out */
};

struct party {
	char *key;                       /* address.h */
	char *address;                   /* as it was first met, without brackets */
	enum party_fate fate;            /* PARTY_NOBODY at first */
	struct policy_decision decision; /* of PARTY_ALIAS */
	int64_t alias_id;                /* of PARTY_ALIAS, PARTY_REVERSE; 0: not known yet */
	char *alias;                     /* its address, or NULL */
	char *reverse;                   /* what stands for it, or NULL */
};

struct parties {
	struct party *items;
	size_t count;
	size_t recipients; /* the first so many are the envelope's */
	size_t *slots;     /* hash table of positions + 1 */
	size_t slot_count;
};

void parties_free(struct parties *parties);

/* All of a message.  local/header, PERMANENT, if a field cannot be read or names too many. */
struct outcome parties_of(const struct mail *mail, struct parties *parties_r);

/* The message's recipient i. */
const struct party *
parties_recipient(const struct parties *parties, const struct mail *mail, size_t i);

/* By its address in any spelling, or NULL. */
struct party *parties_find(const struct parties *parties, const char *address);

/* Is this one of the fields whose addresses are parties? */
bool parties_is_field(const struct mail_field *field);

#endif
