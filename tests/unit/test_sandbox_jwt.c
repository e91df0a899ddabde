/* The sandbox's tokens. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/jwt.h"
#include "tests/unit/unit.h"

static const unsigned char key[JWT_KEY_BYTES] = "0123456789abcdef0123456789abcde";

static struct buf
token_of(const char *use, int64_t expires)
{
	struct buf token = BUF_INIT;
	json_t *claims = json_pack("{s:s, s:I}", "use", use, "exp", (json_int_t)expires);

	jwt_sign(key, claims, &token);
	json_decref(claims);
	return token;
}

static enum jwt_verdict
check(const char *token, const char *use, int64_t now)
{
	json_t *claims;
	enum jwt_verdict verdict = jwt_check(key, token, strlen(token), use, now, &claims);

	assert_true((verdict == JWT_GOOD) == (claims != NULL));
	json_decref(claims);
	return verdict;
}

static void
a_token_is_good_until_the_second_it_expires(void **state)
{
	struct buf token = token_of("session", 1000);

	(void)state;
	assert_int_equal(check(token.data, "session", 999), JWT_GOOD);
	assert_int_equal(check(token.data, "session", 1000), JWT_EXPIRED);
	buf_free(&token);
}

static void
a_token_serves_one_use(void **state)
{
	struct buf token = token_of("session", 1000);

	(void)state;
	assert_int_equal(check(token.data, "capability", 1), JWT_WRONG_USE);
	buf_free(&token);
}

static void
its_claims_come_back(void **state)
{
	struct buf token = token_of("challenge", 77);
	json_t *claims;

	(void)state;
	jwt_check(key, token.data, token.len, "challenge", 1, &claims);
	assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 77);
	json_decref(claims);
	buf_free(&token);
}

static void
one_changed_byte_anywhere_is_forged_or_malformed(void **state)
{
	struct buf token = token_of("session", 1000);

	(void)state;
	/* The last character's low bits do not all count: it may stand for the same bytes. */
	for (size_t i = 0; i + 1 < token.len; i++) {
		char was = token.data[i];
		enum jwt_verdict verdict;

		token.data[i] = was == 'x' ? 'y' : 'x';
		verdict = check(token.data, "session", 1);
		assert_true(verdict == JWT_FORGED || verdict == JWT_MALFORMED);
		token.data[i] = was;
	}
	buf_free(&token);
}

static void
a_shortened_token_is_forged_or_malformed(void **state)
{
	struct buf token = token_of("session", 1000);

	(void)state;
	for (size_t length = 0; length < token.len; length++) {
		json_t *claims;

		assert_int_not_equal(
		    jwt_check(key, token.data, length, "session", 1, &claims), JWT_GOOD);
		assert_null(claims);
	}
	buf_free(&token);
}

static void
another_key_does_not_open_it(void **state)
{
	static const unsigned char other[JWT_KEY_BYTES] = "another key of thirty-two bytes";
	struct buf token = token_of("session", 1000);
	json_t *claims;

	(void)state;
	assert_int_equal(
	    jwt_check(other, token.data, token.len, "session", 1, &claims), JWT_FORGED);
	buf_free(&token);
}

static void
what_is_no_token_is_told_so(void **state)
{
	(void)state;
	assert_int_equal(check("", "session", 1), JWT_MALFORMED);
	assert_int_equal(check("a.b", "session", 1), JWT_MALFORMED);
	assert_int_equal(check("a.b.c", "session", 1), JWT_FORGED);
	assert_int_equal(check("..", "session", 1), JWT_FORGED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_is_good_until_the_second_it_expires),
	    cmocka_unit_test(a_token_serves_one_use),
	    cmocka_unit_test(its_claims_come_back),
	    cmocka_unit_test(one_changed_byte_anywhere_is_forged_or_malformed),
	    cmocka_unit_test(a_shortened_token_is_forged_or_malformed),
	    cmocka_unit_test(another_key_does_not_open_it),
	    cmocka_unit_test(what_is_no_token_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
