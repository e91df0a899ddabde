/*
 * What a rule says of those it is about.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "milter/policy_rule.h"

#define BLANKS    " \t"
#define ALIAS_MAX 254

/* Printable ASCII, which a reply may have; '%' means something to smfi_setreply(3). */
static const char *
text_fault(const char *text)
{
	if (strlen(text) > POLICY_TEXT_MAX)
		return "the text is too long";
	for (const char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || *p == '%')
			return "the text has characters that no reply may have";
	return NULL;
}

/* An alias is a plain address: its service makes no other. */
static const char *
alias_fault(const char *alias)
{
	const char *at = strrchr(alias, '@');

	if (at == NULL || at == alias || at[1] == '\0' || strlen(alias) > ALIAS_MAX)
		return "the alias is no address";
	for (const char *p = alias; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || (*p == '@' && p != at) ||
		    strchr("\"(),:;<>[]\\%", *p) != NULL)
			return "the alias is no address";
	return NULL;
}

static const char *
nothing_fault(const char *text)
{
	(void)text;
	return "\"direct\" is followed by something";
}

static const struct {
	const char *word;
	enum policy_action action;
	const char *(*fault)(const char *argument);
} actions[] = {
    {"alias", POLICY_ALIAS, alias_fault},
    {"direct", POLICY_DIRECT, nothing_fault},
    {"refuse", POLICY_REFUSE, text_fault},
};

const char *
policy_rule_read(const char *text, struct policy_rule *rule_r)
{
	const char *word = text + strspn(text, BLANKS);
	size_t length = strcspn(word, BLANKS);
	const char *argument = word + length + strspn(word + length, BLANKS);
	size_t rest = strlen(argument);
	const char *fault = NULL;
	char *copy;

	*rule_r = (struct policy_rule){0};
	while (rest > 0 && strchr(BLANKS, argument[rest - 1]) != NULL)
		rest--;
	copy = rest > 0 ? xstrndup(argument, rest) : NULL;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strlen(actions[i].word) != length ||
		    strncasecmp(actions[i].word, word, length) != 0)
			continue;
		fault = copy != NULL ? actions[i].fault(copy) : NULL;
		if (fault == NULL)
			*rule_r = (struct policy_rule){actions[i].action, copy};
		else
			free(copy);
		return fault;
	}
	free(copy);
	return "the action is none of \"alias\", \"direct\" and \"refuse\"";
}

void
policy_rule_free(struct policy_rule *rule)
{
	free(rule->argument);
	*rule = (struct policy_rule){0};
}
