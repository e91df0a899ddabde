/* Addresses as they are compared. */
#include <stdlib.h>

#include "common/wire/address.h"
#include "tests/unit/unit.h"

static void
case_makes_no_difference(void **state)
{
	(void)state;
	assert_true(address_same("Me@Example.ORG", "mE@eXample.org"));
	assert_false(address_same("me@example.org", "me@example.net"));
	assert_false(address_same("me@example.org", "you@example.org"));
}

static void
a_domain_in_unicode_is_the_same_in_ascii(void **state)
{
	(void)state;
	assert_true(address_same("me@b\xc3\xbc"
	                         "cher.example",
	    "me@XN--bcher-kva.example"));
	assert_true(address_same("@B\xc3\x9c"
	                         "CHER.example",
	    "@xn--bcher-kva.example"));
	assert_false(address_same("me@b\xc3\xbc"
	                          "cher.example",
	    "me@bucher.example"));
}

static void
a_domain_that_is_none_is_compared_as_it_is(void **state)
{
	(void)state;
	assert_true(address_same("me@\xff\xfe", "ME@\xff\xfe"));
	assert_false(address_same("me@\xff\xfe", "me@\xff"));
}

static void
needless_quotes_make_no_difference(void **state)
{
	(void)state;
	assert_true(address_same("\"me\"@x.example", "me@x.example"));
	assert_true(address_same("\"a\\ b\"@x.example", "\"a b\"@x.example"));
	assert_true(address_same("\"a@b\"@x.example", "\"A@b\"@x.example"));
	assert_false(address_same("\"@x.example", "@x.example"));
}

static void
parts_of_addresses_have_keys_too(void **state)
{
	static const char *const parts[] = {"", "@", "@x.example", "me", "me@"};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *key = address_key(parts[i]);

		assert_string_equal(key, parts[i]);
		free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(case_makes_no_difference),
	    cmocka_unit_test(a_domain_in_unicode_is_the_same_in_ascii),
	    cmocka_unit_test(a_domain_that_is_none_is_compared_as_it_is),
	    cmocka_unit_test(needless_quotes_make_no_difference),
	    cmocka_unit_test(parts_of_addresses_have_keys_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
