/*
 * The service's alias for a hostname: found, or made.
 *
 * What must not happen is a second alias for the same site, although answers get lost,
 * suffixes change with each look, and many processes ask at once.  So:
 *
 *  1. One process at a time, by the lock "find.lock" of the account's directory.
 *  2. The service recommends the alias that it knows was used last for exactly this name; for
 *     "example.com" its browser extension may have written down "www.example.com", so that
 *     is asked for as well.  It recommends disabled and trashed ones too, and gives no id:
 *     the list of aliases, where trashed ones are not, has both id and state.
 *  3. An alias after the hostname has a prefix that follows from the hostname alone:
 *     "example-com-dzgwop", letters and digits of the name and a few of its SHA-256, which
 *     tell apart what looks alike ("a.b.com", "a-b.com").  So an alias whose making was
 *     interrupted before the service had noted the hostname is found by its prefix, whatever
 *     suffix it got.
 *  4. Only then is one made.  If its address is taken (409), whoever has it is looked up: an
 *     alias of ours that will do is the one; if it is disabled, or trashed and therefore not in the list, the
 *     next suffix is tried, and when these are used up, the prefix gets a number.
 *  5. If an answer was lost, all of this is done once more.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

#define FIND_LOCK    "find.lock"
#define NAME_BYTES   28 /* of the hostname in a prefix; the whole prefix has at most 40 */
#define HASH_LETTERS 6
#define ATTEMPTS_MAX 12

struct search {
	struct simplelogin *sl;
	const char *hostname;
	bool disabled_too;
	struct deadline deadline;
	char prefix[48];
	struct simplelogin_alias *alias; /* what is found */
	bool made;
};

static void
make_prefix(const char *hostname, char prefix[48])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char hash[SHA256_DIGEST_LENGTH];
	size_t length = 0;

	SHA256((const unsigned char *)hostname, strlen(hostname), hash);
	for (const char *p = hostname; *p != '\0' && length < NAME_BYTES; p++)
		prefix[length++] = *p == '.' || *p == '_' ? '-' : *p;
	while (length > 0 && prefix[length - 1] == '-')
		length--;
	prefix[length++] = '-';
	for (size_t i = 0; i < HASH_LETTERS; i++)
		prefix[length++] = letters[hash[i] & 31];
	prefix[length] = '\0';
}

/* Take the alias if it will do; either way it is ours no more. */
static bool
take(struct search *s, struct simplelogin_alias *candidate)
{
	if (candidate->id == 0 || (!candidate->enabled && !s->disabled_too)) {
		simplelogin_alias_free(candidate);
		return false;
	}
	*s->alias = *candidate;
	*candidate = (struct simplelogin_alias){0};
	return true;
}

/* Step 2: what the service recommends for exactly this name. */
static struct outcome
look_recommended(struct search *s, const char *hostname, bool *found)
{
	struct simplelogin_alias candidate = {0};
	struct simplelogin_options options;
	struct outcome o = simplelogin_options_get(s->sl, hostname, s->deadline, &options);

	if (outcome_is_ok(&o) && options.recommended != NULL) {
		o = simplelogin_alias_find(s->sl, options.recommended, s->deadline, &candidate);
		if (outcome_is_ok(&o))
			*found = take(s, &candidate);
	}
	simplelogin_options_free(&options);
	return o;
}

/* Is this an alias that we made for the hostname: PREFIX[-NUMBER] and a suffix? */
static bool
has_prefix(const char *address, const char *prefix)
{
	size_t length = strlen(prefix);

	if (address == NULL || strncasecmp(address, prefix, length) != 0)
		return false;
	address += length;
	if (*address == '-')
		address += 1 + strspn(address + 1, "0123456789");
	return *address == '.' || *address == '@';
}

/* Step 3: an alias with our prefix. */
static struct outcome
look_prefix(struct search *s, bool *found)
{
	json_t *parameters = json_pack("{s:s}", "query", s->prefix), *item;
	struct simplelogin_list *list =
	    simplelogin_list(s->sl, simplelogin_endpoint("alias list"), parameters);
	struct simplelogin_alias candidate;
	struct outcome o;

	while (!*found && simplelogin_next(list, s->deadline, &item, &o)) {
		if (!has_prefix(json_get_string(item, "email"), s->prefix))
			continue;
		o = simplelogin_alias_read(item, &candidate);
		if (!outcome_is_ok(&o))
			break;
		*found = take(s, &candidate);
	}
	simplelogin_list_free(&list);
	json_decref(parameters);
	return o;
}

static struct outcome
look(struct search *s, bool *found)
{
	struct outcome o = look_recommended(s, s->hostname, found);
	char *www;

	if (outcome_is_ok(&o) && !*found && strncmp(s->hostname, "www.", 4) != 0) {
		www = xasprintf("www.%s", s->hostname);
		o = look_recommended(s, www, found);
		free(www);
	}
	if (outcome_is_ok(&o) && !*found)
		o = look_prefix(s, found);
	return o;
}

static bool
fits(const struct simplelogin_suffix *suffix, const char *domain)
{
	const char *at = strrchr(suffix->text, '@');

	return domain == NULL || strcasecmp(at + 1, domain) == 0;
}

/* The suffix and the prefix's number of attempt n: every suffix in turn, then numbers. */
static const struct simplelogin_suffix *
nth_suffix(const struct simplelogin_options *options, const char *domain, unsigned n,
    unsigned *number_r)
{
	const struct simplelogin_suffix *first = NULL;
	unsigned fitting = 0;

	*number_r = 0;
	for (size_t i = 0; i < options->suffix_count; i++) {
		if (!fits(&options->suffixes[i], domain))
			continue;
		if (fitting++ == n)
			return &options->suffixes[i];
		if (first == NULL)
			first = &options->suffixes[i];
	}
	*number_r = n - fitting + 2;
	return first;
}

static struct outcome
no_suffix(const struct search *s)
{
	const char *domain = s->sl->account->domain;
	struct outcome o;

	if (domain == NULL)
		return outcome_make("answer", "missing", "the service offers no suffix");
	o = outcome_make(
	    "local", "config", "the alias service offers no suffix at \"%s\"", domain);
	outcome_hint(&o, "ferryctl alias options shows those there are");
	return o;
}

/* One request for a new alias, with a suffix that was just fetched. */
static struct outcome
post(struct search *s, unsigned n, int64_t mailbox, char **address_r, json_t **answer_r)
{
	struct simplelogin_options options;
	const struct simplelogin_suffix *suffix;
	struct outcome o = simplelogin_options_get(s->sl, s->hostname, s->deadline, &options);
	json_t *parameters;
	unsigned number;
	char *prefix;

	*address_r = NULL;
	if (!outcome_is_ok(&o))
		return o;
	suffix = nth_suffix(&options, s->sl->account->domain, n, &number);
	if (suffix == NULL) {
		simplelogin_options_free(&options);
		return no_suffix(s);
	}
	prefix = number == 0 ? xstrdup(s->prefix) : xasprintf("%s-%u", s->prefix, number);
	parameters =
	    json_pack("{s:s, s:s, s:[I], s:s}", "alias_prefix", prefix, "signed_suffix",
	        suffix->signature, "mailbox_ids", (json_int_t)mailbox, "hostname", s->hostname);
	*address_r = xasprintf("%s%s", prefix, suffix->text);
	o = simplelogin_call(
	    s->sl, simplelogin_endpoint("alias create"), parameters, s->deadline, answer_r);
	json_decref(parameters);
	free(prefix);
	simplelogin_options_free(&options);
	return o;
}

/* Step 4, once: *found if that gave an alias; OK without it asks for the next attempt. */
static struct outcome
attempt(struct search *s, unsigned n, int64_t mailbox, bool *found)
{
	struct simplelogin_alias candidate = {0};
	json_t *answer = NULL;
	char *address;
	struct outcome o = post(s, n, mailbox, &address, &answer);

	if (outcome_is(&o, "alias/expired")) {
		free(address);
		o = post(s, n, mailbox, &address, &answer);
	}
	if (outcome_is_ok(&o)) {
		o = simplelogin_alias_read(answer, &candidate);
		s->made = true;
	} else if (outcome_is(&o, "alias/exists")) {
		o = simplelogin_alias_find(s->sl, address, s->deadline, &candidate);
	}
	if (outcome_is_ok(&o))
		*found = take(s, &candidate);
	s->made = s->made && *found;
	json_decref(answer);
	free(address);
	return o;
}

static struct outcome
make_by_host(struct search *s, bool *found)
{
	int64_t mailbox;
	struct outcome o =
	    simplelogin_mailbox_find(s->sl, s->sl->account->mailbox, s->deadline, &mailbox);

	for (unsigned n = 0; outcome_is_ok(&o) && !*found && n < ATTEMPTS_MAX; n++)
		o = attempt(s, n, mailbox, found);
	if (outcome_is_ok(&o) && !*found)
		o = outcome_make("alias", "none-left", "for %s", s->hostname);
	return o;
}

/* A random alias is the default mailbox's; give it to the one that the account names. */
static struct outcome
move_mailbox(struct search *s)
{
	const char *address = s->sl->account->mailbox;
	json_t *parameters;
	struct outcome o;
	int64_t mailbox;

	if (address == NULL)
		return outcome_ok();
	o = simplelogin_mailbox_find(s->sl, address, s->deadline, &mailbox);
	if (!outcome_is_ok(&o))
		return o;
	parameters = json_pack("{s:I, s:[I]}", "alias_id", (json_int_t)s->alias->id,
	    "mailbox_ids", (json_int_t)mailbox);
	o = simplelogin_call(
	    s->sl, simplelogin_endpoint("alias edit"), parameters, s->deadline, NULL);
	json_decref(parameters);
	return o;
}

/* A random alias.  The service may give back one that it has for the hostname; if that will
 * not do, it is asked for one of no hostname. */
static struct outcome
make_random(struct search *s, bool *found)
{
	const char *mode = s->sl->account->naming == ALIAS_BY_UUID ? "uuid" : "word";
	struct outcome o = outcome_ok();

	for (int with_host = 1; with_host >= 0 && outcome_is_ok(&o) && !*found; with_host--) {
		json_t *parameters = json_pack("{s:s}", "mode", mode), *answer = NULL;
		struct simplelogin_alias candidate = {0};

		if (with_host)
			json_object_set_new(parameters, "hostname", json_string(s->hostname));
		o = simplelogin_call(s->sl, simplelogin_endpoint("alias random"), parameters,
		    s->deadline, &answer);
		if (outcome_is_ok(&o))
			o = simplelogin_alias_read(answer, &candidate);
		if (outcome_is_ok(&o))
			s->made = *found = take(s, &candidate);
		json_decref(answer);
		json_decref(parameters);
	}
	return outcome_is_ok(&o) && *found ? move_mailbox(s) : o;
}

static struct outcome
search(struct search *s)
{
	bool by_host = s->sl->account->naming == ALIAS_BY_HOST, found = false;
	struct outcome o;

	for (int round = 0; round < 2; round++) {
		o = look(s, &found);
		if (!outcome_is_ok(&o) || found)
			return o;
		o = by_host ? make_by_host(s, &found) : make_random(s, &found);
		if (outcome_is_ok(&o) || !(o.ambiguous || strncmp(o.condition, "net/", 4) == 0))
			return o;
	}
	return o;
}

struct outcome
simplelogin_find(struct simplelogin *sl, const char *hostname, bool disabled_too,
    struct deadline d, struct simplelogin_alias *alias_r, bool *made_r)
{
	struct search s = {.sl = sl,
	    .hostname = hostname,
	    .disabled_too = disabled_too,
	    .deadline = d,
	    .alias = alias_r};
	struct outcome o;
	int lock;

	*alias_r = (struct simplelogin_alias){0};
	*made_r = false;
	make_prefix(hostname, s.prefix);
	o = file_lock(sl->dir, FIND_LOCK, d, &lock);
	if (!outcome_is_ok(&o))
		return o;
	o = search(&s);
	close(lock);
	if (!outcome_is_ok(&o))
		simplelogin_alias_free(alias_r);
	*made_r = s.made;
	return o;
}
