/*
 * What a user has chosen.
 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/alias_acts.h"
#include "sandbox/alias_options.h"

void
act_setting(struct alias_call *c)
{
	char *domain = alias_default_domain(c, &c->me);

	alias_say(c, 200,
	    json_pack("{s:o, s:b, s:o, s:o, s:o}", "alias_generator",
	        json_cleans(c->me.alias_generator), "notification", c->me.notification,
	        "random_alias_default_domain", json_cleans(domain), "sender_format",
	        json_cleans(c->me.sender_format), "random_alias_suffix",
	        json_cleans(c->me.random_suffix)));
	free(domain);
}

static const char *const generators[] = {"word", "uuid", NULL};
static const char *const formats[] = {"AT", "A", "NAME_ONLY", "AT_ONLY", "NO_NAME", NULL};
static const char *const suffixes[] = {"word", "random_string", NULL};

/* Settings that are one of a few words. */
static const struct choice {
	const char *key;
	const char *const *values;
	const char *sql;
} choices[] = {
    {"alias_generator", generators, "UPDATE user SET alias_generator = ? WHERE id = ?"},
    {"sender_format", formats, "UPDATE user SET sender_format = ? WHERE id = ?"},
    {"random_alias_suffix", suffixes, "UPDATE user SET random_suffix = ? WHERE id = ?"},
};

static void
choose(struct alias_call *c, const struct choice *choice)
{
	const json_t *value = json_object_get(c->body, choice->key);
	const char *text = json_string_value(value);

	if (value == NULL)
		return;
	if (text == NULL || !text_among(text, choice->values))
		alias_error(c, 400, "Invalid %s", choice->key);
	else
		db_run(c->db, choice->sql, "ti", text, c->user);
}

static void
choose_domain(struct alias_call *c)
{
	const char *domain;

	if (json_object_get(c->body, "random_alias_default_domain") == NULL ||
	    !alias_text(c, "random_alias_default_domain", &domain))
		return;
	if (domain != NULL && alias_domain_open(c->db, &c->me, c->now, domain))
		db_run(c->db, "UPDATE user SET default_domain = ? WHERE id = ?", "ti", domain,
		    c->user);
	else if (domain != NULL && alias_domain_ours(c->db, c->config, domain))
		alias_error(c, 400, "You cannot use this domain");
	else
		alias_error(c, 400, "invalid domain");
}

void
act_setting_patch(struct alias_call *c)
{
	const json_t *notification;

	if (!alias_have_body(c))
		return;
	notification = json_object_get(c->body, "notification");
	if (notification != NULL)
		db_run(c->db, "UPDATE user SET notification = ? WHERE id = ?", "ii",
		    (int64_t)json_is_true(notification), c->user);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]) && c->status == 0; i++)
		choose(c, &choices[i]);
	if (c->status == 0)
		choose_domain(c);
	if (c->status != 0)
		return;
	alias_user_free(&c->me);
	if (alias_user_load(c->db, c->config, c->user, &c->me))
		act_setting(c);
}

/* The domains a random alias can have, as one of the two versions shows each. */
static void
answer_domains(struct alias_call *c, json_t *(*show)(const char *domain, bool custom))
{
	json_t *list = json_array();
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT name, 0, id FROM domain WHERE hidden = 0 AND premium <= ?1 UNION ALL"
	    " SELECT domain, 1, id FROM custom_domain WHERE user = ?2 AND owned ORDER BY 2, 3",
	    "ii", (int64_t)alias_user_premium(&c->me, c->now), c->user);

	while (db_next(c->db, row))
		json_array_append_new(
		    list, show(alias_column_text(row, 0), sqlite3_column_int(row, 1) != 0));
	alias_say(c, 200, list);
}

static json_t *
show_v1(const char *domain, bool custom)
{
	return json_pack("[b, o]", !custom, json_cleans(domain));
}

static json_t *
show_v2(const char *domain, bool custom)
{
	return json_pack("{s:o, s:b}", "domain", json_cleans(domain), "is_custom", custom);
}

void
act_setting_domains_v1(struct alias_call *c)
{
	answer_domains(c, show_v1);
}

void
act_setting_domains_v2(struct alias_call *c)
{
	answer_domains(c, show_v2);
}

void
act_unlink_proton(struct alias_call *c)
{
	if (db_int(c->db, 0, "SELECT proton_locked FROM user WHERE id = ?", "i", c->user) !=
	    0) {
		alias_error(c, 400, "The account cannot be unlinked");
		return;
	}
	db_run(c->db, "UPDATE user SET proton = NULL WHERE id = ?", "i", c->user);
	alias_say(c, 200, json_pack("{s:b}", "ok", 1));
}
