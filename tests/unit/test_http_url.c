/* Where URLs lead. */
#include <stdlib.h>

#include "common/wire/http.h"
#include "tests/unit/unit.h"

static void
only_this_machine_is_loopback(void **state)
{
	static const char *const loopback[] = {"http://127.0.0.1", "http://127.0.0.1:8080/x",
	    "https://localhost/", "http://LocalHost:1/", "http://[::1]:80/",
	    "http://127.255.0.1/", "http://127.1/", "http://2130706433/",
	    "http://[0:0:0:0:0:0:0:1]/"};
	static const char *const other[] = {"http://example.com/",
	    "http://127.0.0.1.example.com/", "http://localhost.example.com/",
	    "http://127.0.0.1@example.com/", "http://10.0.0.1/", "http://example.com/127.0.0.1",
	    "http://example.com#127.0.0.1", "http://[::2]/", "http://0.0.0.0/",
	    "ftp://127.0.0.1/", "127.0.0.1/", "", "http://", "http://127.0.0.256/",
	    "http://user:password@127.0.0.1/"};

	(void)state;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++)
		assert_true(http_is_loopback(loopback[i]));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(http_is_loopback(other[i]));
}

static void
references_are_resolved_against_their_base(void **state)
{
	static const struct {
		const char *base, *reference, *resolved;
	} cases[] = {
	    {"https://a.example/.well-known/jmap", "/jmap/", "https://a.example/jmap/"},
	    {"https://a.example:8443/jmap/", "upload/{accountId}/",
	        "https://a.example:8443/jmap/upload/{accountId}/"},
	    {"https://a.example/jmap", "/d/{accountId}/{blobId}/{name}?accept={type}",
	        "https://a.example/d/{accountId}/{blobId}/{name}?accept={type}"},
	    {"https://a.example/x", "https://b.example/y", "https://b.example/y"},
	    {"http://127.0.0.1:1/x", "//b.example/y", "http://b.example/y"},
	    {"https://a.example/a/b", "../c", "https://a.example/c"},
	    {"https://a.example/x", "ftp://b.example/y", NULL},
	    {"https://a.example/x", "file:///etc/passwd", NULL},
	    {"https://a.example/x", "https://user@b.example/y", NULL},
	    {"https://a.example/x", "https://u:p@b.example/y", NULL},
	    {"https://a.example/x", "/a b", "https://a.example/a%20b"},
	    {"https://a.example/x", "/a\r\nHost: b", NULL},
	    {"https://a.example/x", "http://", NULL},
	    {"ftp://a.example/x", "/y", NULL},
	    {"", "/y", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *resolved = http_resolve(cases[i].base, cases[i].reference);

		if (cases[i].resolved == NULL)
			assert_null(resolved);
		else
			assert_string_equal(resolved, cases[i].resolved);
		free(resolved);
	}
}

static void
a_reference_of_megabytes_is_refused(void **state)
{
	char *reference = malloc(1000001);

	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		reference[i] = i == 0 ? '/' : 'x';
	reference[1000000] = '\0';
	assert_null(http_resolve("https://a.example/", reference));
	free(reference);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_this_machine_is_loopback),
	    cmocka_unit_test(references_are_resolved_against_their_base),
	    cmocka_unit_test(a_reference_of_megabytes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
