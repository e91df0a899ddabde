/* Where a daemon listens: what is accepted, and whose socket a path is. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/wire/endpoint.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/ferry-test-endpoint.XXXXXX";
static char *path, *text, *lock;
static const struct endpoint_access access_all = {0640, (uid_t)-1, (gid_t)-1};

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	path = xasprintf("%s/sock", folder);
	text = xasprintf("unix:%s", path);
	lock = xasprintf("%s.lock", path);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(lock);
	free(path);
	free(text);
	free(lock);
	return rmdir(folder);
}

static void
endpoints_are_paths_and_loopback_addresses(void **state)
{
	static const char *const good[] = {
	    "unix:/run/a", "inet:127.0.0.1:1", "inet:127.9.9.9:65535", "inet:[::1]:10025"};
	static const char *const bad[] = {"", "unix:", "unix:a", "inet:", "inet:127.0.0.1",
	    "inet:127.0.0.1:", "inet:127.0.0.1:0", "inet:127.0.0.1:65536", "inet:127.0.0.1:1x",
	    "inet:127.0.0.1:25", "inet:[::1]:25", "inet:0.0.0.0:1", "inet:192.0.2.1:1",
	    "inet:[::]:1", "inet:[::1:1", "inet:::1:1", "inet:[]:1", "inet:localhost:1",
	    "inet::1", "inet:127.0.0.1:-1", "tcp:127.0.0.1:1", "/run/a"};
	char long_path[200] = "unix:/";
	struct buf why = BUF_INIT;

	(void)state;
	memset(long_path + 6, 'a', 150);
	assert_false(endpoint_accepts(long_path, &why));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!endpoint_accepts(good[i], &why))
			fail_msg("%s %s", good[i], buf_str(&why));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_reset(&why);
		if (endpoint_accepts(bad[i], &why))
			fail_msg("%s was accepted", bad[i]);
		assert_true(why.len != 0);
	}
	buf_free(&why);
}

/* Can somebody connect? */
static bool
answers(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool connected;

	strcpy(address.sun_path, path);
	connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return connected;
}

static void
a_socket_has_the_mode_it_was_given_and_goes_when_it_is_closed(void **state)
{
	struct endpoint_socket s;
	struct outcome o = endpoint_listen(text, &access_all, &s);
	struct stat st;

	(void)state;
	assert_string_equal(o.condition, "ok");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_true(answers());
	assert_int_equal(accept(s.fd, NULL, NULL) >= 0, 1);
	assert_int_equal(accept(s.fd, NULL, NULL), -1); /* it does not block */
	endpoint_close(&s);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(s.fd, -1);
}

static void
a_socket_that_is_served_is_not_taken_away(void **state)
{
	struct endpoint_socket first, second;
	struct outcome o = endpoint_listen(text, &access_all, &first);

	(void)state;
	assert_string_equal(o.condition, "ok");
	o = endpoint_listen(text, &access_all, &second);
	assert_string_equal(o.condition, "local/locked");
	assert_int_equal(second.fd, -1);
	assert_true(answers());

	/* Nor that of a server which takes no lock. */
	close(first.lock);
	first.lock = -1;
	o = endpoint_listen(text, &access_all, &second);
	assert_string_equal(o.condition, "local/locked");
	assert_true(answers());
	endpoint_close(&first);
}

static void
a_socket_that_a_dead_server_left_is_replaced(void **state)
{
	struct endpoint_socket dead, s;
	struct outcome o = endpoint_listen(text, &access_all, &dead);

	(void)state;
	assert_string_equal(o.condition, "ok");
	close(dead.fd);
	close(dead.lock);
	free(dead.path);
	assert_false(answers());
	o = endpoint_listen(text, &access_all, &s);
	assert_string_equal(o.condition, "ok");
	assert_true(answers());
	endpoint_close(&s);
}

static void
what_is_no_socket_is_left_alone(void **state)
{
	struct endpoint_socket s;
	struct stat st;
	struct outcome o;

	(void)state;
	close(open(path, O_WRONLY | O_CREAT, 0600));
	o = endpoint_listen(text, &access_all, &s);
	assert_string_equal(o.condition, "local/config");
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(path);
}

static void
only_addresses_of_this_machine_may_be_served(void **state)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(10025)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(10025)};
	struct sockaddr packet = {.sa_family = AF_PACKET};

	(void)state;
	assert_false(endpoint_is_allowed((struct sockaddr *)&four));
	assert_false(endpoint_is_allowed((struct sockaddr *)&six));
	assert_false(endpoint_is_allowed(&packet));
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	six.sin6_addr = in6addr_loopback;
	assert_true(endpoint_is_allowed((struct sockaddr *)&four));
	assert_true(endpoint_is_allowed((struct sockaddr *)&six));
	four.sin_port = six.sin6_port = htons(25);
	assert_false(endpoint_is_allowed((struct sockaddr *)&four));
	assert_false(endpoint_is_allowed((struct sockaddr *)&six));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(endpoints_are_paths_and_loopback_addresses),
	    cmocka_unit_test(a_socket_has_the_mode_it_was_given_and_goes_when_it_is_closed),
	    cmocka_unit_test(a_socket_that_is_served_is_not_taken_away),
	    cmocka_unit_test(a_socket_that_a_dead_server_left_is_replaced),
	    cmocka_unit_test(what_is_no_socket_is_left_alone),
	    cmocka_unit_test(only_addresses_of_this_machine_may_be_served),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
