/*
 * Users, domains, and the life of aliases.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_model.h"

#define HOSTNAME_MAX 1024 /* characters of the column */

static char *
text_at(sqlite3_stmt *row, int column)
{
	return xstrdup((const char *)sqlite3_column_text(row, column));
}

static bool
flag_at(sqlite3_stmt *row, int column)
{
	return sqlite3_column_int(row, column) != 0;
}

bool
alias_user_load(
    struct db *d, const struct alias_config *config, int64_t id, struct alias_user *u)
{
	sqlite3_stmt *row = db_query(d,
	    "SELECT email, coalesce(name, ''), plan, coalesce(trial_end, 0),"
	    " coalesce(max_free, ?), coalesce(mailbox, 0), alias_generator, default_domain,"
	    " sender_format, random_suffix, password, activated, disabled, restricted,"
	    " website_aliases, purge, sender_in_reverse, replace_reverse, refuse_blocked,"
	    " notification FROM user WHERE id = ?",
	    "ii", config->max_free, id);

	*u = (struct alias_user){0};
	if (!db_next(d, row))
		return false;
	u->id = id;
	u->email = text_at(row, 0);
	u->name = text_at(row, 1);
	u->plan = text_at(row, 2);
	u->trial_end = sqlite3_column_int64(row, 3);
	u->max_free = sqlite3_column_int64(row, 4);
	u->mailbox = sqlite3_column_int64(row, 5);
	u->alias_generator = text_at(row, 6);
	u->default_domain = text_at(row, 7);
	u->sender_format = text_at(row, 8);
	u->random_suffix = text_at(row, 9);
	u->password = text_at(row, 10);
	u->activated = flag_at(row, 11);
	u->disabled = flag_at(row, 12);
	u->restricted = flag_at(row, 13);
	u->website_aliases = flag_at(row, 14);
	u->purge = flag_at(row, 15);
	u->sender_in_reverse = flag_at(row, 16);
	u->replace_reverse = flag_at(row, 17);
	u->refuse_blocked = flag_at(row, 18);
	u->notification = flag_at(row, 19);
	db_finish(row);
	return true;
}

void
alias_user_free(struct alias_user *u)
{
	free(u->email);
	free(u->name);
	free(u->plan);
	free(u->alias_generator);
	free(u->default_domain);
	free(u->sender_format);
	free(u->random_suffix);
	free(u->password);
	*u = (struct alias_user){0};
}

bool
alias_user_paid(const struct alias_user *u)
{
	return strcmp(u->plan, "premium") == 0;
}

bool
alias_user_premium(const struct alias_user *u, int64_t now)
{
	return alias_user_paid(u) || (strcmp(u->plan, "trial") == 0 && u->trial_end > now);
}

bool
alias_user_may_create(struct db *d, const struct alias_user *u)
{
	return alias_user_paid(u) ||
	       db_int(d, 0, "SELECT count(*) FROM alias WHERE user = ? AND delete_on IS NULL",
	           "i", u->id) < u->max_free;
}

bool
alias_user_may_contact(
    const struct alias_config *config, const struct alias_user *u, int64_t now)
{
	return !config->restrict_contacts || !u->restricted || alias_user_premium(u, now);
}

bool
alias_domain_open(struct db *d, const struct alias_user *u, int64_t now, const char *name)
{
	return db_int(d, 0,
	           "SELECT 1 FROM domain WHERE name = ?1 AND hidden = 0 AND premium <= ?2"
	           " UNION SELECT 1 FROM custom_domain WHERE domain = ?1 AND user = ?3 AND "
	           "owned",
	           "tii", name, (int64_t)alias_user_premium(u, now), u->id) == 1;
}

bool
alias_domain_ours(struct db *d, const struct alias_config *config, const char *name)
{
	return strcmp(name, config->email_domain) == 0 ||
	       db_int(d, 0, "SELECT 1 FROM domain WHERE name = ?", "t", name) == 1;
}

int64_t
alias_domain_custom(struct db *d, const char *name)
{
	return db_int(d, 0, "SELECT id FROM custom_domain WHERE domain = ?", "t", name);
}

bool
alias_taken(struct db *d, const char *email)
{
	return db_int(d, 0,
	           "SELECT 1 FROM alias WHERE email = ?1"
	           " UNION SELECT 1 FROM gone WHERE email = ?1",
	           "t", email) == 1;
}

int64_t
alias_add(struct db *d, int64_t user, int64_t now, const char *email, const json_t *mailboxes,
    const char *note, const char *name)
{
	const char *domain = strrchr(email, '@');
	int64_t custom = alias_domain_custom(d, domain == NULL ? "" : domain + 1);
	int64_t alias;

	db_run(d,
	    "INSERT INTO alias (user, email, name, note, custom_domain, mailbox, created,"
	    " activity) VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?7)",
	    "itttiii", user, email, name, note, custom,
	    (int64_t)json_integer_value(json_array_get(mailboxes, 0)), now);
	alias = db_last_id(d);
	for (size_t i = 1; i < json_array_size(mailboxes); i++)
		db_run(d, "INSERT INTO alias_mailbox VALUES (?, ?) ON CONFLICT DO NOTHING",
		    "ii", alias, (int64_t)json_integer_value(json_array_get(mailboxes, i)));
	return alias;
}

void
alias_purge(struct db *d, int64_t now, int64_t alias)
{
	db_run(d,
	    "INSERT INTO gone SELECT email, custom_domain, ? FROM alias WHERE id = ?"
	    " ON CONFLICT DO NOTHING",
	    "ii", now, alias);
	db_run(d, "DELETE FROM alias_mailbox WHERE alias = ?", "i", alias);
	db_run(d, "DELETE FROM used_on WHERE alias = ?", "i", alias);
	db_run(d, "DELETE FROM contact WHERE alias = ?", "i", alias);
	db_run(d, "DELETE FROM log WHERE alias = ?", "i", alias);
	db_run(d, "DELETE FROM alias WHERE id = ?", "i", alias);
}

void
alias_empty_trash(struct db *d, int64_t now)
{
	int64_t alias;

	while (
	    (alias = db_int(d, 0,
	         "SELECT id FROM alias WHERE delete_on IS NOT NULL AND delete_on <= ? LIMIT 1",
	         "i", now)) != 0)
		alias_purge(d, now, alias);
}

/* Characters, not bytes: the columns of the service's database count those. */
static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		if (((unsigned char)*text & 0xc0) != 0x80)
			count++;
	return count;
}

bool
alias_note_use(struct db *d, int64_t user, int64_t alias, int64_t now, const char *hostname)
{
	if (characters(hostname) > HOSTNAME_MAX)
		return false;
	db_run(d,
	    "INSERT INTO used_on (alias, user, hostname, created) VALUES (?, ?, ?, ?)"
	    " ON CONFLICT DO NOTHING",
	    "iiti", alias, user, hostname, now);
	return true;
}

int64_t
alias_mailbox_good(struct db *d, int64_t user, int64_t mailbox)
{
	return db_int(d, 0, "SELECT id FROM mailbox WHERE id = ? AND user = ? AND verified",
	    "ii", mailbox, user);
}
