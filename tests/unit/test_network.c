/* Networks: what is one, and which addresses are in it. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/wire/network.h"
#include "tests/unit/unit.h"

static bool
parses(const char *text)
{
	struct network network;

	return network_parse(text, &network);
}

static bool
has(const char *text, const char *address)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct network network;

	assert_true(network_parse(text, &network));
	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return network_has(&network, (struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
	return network_has(&network, (struct sockaddr *)&six);
}

static void
a_network_has_the_addresses_whose_first_bits_are_its_own(void **state)
{
	(void)state;
	assert_true(has("192.0.2.0/24", "192.0.2.0"));
	assert_true(has("192.0.2.0/24", "192.0.2.255"));
	assert_false(has("192.0.2.0/24", "192.0.3.0"));
	assert_true(has("192.0.2.128/25", "192.0.2.130"));
	assert_false(has("192.0.2.128/25", "192.0.2.127"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
}

static void
no_bits_are_all_addresses_of_the_family_and_none_of_the_other(void **state)
{
	(void)state;
	assert_true(has("0.0.0.0/0", "203.0.113.7"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_false(has("::/0", "203.0.113.7"));
}

static void
an_address_alone_is_a_network_of_one(void **state)
{
	(void)state;
	assert_true(has("192.0.2.7", "192.0.2.7"));
	assert_false(has("192.0.2.7", "192.0.2.6"));
	assert_true(has("::1", "::1"));
	assert_false(has("::1", "::2"));
}

static void
an_address_in_the_clothes_of_the_newer_family_is_known(void **state)
{
	(void)state;
	assert_true(has("192.0.2.0/24", "::ffff:192.0.2.7"));
	assert_false(has("192.0.2.0/24", "::ffff:192.0.3.7"));
}

static void
an_address_of_another_kind_is_nowhere(void **state)
{
	struct sockaddr local = {.sa_family = AF_UNIX};
	struct network network;

	(void)state;
	assert_true(network_parse("0.0.0.0/0", &network));
	assert_false(network_has(&network, &local));
}

static void
what_is_no_network_is_refused(void **state)
{
	(void)state;
	assert_false(parses(""));
	assert_false(parses("example.org"));
	assert_false(parses("192.0.2.0/"));
	assert_false(parses("192.0.2.0/33"));
	assert_false(parses("192.0.2.0/+24"));
	assert_false(parses("192.0.2.7/24"));
	assert_false(parses("2001:db8::/129"));
	assert_false(parses("2001:db8::1/64"));
	assert_false(parses("::1%lo"));
	assert_false(
	    parses("1111111111111111111111111111111111111111111111111111111111111111111"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_network_has_the_addresses_whose_first_bits_are_its_own),
	    cmocka_unit_test(no_bits_are_all_addresses_of_the_family_and_none_of_the_other),
	    cmocka_unit_test(an_address_alone_is_a_network_of_one),
	    cmocka_unit_test(an_address_in_the_clothes_of_the_newer_family_is_known),
	    cmocka_unit_test(an_address_of_another_kind_is_nowhere),
	    cmocka_unit_test(what_is_no_network_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
