/*
 * table_parts - what the kinds of tables have in common
 */
#ifndef FERRY_TABLE_PARTS_H
#define FERRY_TABLE_PARTS_H

#include "milter/table.h"

#define TABLE_LOOK_MS 1000 /* after which it is looked at again whether a file has changed */

struct table_kind {
	const char *prefix; /* of names; "" if it has none */
	struct outcome (*open)(const char *path, void **table_r);
	struct outcome (*find)(
	    void *table, const char *key, struct policy_rule *rule_r, bool *found_r);
	void (*close)(void *table);
};

extern const struct table_kind table_text;
extern const struct table_kind table_sqlite;

#endif
