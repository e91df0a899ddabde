/*
 * The order of Emails (RFC 8621 §4.4.2).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "sandbox/email_match.h"
#include "sandbox/header_form.h"
#include "sandbox/jmap_query.h"
#include "sandbox/json.h"
#include "sandbox/mime_field.h"
#include "sandbox/words.h"

/* The name or else the address of the first mailbox in a field. */
static char *
first_address(struct email_view *v, const char *property)
{
	json_t *list = email_property(v, property);
	const json_t *first = json_array_get(list, 0);
	const char *name = json_text(first, "name");
	const char *email = json_text(first, "email");
	char *copy = xstrdup(name != NULL ? name : email != NULL ? email : "");

	json_decref(list);
	return copy;
}

/* The subject without what replies and forwards put before it (RFC 5256 §2.1, in short). */
static char *
base_subject(struct email_view *v)
{
	json_t *value = email_property(v, "subject");
	const char *p = json_is_string(value) ? json_string_value(value) : "";
	char *copy;

	for (;;) {
		size_t prefix = strncasecmp(p, "re:", 3) == 0    ? 3
		                : strncasecmp(p, "fwd:", 4) == 0 ? 4
		                : strncasecmp(p, "fw:", 3) == 0  ? 3
		                                                 : strspn(p, " \t") > 0;

		if (prefix == 0)
			break;
		p += prefix;
	}
	copy = xstrdup(p);
	json_decref(value);
	return copy;
}

static int64_t
sent_at(struct email_view *v)
{
	const struct mime_header *h = mime_header(email_view_message(v), "Date");
	int64_t seconds = 0;
	int zone;

	if (h == NULL || !field_date(h->value, h->value_length, &seconds, &zone))
		return v->email->received;
	return seconds;
}

static bool
by(const json_t *comparator, const char *property)
{
	return strcmp(json_text(comparator, "property"), property) == 0;
}

void
email_sort_key(struct email_view *v, const json_t *sort, struct sort_key *key)
{
	size_t i;
	const json_t *comparator;

	*key = (struct sort_key){.id = v->email->id,
	    .thread = v->email->thread,
	    .received = v->email->received,
	    .size = v->email->size};
	json_array_foreach (sort, i, comparator) {
		const char *keyword = json_text(comparator, "keyword");

		if (by(comparator, "sentAt"))
			key->sent = sent_at(v);
		else if (by(comparator, "from") && key->from == NULL)
			key->from = first_address(v, "from");
		else if (by(comparator, "to") && key->to == NULL)
			key->to = first_address(v, "to");
		else if (by(comparator, "subject") && key->subject == NULL)
			key->subject = base_subject(v);
		else if (by(comparator, "hasKeyword") && keyword != NULL &&
		         words_has(v->email->keywords, keyword))
			key->keywords |= UINT32_C(1) << i;
	}
}

void
email_sort_key_free(struct sort_key *key)
{
	free(key->from);
	free(key->to);
	free(key->subject);
}

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_by(
    const json_t *comparator, size_t i, const struct sort_key *a, const struct sort_key *b)
{
	if (by(comparator, "receivedAt"))
		return order(a->received, b->received);
	if (by(comparator, "sentAt"))
		return order(a->sent, b->sent);
	if (by(comparator, "size"))
		return order(a->size, b->size);
	if (by(comparator, "from"))
		return strcasecmp(a->from, b->from);
	if (by(comparator, "to"))
		return strcasecmp(a->to, b->to);
	if (by(comparator, "subject"))
		return strcasecmp(a->subject, b->subject);
	return order(a->keywords >> i & 1, b->keywords >> i & 1);
}

static int
compare(const void *x, const void *y, void *sort)
{
	const struct sort_key *a = x, *b = y;
	size_t i;
	const json_t *comparator;

	json_array_foreach ((const json_t *)sort, i, comparator) {
		int result = compare_by(comparator, i, a, b);

		if (result != 0)
			return jmap_ascending(comparator) ? result : -result;
	}
	return order(a->id, b->id);
}

void
email_sort(struct sort_key *keys, size_t count, const json_t *sort)
{
	if (count > 1)
		qsort_r(keys, count, sizeof(*keys), compare, (void *)(uintptr_t)sort);
}
