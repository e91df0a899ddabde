/* The sandbox's memory for small things. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "sandbox/pool.h"
#include "tests/unit/unit.h"

#define LARGEST 2000 /* bytes: beyond all sizes that are kept */
#define MANY    20000

static unsigned char
mark(size_t i)
{
	return (unsigned char)(i * 7 + 1);
}

static void
a_piece_has_room_for_what_it_was_asked_for(void **state)
{
	static unsigned char *pieces[LARGEST];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < LARGEST; i++) {
			pieces[i] = pool_take(i);
			assert_non_null(pieces[i]);
			assert_int_equal((uintptr_t)pieces[i] % 16, 0);
			memset(pieces[i], mark(i), i);
		}
		for (size_t i = 0; i < LARGEST; i++) {
			for (size_t k = 0; k < i; k++)
				assert_int_equal(pieces[i][k], mark(i));
			pool_give(pieces[i]);
		}
	}
}

static void
what_is_taken_may_be_freed_and_what_was_allocated_given(void **state)
{
	(void)state;
	for (size_t i = 0; i < LARGEST; i++) {
		free(pool_take(i));
		pool_give(malloc(i));
	}
	pool_give(NULL);
}

#ifndef POOL_KEEPS_NOTHING
static void
what_was_given_back_is_taken_again(void **state)
{
	void *first = pool_take(100), *second = pool_take(100);

	(void)state;
	pool_give(first);
	pool_give(second);
	assert_ptr_equal(pool_take(104), second);
	assert_ptr_equal(pool_take(90), first);
	pool_give(first);
	pool_give(second);
}
#endif

static void *
take_many(void *pieces)
{
	for (size_t i = 0; i < MANY; i++) {
		((void **)pieces)[i] = pool_take(i % 300);
		memset(((void **)pieces)[i], 1, i % 300);
	}
	return NULL;
}

static void *
give_many(void *pieces)
{
	for (size_t i = 0; i < MANY; i++)
		pool_give(((void **)pieces)[i]);
	return NULL;
}

/* Run by a thread that ends. */
static void
elsewhere(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void
a_thread_may_give_what_another_took_and_end(void **state)
{
	static void *pieces[MANY];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		elsewhere(take_many, pieces);
		elsewhere(give_many, pieces);
		take_many(pieces);
		elsewhere(give_many, pieces);
		elsewhere(take_many, pieces);
		give_many(pieces);
	}
}

static void
json_lives_there(void **state)
{
	json_t *value;
	char *text;

	(void)state;
	pool_serve_json();
	value = json_pack("{s:[i, s, n], s:{s:b}}", "a", 1, "text", "b", "c", 1);
	text = json_dumps(value, JSON_COMPACT);
	assert_string_equal(text, "{\"a\":[1,\"text\",null],\"b\":{\"c\":true}}");
	free(text);
	json_decref(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_piece_has_room_for_what_it_was_asked_for),
	    cmocka_unit_test(what_is_taken_may_be_freed_and_what_was_allocated_given),
#ifndef POOL_KEEPS_NOTHING
	    cmocka_unit_test(what_was_given_back_is_taken_again),
#endif
	    cmocka_unit_test(a_thread_may_give_what_another_took_and_end),
	    cmocka_unit_test(json_lives_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
