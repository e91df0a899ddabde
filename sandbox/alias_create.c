/*
 * New aliases.  The checks stand in the order in which the service makes them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_acts.h"
#include "sandbox/alias_name.h"
#include "sandbox/alias_options.h"
#include "sandbox/alias_service.h"
#include "sandbox/alias_suffix.h"
#include "sandbox/codec.h"

#define ADDRESS_MAX 128 /* characters of the columns */
#define LABEL_MAX   128

#define FREE_CREATIONS "10/900s;50/3600s"
#define PAID_CREATIONS "50/900s;200/3600s"

static bool
quota_left(struct alias_call *c)
{
	if (alias_user_may_create(c->db, &c->me))
		return true;
	alias_error(c, 400,
	    "You have reached the limitation of a free account with the maximum of %lld "
	    "aliases,"
	    " please upgrade your plan to create more aliases",
	    (long long)c->config->max_free);
	return false;
}

/* The limit that is counted where an alias is made, by user. */
static bool
creation_counted(struct alias_call *c)
{
	bool paid = alias_user_paid(&c->me);
	const char *name = paid ? "create paid" : "create free";
	const char *windows = json_text(c->config->rate_limits, name);
	char key[48];

	if (!c->config->limits || !c->config->shared_limits)
		return true;
	if (windows == NULL)
		windows = paid ? PAID_CREATIONS : FREE_CREATIONS;
	snprintf(key, sizeof(key), "create user %lld", (long long)c->user);
	if (alias_limits_hit_aligned(c->service->limits, windows, key, c->now))
		return true;
	alias_error(c, 429, "Rate limit exceeded");
	return false;
}

/* Make it, and note where it is used; 0 if something else was answered. */
static int64_t
make(struct alias_call *c, const char *email, const json_t *mailboxes, const char *note,
    const char *name)
{
	if (!creation_counted(c))
		return 0;
	if (strlen(email) > ADDRESS_MAX || (name != NULL && strlen(name) > LABEL_MAX)) {
		alias_break(c); /* more than the columns hold */
		return 0;
	}
	return alias_add(c->db, c->user, c->now, email, mailboxes, note, name);
}

/* Note the website, and answer with the alias. */
static void
answer_made(struct alias_call *c, int64_t alias)
{
	const char *hostname = alias_argument(c, "hostname");
	json_t *object;

	if (hostname != NULL && *hostname != '\0' &&
	    !alias_note_use(c->db, c->user, alias, c->now, hostname)) {
		c->keep = true; /* it was made before it failed */
		alias_break(c);
		return;
	}
	object = alias_object(c->db, alias, ALIAS_ALONE);
	json_object_set(object, "alias", json_object_get(object, "email"));
	alias_say(c, 201, object);
}

/* The prefix as the service takes it: trimmed and rewritten. */
static char *
rewritten(const char *prefix)
{
	struct buf out = BUF_INIT;

	buf_adds(&out, "");
	alias_name_rewrite(prefix, &out);
	return buf_steal(&out);
}

/* The suffix behind a signature; NULL and 412 if it is not, or no longer, good. */
static char *
checked_suffix(struct alias_call *c, const char *text)
{
	char *suffix = alias_suffix_check(c->service->secret, sizeof(c->service->secret), text,
	    c->now, c->config->suffix_life);

	if (suffix == NULL)
		alias_error(c, 412, "Alias creation time is expired, please retry");
	return suffix;
}

/* May the user have an alias of these two? */
static bool
fits(struct alias_call *c, const char *prefix, const char *suffix)
{
	const char *at = strchr(suffix, '@');
	bool ours;

	if (*prefix == '\0' || at == NULL || strchr(at + 1, '@') != NULL ||
	    !alias_domain_open(c->db, &c->me, c->now, at + 1))
		return false;
	ours = alias_domain_ours(c->db, c->config, at + 1);
	return at == suffix ? !ours : *suffix == '.';
}

/* From the suffix on, both versions of custom/new go the same way. */
static void
create_custom(struct alias_call *c, const char *prefix, const char *signed_suffix,
    const json_t *mailboxes, const char *invalid)
{
	char *suffix = checked_suffix(c, signed_suffix);
	char *email = suffix == NULL ? NULL : xasprintf("%s%s", prefix, suffix);
	const char *note = NULL, *name = NULL;
	int64_t alias = 0;

	if (email == NULL)
		return;
	if (!fits(c, prefix, suffix))
		alias_error(c, 400, "wrong alias prefix or suffix");
	else if (alias_taken(c->db, email))
		alias_error(c, 409, "alias %s already exists", email);
	else if (strstr(email, "..") != NULL)
		alias_error(
		    c, 400, "2 consecutive dot signs aren't allowed in an email address");
	else if (!alias_address_valid(email))
		alias_error(c, 400, "%s", invalid);
	else if (alias_text(c, "note", &note) && alias_text(c, "name", &name))
		alias = make(c, email, mailboxes, note, name);
	if (alias != 0)
		answer_made(c, alias);
	free(suffix);
	free(email);
}

/* The mailboxes asked for, all the user's and verified; NULL if not. */
static json_t *
chosen_mailboxes(struct alias_call *c)
{
	json_t *ids = json_object_get(c->body, "mailbox_ids");
	size_t i;
	const json_t *id;

	if (!json_is_array(ids)) {
		alias_error(c, 400, "mailbox_ids must be an array of id");
		return NULL;
	}
	json_array_foreach (ids, i, id) {
		if (!json_is_integer(id) ||
		    alias_mailbox_good(c->db, c->user, json_integer_value(id)) == 0) {
			alias_error(c, 400, "Errors with Mailbox");
			return NULL;
		}
	}
	if (json_array_size(ids) == 0) {
		alias_error(c, 400, "At least one mailbox must be selected");
		return NULL;
	}
	return ids;
}

void
act_custom_v3(struct alias_call *c)
{
	const json_t *prefix_value, *suffix_value, *mailboxes;
	char *prefix;

	if (!quota_left(c) || !alias_need_value(c))
		return;
	prefix_value = json_object_get(c->body, "alias_prefix");
	suffix_value = json_object_get(c->body, "signed_suffix");
	if (!json_is_object(c->body) ||
	    (prefix_value != NULL && !json_is_string(prefix_value)) ||
	    (suffix_value != NULL && !json_is_string(suffix_value))) {
		alias_error(c, 400, "request body does not follow the required format");
		return;
	}
	prefix = rewritten(prefix_value == NULL ? "" : json_string_value(prefix_value));
	if (!alias_prefix_valid(prefix))
		alias_error(c, 400, "alias prefix invalid format or too long");
	mailboxes = c->status == 0 ? chosen_mailboxes(c) : NULL;
	if (mailboxes != NULL)
		create_custom(c, prefix,
		    suffix_value == NULL ? "" : json_string_value(suffix_value), mailboxes,
		    "Email alias is invalid");
	free(prefix);
}

void
act_custom_v2(struct alias_call *c)
{
	const json_t *prefix_value, *suffix_value;
	json_t *mailboxes;
	char *prefix;

	if (!quota_left(c) || !alias_need_body(c))
		return;
	prefix_value = json_object_get(c->body, "alias_prefix");
	suffix_value = json_object_get(c->body, "signed_suffix");
	if (prefix_value != NULL && !json_is_string(prefix_value)) {
		alias_error(c, 400, "invalid value for alias_prefix");
		return;
	}
	if (suffix_value != NULL && !json_is_string(suffix_value)) {
		alias_error(c, 400, "invalid value for signed_suffix");
		return;
	}
	prefix = rewritten(prefix_value == NULL ? "" : json_string_value(prefix_value));
	mailboxes = json_pack("[I]", (json_int_t)c->me.mailbox);
	json_object_del(c->body, "name"); /* this version knows none */
	create_custom(c, prefix, suffix_value == NULL ? "" : json_string_value(suffix_value),
	    mailboxes, "Email is not valid");
	json_decref(mailboxes);
	free(prefix);
}

/* An address that nobody had: word_word123@domain or a UUID. */
static char *
random_address(struct alias_call *c, bool uuid)
{
	char *domain = alias_default_domain(c, &c->me);
	struct buf email = BUF_INIT;

	do {
		buf_reset(&email);
		if (uuid) {
			unsigned char b[16];

			random_bytes(b, sizeof(b));
			b[6] = (b[6] & 0x0f) | 0x40;
			b[8] = (b[8] & 0x3f) | 0x80;
			for (size_t i = 0; i < sizeof(b); i++)
				buf_addf(&email, "%s%02x",
				    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
		} else {
			alias_random_word(&email);
			buf_addc(&email, '_');
			alias_random_word(&email);
			alias_digits(3, &email);
		}
		buf_addf(&email, "@%s", domain != NULL ? domain : c->config->email_domain);
	} while (alias_taken(c->db, email.data));
	free(domain);
	return buf_steal(&email);
}

static int64_t
make_random(struct alias_call *c, const json_t *mailboxes, const char *note)
{
	const char *mode = alias_argument(c, "mode");
	char *email;
	int64_t alias;

	if (mode == NULL || *mode == '\0')
		mode = c->me.alias_generator;
	if (strcmp(mode, "word") != 0 && strcmp(mode, "uuid") != 0) {
		alias_error(c, 400, "%s must be either word or uuid", mode);
		return 0;
	}
	email = random_address(c, strcmp(mode, "uuid") == 0);
	alias = make(c, email, mailboxes, note, NULL);
	free(email);
	return alias;
}

/*
 * The alias named after the website: one that was used there, or a new one.  0 if there must
 * be a random one, or something else was answered.
 */
static int64_t
website_alias(
    struct alias_call *c, const char *hostname, const json_t *mailboxes, const char *note)
{
	json_t *suffixes = alias_suffixes(c, &c->me);
	struct buf email = BUF_INIT;
	int64_t alias = 0;

	alias_suggestion(hostname, &email);
	if (json_array_size(suffixes) > 0)
		buf_adds(&email, json_text(json_array_get(suffixes, 0), "suffix"));
	if (!alias_taken(c->db, email.data) && !alias_address_valid(email.data))
		alias_break(c); /* a public suffix suggests nothing */
	else if (!alias_taken(c->db, email.data))
		alias = make(c, email.data, mailboxes, note, NULL);
	else
		alias = db_int(c->db, 0,
		    "SELECT a.id FROM alias AS a JOIN used_on AS w ON w.alias = a.id WHERE"
		    " a.email = ? AND a.user = ? AND w.hostname = ?",
		    "tit", email.data, c->user, hostname);
	buf_free(&email);
	json_decref(suffixes);
	return alias;
}

void
act_random(struct alias_call *c)
{
	const char *hostname = alias_argument(c, "hostname");
	const char *note = NULL;
	json_t *mailboxes;
	int64_t alias = 0;

	if (!quota_left(c))
		return;
	alias_take_body(c);
	if (!alias_text(c, "note", &note))
		return;
	mailboxes = json_pack("[I]", (json_int_t)c->me.mailbox);
	if (hostname != NULL && *hostname != '\0' && c->me.website_aliases)
		alias = website_alias(c, hostname, mailboxes, note);
	if (alias == 0 && c->status == 0)
		alias = make_random(c, mailboxes, note);
	if (alias != 0)
		answer_made(c, alias);
	json_decref(mailboxes);
}
