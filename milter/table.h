/*
 * table - rules, looked up by a key
 *
 *	text:/path	lines "KEY ACTION", as Postfix's tables have them before postmap(1):
 *			blank lines and those that begin with '#' say nothing, and a line that
 *			begins with a blank goes on with the one before.  A key with a blank in
 *			it is in double quotes.  The file is read anew when it has changed;
 *			whether it has is looked at once a second at most.
 *	sqlite:/path	a file like those of sqlite_table(5), with dbpath and query.  In the
 *			query %s is the key, %u what is before its '@', %d what is behind;
 *			they may stand in single quotes, but with nothing beside them in there.
 *			It gives one row with the action in its one column, or none.
 *
 * Keys are in the normal form of policy_key.h; actions are those of policy_rule.h.
 *
 * A text table that is missing or broken when it is read anew is used as it was, and the log
 * says so, once for each change of the file.  One that was written to in the last second is not
 * read yet.  A database that cannot be asked is an error each time.  It is opened anew when
 * there is another file of that name.
 *
 * Thread-safe: any number of threads may look up in one table at once.  One of them reads a
 * text table anew, while the others use the old rules; a database is asked by one at a time.
 */
#ifndef FERRY_TABLE_H
#define FERRY_TABLE_H

#include <stdbool.h>

#include "common/base/outcome.h"
#include "milter/policy_rule.h"

#define TABLE_BYTES_MAX (256L << 20) /* of a text table's file */

struct table;

/* Is this the name of a table, "text:..." or "sqlite:..."? */
bool table_named(const char *name);

/*
 * Open a table and read it.  local/config if it has a mistake, "FILE:LINE: what" in the text,
 * or is no regular file, or everybody may write to it; local/io and others if it cannot be
 * read; local/database if the database cannot be asked.  The path is absolute.
 */
struct outcome table_open(const char *name, struct table **table_r);

/* A table of rules "KEY ACTION" in memory; where says in errors whence they are. */
struct outcome table_of_rules(
    const char *const *rules, size_t count, const char *where, struct table **table_r);

void table_close(struct table **table);

/* Look up a key.  *found_r is false if there is no rule for it; else the caller
 * policy_rule_free()s the rule. */
struct outcome
table_find(struct table *table, const char *key, struct policy_rule *rule_r, bool *found_r);

#endif
