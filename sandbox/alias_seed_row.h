/*
 * alias_seed_row - objects of a seed, taken by tables of their members
 */
#ifndef SANDBOX_ALIAS_SEED_ROW_H
#define SANDBOX_ALIAS_SEED_ROW_H

#include "sandbox/alias_service.h"

enum seed_type {
	SEED_TEXT,   /* or null */
	SEED_NUMBER, /* or null */
	SEED_TIME,   /* seconds since 1970; 0 and less count from now */
	SEED_FLAG,
	SEED_LIST, /* for the caller */
};

struct seed_member {
	const char *name;
	enum seed_type type;
	const char *sql; /* stores ?1 in the row ?2; NULL: for the caller */
};

struct seed {
	struct alias_service *service;
	struct db *db;
	int64_t now;
	struct buf *why;
};

/* Note a mistake; always false. */
bool
seed_mistake(struct seed *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Are all members of the object known, and of their types?  what names it in a mistake. */
bool seed_check(
    struct seed *s, const char *what, const json_t *object, const struct seed_member *members);

/* Store those that are given. */
void seed_store(
    struct seed *s, const json_t *object, const struct seed_member *members, int64_t row);

/* Take each object of a list; false at the first mistake.  A missing list is an empty one. */
bool seed_each(struct seed *s, const json_t *list, int64_t owner,
    bool (*take)(struct seed *s, const json_t *object, int64_t owner));

/* The time that a member says, or now. */
int64_t seed_time(const struct seed *s, const json_t *object, const char *key);

/* The numbers of the user's mailboxes that a list of addresses names; NULL after a mistake. */
json_t *seed_mailboxes(struct seed *s, const json_t *list, int64_t user);

/* alias_seed_alias.c: an alias of a user, with its contacts. */
bool seed_alias(struct seed *s, const json_t *object, int64_t user);

#endif
