/*
 * What a request made whose answer did not come.
 *
 * A connection can be cut after the service acted.  Sending such a request again would make
 * a second alias or mailbox; giving up would leave one that nobody knows of.  So we look:
 *
 *	alias create	its address is known beforehand: is it in the list?
 *	alias random	which alias is newer than the newest before, and has our note?
 *	mailbox create	is the address among the mailboxes?
 *
 * Contacts need none of this: the service gives the same contact for the same address, so
 * that request is repeatable.  An API key cannot be looked for; it is never asked for twice.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

/* The prefix as the service will write it, as far as that is certain: false if it is not. */
static bool
add_prefix(struct buf *address, const char *prefix)
{
	for (const unsigned char *p = (const unsigned char *)prefix; *p != '\0'; p++) {
		if (*p >= 0x80)
			return false; /* its transliteration is the service's own */
		if (*p == ' ')
			continue;
		buf_addc(address,
		    isalnum(*p) || strchr("_.-", *p) != NULL ? (char)tolower(*p) : '_');
	}
	return true;
}

/* A signed suffix is SUFFIX.TIME.SIGNATURE. */
static bool
add_suffix(struct buf *address, const char *signature)
{
	const char *end = signature + strlen(signature);

	for (int dots = 0; dots < 2; dots++) {
		do {
			if (end == signature)
				return false;
			end--;
		} while (*end != '.');
	}
	buf_add(address, signature, (size_t)(end - signature));
	return true;
}

static struct outcome
find_created(struct simplelogin *sl, const json_t *parameters,
    const struct simplelogin_before *before, struct deadline d, json_t **object_r)
{
	const char *prefix = json_get_string(parameters, "alias_prefix");
	const char *suffix = json_get_string(parameters, "signed_suffix");
	struct buf address = BUF_INIT;
	struct outcome o;

	(void)before;
	if (add_prefix(&address, prefix) && add_suffix(&address, suffix))
		o = simplelogin_object_find(sl, buf_str(&address), d, object_r);
	else
		o = outcome_make("alias", "lost", "look for %s", prefix);
	buf_free(&address);
	return o;
}

/* Is this the note we sent: that text, or none? */
static bool
has_note(const json_t *alias, const json_t *parameters)
{
	const char *ours = json_get_string(parameters, "note");
	const char *its = json_get_string(alias, "note");

	return strcmp(ours != NULL ? ours : "", its != NULL ? its : "") == 0;
}

/* Go through the newest page of the old list, which is ordered by age alone. */
static struct outcome
read_newest(struct simplelogin *sl, struct deadline d, json_t **answer_r)
{
	const struct simplelogin_endpoint *endpoint = simplelogin_endpoint("alias list-v1");
	struct simplelogin_request request;
	struct buf body = BUF_INIT;
	struct outcome o = simplelogin_request_make(endpoint, NULL, &request);

	if (outcome_is_ok(&o)) {
		simplelogin_query_add(&request.path, endpoint->page, "0");
		o = simplelogin_send(sl, endpoint, &request, NULL, d, &body);
	}
	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&body), body.len, answer_r);
	if (outcome_is_ok(&o) && json_get_array(*answer_r, endpoint->key) == NULL)
		o = outcome_make("answer", "missing", "%s", endpoint->key);
	simplelogin_request_free(&request);
	buf_free(&body);
	return o;
}

static struct outcome
find_newest(struct simplelogin *sl, const json_t *parameters,
    const struct simplelogin_before *before, struct deadline d, json_t **object_r)
{
	json_t *answer = NULL, *alias, *found = NULL;
	struct outcome o = read_newest(sl, d, &answer);
	size_t i, count = 0;

	json_array_foreach (json_get_array(answer, "aliases"), i, alias)
		if (json_get_count(alias, "id", 0) > before->newest &&
		    has_note(alias, parameters)) {
			found = alias;
			count++;
		}
	if (outcome_is_ok(&o) && count > 1)
		o = outcome_make(
		    "alias", "lost", "one of %zu new aliases may be the one", count);
	if (outcome_is_ok(&o) && count == 1) {
		const char *address = json_get_string(found, "email");

		o = simplelogin_object_find(sl, address != NULL ? address : "", d, object_r);
	}
	json_decref(answer);
	return o;
}

static struct outcome
find_mailbox(struct simplelogin *sl, const json_t *parameters,
    const struct simplelogin_before *before, struct deadline d, json_t **object_r)
{
	const char *address = json_get_string(parameters, "email");
	json_t *answer = NULL, *mailbox;
	struct outcome o =
	    simplelogin_call(sl, simplelogin_endpoint("mailbox list"), NULL, d, &answer);
	size_t i;

	(void)before;
	json_array_foreach (json_get_array(answer, "mailboxes"), i, mailbox) {
		const char *its = json_get_string(mailbox, "email");

		if (its != NULL && strcasecmp(its, address) == 0 && *object_r == NULL)
			*object_r = json_incref(mailbox);
	}
	json_decref(answer);
	return o;
}

static const struct {
	const char *words;
	struct outcome (*find)(struct simplelogin *sl, const json_t *parameters,
	    const struct simplelogin_before *before, struct deadline d, json_t **object_r);
} finders[] = {
    {"alias create", find_created},
    {"alias create-v2", find_created},
    {"alias random", find_newest},
    {"mailbox create", find_mailbox},
};

struct outcome
simplelogin_before(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, struct deadline d, struct simplelogin_before *before)
{
	json_t *answer = NULL, *alias;
	struct outcome o;
	size_t i;

	(void)parameters;
	if (strcmp(endpoint->words, "alias random") != 0)
		return outcome_ok();
	o = read_newest(sl, d, &answer);
	json_array_foreach (json_get_array(answer, "aliases"), i, alias) {
		int64_t id = json_get_count(alias, "id", 0);

		if (id > before->newest)
			before->newest = id;
	}
	json_decref(answer);
	return o;
}

struct outcome
simplelogin_recover(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, const struct simplelogin_before *before, struct outcome o,
    struct deadline d, json_t **answer_r)
{
	struct outcome found;

	for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++) {
		if (strcmp(finders[i].words, endpoint->words) != 0)
			continue;
		found = finders[i].find(sl, parameters, before, d, answer_r);
		if (!outcome_is_ok(&found)) {
			outcome_hint(&o, "and looking for it failed: %s", found.text);
			return o;
		}
		if (*answer_r != NULL)
			return found;
		o.ambiguous = false;
		return o;
	}
	return o;
}
