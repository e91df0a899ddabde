/*
 * alias_account - accounts made, passwords and keys
 */
#ifndef SANDBOX_ALIAS_ACCOUNT_H
#define SANDBOX_ALIAS_ACCOUNT_H

#include "sandbox/alias_call.h"
#include "sandbox/alias_service.h"

/* The user of an address (case and blanks do not count), 0 if there is none. */
int64_t alias_account_find(struct db *d, const char *email);

/* Make an account with its mailbox and its first alias; password may be NULL. */
int64_t alias_account_make(struct alias_service *s, int64_t now, const char *email,
    const char *password, bool activated);

void alias_account_set_password(struct alias_service *s, int64_t user, const char *password);
bool alias_account_password_fits(
    const struct alias_service *s, const struct alias_user *u, const char *password);

/* Make a key of this name, or none (NULL), appended to code. */
void alias_account_new_key(
    struct db *d, int64_t user, int64_t now, const char *name, struct buf *code);

/* Six digits that activate the account, in a letter. */
void alias_account_send_code(struct db *d, int64_t user, int64_t now);

/* Why an address cannot be somebody's mailbox, as the service says it; NULL if it can. */
const char *
alias_mailbox_refusal(struct db *d, const struct alias_config *config, const char *email);

/* Is the address a user's, or one of their mailboxes? */
bool alias_mailbox_used(struct db *d, const char *email);

/* Is the base32 secret's one-time password (RFC 6238) of two steps around now? */
bool alias_totp_fits(const char *secret, const char *token, int64_t now);

/* Append the one-time password of a time. */
void alias_totp(const char *secret, int64_t now, struct buf *out);

#endif
