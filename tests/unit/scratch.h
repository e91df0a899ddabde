/*
 * scratch - a folder that a test program works in, and leaves no trace of
 *
 * For cmocka_run_group_tests(): scratch_make() or scratch_enter() before the tests, and
 * scratch_remove() after them.
 */
#ifndef FERRY_TESTS_SCRATCH_H
#define FERRY_TESTS_SCRATCH_H

#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"

static char folder[] = "/tmp/ferry-test.XXXXXX";

static inline int
scratch_make(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

/* ... and work there. */
static inline int
scratch_enter(void **state)
{
	return scratch_make(state) != 0 || chdir(folder) < 0;
}

static inline int
scratch_remove(void **state)
{
	char *command = xasprintf("rm -rf %s", folder);
	int status = chdir("/") < 0 || system(command) != 0;

	(void)state;
	free(command);
	return status;
}

#endif
