/*
 * Those a message goes to, and those its header names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/xalloc.h"
#include "common/wire/address.h"
#include "common/wire/recipient_fields.h"
#include "milter/parties.h"

#define SLOTS_FIRST 8

/* The slot where the key is, or belongs. */
static size_t *
slot_of(const struct parties *parties, const char *key)
{
	size_t i = hash_text(key) & (parties->slot_count - 1);

	while (parties->slots[i] != 0 &&
	       strcmp(parties->items[parties->slots[i] - 1].key, key) != 0)
		i = (i + 1) & (parties->slot_count - 1);
	return &parties->slots[i];
}

/* Twice as many slots whenever half of them are taken; no more items than that half. */
static void
make_room(struct parties *parties)
{
	if (2 * parties->count < parties->slot_count)
		return;
	parties->slot_count = parties->slot_count == 0 ? SLOTS_FIRST : 2 * parties->slot_count;
	free(parties->slots);
	parties->slots = xcalloc(parties->slot_count, sizeof(parties->slots[0]));
	parties->items =
	    xreallocarray(parties->items, parties->slot_count / 2, sizeof(parties->items[0]));
	for (size_t i = 0; i < parties->count; i++)
		*slot_of(parties, parties->items[i].key) = i + 1;
}

static void
add(struct parties *parties, const char *address)
{
	char *key = address_key(address);
	size_t *slot;

	make_room(parties);
	slot = slot_of(parties, key);
	if (*slot != 0) {
		free(key);
		return;
	}
	parties->items[parties->count] =
	    (struct party){.key = key, .address = xstrdup(address), .fate = PARTY_NOBODY};
	*slot = ++parties->count;
}

void
parties_free(struct parties *parties)
{
	for (size_t i = 0; i < parties->count; i++) {
		struct party *party = &parties->items[i];

		policy_decision_free(&party->decision);
		free(party->key);
		free(party->address);
		free(party->alias);
		free(party->reverse);
	}
	free(parties->items);
	free(parties->slots);
	*parties = (struct parties){0};
}

bool
parties_is_field(const struct mail_field *field)
{
	static const char *const names[] = {"To", "Cc", "Resent-To", "Resent-Cc"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mail_field_is(field, names[i]))
			return true;
	return false;
}

static enum recipient_fate
note_address(void *arg, const char *address, const char **replacement_r)
{
	struct parties *parties = arg;

	(void)replacement_r;
	add(parties, address);
	return RECIPIENT_KEEP;
}

static struct outcome
read_field(struct parties *parties, const struct mail_field *field)
{
	struct mime_span value = {field->value, strlen(field->value)};
	struct recipient_field result;
	struct buf out = BUF_INIT;
	const char *fault =
	    recipient_field_rewrite(value, "\n", note_address, parties, &out, &result);

	buf_free(&out);
	return fault == NULL
	           ? outcome_ok()
	           : outcome_make("local", "header", "the %s field %s", field->name, fault);
}

struct outcome
parties_of(const struct mail *mail, struct parties *parties_r)
{
	struct outcome o = outcome_ok();

	*parties_r = (struct parties){0};
	for (size_t i = 0; i < mail->recipient_count; i++)
		add(parties_r, mail->recipients[i].address);
	parties_r->recipients = parties_r->count;
	for (size_t i = 0; i < mail->field_count && outcome_is_ok(&o); i++)
		if (parties_is_field(&mail->fields[i]))
			o = read_field(parties_r, &mail->fields[i]);
	if (!outcome_is_ok(&o))
		parties_free(parties_r);
	return o;
}

struct party *
parties_find(const struct parties *parties, const char *address)
{
	char *key;
	size_t *slot;

	if (parties->count == 0)
		return NULL;
	key = address_key(address);
	slot = slot_of(parties, key);
	free(key);
	return *slot != 0 ? &parties->items[*slot - 1] : NULL;
}

const struct party *
parties_recipient(const struct parties *parties, const struct mail *mail, size_t i)
{
	/* None was there twice: they are in the envelope's order. */
	if (parties->recipients == mail->recipient_count)
		return &parties->items[i];
	return parties_find(parties, mail->recipients[i].address);
}
