/*
 * dump - the state of a section as text, for people and grep(1)
 */
#ifndef FERRY_SYNC_DUMP_H
#define FERRY_SYNC_DUMP_H

#include "sync/mirror.h"

/*
 * Print every row of every table on stdout: the table, then column=value for each column that
 * is not NULL, with tabs between; tab, newline, backslash and other control characters of a
 * value are a backslash and three octal digits.  With JSON an event "row" each.  Like
 * mirror_run(); nothing is changed.
 */
struct outcome dump_run(const struct sync_config *config, const struct mirror_options *options,
    struct report *report);

#endif
