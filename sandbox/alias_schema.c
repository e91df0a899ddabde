/*
 * The tables.  "user" in a table is whose the row is; times are seconds since 1970.
 */
#include <string.h>

#include "sandbox/alias_schema.h"
#include "sandbox/alias_service.h"
#include "sandbox/codec.h"

#define SCHEMA_VERSION 1

static const char schema[] =
    "CREATE TABLE secret (bytes BLOB);"
    "CREATE TABLE user (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT,"
    "  password TEXT, activated INTEGER DEFAULT 1, disabled INTEGER DEFAULT 0,"
    "  delete_on INTEGER, plan TEXT DEFAULT 'premium', trial_end INTEGER, max_free INTEGER,"
    "  fido INTEGER DEFAULT 0, totp_secret TEXT, last_otp TEXT, proton TEXT,"
    "  proton_locked INTEGER DEFAULT 0, picture TEXT,"
    "  restricted INTEGER DEFAULT 0, mailbox INTEGER, alias_generator TEXT DEFAULT 'word',"
    "  notification INTEGER DEFAULT 1, default_domain TEXT, sender_format TEXT DEFAULT 'AT',"
    "  random_suffix TEXT DEFAULT 'word', website_aliases INTEGER DEFAULT 1,"
    "  purge INTEGER DEFAULT 0, sender_in_reverse INTEGER DEFAULT 1,"
    "  replace_reverse INTEGER DEFAULT 0, refuse_blocked INTEGER DEFAULT 0,"
    "  code TEXT, code_tries INTEGER DEFAULT 0, created INTEGER);"
    "CREATE TABLE api_key (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, code TEXT UNIQUE,"
    "  name TEXT, times INTEGER DEFAULT 0, last_used INTEGER, sudo INTEGER, created INTEGER);"
    "CREATE INDEX api_key_user ON api_key (user);"
    "CREATE TABLE session (id TEXT PRIMARY KEY, user INTEGER, sudo INTEGER) WITHOUT ROWID;"
    "CREATE TABLE cookie_token (token TEXT PRIMARY KEY, user INTEGER, created INTEGER)"
    "  WITHOUT ROWID;"
    "CREATE TABLE mailbox (id INTEGER PRIMARY KEY, user INTEGER NOT NULL,"
    "  email TEXT NOT NULL UNIQUE, verified INTEGER DEFAULT 1, disabled INTEGER DEFAULT 0,"
    "  force_spf INTEGER DEFAULT 1, pgp INTEGER DEFAULT 0, new_email TEXT, code TEXT,"
    "  created INTEGER);"
    "CREATE INDEX mailbox_user ON mailbox (user);"
    "CREATE TABLE authorized (mailbox INTEGER, email TEXT, PRIMARY KEY (mailbox, email))"
    "  WITHOUT ROWID;"
    "CREATE TABLE domain (id INTEGER PRIMARY KEY, name TEXT UNIQUE,"
    "  premium INTEGER DEFAULT 0, hidden INTEGER DEFAULT 0, reverse INTEGER DEFAULT 0);"
    "CREATE TABLE custom_domain (id INTEGER PRIMARY KEY, user INTEGER NOT NULL,"
    "  domain TEXT UNIQUE, name TEXT, owned INTEGER DEFAULT 1, verified INTEGER DEFAULT 1,"
    "  catch_all INTEGER DEFAULT 0, random_prefix INTEGER DEFAULT 0, created INTEGER);"
    "CREATE TABLE domain_mailbox (domain INTEGER, mailbox INTEGER,"
    "  PRIMARY KEY (domain, mailbox)) WITHOUT ROWID;"
    "CREATE TABLE alias (id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER NOT NULL,"
    "  email TEXT NOT NULL UNIQUE, name TEXT, note TEXT, enabled INTEGER DEFAULT 1,"
    "  custom_domain INTEGER, mailbox INTEGER NOT NULL, pinned INTEGER DEFAULT 0,"
    "  disable_pgp INTEGER DEFAULT 0, delete_on INTEGER, created INTEGER, activity INTEGER);"
    "CREATE INDEX alias_user ON alias (user, delete_on);"
    /* The order of the list. */
    "CREATE INDEX alias_order ON alias (user, pinned DESC, max(created, activity) DESC,"
    "  id DESC) WHERE delete_on IS NULL;"
    "CREATE TABLE alias_mailbox (alias INTEGER, mailbox INTEGER, PRIMARY KEY (alias, mailbox))"
    "  WITHOUT ROWID;"
    "CREATE INDEX alias_mailbox_mailbox ON alias_mailbox (mailbox);"
    "CREATE INDEX alias_primary ON alias (mailbox);"
    "CREATE INDEX alias_trash ON alias (delete_on) WHERE delete_on IS NOT NULL;"
    "CREATE TABLE used_on (id INTEGER PRIMARY KEY AUTOINCREMENT, alias INTEGER, user INTEGER,"
    "  hostname TEXT, created INTEGER, UNIQUE (alias, hostname));"
    "CREATE INDEX used_on_hostname ON used_on (user, hostname);"
    /* Addresses that are never given out again; those of a custom domain are in its trash. */
    "CREATE TABLE gone (email TEXT PRIMARY KEY, custom_domain INTEGER, created INTEGER)"
    "  WITHOUT ROWID;"
    "CREATE TABLE contact (id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER NOT NULL,"
    "  alias INTEGER NOT NULL, email TEXT NOT NULL, name TEXT, reply TEXT NOT NULL UNIQUE,"
    "  blocked INTEGER DEFAULT 0, pgp_fails INTEGER DEFAULT 0, created INTEGER,"
    "  UNIQUE (alias, email));"
    "CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, user INTEGER, alias INTEGER,"
    "  contact INTEGER, action TEXT, created INTEGER);"
    "CREATE INDEX log_alias ON log (alias, created, id);"
    "CREATE INDEX log_contact ON log (contact, created);"
    "CREATE INDEX log_user ON log (user);"
    /* What a reply's Message-ID was, and what it left as. */
    "CREATE TABLE message_id (ours TEXT PRIMARY KEY, original TEXT UNIQUE, log INTEGER)"
    "  WITHOUT ROWID;"
    "CREATE TABLE notification (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, title TEXT,"
    "  message TEXT, read INTEGER DEFAULT 0, created INTEGER);"
    "CREATE TABLE app (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, name TEXT, url TEXT);"
    "CREATE TABLE reservation (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, ended INTEGER);"
    "CREATE TABLE sms (id INTEGER PRIMARY KEY, reservation INTEGER, sender TEXT, body TEXT,"
    "  created INTEGER);"
    /* What the service mailed to its users, and what it did with each recipient of mail. */
    "CREATE TABLE letter (id INTEGER PRIMARY KEY, recipient TEXT, subject TEXT, code TEXT,"
    "  created INTEGER);"
    "CREATE TABLE handled (id INTEGER PRIMARY KEY, sender TEXT, recipient TEXT, phase TEXT,"
    "  reply TEXT, delivered INTEGER, log INTEGER, created INTEGER);";

static bool
read_secret(struct db *d, unsigned char *secret)
{
	sqlite3_stmt *row = db_query(d, "SELECT bytes FROM secret", "");
	bool good = db_next(d, row) && sqlite3_column_bytes(row, 0) == ALIAS_SECRET_BYTES;

	if (good)
		memcpy(secret, sqlite3_column_blob(row, 0), ALIAS_SECRET_BYTES);
	db_finish(row);
	return good;
}

bool
alias_schema_make(struct db *d, unsigned char *secret, bool *fresh_r)
{
	int64_t version = db_int(d, -1, "PRAGMA user_version", "");

	*fresh_r = version == 0;
	if (version == SCHEMA_VERSION)
		return read_secret(d, secret);
	if (version != 0 || db_int(d, 1, "SELECT count(*) FROM sqlite_master", "") != 0)
		return false;
	random_bytes(secret, ALIAS_SECRET_BYTES);
	db_begin(d, true);
	db_script(d, schema);
	db_run(d, "INSERT INTO secret VALUES (?)", "b", secret, (size_t)ALIAS_SECRET_BYTES);
	db_script(d, "PRAGMA user_version = 1");
	return db_commit(d, NULL);
}
