/*
 * An alias with a chosen prefix: a suffix out of the options, and what may go wrong with it.
 *
 * A signed suffix is good for ten minutes, and the words in it are others at each look.  One
 * that has expired meanwhile is fetched again, once.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

/* Does the suffix end with this, which starts with '@' or '.', or is a bare domain? */
static bool
ends_with(const char *suffix, const char *wanted)
{
	size_t length = strlen(suffix), size = strlen(wanted);

	if (size > length || strcasecmp(suffix + length - size, wanted) != 0)
		return false;
	return size == length || *wanted == '@' || suffix[length - size - 1] == '@';
}

const struct simplelogin_suffix *
simplelogin_suffix_choose(const struct simplelogin_options *options, const char *wanted)
{
	const struct simplelogin_suffix *s;

	if (wanted == NULL)
		return options->suffix_count != 0 ? &options->suffixes[0] : NULL;
	for (size_t i = 0; i < options->suffix_count; i++) {
		s = &options->suffixes[i];
		if (strcasecmp(s->text, wanted) == 0)
			return s;
	}
	for (size_t i = 0; i < options->suffix_count; i++) {
		s = &options->suffixes[i];
		if (ends_with(s->text, wanted))
			return s;
	}
	return NULL;
}

static struct outcome
no_suffix(const struct simplelogin_options *options, const char *wanted)
{
	struct outcome o;

	if (options->suffix_count == 0)
		return outcome_make("answer", "missing", "the service offers no suffix");
	o = outcome_make("local", "usage", "there is no suffix \"%s\"", wanted);
	outcome_hint(&o, "ferryctl alias options shows those there are");
	return o;
}

static json_t *
parameters_of(const struct simplelogin_wish *wish, const char *signature, json_t *mailboxes)
{
	json_t *parameters = json_pack("{s:s, s:s, s:O}", "alias_prefix", wish->prefix,
	    "signed_suffix", signature, "mailbox_ids", mailboxes);

	if (wish->name != NULL)
		json_object_set_new(parameters, "name", json_string(wish->name));
	if (wish->note != NULL)
		json_object_set_new(parameters, "note", json_string(wish->note));
	if (wish->hostname != NULL)
		json_object_set_new(parameters, "hostname", json_string(wish->hostname));
	return parameters;
}

/* One look at the options and one request. */
static struct outcome
try(struct simplelogin *sl, const struct simplelogin_wish *wish, json_t *mailboxes,
    struct deadline d, json_t **answer_r)
{
	struct simplelogin_options options;
	const struct simplelogin_suffix *suffix;
	json_t *parameters;
	struct outcome o = simplelogin_options_get(sl, wish->hostname, d, &options);

	if (!outcome_is_ok(&o))
		return o;
	suffix = simplelogin_suffix_choose(&options, wish->suffix);
	if (suffix == NULL) {
		o = no_suffix(&options, wish->suffix);
	} else {
		parameters = parameters_of(wish, suffix->signature, mailboxes);
		o = simplelogin_call(
		    sl, simplelogin_endpoint("alias create"), parameters, d, answer_r);
		json_decref(parameters);
	}
	simplelogin_options_free(&options);
	return o;
}

/* The mailboxes asked for, or the one that the account names; a new reference. */
static struct outcome
mailboxes_of(struct simplelogin *sl, const struct simplelogin_wish *wish, struct deadline d,
    json_t **mailboxes_r)
{
	struct outcome o;
	int64_t id;

	if (wish->mailboxes != NULL) {
		*mailboxes_r = json_deep_copy(wish->mailboxes);
		return outcome_ok();
	}
	o = simplelogin_mailbox_find(sl, sl->account->mailbox, d, &id);
	*mailboxes_r = json_pack("[I]", (json_int_t)id);
	return o;
}

struct outcome
simplelogin_create(struct simplelogin *sl, const struct simplelogin_wish *wish,
    struct deadline d, json_t **answer_r)
{
	json_t *mailboxes = NULL;
	struct outcome o = mailboxes_of(sl, wish, d, &mailboxes);

	*answer_r = NULL;
	if (outcome_is_ok(&o)) {
		o = try(sl, wish, mailboxes, d, answer_r);
		if (outcome_is(&o, "alias/expired"))
			o = try(sl, wish, mailboxes, d, answer_r);
	}
	json_decref(mailboxes);
	return o;
}
