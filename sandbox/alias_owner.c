/*
 * Owners, and lists of mailboxes that a caller may use.
 */
#include <ctype.h>
#include <stdlib.h>

#include "sandbox/alias_owner.h"

#define MAILBOXES_MAX 20

int64_t
alias_owner(struct db *d, int64_t alias)
{
	return db_int(d, 0, "SELECT user FROM alias WHERE id = ?", "i", alias);
}

int64_t
alias_contact_owner(struct db *d, int64_t contact)
{
	return db_int(d, 0, "SELECT user FROM contact WHERE id = ?", "i", contact);
}

int64_t
alias_mailbox_owner(struct db *d, int64_t mailbox)
{
	return db_int(d, 0, "SELECT user FROM mailbox WHERE id = ?", "i", mailbox);
}

int64_t
alias_domain_owner(struct db *d, int64_t domain)
{
	return db_int(d, 0, "SELECT user FROM custom_domain WHERE id = ?", "i", domain);
}

bool
alias_own(struct alias_call *c, int64_t owner)
{
	if (owner == c->user)
		return true;
	alias_forbid(c);
	return false;
}

/* What Python's int() makes of a JSON value; false if it raises. */
static bool
as_integer(const json_t *value, int64_t *number_r)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_integer(value)) {
		*number_r = json_integer_value(value);
		return true;
	}
	if (text == NULL || !isdigit((unsigned char)*text))
		return false;
	*number_r = strtoll(text, &end, 10);
	return *end == '\0';
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* All good, none twice, the lowest first; NULL if not. */
static json_t *
checked(struct alias_call *c, int64_t *numbers, size_t count)
{
	json_t *sorted = json_array();

	qsort(numbers, count, sizeof(*numbers), ascending);
	for (size_t i = 0; i < count; i++) {
		if ((i > 0 && numbers[i] == numbers[i - 1]) ||
		    alias_mailbox_good(c->db, c->user, numbers[i]) == 0) {
			alias_error(c, 400, "Forbidden");
			json_decref(sorted);
			return NULL;
		}
		json_array_append_new(sorted, json_integer(numbers[i]));
	}
	return sorted;
}

json_t *
alias_mailbox_ids(struct alias_call *c)
{
	const json_t *list = json_object_get(c->body, "mailbox_ids");
	int64_t numbers[MAILBOXES_MAX];
	size_t count = 0, i;
	const json_t *item;

	if (!json_is_array(list)) {
		alias_break(c);
		return NULL;
	}
	json_array_foreach (list, i, item) {
		int64_t number;

		if (!as_integer(item, &number)) {
			alias_error(c, 400, "Invalid mailbox_id");
			return NULL;
		}
		if (count < MAILBOXES_MAX)
			numbers[count++] = number;
	}
	if (count == 0) {
		alias_error(c, 400, "Must choose at least one mailbox");
		return NULL;
	}
	if (json_array_size(list) > MAILBOXES_MAX) {
		alias_error(c, 400, "Too many mailboxes");
		return NULL;
	}
	return checked(c, numbers, count);
}
