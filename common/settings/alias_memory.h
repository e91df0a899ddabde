/*
 * alias_memory - what an alias map answered last
 *
 * Mail goes to the same correspondents again and again.  What the database said of a hostname or
 * a contact is kept here, for one state of it: who keeps a memory forgets everything when the
 * database is another, and before that it can say nothing else.  What is not known to the map is
 * not kept.
 *
 * It takes ALIAS_MEMORY_BYTES at most, and only as much as there is in it; when it is full it
 * begins anew.  Belongs to one thread at a time.
 */
#ifndef FERRY_ALIAS_MEMORY_H
#define FERRY_ALIAS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

#define ALIAS_MEMORY_BYTES (512u << 10) /* some four thousand contacts */

struct alias_memory {
	struct buf entries;
	uint32_t *slots; /* hash table of positions + 1; NULL while there is nothing */
};

/* Of a hostname its alias, of a correspondent his contact. */
struct alias_memory_row {
	int64_t id;
	const char *address; /* the alias's, or the reverse address */
	bool enabled, trashed;
	int64_t learned_ms;
};

/*
 * alias_id: of a contact; 0 with a hostname.  key: the hostname, or the correspondent's address,
 * as the database has it.  False if it is not here; the row's address lives until the next call
 * that changes the memory.
 */
bool alias_memory_find(const struct alias_memory *memory, int64_t alias_id, const char *key,
    struct alias_memory_row *row_r);

/* Keep what was not found; what is too long is not kept. */
void alias_memory_keep(struct alias_memory *memory, int64_t alias_id, const char *key,
    const struct alias_memory_row *row);

void alias_memory_forget(struct alias_memory *memory);
void alias_memory_free(struct alias_memory *memory);

#endif
