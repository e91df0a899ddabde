/* The service's rate limits: kept before it refuses, and after. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

#define REFUSED                                                  \
	{                                                        \
		NULL, 429, "{\"error\":\"Rate limit exceeded\"}" \
	}
#define ANSWERED                                \
	{                                       \
		NULL, 200, "{\"enabled\":true}" \
	}

static struct outcome
call(struct alias_service *service, const char *words, const char *parameters, int64_t ms)
{
	json_t *object = NULL;
	struct outcome o;

	(void)json_parse(parameters, strlen(parameters), &object);
	o = simplelogin_call(
	    service->sl, simplelogin_endpoint(words), object, deadline_in_ms(ms), NULL);
	json_decref(object);
	return o;
}

static struct outcome
toggle(struct alias_service *service)
{
	return call(service, "alias toggle", "{\"alias_id\":7}", 2000);
}

/* As another process would. */
static void
open_again(struct alias_service *service)
{
	struct outcome o;

	simplelogin_close(&service->sl);
	o = simplelogin_open(&service->account, NULL, &service->sl);
	assert_string_equal(o.text, "ok");
}

/* What is remembered of an endpoint; with a new value for member, if that is not NULL. */
static json_t *
remembered(struct alias_service *service, const char *words, const char *member, json_t *value)
{
	const char *path = alias_file(service, "main/limits");
	struct buf text = BUF_INIT;
	struct outcome o = file_read(AT_FDCWD, path, 65536, &text);
	json_t *all = NULL, *entry;

	assert_string_equal(o.text, "ok");
	(void)json_parse(text.data, text.len, &all);
	entry = json_object_get(all, words);
	assert_non_null(entry);
	if (member != NULL) {
		json_object_set_new(entry, member, value);
		buf_reset(&text);
		json_write(all, &text);
		o = file_write_atomic(AT_FDCWD, path, text.data, text.len, 0600);
		assert_string_equal(o.text, "ok");
	}
	json_incref(entry);
	json_decref(all);
	buf_free(&text);
	return entry;
}

static void
a_window_that_is_full_keeps_requests_back_in_every_process(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	service->account.paced = true;
	alias_play(service, ANSWERED, ANSWERED);
	for (int i = 0; i < 2; i++) {
		o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 30000);
		assert_string_equal(o.text, "ok");
		open_again(service);
	}
	o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 2000);
	assert_string_equal(o.condition, "alias/rate");
	assert_in_range(o.retry_after, 1, 60);
	alias_played(service);
}

static void
a_window_that_is_over_has_room_again(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	service->account.paced = true;
	alias_play(service, ANSWERED, ANSWERED);
	o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 30000);
	json_decref(remembered(service, "user forgot-password", "windows",
	    json_pack("[[I, i]]", (json_int_t)(clock_wall_ms() - 60001), 2)));
	o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 30000);
	assert_string_equal(o.text, "ok");
	alias_played(service);
}

static void
a_window_of_the_future_does_not_lock_us_out(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	service->account.paced = true;
	alias_play(service, ANSWERED, ANSWERED);
	o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 30000);
	json_decref(remembered(service, "user forgot-password", "windows",
	    json_pack("[[I, i]]", (json_int_t)(clock_wall_ms() + 86400000), 2)));
	o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 30000);
	assert_string_equal(o.text, "ok");
}

static void
requests_that_make_aliases_count_in_all_three_windows(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;
	json_t *entry;

	service->account.paced = true;
	alias_play(service, {NULL, 400, "{\"error\":\"Email alias is invalid\"}"});
	o = call(service, "alias create-v2", "{\"alias_prefix\":\".\",\"signed_suffix\":\"s\"}",
	    2000);
	assert_string_equal(o.condition, "alias/refused");
	entry = remembered(service, "alias create-v2", NULL, NULL);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(json_integer_value(json_array_get(
		                     json_array_get(json_object_get(entry, "windows"), i), 1)),
		    1);
	json_decref(entry);
}

static void
a_refusal_is_waited_out_by_all_and_not_tried_on(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, REFUSED);
	o = toggle(service);
	assert_string_equal(o.condition, "alias/rate");
	assert_in_range(o.retry_after, 3500, 3600);
	open_again(service);
	o = toggle(service);
	assert_string_equal(o.condition, "alias/rate");
	alias_played(service);
}

static void
each_refusal_in_a_row_waits_for_the_next_longer_window(void **state)
{
	static const unsigned ladder[] = {5, 60, 900, 3600, 86400, 86400};
	struct alias_service *service = *state;
	struct outcome o;

	for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++) {
		alias_play(service, REFUSED);
		o = call(service, "alias create-v2",
		    "{\"alias_prefix\":\"a\",\"signed_suffix\":\"s\"}", 2000);
		assert_string_equal(o.condition, "alias/rate");
		assert_in_range(o.retry_after, ladder[i] - 2, ladder[i]);
		alias_played(service);
		json_decref(remembered(service, "alias create-v2", "until", json_integer(1)));
	}
}

static void
an_answer_ends_the_row_of_refusals(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;
	json_t *entry;

	alias_play(service, REFUSED, ANSWERED);
	o = toggle(service);
	json_decref(remembered(service, "alias toggle", "until", json_integer(1)));
	o = toggle(service);
	assert_string_equal(o.text, "ok");
	entry = remembered(service, "alias toggle", NULL, NULL);
	assert_int_equal(json_get_count(entry, "refused", 9), 0);
	json_decref(entry);
}

static void
a_wait_that_is_over_in_time_is_waited_and_told(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service, REFUSED, ANSWERED);
	o = toggle(service);
	json_decref(
	    remembered(service, "alias toggle", "until", json_integer(clock_wall_ms() + 300)));
	o = toggle(service);
	assert_string_equal(o.text, "ok");
	alias_played(service);
}

static void
a_file_that_cannot_be_read_is_begun_afresh(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{\"user forgot-password\":7}",
	    "{\"user forgot-password\":{\"windows\":[[-5,\"x\"]],\"until\":9007199254740991}}"};
	struct alias_service *service = *state;
	struct outcome o;

	service->account.paced = true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		o = file_write_atomic(AT_FDCWD, alias_file(service, "main/limits"), texts[i],
		    strlen(texts[i]), 0600);
		alias_play(service, ANSWERED);
		o = call(service, "user forgot-password", "{\"email\":\"a@b.c\"}", 30000);
		assert_string_equal(o.text, "ok");
		alias_played(service);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ALIASES(a_window_that_is_full_keeps_requests_back_in_every_process),
	    WITH_ALIASES(a_window_that_is_over_has_room_again),
	    WITH_ALIASES(a_window_of_the_future_does_not_lock_us_out),
	    WITH_ALIASES(requests_that_make_aliases_count_in_all_three_windows),
	    WITH_ALIASES(a_refusal_is_waited_out_by_all_and_not_tried_on),
	    WITH_ALIASES(each_refusal_in_a_row_waits_for_the_next_longer_window),
	    WITH_ALIASES(an_answer_ends_the_row_of_refusals),
	    WITH_ALIASES(a_wait_that_is_over_in_time_is_waited_and_told),
	    WITH_ALIASES(a_file_that_cannot_be_read_is_begun_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
