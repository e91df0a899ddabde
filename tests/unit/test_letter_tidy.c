/* Drafts that earlier tries left: put away, or left there rather than waited for. */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"
#include "transport/letter.h"

#define STAMP "0123456789abcdef0123456789abcdef"

#define ANSWER(parts) "{\"methodResponses\":[" parts "],\"sessionState\":\"s1\"}"
#define A_DRAFT                                                                           \
	ANSWER("[\"Email/get\",{\"list\":[{\"id\":\"M1\",\"keywords\":{\"$draft\":true}," \
	       "\"header:X-Ferry-Id:asText\":\"" STAMP "\"}]},\"c0\"]")
#define PLACES                                                 \
	ANSWER("[\"Mailbox/query\",{\"ids\":[\"D\"]},\"c0\"]," \
	       "[\"Mailbox/query\",{\"ids\":[\"S\"]},\"c1\"]," \
	       "[\"Mailbox/query\",{\"ids\":[\"B\"]},\"c2\"]," \
	       "[\"Identity/get\",{\"list\":[{\"id\":\"I\",\"email\":\"me@x\"}]},\"c3\"]")
#define REMOVED ANSWER("[\"Email/set\",{\"destroyed\":[\"M1\"]},\"c0\"]")

#define STAYS "test: 4bXz: an earlier try's draft stays in the account: "

/* A letter that is through, of whose first try there is the draft M1. */
struct desk {
	struct fake_service *fake;
	struct config config;
	struct buf key;
	struct lane *lane;
	struct journal *journal;
	struct delivery delivery;
	struct left_draft draft;
	struct letter letter;
	sem_t answer; /* when the service does, if it is one that is slow */
	int log;
	char said[1024];
};

static bool
carry_nothing(void *arg, struct group_item **items, size_t count)
{
	(void)arg;
	group_release(items, count);
	return true;
}

static int
setup(void **state)
{
	struct desk *desk = xcalloc(1, sizeof(*desk));
	struct journal_options options = {0};
	void *fake;
	struct outcome o;

	if (fake_service_setup(&fake) != 0)
		return -1;
	desk->fake = fake;
	desk->config.state_dir = xasprintf("%s/state", desk->fake->folder);
	desk->config.transport.retry_ms = 1000;
	buf_adds(&desk->key, "key");
	desk->lane = lane_new(
	    &desk->fake->account, &desk->config.transport, &desk->key, carry_nothing, NULL);
	options.state_dir = desk->config.state_dir;
	o = journal_open(&options, &desk->journal);
	delivery_init(&desk->delivery, "test", desk->config.state_dir);
	desk->delivery.queue_id = xstrdup("4bXz");
	desk->draft = (struct left_draft){.email_id = (char *)"M1", .stamp = {STAMP}};
	desk->letter = (struct letter){
	    .delivery = &desk->delivery,
	    .lane = desk->lane,
	    .config = &desk->config,
	    .key = &desk->key,
	    .journal = desk->journal,
	    .drafts = &desk->draft,
	    .draft_count = 1,
	};
	sem_init(&desk->answer, 0, 0);
	desk->log = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	*state = desk;
	return !outcome_is_ok(&o) || desk->log < 0;
}

static int
teardown(void **state)
{
	struct desk *desk = *state;
	void *fake = desk->fake;
	int status;

	close(desk->log);
	lane_free(&desk->lane);
	journal_close(&desk->journal);
	delivery_free(&desk->delivery);
	status = fake_service_teardown(&fake);
	sem_destroy(&desk->answer);
	buf_free(&desk->key);
	free(desk->config.state_dir);
	free(desk);
	return status;
}

/* Tidy up within so many milliseconds; what was logged. */
static const char *
tidy(struct desk *desk, int64_t milliseconds)
{
	int saved = dup(STDERR_FILENO);
	ssize_t length;

	log_open("test", LOG_TO_STDERR, LOG_MAIL, LOG_NOTICE);
	dup2(desk->log, STDERR_FILENO);
	letter_tidy(&desk->letter, deadline_in_ms(milliseconds));
	dup2(saved, STDERR_FILENO);
	close(saved);
	length = pread(desk->log, desk->said, sizeof(desk->said) - 1, 0);
	assert_true(length >= 0);
	desk->said[length] = '\0';
	return desk->said;
}

static void
assert_begins(const char *text, const char *beginning)
{
	assert_memory_equal(text, beginning, strlen(beginning));
}

static void
a_draft_that_nobody_is_sent_any_more_is_removed(void **state)
{
	static const char *const bodies[] = {A_DRAFT, PLACES, REMOVED, NULL};
	struct desk *desk = *state;

	desk->fake->api_bodies = bodies;
	assert_string_equal(tidy(desk, 20000), "");
	assert_non_null(strstr(desk->fake->last_body.data, "\"destroy\":[\"M1\"]"));
	assert_int_equal(desk->delivery.told.requests, 2);
}

static void
where_every_request_is_held_up_it_stays_and_the_log_says_so(void **state)
{
	struct desk *desk = *state;
	struct group *group = lane_group(desk->lane);

	/* The delivery has all the time there is: it is ours that ends the waiting. */
	assert_true(group_take_place(group, GROUP_REQUEST, DEADLINE_NEVER));
	assert_begins(tidy(desk, 50), STAYS);
	assert_non_null(strstr(desk->said, "while other requests are under way"));
	assert_int_equal(desk->fake->api, 0);
	group_give_place(group, GROUP_REQUEST);
}

static void
it_is_waited_for_no_longer_than_the_delivery_has(void **state)
{
	struct desk *desk = *state;
	struct group *group = lane_group(desk->lane);

	assert_true(group_take_place(group, GROUP_REQUEST, DEADLINE_NEVER));
	desk->delivery.deadline = deadline_in_ms(50);
	assert_begins(tidy(desk, 3600000), STAYS);
	group_give_place(group, GROUP_REQUEST);
}

static char *
answer_late(void *arg, const char *body, size_t length)
{
	struct desk *desk = arg;

	(void)body, (void)length;
	sem_wait(&desk->answer);
	return NULL;
}

static void
a_service_that_does_not_answer_is_not_waited_for(void **state)
{
	struct desk *desk = *state;
	struct group *group = lane_group(desk->lane);

	desk->fake->api_answer = answer_late;
	desk->fake->arg = desk;
	assert_begins(tidy(desk, 500), STAYS);
	/* What was taken is given back. */
	assert_true(group_take_place(group, GROUP_REQUEST, deadline_in_ms(0)));
	group_give_place(group, GROUP_REQUEST);
	for (int i = 0; i < 10; i++)
		sem_post(&desk->answer);
}

static void
a_refusal_is_logged_in_the_services_words(void **state)
{
	struct desk *desk = *state;

	desk->fake->api_body = ANSWER("[\"error\",{\"type\":\"forbidden\"},\"c0\"]");
	assert_begins(tidy(desk, 20000), STAYS "the account may not do this");
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_DESK(a_draft_that_nobody_is_sent_any_more_is_removed),
	    WITH_DESK(where_every_request_is_held_up_it_stays_and_the_log_says_so),
	    WITH_DESK(it_is_waited_for_no_longer_than_the_delivery_has),
	    WITH_DESK(a_service_that_does_not_answer_is_not_waited_for),
	    WITH_DESK(a_refusal_is_logged_in_the_services_words),
	};

	alarm(120); /* what waits for ever fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
