/* Signed suffixes of the sandbox's alias service. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_suffix.h"
#include "tests/unit/unit.h"

static const unsigned char secret[] = "secret";

#define THEN   1594444000
#define SUFFIX ".cat@d1.test"
/* By Python's hmac, after the text of itsdangerous 1.1. */
#define SIGNED SUFFIX ".XwlI4A.iv3AYRQS5VXdfemIdBLXR8s1u3s"

static char *
check(const char *text, int64_t now)
{
	return alias_suffix_check(secret, strlen((const char *)secret), text, now, 600);
}

static void
a_suffix_is_signed_as_itsdangerous_does(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	alias_suffix_sign(secret, strlen((const char *)secret), SUFFIX, THEN, &text);
	assert_string_equal(text.data, SIGNED);
	buf_free(&text);
}

static void
a_signed_suffix_is_good_for_its_life(void **state)
{
	char *suffix;

	(void)state;
	suffix = check(SIGNED, THEN + 600);
	assert_string_equal(suffix, SUFFIX);
	free(suffix);
	assert_null(check(SIGNED, THEN + 601));
}

static void
one_changed_character_is_one_too_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen(SIGNED); i++) {
		char *text = xstrdup(SIGNED);

		text[i] = text[i] == 'x' ? 'y' : 'x';
		assert_null(check(text, THEN));
		free(text);
	}
}

static void
what_is_no_signed_suffix_is_refused(void **state)
{
	static const char *const texts[] = {"", ".", "..", "...", "a", "a.b", "a.b.c", SUFFIX,
	    SIGNED ".", "." SIGNED, ".XwlI4A.", SIGNED " "};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(check(texts[i], THEN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_suffix_is_signed_as_itsdangerous_does),
	    cmocka_unit_test(a_signed_suffix_is_good_for_its_life),
	    cmocka_unit_test(one_changed_character_is_one_too_many),
	    cmocka_unit_test(what_is_no_signed_suffix_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
