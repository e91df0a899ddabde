/*
 * How much of this machine the process may use.
 */
#include <sched.h>
#include <unistd.h>

#include "common/wire/pow_resources.h"

unsigned
pow_cpus(const char *root)
{
	cpu_set_t set;

	(void)root;
	if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

size_t
pow_memory_available(const char *root)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	(void)root;
	return pages > 0 && size > 0 ? (size_t)pages * (size_t)size : 0;
}
