/*
 * scryptROMix (RFC 7914 §5) for many lanes: the one template of all kernels.
 *
 * Where the time goes.  One scrypt with N = 16384, r = 8 is 2 × 16384 BlockMixes, each a
 * chain of 16 Salsa20/8: every sub-block waits for the one before, and within Salsa20/8 every
 * addition waits for the rotation before.  A core that could start four vector operations a
 * cycle spends nearly all of it waiting.  But the hashes of a search have nothing to do with
 * each other, so the cure is to work on many at once: on as many as a vector register has
 * 128-bit parts, times as many registers as it takes to fill the waiting.
 *
 *	lanes of one register            groups, interleaved instruction by instruction
 *	┌────────┬────────┬────────┐     t[0].row[1] ^= rotl(t[0].row[0] + t[0].row[3], 7)
 *	│ lane 0 │ lane 1 │  ...   │     t[1].row[1] ^= rotl(t[1].row[0] + t[1].row[3], 7)
 *	└────────┴────────┴────────┘     t[2].row[1] ^= ...
 *
 * Each 128-bit part is one lane's diagonal of the 4 × 4 words of a sub-block, so that a
 * quarter-round is done on four columns by one instruction and the step from columns to rows
 * is a shuffle inside the part (Bernstein, "The Salsa20 family of stream ciphers", 2007; the
 * same layout for a single scrypt is Percival's).  Four such rows of all lanes of a register
 * are a cell.  More groups hide more latency until the registers no longer hold them: three
 * where there are 16, four where there are 32.
 *
 * In memory each lane's sub-block is 64 bytes in one piece, a cache line, in the order of the
 * diagonals: the second loop reads V at places that differ from lane to lane, and a line with
 * four lanes in it would be read four times.  A cell is transposed on its way there and back.
 * V is laid out index by index and, in each, lane by lane; with each lane's V for itself all
 * lanes would write to addresses a power of two apart, which share a cache set.
 *
 *	V    ┌──────────── index 0 ────────────┬──────────── index 1 ──────── ...
 *	     │ lane 0, 1 KiB │ lane 1 │ lane 2 │ lane 0 │ lane 1 │
 *	     └─────────────────────────────────┴───────────────────────────── ...
 *
 * BlockMix in place.  Its output puts even sub-blocks first and odd ones last: sub-block i
 * of 2r goes to i/2 or r + i/2, which is i with its bits rotated right by one.  So nothing is
 * moved: the result of sub-block i stays in the slot it came from, and after t ticks sub-block
 * i is looked for in the slot that is i rotated left by t.  That halves what the first-level
 * cache has to hold.
 *
 * Memory.  V is 16 MiB a lane, so it lives in DRAM.  The first loop writes it with stores
 * that bypass the cache, since a line is not read again before it would have been evicted.
 * The second loop reads, for each lane, 1 KiB at a place known only when the tick before has
 * ended; that latency is as long as several sub-blocks.  Two things hide it:
 *
 *   - The lines are prefetched a few sub-blocks before their use, not all at once: a core has
 *     some dozens of outstanding misses, and a burst of 256 would stall everything else.
 *   - There may be two sets of lanes that take turns.  While one computes a whole tick, the
 *     lines of the other, whose places are known, come in.
 *
 * Time for memory.  With keep = K only V[0], V[K], V[2K] ... are stored, and V[j] is computed
 * from V[j - j % K] by j % K BlockMixes when it is needed, (K - 1) / 2 of them on average
 * (Percival, "Stronger key derivation via sequential memory-hard functions", 2009).  As
 * j differs, each lane goes at its own pace: in one tick some lanes mix and others compute a
 * V again, and only when all are through with their N mixes does the batch end.  What differs
 * between them is data, not code; in every tick each lane's block becomes
 *
 *	BlockMix((block and mask) xor from), the block itself being stored to `to` before
 *
 *	tick                       mask  from          to
 *	mix, V[j] is stored        ones  V[j]          nowhere
 *	mix, V[j] is not: first    0     V[j - j % K]  saved     (the block is set aside)
 *	  j % K - 1 times          ones  zeros         nowhere
 *	  then: block is V[j]      ones  saved         nowhere   (and that is the mix)
 *
 * The file that includes this one defines
 *
 *	TARGET		the attribute that lets a function use the instructions, or nothing
 *	GROUPS, PER	cells worked on together, and lanes in a cell
 *	UNROLL		the pragma that unrolls the next loop
 *	struct cell	a sub-block of PER lanes; the first word of lane i is at byte 16 i
 *	WORD_AT(k)	which of RFC 7914's words is the k-th of a sub-block in memory
 *	cell_gather	reads a cell from PER lanes' 64 bytes, cell_scatter writes it there,
 *			past the cache if stream
 *	cell_xor, cell_and, salsa20_8
 */
#include <string.h>

#include "common/wire/scrypt_kernel.h"

#define LANES      (GROUPS * PER)
#define WORDS      16 /* of a sub-block */
#define LEAD       4  /* sub-blocks between the prefetch of a line and its use */
#define POLL_EVERY 64 /* ticks of a microsecond or so */
#define INLINE     static inline __attribute__((always_inline)) TARGET

/* Lanes that tick together. */
struct set {
	struct cell *x; /* their blocks, 2r slots of GROUPS cells */
	unsigned turn;  /* ticks so far, modulo the bits of a slot's number */
	uint32_t *v;

	/* The next tick of each lane; to and mask in the sparse mix alone. */
	const uint32_t *from[LANES];
	uint32_t *to[LANES];
	uint32_t mask[LANES][4] __attribute__((aligned(64)));

	/* The sparse mix. */
	uint32_t *saved;       /* a block a lane */
	uint32_t mixes[LANES]; /* not yet begun */
	uint32_t again[LANES]; /* ticks till the mix begun is done, after the next */
	uint32_t busy;         /* bits of the lanes that are not through */
};

struct run {
	uint32_t n, keep;
	unsigned subs, bits; /* sub-blocks of a block, 2r, and the logarithm of that */
	size_t words;        /* of a block, 32r */
	unsigned lead;       /* LEAD, or 0 where another set's tick lies between */
	unsigned sets;
	struct set set[2];
	uint32_t *zeros, *nowhere; /* a block of zeros, a block never read */
	bool (*poll)(void *);
	void *arg;
};

INLINE struct cell *
slot(const struct run *run, const struct set *set, unsigned i)
{
	unsigned rotated = i << set->turn | i >> (run->bits - set->turn);

	return set->x + (rotated & (run->subs - 1)) * GROUPS;
}

INLINE void
gather(struct cell *cell, const uint32_t *const *blocks, size_t word)
{
	const uint32_t *from[PER];

	UNROLL
	for (unsigned lane = 0; lane < PER; lane++)
		from[lane] = blocks[lane] + word;
	cell_gather(cell, from);
}

INLINE void
scatter(const struct cell *cell, uint32_t *const *blocks, size_t word, bool stream)
{
	uint32_t *to[PER];

	UNROLL
	for (unsigned lane = 0; lane < PER; lane++)
		to[lane] = blocks[lane] + word;
	cell_scatter(cell, to, stream);
}

/*
 * One tick, as above.  from, to and mask may be NULL: then there is no such step.  Lines of
 * the blocks at ahead, if any, are prefetched.
 */
INLINE void
tick(const struct run *run, struct set *set, const uint32_t *const *from, uint32_t (*mask)[4],
    uint32_t *const *to, bool stream, const uint32_t *const *ahead)
{
	const struct cell *last = slot(run, set, run->subs - 1);
	struct cell t[GROUPS], c;

	UNROLL
	for (unsigned g = 0; g < GROUPS; g++) {
		t[g] = last[g];
		if (mask != NULL)
			cell_and(&t[g], mask + g * PER);
		if (from != NULL) {
			gather(&c, from + g * PER, (run->subs - 1) * WORDS);
			cell_xor(&t[g], &c);
		}
	}
	for (unsigned i = 0; i < run->subs; i++) {
		struct cell *x = slot(run, set, i);

		if (ahead != NULL && i + run->lead < run->subs) {
			UNROLL
			for (unsigned lane = 0; lane < LANES; lane++)
				__builtin_prefetch(ahead[lane] + (i + run->lead) * WORDS);
		}
		UNROLL
		for (unsigned g = 0; g < GROUPS; g++) {
			c = x[g];
			if (to != NULL)
				scatter(&c, to + g * PER, i * WORDS, stream);
			if (mask != NULL)
				cell_and(&c, mask + g * PER);
			cell_xor(&t[g], &c);
			if (from != NULL) {
				gather(&c, from + g * PER, i * WORDS);
				cell_xor(&t[g], &c);
			}
		}
		salsa20_8(t);
		UNROLL
		for (unsigned g = 0; g < GROUPS; g++)
			x[g] = t[g];
	}
	set->turn = set->turn + 1 == run->bits ? 0 : set->turn + 1;
}

/* Where the block of that index is, or would be, in a lane's V. */
INLINE uint32_t *
v_at(const struct run *run, const struct set *set, uint32_t index, unsigned lane)
{
	return set->v + ((size_t)(index / run->keep) * LANES + lane) * run->words;
}

/* The first loop of scryptROMix. */
INLINE bool
fill(const struct run *run, struct set *set)
{
	for (uint32_t i = 0; i < run->n; i++) {
		uint32_t *to[LANES];

		if (i % POLL_EVERY == 0 && !run->poll(run->arg))
			return false;
		if (i % run->keep != 0) {
			tick(run, set, NULL, NULL, NULL, false, NULL);
			continue;
		}
		for (unsigned lane = 0; lane < LANES; lane++)
			to[lane] = v_at(run, set, i, lane);
		tick(run, set, NULL, NULL, to, true, NULL);
	}
	return true;
}

/* Integerify(X) mod N. */
INLINE uint32_t
integerify(const struct run *run, const struct set *set, unsigned lane)
{
	const struct cell *last = slot(run, set, run->subs - 1) + lane / PER;
	uint32_t word;

	memcpy(&word, (const char *)last + lane % PER * 16, sizeof(word));
	return word & (run->n - 1);
}

/* Ask for the lines of a block that are needed at the start of a tick. */
INLINE void
prefetch_start(const struct run *run, const uint32_t *block)
{
	__builtin_prefetch(block + (run->subs - 1) * WORDS);
	for (unsigned i = 0; i < run->lead; i++)
		__builtin_prefetch(block + i * WORDS);
}

INLINE void
plan_dense(const struct run *run, struct set *set)
{
	for (unsigned lane = 0; lane < LANES; lane++) {
		set->from[lane] =
		    set->v + ((size_t)integerify(run, set, lane) * LANES + lane) * run->words;
		prefetch_start(run, set->from[lane]);
	}
}

/* The second loop of scryptROMix, with all of V. */
INLINE bool
mix_dense(struct run *run)
{
	for (unsigned s = 0; s < run->sets; s++)
		plan_dense(run, &run->set[s]);
	for (uint32_t i = 0; i < run->n; i++) {
		if (i % POLL_EVERY == 0 && !run->poll(run->arg))
			return false;
		for (unsigned s = 0; s < run->sets; s++) {
			struct set *set = &run->set[s], *next = &run->set[run->sets - 1 - s];

			tick(run, set, set->from, NULL, NULL, false, next->from);
			plan_dense(run, set);
		}
	}
	return true;
}

/* Read a group's blocks from RFC 7914's bytes. */
INLINE void
import(const struct run *run, struct set *set, unsigned group, const uint8_t *bytes)
{
	uint32_t words[PER][WORDS] __attribute__((aligned(64)));
	const uint32_t *from[PER];

	for (unsigned i = 0; i < run->subs; i++) {
		for (unsigned lane = 0; lane < PER; lane++) {
			from[lane] = words[lane];
			for (unsigned k = 0; k < WORDS; k++) {
				const uint8_t *p =
				    bytes + (lane * run->words + i * WORDS + WORD_AT(k)) * 4;

				words[lane][k] = p[0] | (uint32_t)p[1] << 8 |
				                 (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
			}
		}
		cell_gather(slot(run, set, i) + group, from);
	}
}

/* Write a lane's block as RFC 7914's bytes. */
INLINE void export(const struct run *run, const struct set *set, unsigned lane, uint8_t *bytes)
{
	uint32_t words[PER][WORDS] __attribute__((aligned(64))), *to[PER];

	for (unsigned k = 0; k < PER; k++)
		to[k] = words[k];
	for (unsigned i = 0; i < run->subs; i++, bytes += 64) {
		cell_scatter(slot(run, set, i) + lane / PER, to, false);
		for (unsigned k = 0; k < WORDS; k++)
			for (unsigned b = 0; b < 4; b++)
				bytes[4 * WORD_AT(k) + b] =
				    (uint8_t)(words[lane % PER][k] >> 8 * b);
	}
}

INLINE void
plan_sparse(struct run *run, struct set *set, unsigned lane, uint8_t *bytes)
{
	uint32_t *saved = set->saved + lane * run->words;
	uint32_t mask = UINT32_MAX;

	set->from[lane] = run->zeros;
	set->to[lane] = run->nowhere;
	if (set->again[lane] > 0) {
		if (--set->again[lane] == 0)
			set->from[lane] = saved;
	} else if (set->mixes[lane] > 0) {
		uint32_t j = integerify(run, set, lane);

		set->mixes[lane]--;
		set->again[lane] = j % run->keep;
		set->from[lane] = v_at(run, set, j, lane);
		prefetch_start(run, set->from[lane]);
		if (set->again[lane] > 0) {
			set->to[lane] = saved;
			mask = 0;
		}
	} else if (set->busy & 1u << lane) {
		export(run, set, lane, bytes + lane * run->words * 4);
		set->busy &= ~(1u << lane);
	}
	for (unsigned k = 0; k < 4; k++)
		set->mask[lane][k] = mask;
}

/* The second loop of scryptROMix, with gaps in V; the lanes' results go to bytes. */
INLINE bool
mix_sparse(struct run *run, uint8_t *bytes)
{
	size_t size = LANES * run->words * 4;

	for (unsigned s = 0; s < run->sets; s++)
		for (unsigned lane = 0; lane < LANES; lane++)
			plan_sparse(run, &run->set[s], lane, bytes + s * size);
	for (unsigned i = 0; (run->set[0].busy | run->set[1].busy) != 0; i++) {
		if (i % POLL_EVERY == 0 && !run->poll(run->arg))
			return false;
		for (unsigned s = 0; s < run->sets; s++) {
			struct set *set = &run->set[s], *next = &run->set[run->sets - 1 - s];

			tick(run, set, set->from, set->mask, set->to, false, next->from);
			for (unsigned lane = 0; lane < LANES; lane++)
				plan_sparse(run, set, lane, bytes + s * size);
		}
	}
	return true;
}

/* Give each set its part of the arena. */
INLINE void
lay_out(struct run *run, const struct scrypt_shape *shape, uint32_t *arena)
{
	size_t size = LANES * 32 * (size_t)shape->r;

	*run = (struct run){
	    .n = shape->n,
	    .keep = shape->keep,
	    .subs = 2 * shape->r,
	    .words = 32 * (size_t)shape->r,
	    .lead = shape->sets == 1 ? LEAD : 0,
	    .sets = shape->sets,
	};
	while (1u << run->bits < run->subs)
		run->bits++;
	for (unsigned s = 0; s < run->sets; s++) {
		struct set *set = &run->set[s];

		set->x = (struct cell *)arena;
		set->saved = arena + size;
		set->v = arena + 2 * size;
		arena = v_at(run, set, run->n + run->keep - 1, 0);
		set->busy = UINT32_MAX >> (32 - LANES);
		for (unsigned lane = 0; lane < LANES; lane++)
			set->mixes[lane] = run->n;
	}
	run->nowhere = arena;
	run->zeros = memset(arena + run->words, 0, run->words * 4);
}

static TARGET bool
romix(const struct scrypt_shape *shape, uint8_t *bytes, void *arena, bool (*poll)(void *),
    void *arg)
{
	struct run run;
	size_t block = 128 * (size_t)shape->r;

	lay_out(&run, shape, arena);
	run.poll = poll;
	run.arg = arg;
	for (unsigned s = 0; s < run.sets; s++) {
		for (unsigned g = 0; g < GROUPS; g++)
			import(&run, &run.set[s], g, bytes + (s * LANES + g * PER) * block);
		if (!fill(&run, &run.set[s]))
			return false;
	}
	if (run.keep > 1)
		return mix_sparse(&run, bytes);
	if (!mix_dense(&run))
		return false;
	for (unsigned i = 0; i < run.sets * LANES; i++)
		export(&run, &run.set[i / LANES], i % LANES, bytes + i * block);
	return true;
}
