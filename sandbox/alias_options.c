/*
 * Options for a new alias: suffixes, a suggestion, a recommendation.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_acts.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_options.h"
#include "sandbox/alias_service.h"
#include "sandbox/alias_suffix.h"
#include "sandbox/codec.h"

static const char *const words[] = {"amber", "anchor", "apple", "arrow", "aspen", "autumn",
    "badge", "bamboo", "barley", "basin", "beacon", "birch", "bonus", "breeze", "bridge",
    "bronze", "cabin", "candle", "canyon", "cargo", "cedar", "chalk", "cherry", "cinder",
    "clover", "cobalt", "comet", "copper", "coral", "cotton", "crane", "crystal", "daisy",
    "delta", "denim", "desert", "dragon", "eagle", "ember", "falcon", "feather", "fennel",
    "ferry", "flint", "forest", "galaxy", "garden", "ginger", "glacier", "granite", "harbor",
    "hazel", "heron", "honey", "indigo", "island", "ivory", "jasmine", "jungle", "kettle",
    "lagoon", "lantern", "lemon", "lilac", "linen", "lotus", "magnet", "maple", "marble",
    "meadow", "mellow", "meteor", "mirror", "mosaic", "nectar", "nickel", "oasis", "ocean",
    "olive", "onyx", "orbit", "orchid", "paper", "pebble", "pepper", "piano", "pilot", "planet",
    "plum", "prairie", "quartz", "raven", "ribbon", "river", "rocket", "saffron", "sail",
    "sandal", "shadow", "silver", "spruce", "summit", "sunset", "thistle", "timber", "topaz",
    "tulip", "valley", "velvet", "violet", "walnut", "willow", "winter", "zephyr"};

#define WORDS (sizeof(words) / sizeof(words[0]))

void
alias_random_word(struct buf *out)
{
	unsigned char bytes[2];

	random_bytes(bytes, sizeof(bytes));
	buf_adds(out, words[(unsigned)(bytes[0] << 8 | bytes[1]) % WORDS]);
}

void
alias_random_suffix(const struct alias_user *u, bool custom, struct buf *out)
{
	if (strcmp(u->random_suffix, "random_string") == 0) {
		alias_letters(5, out);
		return;
	}
	alias_random_word(out);
	if (!custom)
		alias_digits(3, out);
}

void
alias_suggestion(const char *hostname, struct buf *out)
{
	buf_adds(out, "");
	if (hostname != NULL)
		alias_name_suggest(hostname, out);
}

static json_t *
suffix_object(
    const struct alias_user *u, const char *domain, bool random, bool custom, bool premium)
{
	struct buf suffix = BUF_INIT;

	if (random) {
		buf_addc(&suffix, '.');
		alias_random_suffix(u, custom, &suffix);
	}
	buf_addf(&suffix, "@%s", domain);
	return json_pack("{s:o, s:b, s:b}", "suffix", json_from_buf(&suffix), "is_custom",
	    custom, "is_premium", premium);
}

/* Add at the end; at the start if it is of the user's default domain. */
static void
offer(json_t *list, bool first, json_t *suffix)
{
	if (first)
		json_array_insert_new(list, 0, suffix);
	else
		json_array_append_new(list, suffix);
}

static bool
is_default(const struct alias_user *u, const char *domain)
{
	return u->default_domain != NULL && strcmp(u->default_domain, domain) == 0;
}

json_t *
alias_suffixes(struct alias_call *c, const struct alias_user *u)
{
	json_t *list = json_array();
	sqlite3_stmt *row = db_query(c->db,
	    "SELECT domain, random_prefix FROM custom_domain WHERE user = ? AND owned"
	    " ORDER BY domain",
	    "i", u->id);

	while (db_next(c->db, row)) {
		const char *domain = alias_column_text(row, 0);
		bool random = sqlite3_column_int(row, 1) != 0, first = is_default(u, domain);

		if (random)
			offer(list, first, suffix_object(u, domain, true, true, false));
		offer(list, first && !random, suffix_object(u, domain, false, true, false));
	}
	row = db_query(c->db,
	    "SELECT name, premium FROM domain WHERE hidden = 0 AND premium <= ? ORDER BY id",
	    "i", (int64_t)alias_user_premium(u, c->now));
	while (db_next(c->db, row)) {
		const char *domain = alias_column_text(row, 0);

		offer(list, is_default(u, domain),
		    suffix_object(u, domain, true, false, sqlite3_column_int(row, 1) != 0));
	}
	return list;
}

char *
alias_default_domain(struct alias_call *c, const struct alias_user *u)
{
	if (u->default_domain != NULL && alias_domain_open(c->db, u, c->now, u->default_domain))
		return xstrdup(u->default_domain);
	return db_text(c->db,
	    "SELECT name FROM domain WHERE hidden = 0 AND premium <= ? ORDER BY id LIMIT 1",
	    "i", (int64_t)alias_user_premium(u, c->now));
}

static json_t *
recommendation(struct alias_call *c, const char *hostname)
{
	char *alias = db_text(c->db,
	    "SELECT a.email FROM used_on AS w JOIN alias AS a ON a.id = w.alias WHERE"
	    " w.user = ? AND w.hostname = ? ORDER BY w.created DESC, w.id DESC LIMIT 1",
	    "it", c->user, hostname);
	json_t *found = alias == NULL ? NULL
	                              : json_pack("{s:o, s:o}", "alias", json_cleans(alias),
	                                    "hostname", json_cleans(hostname));

	free(alias);
	return found;
}

static json_t *
signed_suffix(const struct alias_call *c, const json_t *suffix)
{
	struct buf text = BUF_INIT;

	alias_suffix_sign(c->service->secret, sizeof(c->service->secret),
	    json_text(suffix, "suffix"), c->now, &text);
	return json_from_buf(&text);
}

/* Everything but the suffixes. */
static json_t *
options(struct alias_call *c)
{
	const char *hostname = alias_argument(c, "hostname");
	struct buf suggestion = BUF_INIT;
	json_t *answer, *recommended;

	alias_suggestion(hostname, &suggestion);
	answer = json_pack("{s:b, s:o}", "can_create", alias_user_may_create(c->db, &c->me),
	    "prefix_suggestion", json_from_buf(&suggestion));
	recommended =
	    hostname == NULL || *hostname == '\0' ? NULL : recommendation(c, hostname);
	if (recommended != NULL)
		json_object_set_new(answer, "recommendation", recommended);
	return answer;
}

void
act_options_v5(struct alias_call *c)
{
	json_t *answer = options(c), *list = alias_suffixes(c, &c->me);
	size_t i;
	json_t *suffix;

	json_array_foreach (list, i, suffix)
		json_object_set_new(suffix, "signed_suffix", signed_suffix(c, suffix));
	json_object_set_new(answer, "suffixes", list);
	alias_say(c, 200, answer);
}

void
act_options_v4(struct alias_call *c)
{
	json_t *answer = options(c), *list = alias_suffixes(c, &c->me), *pairs = json_array();
	size_t i;
	json_t *suffix;

	json_array_foreach (list, i, suffix)
		json_array_append_new(
		    pairs, json_pack("[O, o]", json_object_get(suffix, "suffix"),
		               signed_suffix(c, suffix)));
	json_decref(list);
	json_object_set_new(answer, "suffixes", pairs);
	alias_say(c, 200, answer);
}
