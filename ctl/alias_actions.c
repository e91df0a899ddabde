/*
 * Commands about aliases that are more than one call: find or make one, bring one into a
 * state, whichever it has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/xalloc.h"
#include "common/wire/hostname.h"
#include "common/wire/json.h"
#include "ctl/aliases.h"

/* A command that takes one argument, or a line of standard input for each. */
static int
run_action(struct ctl *ctl, int argc, char **argv, const char *what, aliases_one *one,
    void *arg, void (*print)(const struct ctl *ctl, json_t *result))
{
	bool many = ctl_option(ctl, "stdin") != NULL;
	json_t *result = NULL;
	struct aliases *a;
	struct outcome o;
	int status;

	if (argc != (many ? 0 : 1))
		return ctl_usage(ctl, "too %s arguments", argc < 1 ? "few" : "many");
	a = aliases_open(ctl, &status);
	if (a == NULL)
		return status;
	if (many) {
		status = aliases_bulk(a, what, one, arg);
	} else {
		o = one(a, argv[0], arg, &result);
		aliases_progress_end();
		if (outcome_is_ok(&o))
			print(ctl, result);
		status = ctl_fail(&o);
		json_decref(result);
	}
	aliases_close(&a);
	return status;
}

static void
print_result(const struct ctl *ctl, json_t *result)
{
	if (json_is_string(result))
		puts(json_string_value(result));
	else
		print_object(aliases_form(ctl), result);
}

/* alias for */

static struct outcome
say_for(struct aliases *a, const char *hostname, json_t **result_r)
{
	struct alias_map_alias known;
	struct outcome o = alias_map_find_host(a->map, hostname, &known);

	if (outcome_is_ok(&o))
		*result_r =
		    known.id != 0
		        ? json_sprintf("the map knows %s for %s", known.address, hostname)
		        : json_sprintf("would ask the service for %s, and make an alias if "
		                       "it knows none",
		              hostname);
	alias_map_alias_free(&known);
	return o;
}

static struct outcome
find_for(struct aliases *a, const char *hostname, json_t **result_r)
{
	static const char *const hows[] = {"known", "found", "made"};
	bool disabled = ctl_option(a->ctl, "disabled") != NULL;
	struct alias_map_alias alias;
	enum alias_found how;
	struct outcome o =
	    alias_find(a->map, a->sl, hostname, disabled, a->deadline, &alias, &how);

	if (!outcome_is_ok(&o))
		return o;
	if (a->ctl->json)
		*result_r = json_pack("{s:s, s:I, s:s, s:b, s:s}", "hostname", hostname, "id",
		    (json_int_t)alias.id, "alias", alias.address, "enabled", alias.enabled,
		    "how", hows[how]);
	else
		*result_r = json_string(alias.address);
	alias_map_alias_free(&alias);
	return o;
}

static struct outcome
one_for(struct aliases *a, const char *line, void *arg, json_t **result_r)
{
	struct buf hostname = BUF_INIT;
	struct outcome o = hostname_normalise(line, &hostname);

	(void)arg;
	if (outcome_is_ok(&o) && ctl_option(a->ctl, "dry-run") != NULL)
		o = say_for(a, hostname.data, result_r);
	else if (outcome_is_ok(&o))
		o = find_for(a, hostname.data, result_r);
	buf_free(&hostname);
	return o;
}

int
ctl_alias_for(struct ctl *ctl, int argc, char **argv)
{
	return run_action(ctl, argc, argv, "alias for", one_for, NULL, print_result);
}

/* enable, disable, block, unblock */

/* Bring what an endpoint toggles into a state. */
struct desired {
	const char *toggle; /* the endpoint's words */
	const char *member; /* of its answer */
	bool state;
};

static json_t *
state_result(const struct aliases *a, const struct desired *desired, int64_t id)
{
	if (a->ctl->json)
		return json_pack(
		    "{s:I, s:b}", "id", (json_int_t)id, desired->member, desired->state);
	return json_string("done");
}

/* An alias says by its id what it is; one in the trash must not be taken for a disabled one. */
static struct outcome
alias_is_so(struct aliases *a, int64_t id, bool state, bool *so)
{
	struct simplelogin_alias alias, listed = {0};
	struct outcome o = simplelogin_alias_get(a->sl, id, a->deadline, &alias);

	if (outcome_is_ok(&o) && !alias.enabled)
		o = simplelogin_alias_find(a->sl, alias.address, a->deadline, &listed);
	if (outcome_is_ok(&o) && !alias.enabled && listed.id != id)
		o = outcome_make("alias", "missing", "%s is in the trash", alias.address);
	*so = alias.enabled == state;
	simplelogin_alias_free(&alias);
	simplelogin_alias_free(&listed);
	return o;
}

static struct outcome
toggle(struct aliases *a, const struct desired *desired, const json_t *parameters, bool *so)
{
	json_t *answer = NULL;
	struct outcome o =
	    aliases_call(a, simplelogin_endpoint(desired->toggle), parameters, &answer);

	if (outcome_is_ok(&o) && !json_is_boolean(json_object_get(answer, desired->member)))
		o = outcome_make(
		    "answer", "missing", "%s: %s", desired->toggle, desired->member);
	*so = json_get_bool(answer, desired->member, false) == desired->state;
	json_decref(answer);
	return o;
}

/* A contact's state is in no answer but the toggle's own: where that was wrong, once more. */
static struct outcome
bring(struct aliases *a, const struct desired *desired, int64_t id, const json_t *parameters)
{
	struct outcome o = outcome_ok();
	bool so = false;

	if (strcmp(desired->toggle, "alias toggle") == 0)
		o = alias_is_so(a, id, desired->state, &so);
	for (int i = 0; i < 2 && outcome_is_ok(&o) && !so; i++)
		o = toggle(a, desired, parameters, &so);
	if (outcome_is_ok(&o) && !so)
		o = outcome_make("alias", "refused", "another client changes it back");
	return o;
}

static struct outcome
one_bring(struct aliases *a, const char *line, void *arg, json_t **result_r)
{
	const struct desired *desired = arg;
	const struct simplelogin_endpoint *e = simplelogin_endpoint(desired->toggle);
	json_t *parameters = json_object(), *value = NULL;
	struct outcome o = aliases_value(a, &e->parameters[0], line, &value);
	int64_t id;

	if (outcome_is_ok(&o)) {
		id = (int64_t)json_integer_value(value);
		json_object_set_new(parameters, e->parameters[0].name, value);
		if (ctl_option(a->ctl, "dry-run") != NULL) {
			*result_r = json_sprintf("would make sure that %s of %lld is %s",
			    desired->member, (long long)id, desired->state ? "true" : "false");
		} else {
			o = bring(a, desired, id, parameters);
			if (outcome_is_ok(&o))
				*result_r = state_result(a, desired, id);
		}
	}
	json_decref(parameters);
	return o;
}

static int
run_bring(struct ctl *ctl, int argc, char **argv, struct desired desired)
{
	return run_action(
	    ctl, argc, argv, ctl->command->name, one_bring, &desired, print_result);
}

int
ctl_alias_enable(struct ctl *ctl, int argc, char **argv)
{
	return run_bring(ctl, argc, argv, (struct desired){"alias toggle", "enabled", true});
}

int
ctl_alias_disable(struct ctl *ctl, int argc, char **argv)
{
	return run_bring(ctl, argc, argv, (struct desired){"alias toggle", "enabled", false});
}

int
ctl_contact_block(struct ctl *ctl, int argc, char **argv)
{
	return run_bring(
	    ctl, argc, argv, (struct desired){"contact toggle", "block_forward", true});
}

int
ctl_contact_unblock(struct ctl *ctl, int argc, char **argv)
{
	return run_bring(
	    ctl, argc, argv, (struct desired){"contact toggle", "block_forward", false});
}

/* alias create */

static struct outcome
one_create(struct aliases *a, const char *line, void *arg, json_t **result_r)
{
	const struct simplelogin_endpoint *e = simplelogin_endpoint("alias create");
	const char *mailboxes = ctl_option(a->ctl, "mailbox");
	struct simplelogin_wish wish = {.prefix = line,
	    .suffix = ctl_option(a->ctl, "suffix"),
	    .hostname = ctl_option(a->ctl, "hostname"),
	    .name = ctl_option(a->ctl, "name"),
	    .note = ctl_option(a->ctl, "note")};
	struct outcome o = outcome_ok();
	json_t *ids = NULL;

	(void)arg;
	if (wish.suffix == NULL)
		wish.suffix = a->account->domain;
	if (mailboxes != NULL)
		o = aliases_value(a, simplelogin_parameter(e, "mailbox_ids"), mailboxes, &ids);
	wish.mailboxes = ids;
	if (outcome_is_ok(&o) && ctl_option(a->ctl, "dry-run") != NULL)
		*result_r = json_sprintf("would make an alias %s with %s%s", line,
		    wish.suffix != NULL ? "suffix " : "the first suffix",
		    wish.suffix != NULL ? wish.suffix : "");
	else if (outcome_is_ok(&o))
		o = simplelogin_create(a->sl, &wish, a->deadline, result_r);
	if (outcome_is_ok(&o) && json_is_object(*result_r)) {
		aliases_learn(a, e, NULL, *result_r);
		if (!a->ctl->json && ctl_option(a->ctl, "stdin") != NULL) {
			json_t *address = json_incref(json_object_get(*result_r, "email"));

			json_decref(*result_r);
			*result_r = address;
		}
	}
	json_decref(ids);
	return o;
}

int
ctl_alias_create(struct ctl *ctl, int argc, char **argv)
{
	return run_action(ctl, argc, argv, "alias create", one_create, NULL, print_result);
}
