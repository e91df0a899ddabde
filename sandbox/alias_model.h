/*
 * alias_model - users, aliases and contacts in the database, for endpoints and mail alike
 *
 * All work within the transaction of the caller.
 */
#ifndef SANDBOX_ALIAS_MODEL_H
#define SANDBOX_ALIAS_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sandbox/alias_config.h"
#include "sandbox/db.h"

/* A user's row, as far as more than one place asks for it. */
struct alias_user {
	int64_t id;
	char *email;
	char *name; /* "" if none */
	char *plan; /* "free", "trial" or "premium" */
	int64_t trial_end;
	int64_t max_free; /* aliases without a plan */
	int64_t mailbox;  /* the default one */
	char *alias_generator;
	char *default_domain; /* NULL: the first of the service */
	char *sender_format;
	char *random_suffix;
	char *password; /* NULL: none */
	bool activated;
	bool disabled;
	bool restricted;
	bool website_aliases;
	bool purge;
	bool sender_in_reverse;
	bool replace_reverse;
	bool refuse_blocked;
	bool notification;
};

/* Load by id; false if there is none.  alias_user_free() in any case. */
bool alias_user_load(
    struct db *d, const struct alias_config *config, int64_t id, struct alias_user *u);
void alias_user_free(struct alias_user *u);

/* A paid plan; or a trial that lasts, too. */
bool alias_user_paid(const struct alias_user *u);
bool alias_user_premium(const struct alias_user *u, int64_t now);

/* May the user have one more alias? */
bool alias_user_may_create(struct db *d, const struct alias_user *u);
bool alias_user_may_contact(
    const struct alias_config *config, const struct alias_user *u, int64_t now);

/* May aliases end so for this user: the service's domains, and those of the user's own that
 * are owned? */
bool alias_domain_open(struct db *d, const struct alias_user *u, int64_t now, const char *name);

/* Is it a domain of the service; a custom domain (its id, or 0)? */
bool alias_domain_ours(struct db *d, const struct alias_config *config, const char *name);
int64_t alias_domain_custom(struct db *d, const char *name);

/* Was the address ever an alias: live, in the trash, or gone? */
bool alias_taken(struct db *d, const char *email);

/* Make an alias in the user's name; mailboxes are numbers, the first is the primary one. */
int64_t alias_add(struct db *d, int64_t user, int64_t now, const char *email,
    const json_t *mailboxes, const char *note, const char *name);

/* Remove an alias and all that hangs on it; its address is gone for good. */
void alias_purge(struct db *d, int64_t now, int64_t alias);

/* Remove the aliases whose days in the trash are over. */
void alias_empty_trash(struct db *d, int64_t now);

/* Note that the alias was used on a website; false if the name is too long for the column. */
bool
alias_note_use(struct db *d, int64_t user, int64_t alias, int64_t now, const char *hostname);

enum alias_form {
	ALIAS_LISTED, /* as /v2/aliases: verified mailboxes, by address */
	ALIAS_ALONE,  /* as /aliases/:id: all mailboxes */
	ALIAS_SHORT,  /* as the first version of the list */
};

json_t *alias_object(struct db *d, int64_t alias, enum alias_form form);

/* The contact as the API shows it; existed is a member. */
json_t *alias_contact_object(struct db *d, int64_t contact, bool existed);

/* {"reverse_alias", "reverse_alias_address"} and what else of a contact a row holds. */
char *alias_contact_display(struct db *d, int64_t contact);

/*
 * Find or make the contact of an alias; *existed_r tells which.  A name that is given replaces
 * the one there was.
 */
int64_t alias_contact_add(struct db *d, const struct alias_config *config, int64_t now,
    int64_t alias, const char *email, const char *name, bool *existed_r);

/* Remove a contact and what was logged of it. */
void alias_contact_purge(struct db *d, int64_t contact);

/* Note what happened to mail of a contact: "forward", "reply", "block" or "bounced". */
int64_t alias_log(struct db *d, int64_t now, int64_t contact, const char *action);

/* The number of an active mailbox of the user that is verified; 0 if it is none. */
int64_t alias_mailbox_good(struct db *d, int64_t user, int64_t mailbox);

#endif
