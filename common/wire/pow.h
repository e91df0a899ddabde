/*
 * pow - find the proof of work a login asks for
 *
 * The service gives a challenge and a difficulty, and wants a nonce such that
 *
 *	scrypt(password = "CHALLENGE:NONCE", salt, N = 16384, r = 8, p = 1, dkLen = 64)
 *
 * begins with that many zero bits, the most significant bit of byte 0 first.  NONCE is
 * decimal.  Nonces are tried from 0; the lowest that satisfies is the answer, whatever the
 * number of threads.  On average 2^difficulty hashes are needed.
 */
#ifndef FERRY_POW_H
#define FERRY_POW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/outcome.h"
#include "common/wire/scrypt.h"

#define POW_N                      16384
#define POW_R                      8
#define POW_DIFFICULTY_MAX         512 /* bits of a hash */
#define POW_DEFAULT_MAX_DIFFICULTY 24

/* How a solve is getting on. */
struct pow_progress {
	int difficulty;
	double expected; /* hashes needed on average, 2^difficulty */
	uint64_t hashes; /* tried so far */
	double rate;     /* hashes a second, so far; 0 while not known */
	int64_t ns;      /* since the start */
	int64_t last_ns; /* what ns was in the report before; 0 in the first */
	bool done;       /* the last report of this solve, found or not */
};

struct pow_task {
	const char *challenge;
	const char *salt; /* used as it is, the text's bytes */
	int difficulty;   /* leading zero bits wanted */

	/* Bounds; 0 is the default of each. */
	int max_difficulty; /* refuse more: POW_DEFAULT_MAX_DIFFICULTY */
	unsigned threads;   /* as many as CPUs this process may use */
	size_t memory;      /* bytes, all threads together: a quarter of what is available */

	/* Must be set: DEADLINE_NEVER if there is none. */
	struct deadline deadline;

	/* Called in the solving thread every 100 ms or so, and at the end; may be NULL. */
	void (*progress)(const struct pow_progress *progress, void *arg);
	void *arg;

	/* For tests and benchmarks: NULL is the fastest kernel, 0 is POW_N. */
	const struct scrypt_kernel *kernel;
	uint32_t n;
};

struct pow_solution {
	uint64_t nonce;
	uint8_t hash[SCRYPT_HASH_SIZE];
	char hex[2 * SCRYPT_HASH_SIZE + 1]; /* the hash in lower-case hex, NUL-terminated */
	uint64_t hashes;                    /* tried, those beyond the nonce included */
	int64_t ns;                         /* wall time it took */
};

/*
 * pow_solve - do the work of one challenge with memory of its own
 *
 * On OK *solution_r is filled in.  Otherwise it is zeroed and the condition is
 *   pow/difficulty   negative, above 512 or above max_difficulty; then the hint says how long
 *                    the work would be expected to take, which takes a few batches to find out
 *   pow/memory       not even the smallest arena fits the bound or could be had
 *   pow/deadline     the deadline passed first
 *   local/cancelled  cancel_requested()
 * A deadline or cancellation is obeyed within about a millisecond.  When it returns, every
 * thread it started has ended.
 */
struct outcome pow_solve(const struct pow_task *task, struct pow_solution *solution_r);

/*
 * A solver that keeps its memory from one solve to the next, for daemons: touching new memory
 * costs more than an easy challenge.  Between solves the kernel may take the pages back if
 * it runs short.  One solve at a time.
 */
struct pow;
struct pow *pow_new(void);
void pow_free(struct pow **pow);
struct outcome
pow_solve_with(struct pow *pow, const struct pow_task *task, struct pow_solution *solution_r);

/* How a task is worked on, from its bounds and this machine. */
struct pow_plan {
	const struct scrypt_kernel *kernel;
	struct scrypt_shape shape;
	unsigned threads;
	size_t arena; /* bytes a thread */
};

/*
 * The plan that gives the most hashes a second within the task's bounds, the deadline aside.
 * False if not even one thread with the smallest arena fits.
 */
bool pow_plan(const struct pow_task *task, struct pow_plan *plan_r);

/*
 * Hashes a second that pow_solve_with() would reach for a task of this difficulty, bounds,
 * kernel and n; challenge, salt and deadline are not used.  Takes so many milliseconds and
 * at least two batches.  0 if there is no memory, or on cancellation.
 */
double pow_rate(struct pow *pow, const struct pow_task *task, int64_t milliseconds);

/*
 * Reports for struct pow_task.progress.  The first draws one line on stderr, if that is a
 * terminal, and clears it at the end; arg is not used.  The second writes an information
 * line to the log every ten seconds; arg is the line's subject, an account's name, or NULL.
 */
void pow_progress_terminal(const struct pow_progress *progress, void *arg);
void pow_progress_log(const struct pow_progress *progress, void *arg);

/* Seconds as a person says them, "0.4 s", "3 min", "2 h", "5 days", into text of 24 bytes. */
#define POW_TIME_TEXT 24
void pow_time_text(double seconds, char text[POW_TIME_TEXT]);

#endif
