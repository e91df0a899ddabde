/* The proof-of-work solver. */
#include <dirent.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/wire/pow_parts.h"
#include "tests/unit/unit.h"

#define MIB ((size_t)1 << 20)

/* The salt of the public service, and the vectors published with it. */
#define PUBLIC_SALT "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083"

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

/* A task for public vector i. */
static struct pow_task
public_task(size_t i)
{
	return (struct pow_task){
	    .challenge = vectors[i].challenge,
	    .salt = PUBLIC_SALT,
	    .difficulty = vectors[i].difficulty,
	    .deadline = DEADLINE_NEVER,
	};
}

/* A task with scrypt so cheap that only the search matters. */
static struct pow_task
cheap_task(int difficulty)
{
	return (struct pow_task){
	    .challenge = "cheap",
	    .salt = "salt",
	    .difficulty = difficulty,
	    .max_difficulty = POW_DIFFICULTY_MAX,
	    .threads = 2,
	    .deadline = DEADLINE_NEVER,
	    .n = 2,
	};
}

static void
expect_vector(struct pow *pow, size_t i, const struct pow_task *task)
{
	struct pow_solution solution;
	struct outcome o = pow_solve_with(pow, task, &solution);

	assert_true(outcome_is_ok(&o));
	assert_int_equal(solution.nonce, vectors[i].nonce);
	assert_string_equal(solution.hex, vectors[i].hex);
	assert_true(solution.hashes > vectors[i].nonce);
}

static void
public_vectors_give_their_nonces_on_any_number_of_threads(void **state)
{
	struct pow *pow = pow_new();
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (unsigned threads = 0; threads <= 3; threads++) {
			struct pow_task task = public_task(i);

			task.threads = threads;
			expect_vector(pow, i, &task);
		}
	pow_free(&pow);
}

static void
every_kernel_finds_the_same_nonce(void **state)
{
	struct pow *pow = pow_new();
	struct pow_task task = public_task(0);

	(void)state;
	for (size_t k = 0; (task.kernel = scrypt_kernel(k)) != NULL; k++)
		expect_vector(pow, 0, &task);
	pow_free(&pow);
}

static void
little_memory_finds_the_same_nonce(void **state)
{
	struct pow *pow = pow_new();
	struct pow_task task = public_task(0);

	(void)state;
	for (task.memory = 20 * MIB; task.memory <= 160 * MIB; task.memory *= 2)
		expect_vector(pow, 0, &task);
	pow_free(&pow);
}

/* Does OpenSSL's scrypt of "challenge:nonce" start with so many zero bits? */
static bool
openssl_agrees(const struct pow_task *task, uint64_t nonce, uint8_t hash[SCRYPT_HASH_SIZE])
{
	char password[64];
	int length = snprintf(
	    password, sizeof(password), "%s:%llu", task->challenge, (unsigned long long)nonce);

	assert_int_equal(
	    EVP_PBE_scrypt(password, (size_t)length, (const unsigned char *)task->salt,
	        strlen(task->salt), task->n, POW_R, 1, 1 << 20, hash, SCRYPT_HASH_SIZE),
	    1);
	for (int bit = 0; bit < task->difficulty; bit++)
		if (hash[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static void
the_lowest_nonce_wins_for_thousands_of_challenges(void **state)
{
	struct pow *pow = pow_new();
	unsigned kernels = 0;

	(void)state;
	while (scrypt_kernel(kernels) != NULL)
		kernels++;
	for (unsigned i = 0; i < 2000; i++) {
		char challenge[32];
		uint8_t hash[SCRYPT_HASH_SIZE];
		struct pow_task task = cheap_task((int)(i % 5));
		struct pow_solution solution;
		struct outcome o;
		uint64_t nonce = 0;

		snprintf(challenge, sizeof(challenge), "challenge-%x", i * 2654435761u);
		task.challenge = challenge;
		task.kernel = scrypt_kernel(i % kernels);
		task.threads = 1 + i % 3;
		task.n = 2u << i % 4;
		o = pow_solve_with(pow, &task, &solution);
		assert_true(outcome_is_ok(&o));
		while (!openssl_agrees(&task, nonce, hash))
			nonce++;
		assert_int_equal(solution.nonce, nonce);
		assert_memory_equal(solution.hash, hash, SCRYPT_HASH_SIZE);
	}
	pow_free(&pow);
	assert_null(pow);
}

static void
a_difficulty_out_of_range_is_refused(void **state)
{
	static const int difficulties[] = {-1, POW_DIFFICULTY_MAX + 1, -2147483647 - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(difficulties) / sizeof(difficulties[0]); i++) {
		struct pow_task task = cheap_task(difficulties[i]);
		struct pow_solution solution;
		struct outcome o = pow_solve(&task, &solution);

		assert_true(outcome_is(&o, "pow/difficulty"));
		assert_int_equal(solution.hashes, 0);
	}
}

static void
a_difficulty_above_the_limit_is_refused_with_the_time_it_would_take(void **state)
{
	struct pow_task task = cheap_task(POW_DEFAULT_MAX_DIFFICULTY + 1);
	struct pow_solution solution;
	struct outcome o;

	(void)state;
	task.max_difficulty = 0;
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "pow/difficulty"));
	assert_non_null(strstr(o.hint, "it would take about "));
	assert_non_null(strstr(o.hint, "pow-max-difficulty"));

	task.max_difficulty = 300;
	task.difficulty = 301;
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "pow/difficulty"));
	assert_non_null(strstr(o.hint, " years "));
}

static void
difficulty_0_takes_the_first_nonce(void **state)
{
	struct pow_task task = cheap_task(0);
	struct pow_solution solution;
	struct outcome o = pow_solve(&task, &solution);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(solution.nonce, 0);
}

static void
too_little_memory_is_said(void **state)
{
	struct pow_task task = public_task(0);
	struct pow_solution solution;
	struct outcome o;

	(void)state;
	task.memory = 256 * 1024;
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "pow/memory"));
	assert_non_null(strstr(o.text, "256 KiB"));
}

static void
memory_that_cannot_be_had_is_done_without(void **state)
{
	struct pow *pow = pow_new();
	struct pow_task task = public_task(0);
	struct rlimit limit, small;
	unsigned long data = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	(void)state;
#ifdef __SANITIZE_ADDRESS__ /* it could not have its own */
	pow_free(&pow);
	skip();
#endif
	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%*u %*u %*u %*u %*u %lu", &data), 1);
	fclose(statm);
	assert_int_equal(getrlimit(RLIMIT_DATA, &limit), 0);
	small = limit;
	small.rlim_cur = data * (rlim_t)sysconf(_SC_PAGESIZE) + 48 * MIB;
	assert_int_equal(setrlimit(RLIMIT_DATA, &small), 0);
	task.memory = 1024 * MIB;
	task.threads = 1;
	expect_vector(pow, 0, &task);
	assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
	pow_free(&pow);
}

static int
threads_of_this_process(void)
{
	DIR *dir = opendir("/proc/self/task");
	int count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void
a_deadline_ends_the_search(void **state)
{
	struct pow_task task = cheap_task(POW_DIFFICULTY_MAX);
	struct pow_solution solution;
	struct outcome o;

	(void)state;
	task.n = POW_N;
	task.deadline = deadline_in_ms(30);
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "pow/deadline"));
	assert_true(deadline_passed(task.deadline));
	assert_int_equal(threads_of_this_process(), 1);
	assert_string_equal(solution.hex, "");
}

static void
a_deadline_that_has_passed_starts_nothing(void **state)
{
	struct pow_task task = cheap_task(4);
	struct pow_solution solution;
	struct outcome o;

	(void)state;
	task.deadline = deadline_in_ms(-1);
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "pow/deadline"));
	assert_int_equal(solution.hashes, 0);
}

/* Ask to stop at the first report, which comes from inside a batch. */
static void
cancel_at_once(const struct pow_progress *progress, void *arg)
{
	(void)progress;
	(void)arg;
	cancel_set(SIGTERM);
}

static void
a_signal_cancels_the_search_and_leaves_no_thread(void **state)
{
	struct pow_task task = public_task(2);
	struct pow_solution solution;
	struct outcome o;

	(void)state;
	task.difficulty = POW_DIFFICULTY_MAX;
	task.max_difficulty = POW_DIFFICULTY_MAX;
	task.threads = 4;
	task.progress = cancel_at_once;
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "local/cancelled"));
	assert_int_equal(threads_of_this_process(), 1);

	/* And it stays asked for until it is taken back. */
	task.progress = NULL;
	o = pow_solve(&task, &solution);
	assert_true(outcome_is(&o, "local/cancelled"));
	assert_int_equal(solution.hashes, 0);
	cancel_set(0);
}

struct reports {
	unsigned count, done;
	struct pow_progress last;
};

static void
keep_report(const struct pow_progress *progress, void *arg)
{
	struct reports *reports = arg;

	assert_true(progress->hashes >= reports->last.hashes);
	assert_true(progress->ns >= reports->last.ns);
	assert_int_equal(progress->last_ns, reports->last.ns);
	assert_int_equal(reports->done, 0);
	reports->count++;
	reports->done += progress->done;
	reports->last = *progress;
}

static void
progress_is_reported_and_ends_once(void **state)
{
	struct pow_task task = public_task(2);
	struct reports reports = {0};
	struct pow_solution solution;
	struct outcome o;

	(void)state;
	task.progress = keep_report;
	task.arg = &reports;
	task.threads = 1;
	o = pow_solve(&task, &solution);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(reports.done, 1);
	assert_int_equal(reports.last.hashes, solution.hashes);
	assert_int_equal(reports.last.difficulty, 8);
	assert_true(reports.last.expected == 256);
	assert_true(reports.last.rate > 0);
}

static void
a_solver_keeps_its_memory(void **state)
{
	struct pow *pow = pow_new();
	struct pow_task task = public_task(0);
	struct pow_solution solution;
	void *base = NULL;

	(void)state;
	task.memory = 64 * MIB;
	for (int i = 0; i < 2; i++) {
		struct outcome o = pow_solve_with(pow, &task, &solution);

		assert_true(outcome_is_ok(&o));
		assert_int_equal(solution.nonce, vectors[0].nonce);
		assert_true(base == NULL || base == pow->arenas[0].base);
		base = pow->arenas[0].base;
	}
	pow_free(&pow);
}

static void
a_rate_is_measured_unless_cancelled(void **state)
{
	struct pow *pow = pow_new();
	struct pow_task task = cheap_task(8);

	(void)state;
	assert_true(pow_rate(pow, &task, 1) > 0);
	cancel_set(SIGINT);
	assert_true(pow_rate(pow, &task, 1) <= 0);
	cancel_set(0);
	task.memory = 1;
	assert_true(pow_rate(pow, &task, 1) <= 0);
	pow_free(&pow);
}

static void
a_plan_stays_within_its_memory(void **state)
{
	(void)state;
	for (size_t memory = MIB; memory < 4096 * MIB; memory += memory / 2)
		for (unsigned threads = 1; threads < 20; threads += 3) {
			struct pow_task task = public_task(2);
			struct pow_plan plan;

			task.memory = memory;
			task.threads = threads;
			if (!pow_plan(&task, &plan))
				continue;
			assert_true(plan.arena * plan.threads <= memory);
			assert_true(plan.threads >= 1 && plan.threads <= threads);
			assert_true(plan.shape.keep >= 1 && plan.shape.keep <= SCRYPT_KEEP_MAX);
			assert_int_equal(
			    plan.arena, scrypt_arena_size(plan.kernel, &plan.shape));
		}
}

static void
a_relay_with_half_a_gibibyte_can_work_on_every_kernel(void **state)
{
	struct pow_task task = public_task(2);
	struct pow_plan plan;

	(void)state;
	task.threads = 2;
	task.memory = 32 * MIB; /* a quarter of what is left beside Postfix */
	for (size_t k = 0; (task.kernel = scrypt_kernel(k)) != NULL; k++)
		assert_true(pow_plan(&task, &plan));
}

static void
more_memory_never_makes_a_slower_plan(void **state)
{
	struct pow_task task = public_task(2);
	struct pow_plan plan;
	double before = 0;

	(void)state;
	task.threads = 4;
	for (task.memory = 8 * MIB; task.memory < 8192 * MIB; task.memory *= 2) {
		double rate;

		if (!pow_plan(&task, &plan))
			continue;
		rate = plan.threads / (1 + (plan.shape.keep - 1) / 4.0);
		assert_true(rate >= before);
		before = rate;
	}
	assert_int_equal(plan.shape.keep, 1);
	assert_int_equal(plan.threads, 4);
}

static void
an_easy_challenge_takes_small_batches_and_a_hard_one_large(void **state)
{
	struct pow_task task = public_task(0);
	struct pow_plan plan;

	(void)state;
	task.threads = 2;
	task.memory = 8192 * MIB;
	task.difficulty = 1;
	assert_true(pow_plan(&task, &plan));
	assert_int_equal(plan.shape.sets, 1);
	task.difficulty = 20;
	assert_true(pow_plan(&task, &plan));
	assert_int_equal(plan.shape.sets, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(public_vectors_give_their_nonces_on_any_number_of_threads),
	    cmocka_unit_test(every_kernel_finds_the_same_nonce),
	    cmocka_unit_test(little_memory_finds_the_same_nonce),
	    cmocka_unit_test(the_lowest_nonce_wins_for_thousands_of_challenges),
	    cmocka_unit_test(a_difficulty_out_of_range_is_refused),
	    cmocka_unit_test(
	        a_difficulty_above_the_limit_is_refused_with_the_time_it_would_take),
	    cmocka_unit_test(difficulty_0_takes_the_first_nonce),
	    cmocka_unit_test(too_little_memory_is_said),
	    cmocka_unit_test(memory_that_cannot_be_had_is_done_without),
	    cmocka_unit_test(a_deadline_ends_the_search),
	    cmocka_unit_test(a_deadline_that_has_passed_starts_nothing),
	    cmocka_unit_test(a_signal_cancels_the_search_and_leaves_no_thread),
	    cmocka_unit_test(progress_is_reported_and_ends_once),
	    cmocka_unit_test(a_solver_keeps_its_memory),
	    cmocka_unit_test(a_rate_is_measured_unless_cancelled),
	    cmocka_unit_test(a_plan_stays_within_its_memory),
	    cmocka_unit_test(a_relay_with_half_a_gibibyte_can_work_on_every_kernel),
	    cmocka_unit_test(more_memory_never_makes_a_slower_plan),
	    cmocka_unit_test(an_easy_challenge_takes_small_batches_and_a_hard_one_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
