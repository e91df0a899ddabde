/*
 * Seeds: the built-in one, and how one is taken.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_account.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_seed.h"
#include "sandbox/alias_seed_row.h"

json_t *
alias_seed_builtin(const char *domain)
{
	json_t *email = json_sprintf("agent@%s", domain);
	json_t *seed = json_pack("{s:{s:s}, s:[{s:s}, {s:s, s:b}], s:[{s:o, s:s, s:s, s:[s]}]}",
	    "config", "email_domain", "sl.example", "domains", "domain", "sl.example", "domain",
	    "premium.example", "premium", 1, "users", "email", email, "name", "Agent",
	    "password", "password", "api_keys", ALIAS_SEED_KEY);

	return seed;
}

static bool
seed_domain(struct seed *s, const json_t *object, int64_t nobody)
{
	static const struct seed_member members[] = {
	    {"domain", SEED_TEXT, NULL},
	    {"premium", SEED_FLAG, "UPDATE domain SET premium = ? WHERE id = ?"},
	    {"hidden", SEED_FLAG, "UPDATE domain SET hidden = ? WHERE id = ?"},
	    {"reverse", SEED_FLAG, "UPDATE domain SET reverse = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};
	const char *name = json_text(object, "domain");

	(void)nobody;
	if (!seed_check(s, "a domain", object, members))
		return false;
	if (name == NULL || *name == '\0')
		return seed_mistake(s, "a domain lacks its name, \"domain\"");
	db_run(s->db, "INSERT INTO domain (name) VALUES (?) ON CONFLICT DO NOTHING", "t", name);
	seed_store(s, object, members,
	    db_int(s->db, 0, "SELECT id FROM domain WHERE name = ?", "t", name));
	return true;
}

static bool
seed_mailbox(struct seed *s, const json_t *object, int64_t user)
{
	static const struct seed_member members[] = {
	    {"email", SEED_TEXT, NULL},
	    {"authorized", SEED_LIST, NULL},
	    {"verified", SEED_FLAG, "UPDATE mailbox SET verified = ? WHERE id = ?"},
	    {"disabled", SEED_FLAG, "UPDATE mailbox SET disabled = ? WHERE id = ?"},
	    {"force_spf", SEED_FLAG, "UPDATE mailbox SET force_spf = ? WHERE id = ?"},
	    {"pgp", SEED_FLAG, "UPDATE mailbox SET pgp = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};
	const char *email = json_text(object, "email");
	int64_t mailbox;
	size_t i;
	const json_t *address;

	if (!seed_check(s, "a mailbox", object, members))
		return false;
	if (email == NULL || strchr(email, '@') == NULL)
		return seed_mistake(s, "a mailbox lacks its address, \"email\"");
	db_run(s->db,
	    "INSERT INTO mailbox (user, email, created) VALUES (?, ?, ?) ON CONFLICT DO "
	    "NOTHING",
	    "iti", user, email, s->now);
	mailbox = db_int(
	    s->db, 0, "SELECT id FROM mailbox WHERE email = ? AND user = ?", "ti", email, user);
	if (mailbox == 0)
		return seed_mistake(s, "the mailbox %s is somebody else's", email);
	seed_store(s, object, members, mailbox);
	json_array_foreach (json_object_get(object, "authorized"), i, address)
		db_run(s->db, "INSERT INTO authorized VALUES (?, ?) ON CONFLICT DO NOTHING",
		    "it", mailbox, json_string_value(address));
	return true;
}

static bool
seed_custom_domain(struct seed *s, const json_t *object, int64_t user)
{
	static const struct seed_member members[] = {
	    {"domain", SEED_TEXT, NULL},
	    {"mailboxes", SEED_LIST, NULL},
	    {"name", SEED_TEXT, "UPDATE custom_domain SET name = ? WHERE id = ?"},
	    {"owned", SEED_FLAG, "UPDATE custom_domain SET owned = ? WHERE id = ?"},
	    {"verified", SEED_FLAG, "UPDATE custom_domain SET verified = ? WHERE id = ?"},
	    {"catch_all", SEED_FLAG, "UPDATE custom_domain SET catch_all = ? WHERE id = ?"},
	    {"random_prefix_generation", SEED_FLAG,
	        "UPDATE custom_domain SET random_prefix = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};
	const char *name = json_text(object, "domain");
	json_t *mailboxes;
	int64_t domain;

	if (!seed_check(s, "a custom domain", object, members))
		return false;
	if (name == NULL || *name == '\0')
		return seed_mistake(s, "a custom domain lacks its name, \"domain\"");
	mailboxes = seed_mailboxes(s, json_object_get(object, "mailboxes"), user);
	if (mailboxes == NULL)
		return false;
	db_run(s->db,
	    "INSERT INTO custom_domain (user, domain, created) VALUES (?, ?, ?)"
	    " ON CONFLICT DO NOTHING",
	    "iti", user, name, s->now);
	domain = alias_domain_custom(s->db, name);
	seed_store(s, object, members, domain);
	for (size_t i = 0; i < json_array_size(mailboxes); i++)
		db_run(s->db, "INSERT INTO domain_mailbox VALUES (?, ?) ON CONFLICT DO NOTHING",
		    "ii", domain, (int64_t)json_integer_value(json_array_get(mailboxes, i)));
	json_decref(mailboxes);
	return true;
}

static bool
seed_notification(struct seed *s, const json_t *object, int64_t user)
{
	static const struct seed_member members[] = {
	    {"title", SEED_TEXT, "UPDATE notification SET title = ? WHERE id = ?"},
	    {"message", SEED_TEXT, "UPDATE notification SET message = ? WHERE id = ?"},
	    {"read", SEED_FLAG, "UPDATE notification SET read = ? WHERE id = ?"},
	    {"created", SEED_TIME, "UPDATE notification SET created = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};

	if (!seed_check(s, "a notification", object, members))
		return false;
	db_run(s->db, "INSERT INTO notification (user, message, created) VALUES (?, '', ?)",
	    "ii", user, s->now);
	seed_store(s, object, members, db_last_id(s->db));
	return true;
}

static bool
seed_app(struct seed *s, const json_t *object, int64_t user)
{
	static const struct seed_member members[] = {
	    {"name", SEED_TEXT, "UPDATE app SET name = ? WHERE id = ?"},
	    {"home_url", SEED_TEXT, "UPDATE app SET url = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};

	if (!seed_check(s, "an app", object, members))
		return false;
	db_run(s->db, "INSERT INTO app (user) VALUES (?)", "i", user);
	seed_store(s, object, members, db_last_id(s->db));
	return true;
}

static bool
seed_sms(struct seed *s, const json_t *object, int64_t reservation)
{
	static const struct seed_member members[] = {
	    {"from_number", SEED_TEXT, "UPDATE sms SET sender = ? WHERE id = ?"},
	    {"body", SEED_TEXT, "UPDATE sms SET body = ? WHERE id = ?"},
	    {"created", SEED_TIME, "UPDATE sms SET created = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};

	if (!seed_check(s, "a message of a reservation", object, members))
		return false;
	db_run(s->db, "INSERT INTO sms (reservation, created) VALUES (?, ?)", "ii", reservation,
	    s->now);
	seed_store(s, object, members, db_last_id(s->db));
	return true;
}

static bool
seed_reservation(struct seed *s, const json_t *object, int64_t user)
{
	static const struct seed_member members[] = {
	    {"messages", SEED_LIST, NULL},
	    {"ended", SEED_FLAG, "UPDATE reservation SET ended = ? WHERE id = ?"},
	    {NULL, SEED_TEXT, NULL},
	};

	if (!seed_check(s, "a reservation", object, members))
		return false;
	db_run(s->db, "INSERT INTO reservation (user, ended) VALUES (?, 0)", "i", user);
	seed_store(s, object, members, db_last_id(s->db));
	return seed_each(s, json_object_get(object, "messages"),
	    db_int(s->db, 0, "SELECT max(id) FROM reservation", ""), seed_sms);
}

static bool
seed_key(struct seed *s, const json_t *code, int64_t user)
{
	if (!json_is_string(code))
		return seed_mistake(s, "a key is a text");
	db_run(s->db,
	    "INSERT INTO api_key (user, code, name, created) VALUES (?, ?, 'seed', ?)"
	    " ON CONFLICT DO NOTHING",
	    "iti", user, json_string_value(code), s->now);
	return true;
}

static const struct seed_member user_members[] = {
    {"email", SEED_TEXT, NULL},
    {"password", SEED_TEXT, NULL},
    {"default_mailbox", SEED_TEXT, NULL},
    {"api_keys", SEED_LIST, NULL},
    {"mailboxes", SEED_LIST, NULL},
    {"custom_domains", SEED_LIST, NULL},
    {"aliases", SEED_LIST, NULL},
    {"notifications", SEED_LIST, NULL},
    {"apps", SEED_LIST, NULL},
    {"reservations", SEED_LIST, NULL},
    {"name", SEED_TEXT, "UPDATE user SET name = ? WHERE id = ?"},
    {"activated", SEED_FLAG, "UPDATE user SET activated = ? WHERE id = ?"},
    {"disabled", SEED_FLAG, "UPDATE user SET disabled = ? WHERE id = ?"},
    {"delete_on", SEED_TIME, "UPDATE user SET delete_on = ? WHERE id = ?"},
    {"plan", SEED_TEXT, "UPDATE user SET plan = ? WHERE id = ?"},
    {"trial_end", SEED_TIME, "UPDATE user SET trial_end = ? WHERE id = ?"},
    {"max_alias_free_plan", SEED_NUMBER, "UPDATE user SET max_free = ? WHERE id = ?"},
    {"fido", SEED_FLAG, "UPDATE user SET fido = ? WHERE id = ?"},
    {"totp_secret", SEED_TEXT, "UPDATE user SET totp_secret = ? WHERE id = ?"},
    {"proton_address", SEED_TEXT, "UPDATE user SET proton = ? WHERE id = ?"},
    {"proton_locked", SEED_FLAG, "UPDATE user SET proton_locked = ? WHERE id = ?"},
    {"restricted", SEED_FLAG, "UPDATE user SET restricted = ? WHERE id = ?"},
    {"alias_generator", SEED_TEXT, "UPDATE user SET alias_generator = ? WHERE id = ?"},
    {"notification", SEED_FLAG, "UPDATE user SET notification = ? WHERE id = ?"},
    {"default_domain", SEED_TEXT, "UPDATE user SET default_domain = ? WHERE id = ?"},
    {"sender_format", SEED_TEXT, "UPDATE user SET sender_format = ? WHERE id = ?"},
    {"random_alias_suffix", SEED_TEXT, "UPDATE user SET random_suffix = ? WHERE id = ?"},
    {"website_aliases", SEED_FLAG, "UPDATE user SET website_aliases = ? WHERE id = ?"},
    {"purge", SEED_FLAG, "UPDATE user SET purge = ? WHERE id = ?"},
    {"sender_in_reverse", SEED_FLAG, "UPDATE user SET sender_in_reverse = ? WHERE id = ?"},
    {"replace_reverse", SEED_FLAG, "UPDATE user SET replace_reverse = ? WHERE id = ?"},
    {"refuse_blocked", SEED_FLAG, "UPDATE user SET refuse_blocked = ? WHERE id = ?"},
    {NULL, SEED_TEXT, NULL},
};

/* The user of this address, made if it is missing: with a mailbox, without aliases. */
static int64_t
find_or_make_user(struct seed *s, const char *given)
{
	int64_t user = alias_account_find(s->db, given);
	char *email;

	if (user != 0)
		return user;
	email = alias_canonical(given);
	db_run(s->db, "INSERT INTO user (email, created) VALUES (?, ?)", "ti", email, s->now);
	user = db_last_id(s->db);
	db_run(s->db,
	    "INSERT INTO mailbox (user, email, created) VALUES (?, ?, ?) ON CONFLICT DO "
	    "NOTHING",
	    "iti", user, email, s->now);
	db_run(s->db,
	    "UPDATE user SET mailbox = (SELECT id FROM mailbox WHERE email = ? AND user = ?2)"
	    " WHERE id = ?2",
	    "ti", email, user);
	free(email);
	return user;
}

static bool
default_mailbox(struct seed *s, const json_t *object, int64_t user)
{
	const char *email = json_text(object, "default_mailbox");

	if (email == NULL)
		return true;
	db_run(s->db,
	    "UPDATE user SET mailbox = (SELECT id FROM mailbox WHERE email = ?1 AND user = ?2)"
	    " WHERE id = ?2 AND EXISTS (SELECT 1 FROM mailbox WHERE email = ?1 AND user = ?2)",
	    "ti", email, user);
	return db_changes(s->db) == 1 ||
	       seed_mistake(s, "the default mailbox %s is none of the user's", email);
}

static bool
seed_user(struct seed *s, const json_t *object, int64_t nobody)
{
	static const char *const plans[] = {"free", "trial", "premium", NULL};
	const char *email = json_text(object, "email"), *plan = json_text(object, "plan");
	const char *password = json_text(object, "password");
	int64_t user;

	(void)nobody;
	if (!seed_check(s, "a user", object, user_members))
		return false;
	if (email == NULL || strchr(email, '@') == NULL)
		return seed_mistake(s, "a user lacks an address, \"email\"");
	if (plan != NULL && !text_among(plan, plans))
		return seed_mistake(s, "a plan is free, trial or premium, not \"%s\"", plan);
	user = find_or_make_user(s, email);
	if (password != NULL)
		alias_account_set_password(s->service, user, password);
	seed_store(s, object, user_members, user);
	return seed_each(s, json_object_get(object, "api_keys"), user, seed_key) &&
	       seed_each(s, json_object_get(object, "mailboxes"), user, seed_mailbox) &&
	       default_mailbox(s, object, user) &&
	       seed_each(
	           s, json_object_get(object, "custom_domains"), user, seed_custom_domain) &&
	       seed_each(s, json_object_get(object, "aliases"), user, seed_alias) &&
	       seed_each(
	           s, json_object_get(object, "notifications"), user, seed_notification) &&
	       seed_each(s, json_object_get(object, "apps"), user, seed_app) &&
	       seed_each(s, json_object_get(object, "reservations"), user, seed_reservation);
}

/* The windows of limits that are given must be ones that can be read. */
static bool
check_windows(struct seed *s, const json_t *config)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(config, "rate_limits"), key, value)
		if (!json_is_string(value) || !alias_limits_valid(json_string_value(value)))
			return seed_mistake(
			    s, "the limit \"%s\" is not like \"100/day;5/minute\"", key);
	return true;
}

bool
alias_seed_take(
    struct alias_service *service, const json_t *seed, bool records, struct buf *why)
{
	static const struct seed_member members[] = {
	    {"domains", SEED_LIST, NULL}, {"users", SEED_LIST, NULL}, {NULL, SEED_TEXT, NULL}};
	struct seed s = {service, service->db, alias_now(service), why};
	const json_t *config = json_object_get(seed, "config");
	json_t *rest = json_copy((json_t *)(uintptr_t)seed);
	const char *wrong;
	bool good;

	if (json_is_object(rest))
		json_object_del(rest, "config");
	good = seed_check(&s, "the seed", rest, members);
	json_decref(rest);
	if (!good || !check_windows(&s, config))
		return false;
	wrong = alias_config_take(&service->config, config);
	if (wrong != NULL)
		return seed_mistake(&s, "\"config\" has no \"%s\", or not of this kind", wrong);
	if (!records)
		return true;
	if (db_int(s.db, 0, "SELECT count(*) FROM domain", "") == 0 &&
	    json_array_size(json_object_get(seed, "domains")) == 0)
		db_run(s.db, "INSERT INTO domain (name) VALUES (?)", "t",
		    service->config.email_domain);
	return seed_each(&s, json_object_get(seed, "domains"), 0, seed_domain) &&
	       seed_each(&s, json_object_get(seed, "users"), 0, seed_user);
}
