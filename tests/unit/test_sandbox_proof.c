/* The sandbox's check of a proof of work, on the public service's vectors. */
#include <string.h>

#include "sandbox/proof.h"
#include "tests/unit/unit.h"

static const char salt[] = "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083";

static const struct {
	const char *challenge;
	unsigned difficulty;
	const char *nonce;
	const char *pow_hex;
} vectors[] = {
    {"fixture-alpha", 4, "4",
        "0e365cf9d7a9a9d515b5362da1ed60b3c287d6b5de7f5f0e55b15bd8a34dd360"
        "5695e20f01fb60fbfd64f21dfafe151dcf22ba6b85bbd932fb569f89150c7c50"},
    {"fixture-beta", 6, "51",
        "0326f14661b1f70377aafd19280fcf8f6f21a0aec4ef3af4bd3c37493cc9b306"
        "ddaadce199044c03dbc013de84be945ef22e87675af65398de37b64a8cfedf38"},
    {"fixture-gamma", 8, "80",
        "004f0f2b137a745d72ff9ba1cacda12d8a8c8c309060abd918d78116e4f3e7b6"
        "0dbe9f2653d1c357e6835e552523f132baaf39877deb2b14f36b3f0c3cd41748"},
};

static enum proof_verdict
check(size_t i, const char *nonce, const char *pow_hex, unsigned difficulty)
{
	return proof_check(vectors[i].challenge, nonce, pow_hex, salt, difficulty);
}

static void
the_public_vectors_are_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    check(i, vectors[i].nonce, vectors[i].pow_hex, vectors[i].difficulty),
		    PROOF_GOOD);
}

static void
one_bit_more_than_the_hash_has_is_too_easy(void **state)
{
	(void)state;
	assert_int_equal(check(0, "4", vectors[0].pow_hex, 5), PROOF_TOO_EASY);
	assert_int_equal(check(2, "80", vectors[2].pow_hex, 10), PROOF_TOO_EASY);
}

static void
the_hash_of_another_nonce_challenge_or_salt_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(check(0, "5", vectors[0].pow_hex, 4), PROOF_WRONG);
	assert_int_equal(check(1, "4", vectors[0].pow_hex, 4), PROOF_WRONG);
	assert_int_equal(
	    proof_check("fixture-alpha", "4", vectors[0].pow_hex, "", 4), PROOF_WRONG);
}

static void
a_nonce_is_decimal_digits(void **state)
{
	static const char *const bad[] = {
	    "", "x", " 4", "4 ", "-4", "0x4", "4.0", "123456789012345678901"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(0, bad[i], vectors[0].pow_hex, 4), PROOF_BAD_NONCE);
}

static void
a_hash_is_128_lower_case_digits(void **state)
{
	char text[140];

	(void)state;
	assert_int_equal(check(0, "4", "", 4), PROOF_BAD_HEX);
	strcpy(text, vectors[0].pow_hex);
	text[127] = '\0';
	assert_int_equal(check(0, "4", text, 4), PROOF_BAD_HEX);
	strcpy(text, vectors[0].pow_hex);
	strcat(text, "0");
	assert_int_equal(check(0, "4", text, 4), PROOF_BAD_HEX);
	strcpy(text, vectors[0].pow_hex);
	text[1] = 'E';
	assert_int_equal(check(0, "4", text, 4), PROOF_BAD_HEX);
}

static void
zero_bits_are_counted_from_the_top(void **state)
{
	(void)state;
	assert_int_equal(proof_zero_bits((const unsigned char[]){0x80, 0}, 2), 0);
	assert_int_equal(proof_zero_bits((const unsigned char[]){0x01, 0}, 2), 7);
	assert_int_equal(proof_zero_bits((const unsigned char[]){0, 0x20}, 2), 10);
	assert_int_equal(proof_zero_bits((const unsigned char[]){0, 0}, 2), 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_public_vectors_are_good),
	    cmocka_unit_test(one_bit_more_than_the_hash_has_is_too_easy),
	    cmocka_unit_test(the_hash_of_another_nonce_challenge_or_salt_is_wrong),
	    cmocka_unit_test(a_nonce_is_decimal_digits),
	    cmocka_unit_test(a_hash_is_128_lower_case_digits),
	    cmocka_unit_test(zero_bits_are_counted_from_the_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
