/*
 * ferryctl map: what is known of aliases without asking, whether it is sound, and learning it
 * afresh.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/aliases.h"
#include "ctl/terminal.h"

static bool
show_alias(void *arg, const char *hostname, const struct alias_map_alias *alias)
{
	json_t *item = json_pack("{s:s?, s:s, s:I, s:s, s:I}", "hostname", hostname, "alias",
	    alias->address, "id", (json_int_t)alias->id, "state",
	    alias->trashed   ? "trashed"
	    : alias->enabled ? "enabled"
	                     : "disabled",
	    "learned_timestamp", (json_int_t)(alias->learned_ms / 1000));

	print_item(arg, item);
	json_decref(item);
	return true;
}

static bool
show_contact(void *arg, const char *alias, const struct alias_map_contact *contact)
{
	json_t *item =
	    json_pack("{s:s?, s:s, s:s, s:I, s:I}", "alias", alias, "contact", contact->address,
	        "reverse_alias_address", contact->reverse, "id", (json_int_t)contact->id,
	        "learned_timestamp", (json_int_t)(contact->learned_ms / 1000));

	print_item(arg, item);
	json_decref(item);
	return true;
}

static struct outcome
show(struct aliases *a)
{
	bool contacts = ctl_option(a->ctl, "contacts") != NULL;
	struct print *print = print_new(aliases_form(a->ctl),
	    contacts ? "alias contact reverse_alias_address id learned_timestamp"
	             : "hostname alias id state learned_timestamp",
	    terminal_width());
	struct outcome o = contacts ? alias_map_each_contact(a->map, show_contact, print)
	                            : alias_map_each_alias(a->map, show_alias, print);

	print_end(&print);
	return o;
}

int
ctl_map_show(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return aliases_run(ctl, show);
}

static json_t *
counts_of(const struct alias_map_counts *counts)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "hostnames", (json_int_t)counts->hosts,
	    "aliases", (json_int_t)counts->aliases, "trashed", (json_int_t)counts->trashed,
	    "contacts", (json_int_t)counts->contacts, "oldest_timestamp",
	    (json_int_t)(counts->oldest_ms / 1000));
}

/* Print how many there are of what. */
static struct outcome
print_counts(struct aliases *a)
{
	struct alias_map_counts counts;
	struct outcome o = alias_map_count(a->map, &counts);
	json_t *object;

	if (!outcome_is_ok(&o))
		return o;
	object = counts_of(&counts);
	if (counts.oldest_ms == 0)
		json_object_del(object, "oldest_timestamp");
	print_object(aliases_form(a->ctl), object);
	json_decref(object);
	return o;
}

static struct outcome
check(struct aliases *a)
{
	struct outcome o = alias_map_check(a->map);

	return outcome_is_ok(&o) ? print_counts(a) : o;
}

int
ctl_map_check(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return aliases_run(ctl, check);
}

static void
show_progress(void *arg, int64_t aliases)
{
	(void)arg;
	aliases_progress("%lld aliases", (long long)aliases);
}

static struct outcome
rebuild(struct aliases *a)
{
	bool contacts = ctl_option(a->ctl, "without-contacts") == NULL;
	struct outcome o = alias_rebuild(a->map, a->sl, contacts,
	    ctl_option(a->ctl, "timeout") != NULL ? a->deadline : DEADLINE_NEVER, show_progress,
	    NULL);

	aliases_progress_end();
	return outcome_is_ok(&o) ? print_counts(a) : o;
}

int
ctl_map_rebuild(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return aliases_run(ctl, rebuild);
}
