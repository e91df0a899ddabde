/* A text table, and addresses that are looked up in it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/policy_key.h"
#include "milter/table_lines.h"
#include "milter/table_rules.h"
#include "tests/fuzz/fuzz.h"

/* What was taken as a rule is found by its key, which is its own normal form. */
static void
check_added(const struct table_rules *rules, const char *line)
{
	char *written = xstrndup(line, strcspn(line, " \t"));
	struct buf key = BUF_INIT, again = BUF_INIT;
	struct policy_rule rule = {0};

	if (strchr(written, '"') == NULL) {
		if (policy_key_normalise(written, &key) != NULL ||
		    !table_rules_find(rules, key.data, &rule))
			abort();
		if (policy_key_normalise(key.data, &again) != NULL ||
		    strcmp(key.data, again.data) != 0)
			abort();
	}
	policy_rule_free(&rule);
	buf_free(&key);
	buf_free(&again);
	free(written);
}

/* An address is looked up by itself, without case, first, and by "*" last. */
static void
look_up(const struct table_rules *rules, const char *address)
{
	struct policy_keys keys;
	struct policy_rule rule;

	if (strchr(address, '@') == NULL)
		return;
	policy_keys_make(address, &keys);
	if (keys.count < 3 || strcmp(keys.keys[keys.count - 1], POLICY_KEY_ANY) != 0 ||
	    strchr(keys.keys[0], '@') == NULL)
		abort();
	for (size_t i = 0; i < keys.count; i++)
		if (table_rules_find(rules, keys.keys[i], &rule))
			policy_rule_free(&rule);
	policy_keys_free(&keys);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct table_rules *rules = table_rules_new();
	struct table_lines lines;

	table_lines_init(&lines, (const char *)bytes, length);
	while (table_lines_next(&lines)) {
		if (lines.line.len == 0 || lines.line.len > TABLE_LINE_MAX ||
		    strlen(lines.line.data) != lines.line.len)
			abort();
		if (table_rules_add(rules, lines.line.data) == NULL)
			check_added(rules, lines.line.data);
		look_up(rules, lines.line.data);
	}
	table_lines_free(&lines);
	table_rules_free(&rules);
	return 0;
}
