/*
 * How much of this machine the process may use.
 *
 * A control group bounds all below it, so every level from the process's own up to the root
 * is asked and the least answer counts.  In a container /proc/self/cgroup may name a path
 * that is not there; the walk up ends at the mount point, which then is the container's own
 * group.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/wire/pow_resources.h"

#define FILE_MAX 65536 /* bytes of a /proc or /sys file worth reading */
#define UNKNOWN  UINT64_MAX

/* Where control groups are, by controller: "" is version 2, which has one tree for all. */
struct tree {
	const char *controller;
	const char *mount;
};

static const struct tree unified = {"", "/sys/fs/cgroup"};
static const struct tree memory_v1 = {"memory", "/sys/fs/cgroup/memory"};
static const struct tree cpu_v1 = {"cpu", "/sys/fs/cgroup/cpu"};

/* The numbers of a file, or UNKNOWN each: the one after key (a line's start), and the next. */
struct numbers {
	uint64_t first, second;
};

static struct numbers
read_numbers(const char *directory, const char *name, const char *key)
{
	struct numbers n = {UNKNOWN, UNKNOWN};
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct outcome o;
	const char *p;

	buf_addf(&path, "%s/%s", directory, name);
	o = file_read(AT_FDCWD, path.data, FILE_MAX, &text);
	if (outcome_is_ok(&o)) {
		for (p = buf_str(&text); p != NULL && strncmp(p, key, strlen(key)) != 0;)
			p = (p = strchr(p, '\n')) == NULL ? NULL : p + 1;
		if (p != NULL && strncmp(p + strlen(key), "-1", 2) != 0)
			sscanf(p + strlen(key), "%" SCNu64 "%" SCNu64, &n.first, &n.second);
	}
	buf_free(&path);
	buf_free(&text);
	return n;
}

static bool
in_list(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *item = list; item != NULL; item = strchr(item, ',')) {
		item += *item == ',';
		if (strcspn(item, ",") == length && memcmp(item, name, length) == 0)
			return true;
	}
	return false;
}

/* Add the path of this process's group, such as "/user.slice", to *path. */
static void
add_own_group(const char *root, const char *controller, struct buf *path)
{
	struct buf file = BUF_INIT, text = BUF_INIT;
	struct outcome o;
	char *rest;

	buf_addf(&file, "%s/proc/self/cgroup", root);
	o = file_read(AT_FDCWD, file.data, FILE_MAX, &text);
	if (!outcome_is_ok(&o))
		buf_reset(&text);
	buf_addc(&text, '\n');
	for (char *line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *list = strchr(line, ':'), *group;

		if (list == NULL || (group = strchr(++list, ':')) == NULL)
			continue;
		*group++ = '\0';
		if (in_list(list, controller))
			buf_adds(path, group);
	}
	buf_free(&file);
	buf_free(&text);
}

/* The least of what bound says of this process's group and each one above it. */
static uint64_t
least_of_levels(const char *root, const struct tree *tree, uint64_t (*bound)(const char *))
{
	struct buf path = BUF_INIT;
	uint64_t least = UNKNOWN;
	size_t mount;

	buf_addf(&path, "%s%s", root, tree->mount);
	mount = path.len;
	add_own_group(root, tree->controller, &path);
	for (;;) {
		uint64_t here = bound(path.data);

		least = here < least ? here : least;
		if (path.len <= mount)
			break;
		while (path.len > mount && path.data[path.len - 1] != '/')
			buf_truncate(&path, path.len - 1);
		if (path.len > mount)
			buf_truncate(&path, path.len - 1);
	}
	buf_free(&path);
	return least;
}

/* What is left of a limit, where cache is the part of used that would be given back. */
static uint64_t
room(uint64_t limit, uint64_t used, uint64_t cache)
{
	if (limit == UNKNOWN || used == UNKNOWN)
		return limit;
	if (cache != UNKNOWN)
		used -= cache < used ? cache : used;
	return used < limit ? limit - used : 0;
}

static uint64_t
memory_room(const char *group)
{
	return room(read_numbers(group, "memory.max", "").first,
	    read_numbers(group, "memory.current", "").first,
	    read_numbers(group, "memory.stat", "inactive_file ").first);
}

static uint64_t
memory_room_v1(const char *group)
{
	return room(read_numbers(group, "memory.limit_in_bytes", "").first,
	    read_numbers(group, "memory.usage_in_bytes", "").first,
	    read_numbers(group, "memory.stat", "total_inactive_file ").first);
}

/* CPUs of a quota of microseconds a period, rounded up. */
static uint64_t
cpus(uint64_t quota, uint64_t period)
{
	if (quota == UNKNOWN || period == UNKNOWN || period == 0)
		return UNKNOWN;
	return quota / period + (quota % period != 0);
}

static uint64_t
cpu_share(const char *group)
{
	struct numbers n = read_numbers(group, "cpu.max", "");

	return cpus(n.first, n.second);
}

static uint64_t
cpu_share_v1(const char *group)
{
	return cpus(read_numbers(group, "cpu.cfs_quota_us", "").first,
	    read_numbers(group, "cpu.cfs_period_us", "").first);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where /proc is hidden: less, since what the page cache would give back is missing. */
static uint64_t
free_pages(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

unsigned
pow_cpus(const char *root)
{
	cpu_set_t set;
	uint64_t cpus = UNKNOWN;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		cpus = (uint64_t)CPU_COUNT(&set);
	cpus = least(cpus, least_of_levels(root, &unified, cpu_share));
	cpus = least(cpus, least_of_levels(root, &cpu_v1, cpu_share_v1));
	return cpus == UNKNOWN || cpus == 0 ? 1 : (unsigned)cpus;
}

size_t
pow_memory_available(const char *root)
{
	struct buf proc = BUF_INIT;
	uint64_t bytes;

	buf_addf(&proc, "%s/proc", root);
	bytes = read_numbers(proc.data, "meminfo", "MemAvailable:").first;
	buf_free(&proc);
	bytes = bytes < UNKNOWN / 1024 ? bytes * 1024 : free_pages();
	bytes = least(bytes, least_of_levels(root, &unified, memory_room));
	bytes = least(bytes, least_of_levels(root, &memory_v1, memory_room_v1));
	return bytes < SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}
