/*
 * What an alias map answered last: a hash table of chains, whose entries lie one behind the
 * other, so that all of them are forgotten at once.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_memory.h"

#define SLOTS           4096 /* a power of two */
#define ENTRY_BYTES_MAX 4096 /* a longer address is none that mail goes to */

struct entry {
	int64_t alias_id, id, learned_ms;
	uint32_t next;       /* of the same slot, like the slots */
	uint16_t key_length; /* with its NUL */
	bool enabled, trashed;
	char texts[]; /* the key and the address, a NUL behind each */
};

_Static_assert(offsetof(struct entry, texts) == sizeof(struct entry), "texts come at once");

static uint32_t *
slot_of(const struct alias_memory *memory, int64_t alias_id, const char *key)
{
	return &memory->slots[(hash_text(key) + (uint32_t)alias_id) & (SLOTS - 1)];
}

/* At a position + 1; NULL if that is 0. */
static const struct entry *
entry_at(const struct alias_memory *memory, uint32_t position)
{
	return position != 0 ? (const void *)(memory->entries.data + position - 1) : NULL;
}

bool
alias_memory_find(const struct alias_memory *memory, int64_t alias_id, const char *key,
    struct alias_memory_row *row_r)
{
	const struct entry *entry;

	if (memory->slots == NULL)
		return false;
	entry = entry_at(memory, *slot_of(memory, alias_id, key));
	while (entry != NULL && (entry->alias_id != alias_id || strcmp(entry->texts, key) != 0))
		entry = entry_at(memory, entry->next);
	if (entry == NULL)
		return false;
	*row_r = (struct alias_memory_row){
	    .id = entry->id,
	    .address = entry->texts + entry->key_length,
	    .enabled = entry->enabled,
	    .trashed = entry->trashed,
	    .learned_ms = entry->learned_ms,
	};
	return true;
}

/* Append an entry; the size of each keeps the next one aligned. */
static void
add(struct alias_memory *memory, const struct entry *entry, const char *key,
    const char *address, size_t size)
{
	size_t address_length = strlen(address) + 1;
	size_t padding = size - sizeof(*entry) - entry->key_length - address_length;

	buf_add(&memory->entries, entry, sizeof(*entry));
	buf_add(&memory->entries, key, entry->key_length);
	buf_add(&memory->entries, address, address_length);
	buf_add(&memory->entries, (const char[sizeof(int64_t)]){0}, padding);
}

void
alias_memory_keep(struct alias_memory *memory, int64_t alias_id, const char *key,
    const struct alias_memory_row *row)
{
	size_t key_length = strlen(key) + 1;
	size_t size = sizeof(struct entry) + key_length + strlen(row->address) + 1;
	uint32_t *slot;

	size = (size + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
	if (size > ENTRY_BYTES_MAX)
		return;
	if (memory->entries.len + size >= ALIAS_MEMORY_BYTES)
		alias_memory_forget(memory);
	if (memory->slots == NULL) {
		memory->slots = xcalloc(SLOTS, sizeof(memory->slots[0]));
		/* What nobody writes to is no memory yet, and nothing has to be moved. */
		buf_reserve(&memory->entries, ALIAS_MEMORY_BYTES - 1);
	}
	slot = slot_of(memory, alias_id, key);
	add(memory,
	    &(struct entry){
	        .alias_id = alias_id,
	        .id = row->id,
	        .learned_ms = row->learned_ms,
	        .next = *slot,
	        .key_length = (uint16_t)key_length,
	        .enabled = row->enabled,
	        .trashed = row->trashed,
	    },
	    key, row->address, size);
	*slot = (uint32_t)(memory->entries.len - size) + 1;
}

void
alias_memory_forget(struct alias_memory *memory)
{
	if (memory->entries.len == 0)
		return;
	buf_reset(&memory->entries);
	memset(memory->slots, 0, SLOTS * sizeof(memory->slots[0]));
}

void
alias_memory_free(struct alias_memory *memory)
{
	free(memory->slots);
	buf_free(&memory->entries);
	memory->slots = NULL;
}
