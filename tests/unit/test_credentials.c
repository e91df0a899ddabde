/* The token cache and the account's secrets. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/credentials.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static struct account account;
static struct credentials *c;

static int
open_account(void **state)
{
	struct outcome o;

	(void)state;
	account = (struct account){
	    .name = xstrdup("agent"),
	    .auth = AUTH_ATOMICMAIL,
	    .directory = xasprintf("%s/accounts/agent", folder),
	    .secret_file = xasprintf("%s/accounts/agent/api-key", folder),
	};
	o = credentials_open(&account, &c);
	return !outcome_is_ok(&o);
}

static int
close_account(void **state)
{
	char *command = xasprintf("rm -rf %s", account.directory);
	int status = system(command);

	(void)state;
	free(command);
	credentials_close(&c);
	free(account.name);
	free(account.directory);
	free(account.secret_file);
	free(account.secret_command);
	return status;
}

/* A token, unsigned, with these claims; in static memory. */
static const char *
token(int64_t issued, int64_t expires)
{
	static char text[256];
	char claims[96], encoded[160];

	snprintf(claims, sizeof(claims), "{\"iat\":%lld,\"exp\":%lld}", (long long)issued,
	    (long long)expires);
	EVP_EncodeBlock((unsigned char *)encoded, (unsigned char *)claims, (int)strlen(claims));
	encoded[strcspn(encoded, "=")] = '\0';
	snprintf(text, sizeof(text), "e30.%s.x", encoded);
	return text;
}

static void
store(int64_t issued, int64_t expires)
{
	struct outcome o = credentials_store(c, CREDENTIAL_CAPABILITY, token(issued, expires));

	assert_true(outcome_is_ok(&o));
}

static bool
loads(int64_t margin)
{
	struct buf b = BUF_INIT;
	bool loaded = credentials_load(c, CREDENTIAL_CAPABILITY, margin, &b);

	buf_wipe(&b);
	return loaded;
}

static void
a_stored_token_comes_back_while_it_is_good(void **state)
{
	int64_t now = clock_wall();
	struct buf b = BUF_INIT;

	(void)state;
	assert_false(loads(20));
	store(now, now + 120);
	assert_true(credentials_load(c, CREDENTIAL_CAPABILITY, 20, &b));
	assert_string_equal(b.data, token(now, now + 120));
	assert_in_range(credentials_left_ms(c, CREDENTIAL_CAPABILITY), 110000, 120000);
	buf_wipe(&b);
}

static void
a_token_is_kept_in_a_file_nobody_else_reads(void **state)
{
	char *path = xasprintf("%s/capability", account.directory);
	struct stat st;

	(void)state;
	store(clock_wall(), clock_wall() + 120);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(account.directory, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	free(path);
}

static void
the_margin_shrinks_for_tokens_that_live_for_seconds(void **state)
{
	int64_t now = clock_wall();

	(void)state;
	store(now, now + 5);
	assert_true(loads(20)); /* a fifth of its life is one second */
}

static void
a_wrong_clock_does_not_expire_a_token_that_was_just_issued(void **state)
{
	int64_t theirs = clock_wall() - 7200;

	(void)state;
	store(theirs, theirs + 120);
	assert_true(loads(20));
	theirs = clock_wall() + 7200;
	store(theirs, theirs + 120);
	assert_true(credentials_left_ms(c, CREDENTIAL_CAPABILITY) <= 120000);
}

static void
a_token_without_a_sane_end_gets_the_documented_life(void **state)
{
	(void)state;
	store(clock_wall(), 4102444800);
	assert_in_range(credentials_left_ms(c, CREDENTIAL_CAPABILITY), 100000, 120000);
	store(clock_wall(), clock_wall() - 10);
	assert_in_range(credentials_left_ms(c, CREDENTIAL_CAPABILITY), 100000, 120000);
}

static void
a_file_that_is_no_token_is_as_if_it_were_not_there(void **state)
{
	static const char *const junk[] = {"", "\n", "token", "token\n", "token\nsoon\n",
	    "token\n9999999999999 1\n", "token\n1 1\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		struct outcome o =
		    credentials_write_file(c, "capability", junk[i], strlen(junk[i]));

		assert_true(outcome_is_ok(&o));
		assert_false(loads(0));
		assert_int_equal(credentials_left_ms(c, CREDENTIAL_CAPABILITY), 0);
	}
}

static void
a_dropped_token_is_gone_but_a_newer_one_stays(void **state)
{
	int64_t now = clock_wall();
	char *old = xstrdup(token(now - 1, now + 119));

	(void)state;
	store(now, now + 120);
	credentials_drop(c, CREDENTIAL_CAPABILITY, old);
	assert_true(loads(20));
	credentials_drop(c, CREDENTIAL_CAPABILITY, token(now, now + 120));
	assert_false(loads(20));
	free(old);
}

static void
an_account_without_a_key_is_told_how_to_get_one(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o = credentials_secret(c, &b);

	(void)state;
	assert_true(outcome_is(&o, "auth/unregistered"));
	assert_non_null(strstr(o.hint, "ferryctl account register agent"));
	buf_free(&b);
}

static void
an_api_key_is_stored_once_and_never_replaced(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o = credentials_reserve_api_key(c);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_false(credentials_have_api_key(c));
	o = credentials_store_api_key(c, "first");
	assert_true(outcome_is_ok(&o));
	o = credentials_reserve_api_key(c);
	assert_true(outcome_is(&o, "auth/registered"));
	o = credentials_store_api_key(c, "second");
	assert_false(outcome_is_ok(&o));
	o = credentials_secret(c, &b);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(b.data, "first");
	buf_wipe(&b);
}

static void
room_reserved_in_vain_is_given_back(void **state)
{
	char *reserved = xasprintf("%s.new", account.secret_file);
	struct outcome o = credentials_reserve_api_key(c);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(access(reserved, F_OK), 0);
	credentials_release_api_key(c);
	assert_int_equal(access(reserved, F_OK), -1);
	free(reserved);
}

/* The outcome of asking this command for the secret; *b gets the secret. */
static struct outcome
ask(const char *command, struct buf *b)
{
	free(account.secret_command);
	account.secret_command = xstrdup(command);
	return credentials_secret(c, b);
}

static void
a_command_may_know_the_secret(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o = ask("printf 'k3y\\nmore\\n'", &b);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(b.data, "k3y");
	buf_wipe(&b);
}

static void
a_command_that_fails_says_why_in_the_hint(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o = ask("echo no such entry >&2; exit 3", &b);

	(void)state;
	assert_true(outcome_is(&o, "auth/secret"));
	assert_non_null(strstr(o.text, "status 3"));
	assert_non_null(strstr(o.hint, "no such entry"));
	o = ask("true", &b);
	assert_true(outcome_is(&o, "auth/secret"));
	o = ask("kill -9 $$", &b);
	assert_true(outcome_is(&o, "auth/secret"));
	buf_free(&b);
}

static void
a_command_that_never_stops_printing_is_cut(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o = ask("head -c 1000000 /dev/zero | tr '\\0' x", &b);

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(b.len, 4096);
	buf_wipe(&b);
}

static void
a_signal_ends_a_command_that_has_no_more_to_say(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o;

	(void)state;
	cancel_on_signals();
	o = ask("exec >&- 2>&-; kill -TERM $PPID; sleep 60", &b);
	cancel_set(0);
	assert_true(outcome_is(&o, "local/cancelled"));
	buf_free(&b);
}

static void
a_pipe_in_a_command_ends_as_in_a_shell(void **state)
{
	struct buf b = BUF_INIT;
	struct outcome o;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as daemons have it */
	o = ask("{ { yes 2>/dev/null; echo $? >&3; } | head -n 1 >/dev/null; } 3>&1", &b);
	signal(SIGPIPE, SIG_DFL);
	assert_true(outcome_is_ok(&o));
	assert_string_equal(b.data, "141"); /* 128 and SIGPIPE */
	buf_wipe(&b);
}

static void
a_directory_open_to_others_is_refused(void **state)
{
	struct credentials *other;
	struct outcome o;

	(void)state;
	assert_int_equal(chmod(account.directory, 0750), 0);
	o = credentials_open(&account, &other);
	assert_true(outcome_is(&o, "local/permission"));
	assert_non_null(strstr(o.hint, "chmod 700"));
	assert_null(other);
}

static void
forgetting_keeps_the_key_unless_told(void **state)
{
	struct outcome o = credentials_reserve_api_key(c);

	(void)state;
	o = credentials_store_api_key(c, "key");
	assert_true(outcome_is_ok(&o));
	store(clock_wall(), clock_wall() + 120);
	o = credentials_forget(c, false);
	assert_true(outcome_is_ok(&o));
	assert_false(loads(20));
	assert_true(credentials_have_api_key(c));
	o = credentials_forget(c, true);
	assert_true(outcome_is_ok(&o));
	assert_false(credentials_have_api_key(c));
}

/*
 * What every process does that needs a token: look, lock, look again, and only then make
 * one, noted by a byte in the file "made".
 */
static int
need_token(void)
{
	struct credentials *mine;
	struct buf b = BUF_INIT;
	struct outcome o = credentials_open(&account, &mine);
	int fd;

	if (!outcome_is_ok(&o))
		return 1;
	if (!credentials_load(mine, CREDENTIAL_SESSION, 60, &b)) {
		o = credentials_lock(mine, deadline_in_ms(60000));
		if (!outcome_is_ok(&o))
			return 2;
		if (!credentials_load(mine, CREDENTIAL_SESSION, 60, &b)) {
			fd = open("made", O_WRONLY | O_CREAT | O_APPEND, 0600);
			if (fd < 0 || write(fd, "x", 1) != 1)
				return 3;
			close(fd);
			o = credentials_store(
			    mine, CREDENTIAL_SESSION, token(clock_wall(), clock_wall() + 3600));
		}
		credentials_unlock(mine);
	}
	credentials_close(&mine);
	buf_wipe(&b);
	return outcome_is_ok(&o) ? 0 : 4;
}

static void
fifty_processes_make_one_token(void **state)
{
	struct stat st;
	int status;

	(void)state;
	assert_int_equal(chdir(account.directory), 0);
	for (int i = 0; i < 50; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(need_token());
	}
	for (int i = 0; i < 50; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(stat("made", &st), 0);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(chdir("/"), 0);
}

#define WITH_ACCOUNT(test) cmocka_unit_test_setup_teardown(test, open_account, close_account)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_ACCOUNT(a_stored_token_comes_back_while_it_is_good),
	    WITH_ACCOUNT(a_token_is_kept_in_a_file_nobody_else_reads),
	    WITH_ACCOUNT(the_margin_shrinks_for_tokens_that_live_for_seconds),
	    WITH_ACCOUNT(a_wrong_clock_does_not_expire_a_token_that_was_just_issued),
	    WITH_ACCOUNT(a_token_without_a_sane_end_gets_the_documented_life),
	    WITH_ACCOUNT(a_file_that_is_no_token_is_as_if_it_were_not_there),
	    WITH_ACCOUNT(a_dropped_token_is_gone_but_a_newer_one_stays),
	    WITH_ACCOUNT(an_account_without_a_key_is_told_how_to_get_one),
	    WITH_ACCOUNT(an_api_key_is_stored_once_and_never_replaced),
	    WITH_ACCOUNT(room_reserved_in_vain_is_given_back),
	    WITH_ACCOUNT(a_command_may_know_the_secret),
	    WITH_ACCOUNT(a_command_that_fails_says_why_in_the_hint),
	    WITH_ACCOUNT(a_command_that_never_stops_printing_is_cut),
	    WITH_ACCOUNT(a_signal_ends_a_command_that_has_no_more_to_say),
	    WITH_ACCOUNT(a_pipe_in_a_command_ends_as_in_a_shell),
	    WITH_ACCOUNT(a_directory_open_to_others_is_refused),
	    WITH_ACCOUNT(forgetting_keeps_the_key_unless_told),
	    WITH_ACCOUNT(fifty_processes_make_one_token),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
