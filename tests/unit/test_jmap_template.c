/* URI templates. */
#include <stdlib.h>

#include "common/service/jmap.h"
#include "tests/unit/unit.h"

static void
assert_filled(const char *template, const char *expected)
{
	char *url = jmap_fill_template(template, "accountId", "a@x.example", "blobId", "G1/2 ?",
	    "name", "\xc3\xa9.eml", NULL);

	if (expected == NULL) {
		assert_null(url);
	} else {
		assert_non_null(url);
		assert_string_equal(url, expected);
	}
	free(url);
}

static void
variables_are_replaced_and_encoded(void **state)
{
	(void)state;
	assert_filled("https://x/{accountId}/", "https://x/a%40x.example/");
	assert_filled("/d/{blobId}/{name}", "/d/G1%2F2%20%3F/%C3%A9.eml");
	assert_filled("no variables", "no variables");
	assert_filled("", "");
}

static void
an_unknown_variable_becomes_empty(void **state)
{
	(void)state;
	assert_filled("/{accountId}?types={types}&x", "/a%40x.example?types=&x");
}

static void
a_malformed_template_is_refused(void **state)
{
	(void)state;
	assert_filled("/{accountId", NULL);
	assert_filled("/accountId}", NULL);
	assert_filled("/{}", NULL);
	assert_filled("/{{accountId}}", NULL);
	assert_filled("/{+accountId}", NULL);
	assert_filled("/{account id}", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(variables_are_replaced_and_encoded),
	    cmocka_unit_test(an_unknown_variable_becomes_empty),
	    cmocka_unit_test(a_malformed_template_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
