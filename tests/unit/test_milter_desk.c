/* Questions to an alias service: who shares an answer, and when nobody asks any more. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/settings/alias_find.h"
#include "milter/desk.h"
#include "tests/unit/alias_service.h"
#include "tests/unit/unit.h"

#define CONTACT(id, address)                                                          \
	"{\"id\":" id ",\"contact\":\"" address "\",\"reverse_alias_address\":\"r" id \
	"@sl.example\"}"
#define MANY 20

static struct desk *desk;

static int
setup(void **state)
{
	const struct alias_service *service;

	if (alias_service_setup(state) != 0)
		return -1;
	service = *state;
	desk = desk_open(&service->account, 4);
	return 0;
}

static int
teardown(void **state)
{
	desk_close(&desk);
	return alias_service_teardown(state);
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct question
about(const char *address)
{
	return (struct question){.kind = JOB_CONTACT, .name = address, .alias_id = 3};
}

/* Ask one question; the answer is to be freed. */
static struct answer
ask(struct question question)
{
	struct answer answer;

	desk_ask(desk, &question, 1, deadline_in_ms(120000), NULL, NULL, &answer);
	return answer;
}

static void
gives(struct question question, const char *condition)
{
	struct answer answer = ask(question);

	if (!outcome_is(&answer.outcome, condition))
		fail_msg("%s is not %s", answer.outcome.condition, condition);
	answer_free(&answer);
}

static void
an_answer_says_what_was_found_and_made_and_how_much_was_asked_for_it(void **state)
{
	struct alias_service *service = *state;
	struct answer answer;

	alias_play(
	    service, {"POST /api/aliases/3/contacts", 201, CONTACT("7", "bob@x.example")});
	answer = ask(about("bob@x.example"));
	assert_true(outcome_is_ok(&answer.outcome));
	assert_string_equal(answer.contact.reverse, "r7@sl.example");
	assert_true(answer.made);
	assert_int_equal(answer.requests, 1);
	alias_played(service);
	answer_free(&answer);
}

static void *
ask_about_bob(void *arg)
{
	struct answer answer = ask(about("bob@x.example"));
	bool *right = arg;

	*right = outcome_is_ok(&answer.outcome) &&
	         strcmp(answer.contact.reverse, "r7@sl.example") == 0;
	answer_free(&answer);
	return NULL;
}

static void
many_who_ask_the_same_make_one_request(void **state)
{
	struct alias_service *service = *state;
	pthread_t threads[MANY];
	bool right[MANY] = {false};

	alias_play(
	    service, {"POST /api/aliases/3/contacts", 201, CONTACT("7", "bob@x.example")});
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_about_bob, &right[i]), 0);
	for (size_t i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < MANY; i++)
		assert_true(right[i]);
	alias_played(service);
}

static void
a_question_has_no_answer_once_the_deadline_is_over(void **state)
{
	struct question question = about("bob@x.example");
	struct answer answer;

	(void)state;
	desk_ask(desk, &question, 1, deadline_in_ms(0), NULL, NULL, &answer);
	assert_true(outcome_is(&answer.outcome, "local/deadline"));
	answer_free(&answer);
}

static void
more_than_may_wait_are_turned_away(void **state)
{
	struct question questions[100];
	struct answer answers[100];
	char names[100][24];
	size_t busy = 0;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "u%zu@x.example", i);
		questions[i] = about(names[i]);
	}
	/* The lock is not given up while questions are put: none is begun meanwhile. */
	desk_ask(desk, questions, 100, deadline_in_ms(0), NULL, NULL, answers);
	for (size_t i = 0; i < 100; i++) {
		busy += outcome_is(&answers[i].outcome, "local/busy");
		answer_free(&answers[i]);
	}
	assert_int_equal(busy, 60);
}

static void
a_plan_without_room_is_temporary_and_not_asked_about_again(void **state)
{
	struct alias_service *service = *state;
	struct answer answer;

	alias_play(service, {"POST /api/aliases/3/contacts", 403,
	                        "{\"error\":\"Please upgrade to premium to create "
	                        "reverse-alias\"}"});
	answer = ask(about("bob@x.example"));
	assert_true(outcome_is(&answer.outcome, "alias/plan"));
	assert_int_equal(answer.outcome.class, OUTCOME_TEMPORARY);
	assert_int_equal(answer.outcome.smtp, 451);
	assert_int_equal(answer.outcome.dsn[0], '4');
	answer_free(&answer);
	gives(about("eve@x.example"), "alias/plan");
	alias_played(service);
}

static void
what_is_wrong_with_one_correspondent_is_no_trouble_of_the_service(void **state)
{
	struct alias_service *service = *state;

	alias_play(service,
	    {"POST /api/aliases/3/contacts", 400,
	        "{\"error\":\"a@b is not a valid email address\"}"},
	    {"POST /api/aliases/3/contacts", 400,
	        "{\"error\":\"c@d is not a valid email address\"}"},
	    {"POST /api/aliases/3/contacts", 201, CONTACT("7", "bob@x.example")});
	gives(about("a@b"), "alias/contact");
	gives(about("c@d"), "alias/contact");
	gives(about("bob@x.example"), "ok");
	alias_played(service);
}

static void
a_refused_key_is_read_again(void **state)
{
	struct alias_service *service = *state;
	struct outcome o;

	alias_play(service,
	    {"POST /api/aliases/3/contacts", 401, "{\"error\":\"Wrong api key\"}"},
	    {"POST /api/aliases/3/contacts", 201, CONTACT("7", "bob@x.example")});
	gives(about("bob@x.example"), "alias/key");
	o = file_write_atomic(
	    AT_FDCWD, service->account.secret_file, "another-key\n", 12, 0600);
	assert_true(outcome_is_ok(&o));
	gives(about("bob@x.example"), "ok");
	assert_non_null(strstr(buf_str(&service->head), "another-key"));
	alias_played(service);
}

static void
a_service_in_trouble_twice_is_left_in_peace(void **state)
{
	struct alias_service *service = *state;
	struct desk_counts counts;

	alias_play(service, {"POST /api/aliases/3/contacts", 401, "{}"},
	    {"POST /api/aliases/3/contacts", 401, "{}"});
	for (int i = 0; i < 5; i++)
		gives(about("bob@x.example"), "alias/key");
	alias_played(service);
	desk_count(desk, &counts);
	assert_string_equal(counts.trouble, "alias/key");
	assert_int_equal(counts.breakers_open, 1);
}

static void
a_fixed_alias_that_is_not_there_is_not_made(void **state)
{
	struct alias_service *service = *state;

	alias_play(service, {"POST /api/v2/aliases", 200, "{\"aliases\":[]}"});
	gives((struct question){.kind = JOB_FIXED, .name = "mine@sl.example"}, "alias/missing");
	alias_played(service);
}

static void
an_alias_that_the_service_has_no_more_is_noted_in_the_map(void **state)
{
	struct alias_service *service = *state;
	char *path = alias_map_path(&service->account);
	struct alias_map_alias alias = {
	    .id = 3, .address = (char *)"a@sl.example", .enabled = true};
	struct alias_map *map;
	struct outcome o = alias_map_open(path, &map);

	assert_true(outcome_is_ok(&o));
	o = alias_map_put_host(map, "x.example", &alias);
	assert_true(outcome_is_ok(&o));
	alias_play(service, {"POST /api/aliases/3/contacts", 403, "{\"error\":\"Forbidden\"}"},
	    {"GET /api/aliases/3", 400, "{\"error\":\"Unknown error\"}"});
	gives(about("bob@x.example"), "alias/forbidden");
	alias_played(service);
	o = alias_map_find_alias(map, 3, &alias);
	assert_true(outcome_is_ok(&o));
	assert_true(alias.trashed);
	alias_map_alias_free(&alias);
	alias_map_close(&map);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_DESK(an_answer_says_what_was_found_and_made_and_how_much_was_asked_for_it),
	    WITH_DESK(many_who_ask_the_same_make_one_request),
	    WITH_DESK(a_question_has_no_answer_once_the_deadline_is_over),
	    WITH_DESK(more_than_may_wait_are_turned_away),
	    WITH_DESK(a_plan_without_room_is_temporary_and_not_asked_about_again),
	    WITH_DESK(what_is_wrong_with_one_correspondent_is_no_trouble_of_the_service),
	    WITH_DESK(a_refused_key_is_read_again),
	    WITH_DESK(a_service_in_trouble_twice_is_left_in_peace),
	    WITH_DESK(a_fixed_alias_that_is_not_there_is_not_made),
	    WITH_DESK(an_alias_that_the_service_has_no_more_is_noted_in_the_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
