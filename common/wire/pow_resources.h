/*
 * pow_resources - how much of this machine the process may use
 *
 * The container it runs in counts too: control groups version 1 and 2, if they are mounted
 * where they usually are.  What cannot be found out does not bound.
 */
#ifndef FERRY_POW_RESOURCES_H
#define FERRY_POW_RESOURCES_H

#include <stddef.h>

/*
 * CPUs of the affinity mask and the CPU quota, at least 1.  root goes before /proc and /sys:
 * "" but for tests.
 */
unsigned pow_cpus(const char *root);

/* Bytes of memory that could be taken without swapping or being killed for it. */
size_t pow_memory_available(const char *root);

#endif
