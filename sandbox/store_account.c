/*
 * Accounts, and the challenges that were used to reach them.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "common/base/xalloc.h"
#include "sandbox/codec.h"
#include "sandbox/mailboxes.h"
#include "sandbox/store.h"

#define API_KEY_BYTES 24

#define SELECT_ACCOUNT                                                                      \
	"SELECT id, username, inbox, modseq, mailbox_state, email_state, submission_state " \
	"FROM account WHERE "

static bool
read_account(struct db *d, sqlite3_stmt *row, struct account *a)
{
	*a = (struct account){0};
	if (!db_next(d, row))
		return false;
	a->id = sqlite3_column_int64(row, 0);
	a->username = xstrdup((const char *)sqlite3_column_text(row, 1));
	a->inbox = xstrdup((const char *)sqlite3_column_text(row, 2));
	a->modseq = sqlite3_column_int64(row, 3);
	for (int i = 0; i < RECORD_COUNT; i++)
		a->states[i] = sqlite3_column_int64(row, 4 + i);
	db_finish(row);
	return true;
}

bool
account_by_id(struct db *d, int64_t id, struct account *a)
{
	return read_account(d, db_query(d, SELECT_ACCOUNT "id = ?", "i", id), a);
}

bool
account_by_username(struct db *d, const char *username, struct account *a)
{
	return read_account(d, db_query(d, SELECT_ACCOUNT "username = ?", "t", username), a);
}

bool
account_by_inbox(struct db *d, const char *address, struct account *a)
{
	return read_account(d, db_query(d, SELECT_ACCOUNT "inbox = ?", "t", address), a);
}

static void
hash_key(const char *api_key, unsigned char hash[SHA256_DIGEST_LENGTH])
{
	SHA256((const unsigned char *)api_key, strlen(api_key), hash);
}

bool
account_by_key(struct db *d, const char *api_key, struct account *a)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	hash_key(api_key, hash);
	return read_account(
	    d, db_query(d, SELECT_ACCOUNT "api_key = ?", "b", hash, sizeof(hash)), a);
}

void
account_free(struct account *a)
{
	free(a->username);
	free(a->inbox);
	free(a->tallies);
	*a = (struct account){0};
}

bool
account_create(struct db *d, const char *username, const char *inbox, bool with_mailboxes,
    struct account *a, struct buf *api_key)
{
	unsigned char random[API_KEY_BYTES], hash[SHA256_DIGEST_LENGTH];

	random_bytes(random, sizeof(random));
	buf_adds(api_key, "sandbox_");
	hex_encode(random, sizeof(random), api_key);
	hash_key(api_key->data, hash);
	db_run(d,
	    "INSERT INTO account (username, inbox, api_key, modseq, mailbox_state, email_state,"
	    " submission_state) VALUES (?, ?, ?, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
	    "ttb", username, inbox, hash, sizeof(hash));
	if (db_changes(d) == 0 || !account_by_id(d, db_last_id(d), a))
		return false;
	if (with_mailboxes)
		mailboxes_create_first(d, a);
	account_save(d, a);
	return true;
}

int64_t
account_touch(struct account *a, enum record kind)
{
	a->dirty = true;
	a->states[kind] = ++a->modseq;
	return a->modseq;
}

void
account_save(struct db *d, struct account *a)
{
	mailboxes_settle(d, a);
	if (!a->dirty)
		return;
	db_run(d,
	    "UPDATE account SET modseq = ?, mailbox_state = ?, email_state = ?,"
	    " submission_state = ? WHERE id = ?",
	    "iiiii", a->modseq, a->states[RECORD_MAILBOX], a->states[RECORD_EMAIL],
	    a->states[RECORD_SUBMISSION], a->id);
	a->dirty = false;
}

bool
challenge_use(struct db *d, const char *jti, int64_t expires, int64_t now)
{
	db_run(d, "DELETE FROM challenge WHERE expires < ?", "i", now);
	db_run(d, "INSERT INTO challenge VALUES (?, ?) ON CONFLICT DO NOTHING", "ti", jti,
	    expires);
	return db_changes(d) == 1;
}
