/* Those a message goes to, those its header names, and which of them are the writer. */
#include <stdio.h>
#include <string.h>

#include "milter/own.h"
#include "milter/parties.h"
#include "tests/unit/unit.h"

static struct mail mail;
static struct parties parties;

static int
setup(void **state)
{
	(void)state;
	mail_init(&mail);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	parties_free(&parties);
	mail_free(&mail);
	return 0;
}

#define WITH_MAIL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void
find_parties(void)
{
	struct outcome o = parties_of(&mail, &parties);

	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
}

static void
recipients_come_first_and_each_address_is_there_once(void **state)
{
	(void)state;
	mail_recipient(&mail, "<Bob@x.example>", NULL);
	mail_recipient(&mail, "<eve@x.example>", NULL);
	mail_recipient(&mail, "<bob@X.example>", NULL);
	mail_field(&mail, "To", "BOB@x.example, joe@y.example");
	mail_field(&mail, "cc", "joe@Y.example, \"eve\"@x.example");
	find_parties();
	assert_int_equal(parties.recipients, 2);
	assert_int_equal(parties.count, 3);
	assert_string_equal(parties.items[0].address, "Bob@x.example");
	assert_string_equal(parties.items[1].address, "eve@x.example");
	assert_string_equal(parties.items[2].address, "joe@y.example");
}

static void
they_are_found_in_any_spelling(void **state)
{
	(void)state;
	mail_recipient(&mail, "<bob@x.example>", NULL);
	find_parties();
	assert_ptr_equal(parties_find(&parties, "BOB@X.Example"), &parties.items[0]);
	assert_null(parties_find(&parties, "bob@y.example"));
}

static void
each_recipient_of_the_envelope_is_one_of_them(void **state)
{
	(void)state;
	mail_recipient(&mail, "<bob@x.example>", NULL);
	mail_recipient(&mail, "<eve@x.example>", NULL);
	find_parties();
	assert_ptr_equal(parties_recipient(&parties, &mail, 0), &parties.items[0]);
	assert_ptr_equal(parties_recipient(&parties, &mail, 1), &parties.items[1]);
	parties_free(&parties);
	mail_recipient(&mail, "<Bob@x.example>", NULL);
	mail_recipient(&mail, "<joe@x.example>", NULL);
	find_parties();
	assert_ptr_equal(parties_recipient(&parties, &mail, 2), &parties.items[0]);
	assert_ptr_equal(parties_recipient(&parties, &mail, 3), &parties.items[2]);
}

static void
there_may_be_very_many(void **state)
{
	char address[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "<u%d@x.example>", i);
		mail_recipient(&mail, address, NULL);
	}
	find_parties();
	assert_int_equal(parties.count, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof(address), "u%d@x.example", i);
		assert_ptr_equal(parties_find(&parties, address), &parties.items[i]);
	}
}

static void
resent_fields_name_parties_and_others_do_not(void **state)
{
	(void)state;
	mail_field(&mail, "Resent-To", "a@x.example");
	mail_field(&mail, "Resent-Cc", "b@x.example");
	mail_field(&mail, "Bcc", "c@x.example");
	mail_field(&mail, "Reply-To", "d@x.example");
	find_parties();
	assert_int_equal(parties.recipients, 0);
	assert_int_equal(parties.count, 2);
}

static void
a_field_that_cannot_be_read_is_told_for_good(void **state)
{
	struct outcome o;

	(void)state;
	mail_recipient(&mail, "<a@x.example>", NULL);
	mail_field(&mail, "Cc", "a@x.example, <b@");
	o = parties_of(&mail, &parties);
	assert_true(outcome_is(&o, "local/header"));
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_non_null(strstr(o.text, "Cc"));
}

static void
own_is_what_the_writer_says_of_himself(void **state)
{
	struct alias_account account = {0};
	struct own own;

	(void)state;
	mail_sender(&mail, "<me@home.example>", NULL);
	mail_field(&mail, "From", "Me <Myself@home.example>, I <i@home.example>");
	mail_field(&mail, "Reply-To", "answers@other.example");
	own_find(&mail, &account, NULL, &own);
	assert_true(own_has(&own, "ME@home.example"));
	assert_true(own_has(&own, "myself@home.example"));
	assert_true(own_has(&own, "i@home.example"));
	assert_true(own_has(&own, "answers@other.example"));
	assert_true(own_has(&own, "me+lists@home.example"));
	assert_false(own_has(&own, "me"));
	assert_false(own_has(&own, "m@home.example"));
	assert_false(own_has(&own, "me2@home.example"));
	assert_false(own_has(&own, "+me@home.example"));
	assert_false(own_has(&own, "@home.example"));
	assert_false(own_has(&own, "you@home.example"));
	assert_false(own_has(&own, "me@other.example"));
	own_free(&own);
}

static void
own_is_what_the_alias_section_says(void **state)
{
	char first[] = "me@one.example", second[] = "@two.example";
	char *senders[] = {first, second, NULL};
	char mailbox[] = "box@three.example";
	struct alias_account account = {.senders = senders, .mailbox = mailbox};
	struct own own;

	(void)state;
	mail_sender(&mail, "<me@home.example>", NULL);
	own_find(&mail, &account, NULL, &own);
	assert_true(own_has(&own, "me@one.example"));
	assert_false(own_has(&own, "you@one.example"));
	assert_true(own_has(&own, "anybody@TWO.example"));
	assert_true(own_has(&own, "box@three.example"));
	own_free(&own);
}

static void
nothing_is_own_of_the_null_sender(void **state)
{
	struct alias_account account = {0};
	struct own own;

	(void)state;
	mail_sender(&mail, "<>", NULL);
	mail_field(&mail, "From", "no address");
	own_find(&mail, &account, NULL, &own);
	assert_false(own_has(&own, "me@home.example"));
	assert_false(own_has(&own, ""));
	own_free(&own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_MAIL(recipients_come_first_and_each_address_is_there_once),
	    WITH_MAIL(they_are_found_in_any_spelling),
	    WITH_MAIL(each_recipient_of_the_envelope_is_one_of_them),
	    WITH_MAIL(there_may_be_very_many),
	    WITH_MAIL(resent_fields_name_parties_and_others_do_not),
	    WITH_MAIL(a_field_that_cannot_be_read_is_told_for_good),
	    WITH_MAIL(own_is_what_the_writer_says_of_himself),
	    WITH_MAIL(own_is_what_the_alias_section_says),
	    WITH_MAIL(nothing_is_own_of_the_null_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
