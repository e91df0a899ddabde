/* Lists in pages, whole, and of servers that do not turn them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

#define PAGE 20

/* Every page that was made, to be freed at the end. */
static char **made;
static size_t made_count;

static int
free_pages(void **state)
{
	(void)state;
	while (made_count != 0)
		free(made[--made_count]);
	free(made);
	made = NULL;
	return 0;
}

/* A page of contacts with ids from first to last. */
static const char *
page(const char *key, int first, int last)
{
	json_t *items = json_array(), *object;

	for (int i = first; i <= last; i++)
		json_array_append_new(items, json_pack("{s:i}", "id", i));
	object = json_pack("{s:o}", key, items);
	made = xreallocarray(made, made_count + 1, sizeof(*made));
	made[made_count++] = json_dumps(object, 0);
	json_decref(object);
	return made[made_count - 1];
}

/* List the contacts of alias 7: how many come, each with the next id; -1 if it fails. */
static int
count(struct alias_service *service)
{
	json_t *parameters = json_pack("{s:i}", "alias_id", 7), *item;
	struct simplelogin_list *list =
	    simplelogin_list(service->sl, simplelogin_endpoint("contact list"), parameters);
	struct outcome o;
	int found = 0;

	while (simplelogin_next(list, deadline_in_ms(10000), &item, &o))
		assert_int_equal(json_get_count(item, "id", 0), ++found);
	simplelogin_list_free(&list);
	json_decref(parameters);
	return outcome_is_ok(&o) ? found : -1;
}

static void
a_list_of_any_length_comes_whole(void **state)
{
	static const int lengths[] = {0, 1, 19, 20, 21, 40, 1000};
	struct alias_service *service = *state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct alias_step steps[60] = {{NULL, 0, NULL}};
		size_t pages = 0;

		for (int first = 1; first <= lengths[i]; first += PAGE)
			steps[pages++] = (struct alias_step){NULL, 200,
			    page("contacts", first,
			        first + PAGE - 1 < lengths[i] ? first + PAGE - 1 : lengths[i])};
		/* Where the last page is as long as the first, only an empty one ends it. */
		if (lengths[i] % PAGE == 0 || pages == 1)
			steps[pages++] = (struct alias_step){NULL, 200, page("contacts", 1, 0)};
		alias_play_steps(service, steps, pages);
		assert_int_equal(count(service), lengths[i]);
		alias_played(service);
	}
	assert_non_null(strstr(buf_str(&service->lines), "page_id=0\n"));
	assert_non_null(strstr(buf_str(&service->lines), "page_id=50\n"));
}

static void
what_slides_over_the_edge_of_a_page_comes_once(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, {NULL, 200, page("contacts", 1, 20)},
	    {NULL, 200, page("contacts", 19, 38)}, {NULL, 200, page("contacts", 39, 40)});
	assert_int_equal(count(service), 40);
	alias_played(service);
}

static void
a_server_that_gives_one_page_for_ever_is_left(void **state)
{
	struct alias_service *service = *state;
	const char *same = page("contacts", 1, 20);

	alias_play(service, {NULL, 200, same}, {NULL, 200, same}, {NULL, 200, same},
	    {NULL, 200, same});
	assert_int_equal(count(service), 20);
	alias_played(service);
}

static void
where_the_service_says_whether_there_is_more_that_counts(void **state)
{
	struct alias_service *service = *state;
	struct simplelogin_list *list;
	struct outcome o;
	json_t *item;
	int found = 0;

	alias_play(service,
	    {"GET /api/notifications?page=0", 200,
	        "{\"more\":true,\"notifications\":[{\"id\":1}]}"},
	    {"GET /api/notifications?page=1", 200,
	        "{\"more\":false,\"notifications\":[{\"id\":2}]}"});
	list = simplelogin_list(service->sl, simplelogin_endpoint("notification list"), NULL);
	while (simplelogin_next(list, deadline_in_ms(10000), &item, &o))
		found++;
	assert_string_equal(o.text, "ok");
	assert_int_equal(found, 2);
	simplelogin_list_free(&list);
	alias_played(service);
}

static void
a_list_without_pages_is_asked_for_once(void **state)
{
	struct alias_service *service = *state;
	struct simplelogin_list *list;
	struct outcome o;
	json_t *item;
	int found = 0;

	alias_play(service,
	    {"GET /api/v2/setting/domains", 200, "[{\"domain\":\"a\"},{\"domain\":\"b\"}]"});
	list = simplelogin_list(service->sl, simplelogin_endpoint("setting domains"), NULL);
	while (simplelogin_next(list, deadline_in_ms(10000), &item, &o))
		found++;
	assert_int_equal(found, 2);
	simplelogin_list_free(&list);
	alias_played(service);
}

static void
a_page_that_fails_ends_the_list_with_its_outcome(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, {NULL, 200, page("contacts", 1, 20)},
	    {NULL, 400, "{\"error\":\"page_id must be provided in request query\"}"});
	assert_int_equal(count(service), -1);
	alias_play(service, {NULL, 200, page("contacts", 1, 20)}, {NULL, 200, "{}"});
	assert_int_equal(count(service), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ALIASES(a_list_of_any_length_comes_whole),
	    WITH_ALIASES(what_slides_over_the_edge_of_a_page_comes_once),
	    WITH_ALIASES(a_server_that_gives_one_page_for_ever_is_left),
	    WITH_ALIASES(where_the_service_says_whether_there_is_more_that_counts),
	    WITH_ALIASES(a_list_without_pages_is_asked_for_once),
	    WITH_ALIASES(a_page_that_fails_ends_the_list_with_its_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, free_pages);
}
