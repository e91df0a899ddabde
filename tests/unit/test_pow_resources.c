/* What the process may use, read from trees like /proc and /sys. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/wire/pow_resources.h"
#include "tests/unit/unit.h"

#define MIB ((size_t)1 << 20)

/* A directory that stands for "/"; its files are written as a test needs them. */
static int
make_root(void **state)
{
	char name[] = "/tmp/test_pow_resources.XXXXXX";

	*state = mkdtemp(name) == NULL ? NULL : strdup(name);
	return *state == NULL ? -1 : 0;
}

static int
remove_root(void **state)
{
	struct buf command = BUF_INIT;
	int status;

	buf_addf(&command, "rm -r '%s'", (char *)*state);
	status = system(command.data);
	buf_free(&command);
	free(*state);
	return status;
}

static void
put(const char *root, const char *path, const char *text)
{
	struct buf b = BUF_INIT;
	struct outcome o;
	int fd;

	buf_addf(&b, "%s%s", root, path);
	*strrchr(b.data, '/') = '\0';
	o = file_make_dirs(b.data, 0700);
	assert_true(outcome_is_ok(&o));
	buf_reset(&b);
	buf_addf(&b, "%s%s", root, path);
	fd = open(b.data, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_full(fd, text, strlen(text)), 0);
	close(fd);
	buf_free(&b);
}

static void
put_meminfo(const char *root)
{
	put(root, "/proc/meminfo",
	    "MemTotal:  4096000 kB\nMemFree: 10 kB\nMemAvailable:    1024000 kB\n");
}

static void
what_the_kernel_calls_available_is(void **state)
{
	put_meminfo(*state);
	assert_int_equal(pow_memory_available(*state), 1000 * MIB);
}

static void
without_proc_there_is_still_an_answer(void **state)
{
	assert_true(pow_memory_available(*state) > 0);
	assert_true(pow_cpus(*state) >= 1);
}

static void
a_group_s_limit_less_what_it_uses_bounds_but_its_cache_does_not_count(void **state)
{
	put_meminfo(*state);
	put(*state, "/proc/self/cgroup", "0::/mail.slice/relay\n");
	put(*state, "/sys/fs/cgroup/mail.slice/relay/memory.max", "536870912\n");
	put(*state, "/sys/fs/cgroup/mail.slice/relay/memory.current", "209715200\n");
	assert_int_equal(pow_memory_available(*state), 312 * MIB);
	put(*state, "/sys/fs/cgroup/mail.slice/relay/memory.stat",
	    "anon 1\ninactive_file 104857600\n");
	assert_int_equal(pow_memory_available(*state), 412 * MIB);
}

static void
a_group_above_bounds_too(void **state)
{
	put_meminfo(*state);
	put(*state, "/proc/self/cgroup", "0::/mail.slice/relay\n");
	put(*state, "/sys/fs/cgroup/mail.slice/relay/memory.max", "max\n");
	put(*state, "/sys/fs/cgroup/mail.slice/memory.max", "104857600\n");
	put(*state, "/sys/fs/cgroup/mail.slice/memory.current", "209715200\n");
	assert_int_equal(pow_memory_available(*state), 0);
}

static void
the_mount_point_bounds_where_the_group_is_out_of_sight(void **state)
{
	put_meminfo(*state);
	put(*state, "/proc/self/cgroup", "0::/../../elsewhere\n");
	put(*state, "/sys/fs/cgroup/memory.max", "67108864\n");
	put(*state, "/sys/fs/cgroup/memory.current", "0\n");
	assert_int_equal(pow_memory_available(*state), 64 * MIB);
}

static void
version_1_groups_bound_memory(void **state)
{
	put_meminfo(*state);
	put(*state, "/proc/self/cgroup", "5:devices:/\n4:memory:/box\n0::/\n");
	put(*state, "/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "134217728\n");
	put(*state, "/sys/fs/cgroup/memory/box/memory.usage_in_bytes", "33554432\n");
	assert_int_equal(pow_memory_available(*state), 96 * MIB);
}

static void
a_quota_of_cpu_time_bounds_threads_and_is_rounded_up(void **state)
{
	put(*state, "/proc/self/cgroup", "0::/box\n");
	put(*state, "/sys/fs/cgroup/box/cpu.max", "50000 100000\n");
	assert_int_equal(pow_cpus(*state), 1);
	put(*state, "/sys/fs/cgroup/box/cpu.max", "max 100000\n");
	assert_int_equal(pow_cpus(*state), pow_cpus("/nowhere"));
}

static void
version_1_quotas_bound_threads_unless_minus_1(void **state)
{
	put(*state, "/proc/self/cgroup", "3:cpuset:/other\n2:cpuacct,cpu:/box\n");
	put(*state, "/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
	put(*state, "/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n");
	assert_int_equal(pow_cpus(*state), pow_cpus("/nowhere"));
	put(*state, "/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "100000\n");
	assert_int_equal(pow_cpus(*state), 1);
}

static void
nonsense_does_not_bound(void **state)
{
	put_meminfo(*state);
	put(*state, "/proc/self/cgroup", "what\n:\n0:\n::\n");
	put(*state, "/sys/fs/cgroup/memory.max", "plenty\n");
	put(*state, "/sys/fs/cgroup/cpu.max", "1 0\n");
	assert_int_equal(pow_memory_available(*state), 1000 * MIB);
	assert_int_equal(pow_cpus(*state), pow_cpus("/nowhere"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_the_kernel_calls_available_is),
	    TEST(without_proc_there_is_still_an_answer),
	    TEST(a_group_s_limit_less_what_it_uses_bounds_but_its_cache_does_not_count),
	    TEST(a_group_above_bounds_too),
	    TEST(the_mount_point_bounds_where_the_group_is_out_of_sight),
	    TEST(version_1_groups_bound_memory),
	    TEST(a_quota_of_cpu_time_bounds_threads_and_is_rounded_up),
	    TEST(version_1_quotas_bound_threads_unless_minus_1),
	    TEST(nonsense_does_not_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
