/* Reading tokens that nobody verified. */
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/wire/json.h"
#include "common/wire/jwt.h"
#include "tests/unit/unit.h"

#define HEADER "eyJhbGciOiJIUzI1NiJ9" /* {"alg":"HS256"} */

static void
refuse(const char *token)
{
	json_t *claims = (json_t *)&claims;
	struct outcome o = jwt_claims(token, &claims);

	assert_true(outcome_is(&o, "auth/token"));
	assert_null(claims);
}

static void
the_payload_of_a_token_is_read(void **state)
{
	/* {"jti":"abc","difficulty":4,"exp":1700000000} */
	static const char token[] =
	    HEADER ".eyJqdGkiOiJhYmMiLCJkaWZmaWN1bHR5Ijo0LCJleHAiOjE3MDAwMDAwMDB9.c2ln";
	json_t *claims;
	struct outcome o = jwt_claims(token, &claims);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(json_get_string(claims, "jti"), "abc");
	assert_int_equal(json_get_count(claims, "difficulty", 0), 4);
	assert_int_equal(jwt_expiry(claims), 1700000000);
	json_decref(claims);
}

static void
a_payload_with_every_base64url_character_is_read(void **state)
{
	/* The encoding holds '-' and '_'. */
	json_t *claims;
	struct outcome o = jwt_claims("e30.eyJhIjoifn5-Pz8_Pj4-In0.", &claims);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(json_get_string(claims, "a"), "~~~??"
	                                                  "?>>>");
	json_decref(claims);
}

static void
malformed_tokens_are_refused(void **state)
{
	static const char *const tokens[] = {
	    "", ".", "..", "...", "a", "a.b", HEADER ".e30", /* no signature's dot */
	    HEADER ".e30.c2ln.x",                            /* a fourth segment */
	    HEADER "..c2ln",                                 /* no payload */
	    ".e30.c2ln",                                     /* no header */
	    HEADER ".e30=.c2ln",                             /* padding */
	    HEADER ".e30 .c2ln",                             /* a blank */
	    HEADER ".e3+.c2ln",                              /* base64, not base64url */
	    HEADER ".e.c2ln",       /* no length a base64 text can have */
	    HEADER ".e30.c2ln\r\n", /* would end a header */
	    HEADER ".W10.c2ln",     /* [] */
	    HEADER ".MQ.c2ln",      /* 1 */
	    HEADER ".bnVsbA.c2ln",  /* null */
	    HEADER ".eyJh.c2ln",    /* {"a */
	    HEADER ".____.c2ln",    /* bytes 0xff */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		refuse(tokens[i]);
}

static void
a_token_over_the_limit_is_refused(void **state)
{
	char *token = malloc(JWT_MAX + 2);
	json_t *claims;
	struct outcome o;

	(void)state;
	memset(token, 'x', JWT_MAX + 1);
	memcpy(token, "e30.e30.", 8);
	token[JWT_MAX] = '\0';
	o = jwt_claims(token, &claims);
	assert_true(outcome_is_ok(&o));
	json_decref(claims);
	token[JWT_MAX] = 'x';
	token[JWT_MAX + 1] = '\0';
	refuse(token);
	free(token);
}

static void
a_refusal_shows_twelve_characters_and_no_more(void **state)
{
	json_t *claims;
	struct outcome o = jwt_claims("0123456789abcdef", &claims);

	(void)state;
	assert_non_null(strstr(o.hint, "0123456789ab"));
	assert_null(strstr(o.hint, "0123456789abc"));
	assert_null(strstr(o.text, "0123"));
}

static void
an_expiry_that_is_no_sane_number_is_none(void **state)
{
	static const struct {
		const char *claims;
		int64_t expiry;
	} cases[] = {
	    {"{\"exp\":1700000000}", 1700000000},
	    {"{\"exp\":1700000000.75}", 1700000000},
	    {"{}", 0},
	    {"{\"exp\":null}", 0},
	    {"{\"exp\":\"1700000000\"}", 0},
	    {"{\"exp\":-5}", 0},
	    {"{\"exp\":1e300}", 0},
	    {"{\"exp\":9223372036854775807}", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *claims;
		struct outcome o =
		    json_parse(cases[i].claims, strlen(cases[i].claims), &claims);

		assert_true(outcome_is_ok(&o));
		assert_int_equal(jwt_expiry(claims), cases[i].expiry);
		json_decref(claims);
	}
	assert_int_equal(jwt_expiry(NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_payload_of_a_token_is_read),
	    cmocka_unit_test(a_payload_with_every_base64url_character_is_read),
	    cmocka_unit_test(malformed_tokens_are_refused),
	    cmocka_unit_test(a_token_over_the_limit_is_refused),
	    cmocka_unit_test(a_refusal_shows_twelve_characters_and_no_more),
	    cmocka_unit_test(an_expiry_that_is_no_sane_number_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
