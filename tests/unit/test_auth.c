/* Logging in and signing up. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/unit/fake_service.h"
#include "tests/unit/unit.h"

/* A client of the service: what one process has. */
struct client {
	struct credentials *credentials;
	struct http *http;
	struct auth *auth;
};

static void
open_client(struct fake_service *fake, struct client *client)
{
	struct outcome o = credentials_open(&fake->account, &client->credentials);

	assert_true(outcome_is_ok(&o));
	client->http = http_new(NULL);
	client->auth = auth_new(&fake->account, client->credentials, client->http);
}

static void
close_client(struct client *client)
{
	auth_free(&client->auth);
	http_free(&client->http);
	credentials_close(&client->credentials);
}

static struct deadline
soon(void)
{
	return deadline_in_ms(20000);
}

/* The outcome of asking for a header; *value_r, if it is given, gets it. */
static struct outcome
header(struct client *client, char **value_r)
{
	struct buf value = BUF_INIT;
	struct outcome o = auth_header(client->auth, soon(), &value);

	if (value_r != NULL)
		*value_r = buf_steal(&value);
	buf_free(&value);
	return o;
}

/* The status that the JMAP side gives to this value. */
static int
status_with(struct fake_service *fake, struct client *client, const char *value)
{
	char *url = xasprintf("%s/.well-known/jmap", fake->account.api_url);
	struct http_request request = {
	    .method = "GET", .url = url, .authorization = value, .deadline = soon()};
	struct http_answer answer;
	int status;

	http_perform(client->http, &request, &answer);
	status = answer.status;
	http_answer_free(&answer);
	free(url);
	return status;
}

static bool
has_file(const struct fake_service *fake, const char *name)
{
	char *path = xasprintf("%s/%s", fake->account.directory, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
a_login_gives_a_header_that_the_service_takes(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;
	char *value;

	open_client(fake, &client);
	o = header(&client, &value);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(status_with(fake, &client, value), 200);
	close_client(&client);
	free(value);
}

static void
the_second_process_finds_the_tokens_of_the_first(void **state)
{
	struct fake_service *fake = *state;

	for (int i = 0; i < 2; i++) {
		struct client client;
		struct outcome o;

		open_client(fake, &client);
		o = header(&client, NULL);
		assert_true(outcome_is_ok(&o));
		close_client(&client);
	}
	assert_int_equal(fake->challenges, 1);
	assert_int_equal(fake->sessions, 1);
	assert_int_equal(fake->capabilities, 1);
}

static void
fifty_processes_cost_one_login(void **state)
{
	struct fake_service *fake = *state;
	int status;

	for (int i = 0; i < 50; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			struct client client;
			struct outcome o;

			open_client(fake, &client);
			o = header(&client, NULL);
			_exit(!outcome_is_ok(&o));
		}
	}
	for (int i = 0; i < 50; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(fake->challenges, 1);
	assert_int_equal(fake->sessions, 1);
	assert_int_equal(fake->capabilities, 1);
}

static void
who_stays_logs_in_before_anybody_has_to_wait(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;

	open_client(fake, &client);
	o = auth_tend(client.auth, deadline_in_ms(20000));
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->sessions, 1);
	assert_int_equal(fake->capabilities, 1);
	/* Nothing is due. */
	o = auth_tend(client.auth, deadline_in_ms(20000));
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->challenges, 1);
	assert_int_equal(fake->capabilities, 1);
	close_client(&client);
}

static void
tokens_are_renewed_while_they_are_good_still(void **state)
{
	struct fake_service *fake = *state;
	struct client client;

	fake->session_life = 2;
	fake->capability_life = 2;
	open_client(fake, &client);
	/* A fifth of their life before their end, and so never too late. */
	while (fake->sessions < 3) {
		struct outcome o = auth_tend(client.auth, deadline_in_ms(20000));

		assert_true(outcome_is_ok(&o));
		(void)clock_sleep_ms(50, DEADLINE_NEVER);
	}
	assert_int_equal(fake->challenges, fake->sessions);
	close_client(&client);
}

static void
tokens_that_live_for_seconds_serve_a_long_run(void **state)
{
	struct fake_service *fake = *state;
	struct client client;

	fake->session_life = 2;
	fake->capability_life = 2;
	open_client(fake, &client);
	while (fake->sessions < 3) {
		char *value;
		struct outcome o = header(&client, &value);
		int status = status_with(fake, &client, value);

		assert_true(outcome_is_ok(&o));
		/* It may end on its way, if this machine is busy with other things. */
		if (status == 401) {
			assert_true(auth_refused(client.auth, value));
			free(value);
			o = header(&client, &value);
			assert_true(outcome_is_ok(&o));
			status = status_with(fake, &client, value);
		}
		assert_int_equal(status, 200);
		free(value);
	}
	assert_true(fake->capabilities >= 3);
	close_client(&client);
}

static void
a_refused_capability_is_renewed_without_a_login(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	char *first, *second;

	open_client(fake, &client);
	header(&client, &first);
	assert_true(auth_refused(client.auth, first));
	header(&client, &second);
	assert_int_equal(fake->capabilities, 2);
	assert_int_equal(fake->sessions, 1);
	/* That the first is refused once more, by a late answer, changes nothing. */
	assert_true(auth_refused(client.auth, first));
	free(first);
	header(&client, &first);
	assert_string_equal(first, second);
	close_client(&client);
	free(first);
	free(second);
}

static void
a_session_the_service_forgot_is_replaced_by_a_login(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;
	char *value;

	open_client(fake, &client);
	header(&client, &value);
	fake->refuse_before = clock_wall_ms() + 1;
	while (clock_wall_ms() < fake->refuse_before) {
	}
	auth_refused(client.auth, value);
	free(value);
	o = header(&client, &value);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->sessions, 2);
	assert_int_equal(status_with(fake, &client, value), 200);
	close_client(&client);
	free(value);
}

static void
an_api_key_that_is_refused_raises_the_alarm_with_the_hint(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;

	file_write_atomic(AT_FDCWD, fake->account.secret_file, "wrong", 5, 0600);
	open_client(fake, &client);
	o = header(&client, NULL);
	assert_true(outcome_is(&o, "auth/refused"));
	assert_true(o.alarm);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_non_null(strstr(o.text, "not you"));
	assert_non_null(strstr(o.hint, "log in"));
	assert_null(strstr(o.text, "wrong"));
	close_client(&client);
}

static void
a_rate_limit_is_told_with_its_wait(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;

	fake->faults[0] = (struct fake_fault){.path = "/api/v1/challenge",
	    .status = 429,
	    .headers = "Retry-After: 900\r\n",
	    .count = 1};
	open_client(fake, &client);
	o = header(&client, NULL);
	assert_true(outcome_is(&o, "http/429"));
	assert_int_equal(o.retry_after, 900);
	close_client(&client);
}

static void
tokens_that_are_none_are_refused(void **state)
{
	static const char *const headers[] = {
	    "", "Authorization: Basic x\r\n", "Authorization: Bearer\r\n",
	    "Authorization: Bearer \r\n", "Authorization: Bearer not.a token\r\n",
	    "Authorization: Bearer notatoken\r\n",
	    "Authorization: Bearer e30.W10.x\r\n",          /* claims [] */
	    "Authorization: Bearer e30.e30.x\r\n",          /* no jti */
	    "Authorization: Bearer e30.eyJqdGkiOjF9.x\r\n", /* a jti that is a number */
	};
	struct fake_service *fake = *state;

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct client client;
		struct outcome o;

		fake->faults[0] = (struct fake_fault){.path = "/api/v1/challenge",
		    .status = 200,
		    .headers = headers[i],
		    .count = 1};
		open_client(fake, &client);
		o = header(&client, NULL);
		assert_true(outcome_is(&o, "auth/token"));
		close_client(&client);
	}
}

static void
a_proof_beyond_reason_is_not_begun(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;

	fake->difficulty = 200;
	open_client(fake, &client);
	o = header(&client, NULL);
	assert_true(outcome_is(&o, "pow/difficulty"));
	assert_int_equal(fake->sessions_asked, 0);
	close_client(&client);
}

static void
signing_up_stores_the_key_and_learns_the_address(void **state)
{
	struct fake_service *fake = *state;
	struct buf key = BUF_INIT;
	struct client client;
	struct outcome o;
	char *address;

	fake_service_forget_key(fake);
	open_client(fake, &client);
	o = auth_register(client.auth, "agent", soon(), &address);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(address, "agent@lab.example");
	assert_string_equal(auth_address(client.auth), "agent@lab.example");
	assert_non_null(strstr(fake->last_body.data, "\"username\":\"agent\""));
	file_read_secret(fake->account.secret_file, 100, &key);
	assert_string_equal(key.data, "new-key");
	assert_false(has_file(fake, "api-key.new"));
	/* The session came with it: no other proof of work. */
	o = header(&client, NULL);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(fake->challenges, 1);
	close_client(&client);
	buf_wipe(&key);
	free(address);
}

static void
signing_up_refuses_before_any_work_if_there_is_a_key(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;
	char *address;

	open_client(fake, &client);
	o = auth_register(client.auth, "agent", soon(), &address);
	assert_true(outcome_is(&o, "auth/registered"));
	assert_null(address);
	assert_int_equal(fake->challenges, 0);
	close_client(&client);
}

static void
a_username_the_service_would_refuse_is_refused_here(void **state)
{
	static const char *const names[] = {
	    "", "four", "twenty-two-characters-", "white space", "at@sign", "line\nbreak"};
	struct fake_service *fake = *state;
	struct client client;

	fake_service_forget_key(fake);
	open_client(fake, &client);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *address;
		struct outcome o = auth_register(client.auth, names[i], soon(), &address);

		assert_true(outcome_is(&o, "auth/username"));
	}
	assert_int_equal(fake->challenges, 0);
	close_client(&client);
}

static void
a_name_that_is_taken_leaves_room_for_another_try(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;
	char *address;

	fake_service_forget_key(fake);
	fake->faults[0] = (struct fake_fault){.path = "/api/v1/session",
	    .status = 409,
	    .body = "{\"error\":{\"message\":\"taken\",\"hint\":\"try agent2\"}}",
	    .count = 1};
	open_client(fake, &client);
	o = auth_register(client.auth, "agent", soon(), &address);
	assert_true(outcome_is(&o, "auth/username"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_non_null(strstr(o.text, "taken"));
	assert_string_equal(o.hint, "try agent2");
	assert_false(has_file(fake, "api-key"));
	assert_false(has_file(fake, "api-key.new"));
	o = auth_register(client.auth, "agent2", soon(), &address);
	assert_true(outcome_is_ok(&o));
	close_client(&client);
	free(address);
}

static void
a_sign_up_that_gives_no_key_is_no_success(void **state)
{
	static const char *const bodies[] = {"", "{}", "[]", "{\"apiKey\":7}",
	    "{\"apiKey\":\"\"}", "{\"apiKey\":\"two\\nlines\"}"};
	struct fake_service *fake = *state;

	fake_service_forget_key(fake);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct client client;
		struct outcome o;
		char *address;

		fake->signup_body = bodies[i];
		open_client(fake, &client);
		o = auth_register(client.auth, "agent", soon(), &address);
		assert_false(outcome_is_ok(&o));
		assert_null(address);
		assert_false(has_file(fake, "api-key"));
		close_client(&client);
	}
}

static void
the_address_is_learnt_from_the_inbox_id(void **state)
{
	static const struct {
		const char *inbox_id, *address;
	} cases[] = {
	    {"agent", "agent@lab.example"},
	    {"agent@own.example", "agent@own.example"},
	    {NULL, NULL},
	    {"../agent", NULL},
	};
	struct fake_service *fake = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;

		fake->inbox_id = cases[i].inbox_id;
		open_client(fake, &client);
		credentials_forget(client.credentials, false);
		credentials_remove_file(client.credentials, "inbox");
		header(&client, NULL);
		if (cases[i].address == NULL)
			assert_null(auth_address(client.auth));
		else
			assert_string_equal(auth_address(client.auth), cases[i].address);
		close_client(&client);
	}
}

static void
the_mail_account_may_be_the_address(void **state)
{
	struct fake_service *fake = *state;
	struct client client;

	fake->inbox_id = "agent";
	open_client(fake, &client);
	header(&client, NULL);
	auth_confirm_address(client.auth, "other@custom.example");
	assert_string_equal(auth_address(client.auth), "agent@lab.example");
	auth_confirm_address(client.auth, "agent@custom.example");
	assert_string_equal(auth_address(client.auth), "agent@custom.example");
	close_client(&client);
}

static void
a_bearer_token_from_a_file_is_renewed_only_if_it_changed(void **state)
{
	struct fake_service *fake = *state;
	const char *path = fake->account.secret_file;
	struct client client;
	struct outcome o;
	char *value;

	fake->account.auth = AUTH_BEARER;
	file_write_atomic(AT_FDCWD, path, "old-token\n", 10, 0600);
	open_client(fake, &client);
	o = header(&client, &value);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(value, "Bearer old-token");
	assert_false(auth_refused(client.auth, value));
	file_write_atomic(AT_FDCWD, path, "good-token\n", 11, 0600);
	assert_true(auth_refused(client.auth, value));
	free(value);
	header(&client, &value);
	assert_int_equal(status_with(fake, &client, value), 200);
	free(value);
	file_write_atomic(AT_FDCWD, path, "two words\n", 10, 0600);
	auth_refused(client.auth, "Bearer good-token");
	o = header(&client, NULL);
	assert_true(outcome_is(&o, "auth/secret"));
	close_client(&client);
}

static void
a_user_and_password_are_a_basic_header(void **state)
{
	struct fake_service *fake = *state;
	struct client client;
	struct outcome o;
	char *value;

	fake->account.auth = AUTH_BASIC;
	fake->account.user = xstrdup("me");
	file_write_atomic(AT_FDCWD, fake->account.secret_file, "password\n", 9, 0600);
	open_client(fake, &client);
	o = header(&client, &value);
	assert_true(outcome_is_ok(&o));
	assert_int_equal(status_with(fake, &client, value), 200);
	assert_false(auth_refused(client.auth, value));
	close_client(&client);
	free(value);
}

static void
the_status_tells_what_the_tokens_have_left(void **state)
{
	struct fake_service *fake = *state;
	int64_t session, capability;
	struct client client;

	open_client(fake, &client);
	auth_status(client.auth, &session, &capability);
	assert_int_equal(session + capability, 0);
	header(&client, NULL);
	auth_status(client.auth, &session, &capability);
	assert_in_range(session, 3500, 3600);
	assert_in_range(capability, 60, 120);
	close_client(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SERVICE(a_login_gives_a_header_that_the_service_takes),
	    WITH_SERVICE(the_second_process_finds_the_tokens_of_the_first),
	    WITH_SERVICE(fifty_processes_cost_one_login),
	    WITH_SERVICE(who_stays_logs_in_before_anybody_has_to_wait),
	    WITH_SERVICE(tokens_are_renewed_while_they_are_good_still),
	    WITH_SERVICE(tokens_that_live_for_seconds_serve_a_long_run),
	    WITH_SERVICE(a_refused_capability_is_renewed_without_a_login),
	    WITH_SERVICE(a_session_the_service_forgot_is_replaced_by_a_login),
	    WITH_SERVICE(an_api_key_that_is_refused_raises_the_alarm_with_the_hint),
	    WITH_SERVICE(a_rate_limit_is_told_with_its_wait),
	    WITH_SERVICE(tokens_that_are_none_are_refused),
	    WITH_SERVICE(a_proof_beyond_reason_is_not_begun),
	    WITH_SERVICE(signing_up_stores_the_key_and_learns_the_address),
	    WITH_SERVICE(signing_up_refuses_before_any_work_if_there_is_a_key),
	    WITH_SERVICE(a_username_the_service_would_refuse_is_refused_here),
	    WITH_SERVICE(a_name_that_is_taken_leaves_room_for_another_try),
	    WITH_SERVICE(a_sign_up_that_gives_no_key_is_no_success),
	    WITH_SERVICE(the_address_is_learnt_from_the_inbox_id),
	    WITH_SERVICE(the_mail_account_may_be_the_address),
	    WITH_SERVICE(a_bearer_token_from_a_file_is_renewed_only_if_it_changed),
	    WITH_SERVICE(a_user_and_password_are_a_basic_header),
	    WITH_SERVICE(the_status_tells_what_the_tokens_have_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
