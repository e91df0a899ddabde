/* Whose mail leaves through which account. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/unit/unit.h"
#include "transport/sender.h"

#define ACCOUNTS                                                                \
	"account one { address = one@own.example senders = {\"me@x.example\", " \
	"\"@y.example\"} }\n"                                                   \
	"account two { senders = {\"boss@y.example\", \"two@own.example\",\n"   \
	"  \"@xn--bcher-kva.example\"} }\n"                                     \
	"account three { address = Three@own.example }\n"                       \
	"account four { address = two@own.example }\n"

static struct config *without_default, *with_default, *without_accounts;

static struct config *
load(const char *text)
{
	char path[] = "/tmp/ferry-test-sender.XXXXXX";
	int fd = mkstemp(path);
	struct config *config = NULL;
	struct outcome o;

	assert_true(fd >= 0);
	assert_int_equal(file_write_full(fd, text, strlen(text)), 0);
	close(fd);
	o = config_load(path, &config);
	unlink(path);
	assert_string_equal(o.text, "ok");
	return config;
}

static int
load_all(void **state)
{
	(void)state;
	without_default = load(ACCOUNTS);
	with_default = load(ACCOUNTS "transport { account = three }\n");
	without_accounts = load("");
	return 0;
}

static int
free_all(void **state)
{
	(void)state;
	config_free(&without_default);
	config_free(&with_default);
	config_free(&without_accounts);
	return 0;
}

static void
sends(const struct config *config, const char *sender, const char *expected)
{
	struct outcome o;
	const struct account *account = sender_account(config, sender, &o);

	assert_true(outcome_is_ok(&o));
	assert_string_equal(account->name, expected);
}

/* Nobody sends for it, and it is said in these words. */
static void
refused(const struct config *config, const char *sender, const char *words)
{
	struct outcome o;

	assert_null(sender_account(config, sender, &o));
	assert_true(outcome_is(&o, "local/sender"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_string_equal(o.dsn, "5.7.1");
	assert_int_equal(o.smtp, 550);
	assert_non_null(strstr(o.text, words));
}

static void
a_listed_address_decides(void **state)
{
	(void)state;
	sends(with_default, "me@x.example", "one");
	sends(with_default, "ME@X.EXAMPLE", "one");
}

static void
an_address_comes_before_its_domain(void **state)
{
	(void)state;
	sends(with_default, "boss@y.example", "two");
	sends(with_default, "anybody@y.example", "one");
}

static void
the_accounts_own_address_need_not_be_listed(void **state)
{
	(void)state;
	sends(without_default, "three@OWN.example", "three");
}

static void
who_lists_an_address_comes_before_whose_it_is(void **state)
{
	(void)state;
	sends(without_default, "two@own.example", "two");
}

static void
a_domain_does_not_stand_for_what_is_below_it(void **state)
{
	(void)state;
	sends(with_default, "me@sub.y.example", "three");
}

static void
an_internationalized_domain_is_found_however_it_is_written(void **state)
{
	(void)state;
	sends(with_default,
	    "me@b\xc3\xbc"
	    "cher.example",
	    "two");
}

static void
others_mail_is_sent_by_the_default(void **state)
{
	(void)state;
	sends(with_default, "root@host", "three");
	sends(with_default, "root", "three");
}

static void
the_null_sender_is_the_defaults(void **state)
{
	(void)state;
	sends(with_default, "", "three");
}

static void
without_a_default_others_are_refused(void **state)
{
	(void)state;
	refused(without_default, "root@host", "no account sends for this sender: <root@host>");
	refused(without_default, "", "bounces");
}

static void
without_accounts_the_configuration_is_wrong(void **state)
{
	struct outcome o;

	(void)state;
	assert_null(sender_account(without_accounts, "me@x.example", &o));
	assert_true(outcome_is(&o, "local/config"));
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
}

static void
an_account_owns_its_address_and_what_it_lists(void **state)
{
	const struct account *one = config_account(without_default, "one");
	const struct account *two = config_account(without_default, "two");

	(void)state;
	assert_true(sender_is_own(one, NULL, "me@X.example"));
	assert_true(sender_is_own(one, NULL, "any@y.example"));
	assert_true(sender_is_own(two, "learnt@own.example", "Learnt@own.example"));
	assert_false(sender_is_own(two, "learnt@own.example", "other@own.example"));
	assert_false(sender_is_own(two, NULL, "root"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_listed_address_decides),
	    cmocka_unit_test(an_address_comes_before_its_domain),
	    cmocka_unit_test(the_accounts_own_address_need_not_be_listed),
	    cmocka_unit_test(who_lists_an_address_comes_before_whose_it_is),
	    cmocka_unit_test(a_domain_does_not_stand_for_what_is_below_it),
	    cmocka_unit_test(an_internationalized_domain_is_found_however_it_is_written),
	    cmocka_unit_test(others_mail_is_sent_by_the_default),
	    cmocka_unit_test(the_null_sender_is_the_defaults),
	    cmocka_unit_test(without_a_default_others_are_refused),
	    cmocka_unit_test(without_accounts_the_configuration_is_wrong),
	    cmocka_unit_test(an_account_owns_its_address_and_what_it_lists),
	};

	return cmocka_run_group_tests(tests, load_all, free_all);
}
