/*
 * Tables of rules, of whatever kind.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/table_parts.h"
#include "milter/table_rules.h"

struct table {
	const struct table_kind *kind;
	void *table;
};

static struct outcome
find_in_memory(void *table, const char *key, struct policy_rule *rule_r, bool *found_r)
{
	*found_r = table_rules_find(table, key, rule_r);
	return outcome_ok();
}

static void
close_memory(void *table)
{
	struct table_rules *rules = table;

	table_rules_free(&rules);
}

static const struct table_kind table_memory = {
    .prefix = "", .find = find_in_memory, .close = close_memory};

static const struct table_kind *const kinds[] = {&table_text, &table_sqlite};

static const struct table_kind *
kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(name, kinds[i]->prefix, strlen(kinds[i]->prefix)) == 0)
			return kinds[i];
	return NULL;
}

bool
table_named(const char *name)
{
	return kind_of(name) != NULL;
}

static struct table *
new_table(const struct table_kind *kind, void *of_kind)
{
	struct table *table = xcalloc(1, sizeof(*table));

	*table = (struct table){kind, of_kind};
	return table;
}

struct outcome
table_open(const char *name, struct table **table_r)
{
	const struct table_kind *kind = kind_of(name);
	const char *path = kind != NULL ? name + strlen(kind->prefix) : name;
	struct outcome o;
	void *of_kind;

	*table_r = NULL;
	if (kind == NULL || *path != '/')
		return outcome_make("local", "config",
		    "%s is no table: it is \"text:/path\" or \"sqlite:/path\"", name);
	o = kind->open(path, &of_kind);
	if (outcome_is_ok(&o))
		*table_r = new_table(kind, of_kind);
	return o;
}

struct outcome
table_of_rules(
    const char *const *rules, size_t count, const char *where, struct table **table_r)
{
	struct table_rules *set = table_rules_new();
	const char *fault = NULL;
	struct outcome o;

	*table_r = NULL;
	for (size_t i = 0; i < count && fault == NULL; i++) {
		fault = table_rules_add(set, rules[i]);
		if (fault != NULL)
			o = outcome_make(
			    "local", "config", "%s: \"%s\": %s", where, rules[i], fault);
	}
	if (fault != NULL) {
		table_rules_free(&set);
		return o;
	}
	*table_r = new_table(&table_memory, set);
	return outcome_ok();
}

void
table_close(struct table **table)
{
	struct table *t = *table;

	if (t == NULL)
		return;
	t->kind->close(t->table);
	free(t);
	*table = NULL;
}

struct outcome
table_find(struct table *table, const char *key, struct policy_rule *rule_r, bool *found_r)
{
	*rule_r = (struct policy_rule){0};
	*found_r = false;
	return table->kind->find(table->table, key, rule_r, found_r);
}
