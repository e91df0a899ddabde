/* The proof-of-work solver. */
#include <string.h>

#include "common/base/cancel.h"
#include "common/wire/pow.h"
#include "tests/unit/unit.h"

/* The salt of the public service, and the vectors published with it. */
#define PUBLIC_SALT "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083"

static void
public_vectors_give_their_first_nonce(void **state)
{
	static const struct {
		const char *challenge;
		int difficulty;
		uint64_t nonce;
		const char *hex;
	} vectors[] = {
	    {"fixture-alpha", 4, 4,
	        "0e365cf9d7a9a9d515b5362da1ed60b3c287d6b5de7f5f0e55b15bd8a34dd360"
	        "5695e20f01fb60fbfd64f21dfafe151dcf22ba6b85bbd932fb569f89150c7c50"},
	    {"fixture-beta", 6, 51,
	        "0326f14661b1f70377aafd19280fcf8f6f21a0aec4ef3af4bd3c37493cc9b306"
	        "ddaadce199044c03dbc013de84be945ef22e87675af65398de37b64a8cfedf38"},
	    {"fixture-gamma", 8, 80,
	        "004f0f2b137a745d72ff9ba1cacda12d8a8c8c309060abd918d78116e4f3e7b6"
	        "0dbe9f2653d1c357e6835e552523f132baaf39877deb2b14f36b3f0c3cd41748"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			struct pow_task task = {
			    .challenge = vectors[i].challenge,
			    .salt = PUBLIC_SALT,
			    .difficulty = vectors[i].difficulty,
			    .threads = threads,
			    .deadline = DEADLINE_NEVER,
			};
			struct pow_solution solution;
			struct outcome o = pow_solve(&task, &solution);

			assert_true(outcome_is_ok(&o));
			assert_int_equal(solution.nonce, vectors[i].nonce);
			assert_string_equal(solution.hex, vectors[i].hex);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(public_vectors_give_their_first_nonce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
