/* Messages that are to leave as they are. */
#include <stdlib.h>
#include <string.h>

#include "milter/exempt.h"
#include "milter/stamp.h"
#include "tests/unit/unit.h"

#define NOW 1795698284

static char key_bytes[] = "key";
static const struct buf key = {key_bytes, 3, 4};

static const struct exempt_options all = {
    .opt_out = EXEMPT_OPT_OUT_FIELD, .skip_lists = true, .skip_automatic = true, .key = &key};

/* A mail with one field of its own. */
static struct mail
mail_of(const char *sender, const char *name, const char *value)
{
	struct mail mail;

	mail_init(&mail);
	mail_sender(&mail, sender, NULL);
	mail_recipient(&mail, "<Bob@x.example>", NULL);
	mail_recipient(&mail, "<c@x.example>", NULL);
	mail_field(&mail, "From", "me@own.example");
	mail_field(&mail, name, value);
	mail_field(&mail, "Subject", "yes");
	return mail;
}

static const char *
judge(const struct exempt_options *options, const char *sender, bool local_user,
    const char *name, const char *value)
{
	struct mail mail = mail_of(sender, name, value);
	enum exempt_reason reason = exempt_judge(options, &mail, local_user, NOW);

	mail_free(&mail);
	return exempt_reason_name(reason);
}

static void
the_mail_of_mail_systems_is_exempt(void **state)
{
	static const struct {
		const char *sender, *reason;
	} cases[] = {
	    {"<>", "null-sender"},
	    {"", "null-sender"},
	    {"<MAILER-DAEMON>", "bounce"},
	    {"<mailer-daemon@host.example>", "bounce"},
	    {"double-bounce@host.example", "bounce"},
	    {"<me@own.example>", ""},
	    {"<mailer-daemons@host.example>", ""},
	    {"<not-mailer-daemon@host.example>", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    judge(&all, cases[i].sender, true, "To", "bob@x.example"), cases[i].reason);
}

static void
a_report_with_an_own_sender_is_mail_like_any_other(void **state)
{
	(void)state;
	assert_string_equal(judge(&all, "<me@own.example>", true, "Content-Type",
	                        "multipart/report; report-type=delivery-status"),
	    "");
}

static void
fields_of_lists_and_robots_are_exempt_where_the_options_say_so(void **state)
{
	static const struct {
		const char *name, *value, *reason;
	} cases[] = {
	    {"List-Id", "<dev.lists.example>", "list"},
	    {"list-unsubscribe", "<mailto:x@y.example>", "list"},
	    {"List-Post", "NO (posting not allowed)", "list"},
	    {"Precedence", "list", "list"},
	    {"PRECEDENCE", " Bulk (really)", "list"},
	    {"Precedence", "junk", "list"},
	    {"Precedence", "first-class", ""},
	    {"Precedence", "listing", ""},
	    {"X-List-Id", "<dev.lists.example>", ""},
	    {"List-", "x", ""},
	    {"Listing", "x", ""},
	    {"Auto-Submitted", "auto-replied", "automatic"},
	    {"auto-submitted", "auto-generated; owner-email=\"a@b\"", "automatic"},
	    {"Auto-Submitted", "no", ""},
	    {"Auto-Submitted", " No ; x=y", ""},
	    {"Auto-Submitted", "nobody knows", "automatic"},
	};
	const struct exempt_options none = {.key = &key};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *reason =
		    judge(&all, "<me@own.example>", false, cases[i].name, cases[i].value);

		if (strcmp(reason, cases[i].reason) != 0)
			fail_msg("%s: %s is \"%s\"", cases[i].name, cases[i].value, reason);
		assert_string_equal(
		    judge(&none, "<me@own.example>", true, cases[i].name, cases[i].value), "");
	}
}

static void
only_a_local_user_opts_out_and_only_with_yes(void **state)
{
	static const struct {
		const char *name, *value;
		bool local_user;
		const char *reason;
	} cases[] = {
	    {"X-No-Alias", "yes", true, "opt-out"},
	    {"x-no-alias", " YES \n ", true, "opt-out"},
	    {"X-No-Alias", "yes", false, ""},
	    {"X-No-Alias", "no", true, ""},
	    {"X-No-Alias", "yes please", true, ""},
	    {"X-No-Alias", "yesterday", true, ""},
	    {"X-No-Alias", "", true, ""},
	    {"X-No-Aliases", "yes", true, ""},
	};
	struct exempt_options other = all;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(judge(&all, "<me@own.example>", cases[i].local_user,
		                        cases[i].name, cases[i].value),
		    cases[i].reason);
	other.opt_out = "X-Real";
	assert_string_equal(
	    judge(&other, "<me@own.example>", true, "X-Real", "yes"), "opt-out");
	assert_string_equal(judge(&other, "<me@own.example>", true, "X-No-Alias", "yes"), "");
	other.opt_out = NULL;
	assert_string_equal(judge(&other, "<me@own.example>", true, "X-Real", "yes"), "");
}

static void
a_stamp_of_ours_is_known_and_one_of_others_is_not(void **state)
{
	static char bob[] = "bob@x.example", c[] = "c@x.example", d[] = "d@x.example";
	const char *const these[] = {c, bob}, *const others[] = {d, bob};
	const struct alias_stamp_envelope right = {"me@own.example", these, 2};
	const struct alias_stamp_envelope wrong = {"me@own.example", others, 2};
	struct exempt_options keyless = all;
	struct buf value = BUF_INIT;

	(void)state;
	keyless.key = NULL;
	alias_stamp_make(&key, &right, NOW - 60, &value);
	assert_string_equal(
	    judge(&all, "<me@own.example>", false, "x-ferry-alias", value.data), "stamped");
	assert_string_equal(
	    judge(&keyless, "<me@own.example>", false, ALIAS_STAMP_FIELD, value.data), "");
	assert_string_equal(
	    judge(&all, "<you@own.example>", false, ALIAS_STAMP_FIELD, value.data), "");
	assert_string_equal(judge(&all, "<me@own.example>", false, "X-Other", value.data), "");
	buf_reset(&value);
	alias_stamp_make(&key, &wrong, NOW - 60, &value);
	assert_string_equal(
	    judge(&all, "<me@own.example>", false, ALIAS_STAMP_FIELD, value.data), "");
	buf_free(&value);
}

static void
opt_outs_and_stamps_are_always_removed(void **state)
{
	struct exempt_options options = {.opt_out = "X-No-Alias"};
	struct edits edits = EDITS_INIT;
	struct buf text = BUF_INIT;
	struct mail mail = mail_of("<x@y.example>", "X-No-Alias", "no");

	(void)state;
	mail_field(&mail, "X-Ferry-Alias", "forged");
	mail_field(&mail, "X-Other", "stays");
	mail_field(&mail, "x-no-alias", "yes");
	exempt_removals(&options, &mail, &edits);
	for (size_t i = 0; i < edits.count; i++) {
		assert_int_equal(edits.items[i].kind, EDIT_CHGHEADER);
		assert_null(edits.items[i].value);
		buf_addf(&text, "%s %u;", edits.items[i].name, edits.items[i].index);
	}
	assert_string_equal(text.data, "X-No-Alias 1;X-Ferry-Alias 1;x-no-alias 2;");
	edits_free(&edits);
	edits = EDITS_INIT;
	options.opt_out = NULL;
	exempt_removals(&options, &mail, &edits);
	assert_int_equal(edits.count, 1);
	edits_free(&edits);
	buf_free(&text);
	mail_free(&mail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_mail_of_mail_systems_is_exempt),
	    cmocka_unit_test(a_report_with_an_own_sender_is_mail_like_any_other),
	    cmocka_unit_test(fields_of_lists_and_robots_are_exempt_where_the_options_say_so),
	    cmocka_unit_test(only_a_local_user_opts_out_and_only_with_yes),
	    cmocka_unit_test(a_stamp_of_ours_is_known_and_one_of_others_is_not),
	    cmocka_unit_test(opt_outs_and_stamps_are_always_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
