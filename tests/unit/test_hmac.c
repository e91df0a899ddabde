/* HMAC-SHA-256. */
#include <string.h>

#include "common/wire/hmac.h"
#include "tests/unit/unit.h"

static void
expect(const char *key_text, const char *const *parts, const char *expected)
{
	struct buf key = BUF_INIT;
	char digits[HMAC_DIGITS + 1] = "";
	struct hmac h;

	buf_adds(&key, key_text);
	h = hmac_begin(&key);
	for (; *parts != NULL; parts++)
		hmac_add(&h, *parts, strlen(*parts));
	assert_true(hmac_end(&h, digits, strlen(expected)));
	assert_string_equal(digits, expected);
	buf_free(&key);
}

/* RFC 4231 §4.3; the others are what OpenSSL's command gives. */
#define JEFE "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
static const char *const question[] = {"what do ya want ", "for nothing?", NULL};

static void
the_hash_is_that_of_the_rfc_whatever_was_hashed_before(void **state)
{
	static const char *const nothing[] = {NULL};

	(void)state;
	expect("Jefe", question, JEFE);
	expect("", nothing, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	expect("another", nothing, "6b");
	expect("Jefe", question, JEFE);
	expect("Jefe", question, "5bdcc146bf6");
	expect("Jefe", question, "");
	expect("Jef", question,
	    "89630a7f7bb95aced9efa60255f18a10e7d378665751be11dd40bb9594158c29");
}

/* RFC 4231 §4.7: a key that is longer than a block is hashed first. */
static void
a_long_key_is_no_other_than_a_short_one(void **state)
{
	static const char *const words[] = {
	    "Test Using Larger Than Block-Size Key - Hash Key First", NULL};
	char key[132] = "";

	(void)state;
	memset(key, 0xaa, sizeof(key) - 1);
	for (int i = 0; i < 2; i++) {
		expect(key, words,
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
		expect("Jefe", question, JEFE);
	}
}

static void
hashes_at_the_same_time_do_not_mix(void **state)
{
	struct hmac h[20];
	struct buf key = BUF_INIT;
	char digits[HMAC_DIGITS + 1];

	(void)state;
	buf_adds(&key, "Jefe");
	for (size_t part = 0; part < 2; part++)
		for (size_t i = 0; i < 20; i++) {
			if (part == 0)
				h[i] = hmac_begin(&key);
			hmac_add(&h[i], question[part], strlen(question[part]));
		}
	for (size_t i = 0; i < 20; i++) {
		assert_true(hmac_end(&h[i], digits, HMAC_DIGITS));
		assert_string_equal(digits, JEFE);
	}
	buf_free(&key);
}

static void
texts_are_kept_apart(void **state)
{
	static const char *const lists[][2] = {{"ab", "c"}, {"a", "bc"}};
	char digits[2][HMAC_DIGITS + 1];
	struct buf key = BUF_INIT;

	(void)state;
	buf_adds(&key, "key");
	for (size_t i = 0; i < 2; i++) {
		struct hmac h = hmac_begin(&key);

		hmac_add_text(&h, lists[i][0]);
		hmac_add_text(&h, lists[i][1]);
		assert_true(hmac_end(&h, digits[i], HMAC_DIGITS));
	}
	assert_string_not_equal(digits[0], digits[1]);
	buf_free(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_hash_is_that_of_the_rfc_whatever_was_hashed_before),
	    cmocka_unit_test(a_long_key_is_no_other_than_a_short_one),
	    cmocka_unit_test(hashes_at_the_same_time_do_not_mix),
	    cmocka_unit_test(texts_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
