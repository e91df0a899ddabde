/* A stream of events, kept open whatever happens to it. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/service/jmap_push.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"

#define CHANGE(account, type) \
	"id: 5\nevent: state\ndata: {\"changed\":{\"" account "\":{\"" type "\":\"s\"}}}\n\n"
#define LONG_MS 20000

static struct jmap *jmap;

static struct push *
open_push(struct fake_service *fake)
{
	struct push_options options = {.ping = 1, .first_pause_ms = 1};

	jmap = fake_service_open(fake);
	return push_new(jmap, &options);
}

static void
close_push(struct push **push)
{
	push_free(push);
	jmap_close(&jmap);
}

/* Wait until one of these has happened; what has, since. */
static unsigned
wait_until(struct push *push, unsigned wanted)
{
	struct deadline end = deadline_in_ms(LONG_MS);
	unsigned happened = 0;

	while ((happened & wanted) == 0 && !deadline_passed(end))
		happened |= push_wait(push, LONG_MS, NULL, 0);
	return happened;
}

static void
wait_until_absent(struct push *push)
{
	struct deadline end = deadline_in_ms(LONG_MS);

	while (push_state(push) != PUSH_ABSENT && !deadline_passed(end))
		(void)push_wait(push, 100, NULL, 0);
	assert_int_equal(push_state(push), PUSH_ABSENT);
}

static void
a_change_of_mail_is_told(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->events = ": hello\n\n" CHANGE("a1", "Email");
	assert_true(wait_until(push, PUSH_CHANGED) & PUSH_OPENED);
	assert_int_equal(push_state(push), PUSH_OPEN);
	assert_non_null(strstr(fake->last_head.data, "GET /events HTTP"));
	assert_non_null(strstr(fake->last_head.data, "Accept: text/event-stream\r\n"));
	assert_null(strstr(fake->last_head.data, "Last-Event-ID"));
	close_push(&push);
}

static void
changes_that_concern_others_are_not(void **state)
{
	static const struct {
		const char *text;
		bool concerns;
	} rows[] = {
	    {"{\"changed\":{\"a1\":{\"Email\":\"7\"}}}", true},
	    {"{\"changed\":{\"a1\":{\"Mailbox\":\"7\"}}}", true},
	    {"{\"changed\":{\"a1\":{\"Mailbox\":null}}}", true},
	    {"{\"changed\":{\"a1\":{\"CalendarEvent\":\"7\"}}}", false},
	    {"{\"changed\":{\"a2\":{\"Email\":\"7\"},\"a1\":{}}}", false},
	    {"{\"changed\":{}}", false},
	    {"{\"changed\":7}", true},
	    {"{}", true},
	    {"what?", true},
	    {"", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    push_concerns(rows[i].text, strlen(rows[i].text), "a1"), rows[i].concerns);
}

static void
a_stream_that_was_cut_is_opened_again_with_the_last_id(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->events = CHANGE("a1", "Email") "id: 6\ndata: half";
	fake->events_end = true;
	(void)wait_until(push, PUSH_FAILED);
	assert_false(outcome_is_ok(push_outcome(push)));
	(void)wait_until(push, PUSH_OPENED);
	assert_int_equal(fake->streams, 2);
	assert_non_null(strstr(fake->last_head.data, "Last-Event-ID: 5\r\n"));
	close_push(&push);
}

static void
a_stream_without_signs_of_life_is_given_up(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->events = "";
	(void)wait_until(push, PUSH_OPENED);
	(void)wait_until(push, PUSH_FAILED);
	assert_true(outcome_is(push_outcome(push), "net/timeout"));
	(void)wait_until(push, PUSH_OPENED);
	assert_int_equal(fake->streams, 2);
	close_push(&push);
}

static void
a_refused_login_is_renewed_once(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->events = "";
	fake->faults[0] = (struct fake_fault){.path = "/events", .status = 401, .count = 1};
	assert_false(wait_until(push, PUSH_OPENED) & PUSH_FAILED);
	assert_int_equal(fake->capabilities, 2);
	push_hurry(push);
	fake->faults[0] = (struct fake_fault){.path = "/events", .status = 401, .count = 9};
	(void)wait_until(push, PUSH_FAILED);
	assert_true(outcome_is(push_outcome(push), "auth/expired"));
	assert_int_equal(fake->faults[0].count, 7);
	close_push(&push);
}

static void
a_server_may_be_without_events(void **state)
{
	static const struct fake_fault refusals[] = {
	    {.status = 204},
	    {.status = 403},
	    {.status = 405},
	    {.status = 200, .headers = "Content-Type: text/html\r\n", .body = "<p>Hello</p>"},
	    {.status = 200, .headers = "", .body = "data: x\n\n"},
	};
	struct fake_service *fake = *state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct push *push = open_push(fake);

		fake->faults[0] = refusals[i];
		fake->faults[0].path = "/events";
		fake->faults[0].count = 1;
		wait_until_absent(push);
		assert_int_equal(fake->faults[0].count, 0);
		assert_int_equal(push_wait(push, 10, NULL, 0), 0);
		assert_int_equal(fake->streams, 0);
		close_push(&push);
	}
}

static void
a_session_may_be_without_events(void **state)
{
	static const char session[] =
	    "{\"capabilities\":{},\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"a1\"},"
	    "\"apiUrl\":\"/jmap\",\"uploadUrl\":\"/u\",\"downloadUrl\":\"/d\"}";
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->session_body = session;
	wait_until_absent(push);
	close_push(&push);
}

static void
where_there_is_nothing_the_session_is_asked_once_more(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	wait_until_absent(push);
	assert_int_equal(fake->discoveries, 2);
	close_push(&push);
}

static void
a_server_that_is_busy_is_asked_again(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->events = "";
	fake->faults[0] = (struct fake_fault){.path = "/events", .status = 503, .count = 2};
	fake->faults[1] = (struct fake_fault){.path = "/events", .status = 0, .count = 1};
	assert_true(wait_until(push, PUSH_OPENED) & PUSH_FAILED);
	assert_int_equal(fake->faults[0].count + fake->faults[1].count, 0);
	close_push(&push);
}

static void
who_hurries_gets_a_new_stream(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);

	fake->events = ": hi\n\n";
	(void)wait_until(push, PUSH_OPENED);
	push_hurry(push);
	assert_false(wait_until(push, PUSH_OPENED) & PUSH_FAILED);
	assert_int_equal(fake->streams, 2);
	close_push(&push);
}

static void
waiting_ends_when_another_descriptor_has_something(void **state)
{
	struct fake_service *fake = *state;
	struct push *push = open_push(fake);
	struct pollfd other = {.events = POLLIN};
	struct deadline end = deadline_in_ms(LONG_MS);
	int ends[2];

	fake->faults[0] = (struct fake_fault){.path = "/events", .status = 204, .count = 1};
	wait_until_absent(push);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	other.fd = ends[0];
	assert_int_equal(push_wait(push, INT32_MAX, &other, 1), 0);
	assert_true(other.revents & POLLIN);
	assert_false(deadline_passed(end));
	close(ends[0]);
	close(ends[1]);
	close_push(&push);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SERVICE(a_change_of_mail_is_told),
	    cmocka_unit_test(changes_that_concern_others_are_not),
	    WITH_SERVICE(a_stream_that_was_cut_is_opened_again_with_the_last_id),
	    WITH_SERVICE(a_stream_without_signs_of_life_is_given_up),
	    WITH_SERVICE(a_refused_login_is_renewed_once),
	    WITH_SERVICE(a_server_may_be_without_events),
	    WITH_SERVICE(a_session_may_be_without_events),
	    WITH_SERVICE(where_there_is_nothing_the_session_is_asked_once_more),
	    WITH_SERVICE(a_server_that_is_busy_is_asked_again),
	    WITH_SERVICE(who_hurries_gets_a_new_stream),
	    WITH_SERVICE(waiting_ends_when_another_descriptor_has_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
