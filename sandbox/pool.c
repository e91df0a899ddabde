/*
 * A list of free memory for each size, in each thread.  How large a piece is is asked of the
 * allocator, so that no piece needs a header of ours.
 *
 * The allocator's sizes are 24, 40, 56, ... bytes.  One that has others is no harm: a request
 * is rounded up and what is given back is rounded down.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include <jansson.h>
#include <sqlite3.h>

#include "sandbox/pool.h"

#define STEP     16
#define SMALLEST 8  /* and the steps on top of it */
#define SIZES    32 /* up to 504 bytes */

/* A sanitizer wants to see each piece come and go. */
#ifdef POOL_KEEPS_NOTHING
#define KEPT_BYTES 0
#else
#define KEPT_BYTES ((size_t)512 * 1024) /* in a thread at most: a large request's JSON */
#endif

struct piece {
	struct piece *next;
};

struct shelf {
	struct piece *pieces[SIZES];
	size_t bytes;
};

static _Thread_local struct shelf *own;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t ending; /* for what is to be done when a thread ends */

static size_t
bytes_of(size_t size)
{
	return SMALLEST + STEP * size;
}

static void
clear(void *shelf)
{
	struct shelf *s = shelf;

	for (size_t i = 0; i < SIZES; i++)
		while (s->pieces[i] != NULL) {
			struct piece *first = s->pieces[i];

			s->pieces[i] = first->next;
			free(first);
		}
	own = NULL;
	free(s);
}

static void
make_key(void)
{
	if (pthread_key_create(&ending, clear) != 0)
		abort();
}

/* The thread's shelf, or NULL if it can have none. */
static struct shelf *
own_shelf(void)
{
	if (own != NULL)
		return own;
	pthread_once(&once, make_key);
	own = calloc(1, sizeof(*own));
	if (own != NULL && pthread_setspecific(ending, own) != 0) {
		free(own);
		own = NULL;
	}
	return own;
}

void *
pool_take(size_t size)
{
	size_t i = size <= SMALLEST + STEP ? 1 : (size - SMALLEST + STEP - 1) / STEP;
	struct piece *first = NULL;

	if (i >= SIZES)
		return malloc(size);
	if (own != NULL)
		first = own->pieces[i];
	if (first == NULL)
		return malloc(bytes_of(i));
	own->pieces[i] = first->next;
	own->bytes -= bytes_of(i);
	return first;
}

void
pool_give(void *memory)
{
	size_t usable = malloc_usable_size(memory), i;
	struct piece *piece = memory;
	struct shelf *s;

	if (memory == NULL)
		return;
	i = usable < bytes_of(1) ? SIZES : (usable - SMALLEST) / STEP;
	s = i < SIZES ? own_shelf() : NULL;
	if (s == NULL || s->bytes + bytes_of(i) > KEPT_BYTES) {
		free(memory);
		return;
	}
	piece->next = s->pieces[i];
	s->pieces[i] = piece;
	s->bytes += bytes_of(i);
}

void
pool_serve_json(void)
{
	json_set_alloc_funcs(pool_take, pool_give);
}

/* SQLite's own names for it. */

static void *
sqlite_take(int size)
{
	return pool_take((size_t)size);
}

static void *
sqlite_resize(void *memory, int size)
{
	return realloc(memory, (size_t)size);
}

static int
sqlite_size(void *memory)
{
	return (int)malloc_usable_size(memory);
}

static int
sqlite_round(int size)
{
	return (size + 7) & ~7;
}

static int
sqlite_start(void *nothing)
{
	(void)nothing;
	return SQLITE_OK;
}

static void
sqlite_end(void *nothing)
{
	(void)nothing;
}

void
pool_serve_sqlite(void)
{
	static const struct sqlite3_mem_methods methods = {.xMalloc = sqlite_take,
	    .xFree = pool_give,
	    .xRealloc = sqlite_resize,
	    .xSize = sqlite_size,
	    .xRoundup = sqlite_round,
	    .xInit = sqlite_start,
	    .xShutdown = sqlite_end};

	sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
