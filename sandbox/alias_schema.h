/*
 * alias_schema - the tables of the alias service
 */
#ifndef SANDBOX_ALIAS_SCHEMA_H
#define SANDBOX_ALIAS_SCHEMA_H

#include <stdbool.h>

#include "sandbox/db.h"

/* Make the tables if they are missing (then *fresh_r), and read or make the secret; false if
 * the database is another's or of another version. */
bool alias_schema_make(struct db *d, unsigned char *secret, bool *fresh_r);

#endif
