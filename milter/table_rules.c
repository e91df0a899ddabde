/*
 * Many rules in little memory.
 *
 * All keys and actions lie one behind the other in one run of bytes:
 *
 *	key NUL action argument NUL ...
 *
 * action being one byte, and the argument empty if there is none.  Slots hold where in it a
 * key begins, plus one; 0 is an empty slot.  A key is in the first slot that its hash names or
 * in those behind; at least half of all slots are empty.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "milter/policy_key.h"
#include "milter/table_rules.h"

#define FIRST_SLOTS 64
#define BLANKS      " \t"

struct table_rules {
	struct buf bytes;
	uint32_t *slots;
	size_t slot_count; /* a power of two */
	size_t count;
};

struct table_rules *
table_rules_new(void)
{
	struct table_rules *rules = xcalloc(1, sizeof(*rules));

	rules->slot_count = FIRST_SLOTS;
	rules->slots = xcalloc(FIRST_SLOTS, sizeof(*rules->slots));
	return rules;
}

void
table_rules_free(struct table_rules **rules)
{
	struct table_rules *r = *rules;

	if (r == NULL)
		return;
	buf_free(&r->bytes);
	free(r->slots);
	free(r);
	*rules = NULL;
}

/* FNV-1a; the keys are the administrator's, who has no reason to make them collide. */
static size_t
hash(const char *key)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3;
	return (size_t)(h ^ (h >> 32));
}

/* The slot that has the key, or the empty one where it would be. */
static uint32_t *
slot_of(const struct table_rules *rules, const char *key)
{
	for (size_t i = hash(key);; i++) {
		uint32_t *slot = &rules->slots[i & (rules->slot_count - 1)];

		if (*slot == 0 || strcmp(rules->bytes.data + *slot - 1, key) == 0)
			return slot;
	}
}

static void
grow(struct table_rules *rules)
{
	uint32_t *old = rules->slots;
	size_t old_count = rules->slot_count;

	rules->slot_count *= 2;
	rules->slots = xcalloc(rules->slot_count, sizeof(*rules->slots));
	for (size_t i = 0; i < old_count; i++)
		if (old[i] != 0)
			*slot_of(rules, rules->bytes.data + old[i] - 1) = old[i];
	free(old);
}

static void
store(
    struct table_rules *rules, uint32_t *slot, const char *key, const struct policy_rule *rule)
{
	const char *argument = rule->argument != NULL ? rule->argument : "";

	*slot = (uint32_t)rules->bytes.len + 1;
	buf_add(&rules->bytes, key, strlen(key) + 1);
	buf_addc(&rules->bytes, (char)rule->action);
	buf_add(&rules->bytes, argument, strlen(argument) + 1);
	if (++rules->count * 2 > rules->slot_count)
		grow(rules);
}

/* The length of the key that a rule begins with: up to a blank that is not in quotes. */
static size_t
key_length(const char *text)
{
	bool quoted = false;
	size_t i;

	for (i = 0; text[i] != '\0' && (quoted || strchr(BLANKS, text[i]) == NULL); i++)
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted && text[i] == '\\' && text[i + 1] != '\0')
			i++;
	return i;
}

const char *
table_rules_add(struct table_rules *rules, const char *text)
{
	size_t length = key_length(text);
	char *written = xstrndup(text, length);
	struct policy_rule rule = {0};
	struct buf key = BUF_INIT;
	const char *fault = policy_key_normalise(written, &key);
	uint32_t *slot;

	free(written);
	if (fault == NULL)
		fault = policy_rule_read(text + length, &rule);
	if (fault == NULL && rules->bytes.len > UINT32_MAX / 2)
		fault = "there are too many rules";
	if (fault == NULL) {
		slot = slot_of(rules, key.data);
		if (*slot != 0)
			fault = "there is a rule for this key already";
		else
			store(rules, slot, key.data, &rule);
	}
	policy_rule_free(&rule);
	buf_free(&key);
	return fault;
}

bool
table_rules_find(const struct table_rules *rules, const char *key, struct policy_rule *rule_r)
{
	uint32_t slot = *slot_of(rules, key);
	const char *action;

	if (slot == 0)
		return false;
	action = rules->bytes.data + slot + strlen(key);
	rule_r->action = (enum policy_action)action[0];
	rule_r->argument = action[1] != '\0' ? xstrdup(action + 1) : NULL;
	return true;
}
