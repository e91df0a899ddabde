/* A header in from mode: what stays, what becomes of it, and that nothing tells who wrote it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "milter/from_edits.h"
#include "tests/unit/unit.h"

#define ALIAS "shop.x1@sl.example"
#define ME    "me@own.example"
#define NOW   1795698284 /* Thu, 26 Nov 2026 13:04:44 UTC */

static char key_bytes[] = "key";
static const struct buf key = {key_bytes, 3, 4};
static char host[] = "laptop.lan", home[] = ".home.example";
static char *const domains[] = {host, home, NULL};
static char mailbox[] = "mailbox@private.example", all[] = "@all.example";
static char *senders[] = {all, NULL};
static const struct alias_account account = {.mailbox = mailbox, .senders = senders};

struct field {
	const char *name, *value;
};

#define NO_MORE            \
	{                  \
		NULL, NULL \
	}

/* A mail of ME's with these fields; the last has no name. */
static struct mail
mail_of(const struct field *fields)
{
	struct mail mail;

	mail_init(&mail);
	mail_sender(&mail, "<" ME ">", NULL);
	mail_recipient(&mail, "<bob@x.example>", NULL);
	for (; fields->name != NULL; fields++)
		mail_field(&mail, fields->name, fields->value);
	return mail;
}

static struct outcome
edits_of(const struct mail *mail, struct edits *edits)
{
	struct own own;
	const struct from_options options = {
	    .alias = ALIAS, .own = &own, .key = &key, .now = NOW};
	struct outcome o;

	own_find(mail, &account, domains, &own);
	own_forget(&own, ALIAS);
	o = from_edits(&options, mail, edits);
	own_free(&own);
	return o;
}

/* The edit of a field, or NULL. */
static const struct edit *
edit_of(const struct edits *edits, const struct mail_field *field)
{
	for (size_t i = 0; i < edits->count; i++)
		if (edits->items[i].kind == EDIT_CHGHEADER &&
		    strcasecmp(edits->items[i].name, field->name) == 0 &&
		    edits->items[i].index == field->index)
			return &edits->items[i];
	return NULL;
}

/* Append the header as it leaves: fields in their order, then new ones. */
static void
apply(const struct mail *mail, const struct edits *edits, struct buf *header)
{
	for (size_t i = 0; i < mail->field_count; i++) {
		const struct mail_field *field = &mail->fields[i];
		const struct edit *edit = edit_of(edits, field);

		if (edit == NULL || edit->value != NULL)
			buf_addf(header, "%s: %s\n", field->name,
			    edit == NULL ? field->value : edit->value);
	}
	for (size_t i = 0; i < edits->count; i++)
		if (edits->items[i].kind == EDIT_INSHEADER)
			buf_addf(
			    header, "%s: %s\n", edits->items[i].name, edits->items[i].value);
}

/* The header that a mail of these fields leaves with; the caller free()s it. */
static char *
header_of(const struct field *fields)
{
	struct mail mail = mail_of(fields);
	struct edits edits = EDITS_INIT;
	struct buf header = BUF_INIT;
	struct outcome o = edits_of(&mail, &edits);

	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
	apply(&mail, &edits, &header);
	edits_free(&edits);
	mail_free(&mail);
	return buf_steal(&header);
}

/* Required fields, so that none is added. */
#define FROM               \
	{                  \
		"From", ME \
	}
#define DATE                                              \
	{                                                 \
		"Date", "Thu, 26 Nov 2026 13:04:44 +0000" \
	}
#define ID                                       \
	{                                        \
		"Message-ID", "<id@own.example>" \
	}

/* What becomes of one field beside the required ones: its value, or NULL. */
static char *
becomes(const char *name, const char *value)
{
	const struct field fields[] = {FROM, DATE, ID, {name, value}, NO_MORE};
	char *header = header_of(fields), *start, *result = NULL;
	char *prefix = xasprintf("\n%s: ", name);

	start = strstr(header, prefix);
	if (start != NULL) {
		start += strlen(prefix);
		start[strlen(start) - 1] = '\0';
		result = xstrdup(start);
	}
	free(prefix);
	free(header);
	return result;
}

static void
expect(const char *name, const char *value, const char *expected)
{
	char *result = becomes(name, value);

	if (expected == NULL ? result != NULL : result == NULL || strcmp(result, expected) != 0)
		fail_msg("%s: %s\nbecame\n%s\nnot\n%s", name, value,
		    result != NULL ? result : "nothing",
		    expected != NULL ? expected : "nothing");
	free(result);
}

static char *
fault_of(const struct field *fields)
{
	struct mail mail = mail_of(fields);
	struct edits edits = EDITS_INIT;
	struct outcome o = edits_of(&mail, &edits);

	if (!outcome_is(&o, "local/header"))
		fail_msg("%s", fields[3].value);
	assert_int_equal(o.class, OUTCOME_PERMANENT);
	assert_int_equal(edits.count, 0);
	mail_free(&mail);
	return xstrdup(o.text);
}

/* The rows of what leaks, one test each. */

static void
fields_that_say_whom_to_answer_become_the_alias_or_go(void **state)
{
	static const struct field fields[] = {
	    {"Return-Path", "<" ME ">"},
	    {"From", "Real Name <" ME ">"},
	    {"Sender", "\"Real Name\" <" ME ">"},
	    {"Reply-To", "Real Name <me@elsewhere.example>"},
	    {"Resent-From", ME},
	    {"Resent-Sender", ME},
	    {"Resent-To", "bob@x.example"},
	    {"Resent-Message-ID", "<id2@own.example>"},
	    {"Resent-Date", "Thu, 26 Nov 2026 18:34:44 +0530"},
	    {"Disposition-Notification-To", ME},
	    {"Return-Receipt-To", ME},
	    {"Errors-To", ME},
	    DATE,
	    {"Message-ID", "<id@own.example>"},
	    NO_MORE,
	};
	char *header = header_of(fields);

	(void)state;
	assert_int_equal(strncmp(header,
	                     "From: " ALIAS "\nSender: " ALIAS "\nReply-To: " ALIAS
	                     "\nDate: Thu, 26 Nov 2026 13:04:44 +0000\nMessage-ID: <",
	                     strlen("From: " ALIAS "\nSender: " ALIAS "\nReply-To: " ALIAS
	                            "\nDate: Thu, 26 Nov 2026 13:04:44 +0000\nMessage-ID: <")),
	    0);
	assert_null(strstr(strstr(header, "Message-ID: ") + strlen("Message-ID: "), ": "));
	free(header);
}

/* What the envelope's sender is changed to: "<address> arguments"; the caller free()s it. */
static char *
sender_of(const struct field *fields)
{
	struct mail mail = mail_of(fields);
	struct edits edits = EDITS_INIT;
	struct outcome o = edits_of(&mail, &edits);
	char *sender = NULL;

	assert_true(outcome_is_ok(&o));
	for (size_t i = 0; i < edits.count; i++)
		if (edits.items[i].kind == EDIT_CHGFROM) {
			assert_null(sender);
			assert_non_null(edits.items[i].value);
			sender = xasprintf("%s %s", edits.items[i].name, edits.items[i].value);
		}
	assert_non_null(sender);
	edits_free(&edits);
	mail_free(&mail);
	return sender;
}

static void
the_envelope_sender_becomes_the_alias_and_its_identifier_a_new_one(void **state)
{
	static const struct field fields[] = {FROM, DATE, ID, NO_MORE};
	static const struct field others[] = {
	    FROM, DATE, {"Message-ID", "<id2@own.example>"}, NO_MORE};
	char *sender = sender_of(fields), *again = sender_of(fields);
	char *other = sender_of(others);
	const char *start = "<" ALIAS "> ENVID=";

	(void)state;
	assert_memory_equal(sender, start, strlen(start));
	assert_int_equal(strspn(sender + strlen(start), "0123456789abcdef"), 24);
	assert_int_equal(strlen(sender), strlen(start) + 24);
	assert_string_equal(sender, again);
	assert_string_not_equal(sender, other);
	free(sender);
	free(again);
	free(other);
}

static void
traces_of_earlier_hops_go(void **state)
{
	(void)state;
	expect("Received",
	    "from laptop.lan (laptop.lan [192.0.2.7])\n\tby mx.own.example for <bob@x.example>",
	    NULL);
}

static void
what_a_program_or_a_list_adds_goes(void **state)
{
	static const char *const names[] = {"X-Originating-IP", "X-Mailer", "User-Agent",
	    "X-Anything", "Autocrypt", "OpenPGP", "Face", "X-Face", "Organization", "List-Id",
	    "List-Unsubscribe", "DKIM-Signature", "Authentication-Results", "Thread-Index",
	    "Content-Language", "Content-ID", "Content-Description", "Comments", "Keywords",
	    "X-No-Alias", "X-Ferry-Alias", "Bcc", "Received-SPF", "Delivered-To"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect(names[i], "something of " ME, NULL);
}

static void
a_message_gets_a_new_identifier_at_the_alias_domain_always_the_same(void **state)
{
	static const struct field fields[] = {FROM, DATE, ID, NO_MORE};
	static const struct field others[] = {
	    FROM, DATE, {"Message-ID", "<id2@own.example>"}, NO_MORE};
	struct buf made = BUF_INIT, elsewhere = BUF_INIT;
	char *header = header_of(fields), *again = header_of(fields);
	char *other = header_of(others);

	(void)state;
	from_edits_message_id(&key, ALIAS, "<id@own.example>", &made);
	from_edits_message_id(&key, "other@sl.example", "<id@own.example>", &elsewhere);
	assert_non_null(strstr(header, made.data));
	assert_non_null(strstr(made.data, "@sl.example>"));
	assert_string_equal(header, again);
	assert_string_not_equal(header, other);
	/* Nobody can tell by them that two aliases are one person's. */
	assert_string_not_equal(made.data, elsewhere.data);
	buf_free(&made);
	buf_free(&elsewhere);
	free(header);
	free(again);
	free(other);
}

static void
own_identifiers_become_what_they_were_when_they_left(void **state)
{
	static const char *const own[] = {
	    "<id@own.example>",               /* this message's */
	    "<a.b@mail.OWN.example>",         /* below the sender's domain */
	    "<c@laptop.lan>",                 /* of an own domain */
	    "<c@pc.home.example>",            /* below one */
	    "<c@home.example>",               /* and it */
	    "<c@localhost>",                  /* a machine's own name */
	    "<nodomain>",                     /* nobody's */
	    "<x-me@own.example-7@h.example>", /* an address in it */
	    "<c@sl.example>",                 /* at the alias's domain, but not made here */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct buf made = BUF_INIT;

		from_edits_message_id(&key, ALIAS, own[i], &made);
		expect("In-Reply-To", own[i], made.data);
		expect("References", own[i], made.data);
		/* Answers bring it back; then it stays. */
		expect("References", made.data, made.data);
		buf_free(&made);
	}
}

static void
identifiers_of_others_stay_and_all_between_them_goes(void **state)
{
	struct buf made = BUF_INIT, expected = BUF_INIT;

	(void)state;
	from_edits_message_id(&key, ALIAS, "<id@own.example>", &made);
	buf_addf(
	    &expected, "<a@x.example>\n %s\n <b@[192.0.2.1]>\n <d@notown.example>", made.data);
	expect("References",
	    "<a@x.example> (me@own.example)\n\t<id@own.example>\n <b@[192.0.2.1]>, <bad one@x>"
	    "<<d@notown.example> <> <e@x.example",
	    expected.data);
	/* A mailbox can be at the provider where half the correspondents are. */
	expect("In-Reply-To", "<b@private.example>", "<b@private.example>");
	expect("In-Reply-To", "Your message of \"Thu, 26 Nov 2026\" <a@x.example>",
	    "<a@x.example>");
	expect("In-Reply-To", "your last letter, " ME, NULL);
	buf_free(&made);
	buf_free(&expected);
}

static void
a_date_tells_the_moment_and_no_zone(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
	    {"Thu, 26 Nov 2026 18:34:44 +0530", "Thu, 26 Nov 2026 13:04:44 +0000"},
	    {"Thu, 26 Nov 2026 08:04:44 -0500 (EST, my town)",
	        "Thu, 26 Nov 2026 13:04:44 +0000"},
	    {"26 Nov 2026 23:30 -0130", "Fri, 27 Nov 2026 01:00:00 +0000"},
	    {"Thu, 26 Nov 2026 08:04:44 EST", "Thu, 26 Nov 2026 13:04:44 +0000"},
	    {"Tue, 29 Feb 2028 00:10:00 +0100", "Mon, 28 Feb 2028 23:10:00 +0000"},
	    {"yesterday at " ME, "Thu, 26 Nov 2026 13:04:44 +0000"},
	    {"", "Thu, 26 Nov 2026 13:04:44 +0000"},
	    {"Thu, 99 Nov 2026 99:04:44 +9999", "Thu, 26 Nov 2026 13:04:44 +0000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct field fields[] = {FROM, {"Date", cases[i].value}, ID, NO_MORE};
		char *header = header_of(fields);
		char *line = xasprintf("\nDate: %s\n", cases[i].expected);

		if (strstr(header, line) == NULL)
			fail_msg("%s became\n%s", cases[i].value, header);
		free(line);
		free(header);
	}
}

static void
own_addresses_in_a_subject_become_the_alias(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
	    {"hello", "hello"},
	    {"=?utf-8?q?caf=C3=A9?=\n =?utf-8?q?_au_lait?=",
	        "=?utf-8?q?caf=C3=A9?=\n =?utf-8?q?_au_lait?="},
	    {"mail Me@OWN.example!", "mail " ALIAS "!"},
	    {"mail me+tag@own.example.", "mail " ALIAS "."},
	    {"_me@own.example_ or (me@own.example)", "_" ALIAS "_ or (" ALIAS ")"},
	    {"not some-me@own.example nor me@own.example.org",
	        "not some-me@own.example nor me@own.example.org"},
	    {"=?utf-8?q?me=40own=2Eexample?=", ALIAS},
	    {"=?utf-8?q?me=40ow?=\n =?utf-8?q?n=2Eexample?=", ALIAS},
	    {"=?iso-8859-1?b?bWVAb3duLmV4YW1wbGU=?=", ALIAS},
	    {"=?utf-8?q?=C3=A9_me=40own=2Eexample?=",
	        "=?utf-8?B?w6kgc2hvcC54MUBzbC5leGFtcGxl?="},
	    {"\xe2\x80\x9eme@own.example\xe2\x80\x9c",
	        "=?utf-8?B?4oCec2hvcC54MUBzbC5leGFtcGxl4oCc?="},
	    {"\xe9 " ME, "? " ALIAS},
	    /* Words that one reader cannot decode, another can, and goes on. */
	    {"=?utf-8?q?=C3=A9_me=40own=2Eexample=3F?=",
	        "=?utf-8?B?w6kgc2hvcC54MUBzbC5leGFtcGxlPw==?="},
	    {"=?utf-8?q?=FF?= =?utf-8?q?me=40own=2Eexample?=", "?" ALIAS},
	    {"=?utf-8?b?!!!?= by me@own.example", " by " ALIAS},
	    {"=?x-nobodys?q?me=40own=2Eexample?=", ALIAS},
	    {"=?utf-8*en?Q?me=40own=2Eexample?=", ALIAS},
	    {"=?utf-16be?b?AG0AZQBAAG8AdwBuAC4AZQB4AGEAbQBwAGwAZQ==?=", ALIAS},
	    {"=?utf-8?q?me=00=40own=2Eexample?=", ALIAS},
	    {"\"=?utf-8?q?me=40own=2Eexample?=\"", "\"" ALIAS "\""},
	    {"=?utf-8?q?me=40own=2Eexample", "=?utf-8?q?me=40own=2Eexample"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect("Subject", cases[i].value, cases[i].expected);
}

static void
a_long_subject_comes_whole_out_of_its_encoded_words(void **state)
{
	struct buf value = BUF_INIT, expected = BUF_INIT, line = BUF_INIT;
	char *result, *decoded;

	(void)state;
	buf_adds(&value, ME);
	buf_adds(&expected, ALIAS);
	for (int i = 0; i < 300; i++) {
		buf_adds(&value, " caf\xc3\xa9");
		buf_adds(&expected, " caf\xc3\xa9");
	}
	result = becomes("Subject", value.data);
	mime_unfold((struct mime_span){result, strlen(result)}, &line);
	decoded = mime_decode_words(line.data);
	assert_string_equal(decoded, expected.data);
	for (char *p = strtok(result, "\n"); p != NULL; p = strtok(NULL, "\n"))
		assert_in_range(strlen(p), 1, 76);
	free(decoded);
	free(result);
	buf_free(&value);
	buf_free(&expected);
	buf_free(&line);
}

static void
own_addresses_among_recipients_become_the_alias(void **state)
{
	(void)state;
	expect("To", "Bob <bob@x.example>, Me <Me@own.example>", "Bob <bob@x.example>, " ALIAS);
	expect("To", "=?utf-8?q?Real_Name?= <me@own.example> (at home), Bob <bob@x.example>",
	    ALIAS ", Bob <bob@x.example>");
	expect("Cc", "me+copy@own.example", ALIAS);
	expect("Cc", "\"me+copy\"@own.example, (x) me @ own.example", ALIAS ", " ALIAS);
	expect("To", "\"me@own.example and bob\" <bob@x.example>",
	    "\"" ALIAS " and bob\" <bob@x.example>");
	expect("To", "some-me@own.example", "some-me@own.example");
	expect("Cc", "Mailbox@Private.example", ALIAS);
	expect("Cc", "anybody@ALL.example, x@a.all.example", ALIAS ", x@a.all.example");
	expect("To", "undisclosed-recipients:;", "undisclosed-recipients:;");
	expect("To", "", "undisclosed-recipients:;");
	expect("Cc", "", NULL);
}

static void
what_cannot_be_cleaned_refuses_the_message(void **state)
{
	static const struct {
		struct field field;
		const char *says;
	} cases[] = {
	    {{"To", "bob@x.example, <<"}, "the To field is no list"},
	    {{"Cc", "\"open"}, "the Cc field is no list"},
	    {{"To", "=?utf-8?q?me=40own=2Eexample?= <bob@x.example>"},
	        "the To field has the sender's address in an encoded or quoted word"},
	    {{"Cc", "=?utf-8?q?is_it_me=40own=2Eexample=3F?= <bob@x.example>"},
	        "the Cc field has the sender's address in an encoded or quoted word"},
	    {{"To", "\"me\\@own.example\" <bob@x.example>"},
	        "the To field has the sender's address in an encoded or quoted word"},
	    {{"To", "bob@x.example (of me\\@own.\\example)"},
	        "the To field has the sender's address in an encoded or quoted word"},
	    {{"Content-Type", "text/plain; name=\"me@own.example.txt\""},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "text/plain; name=me+x@own.example"},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "multipart/mixed; boundary=\"x-me+lists@own.example-1\""},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "multipart/mixed; boundary=\"x-ME@OWN.example-1\""},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "text/plain; name=\"me\\@own.example.txt\""},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "text/plain; name*=utf-8'en'me%40own.example"},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "text/plain; name*=x-nobodys''me%40own%2eexample"},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Type", "text/plain;\n name=\"=?utf-8?q?me=40own=2Eexample?=\""},
	        "the Content-Type field has the sender's address"},
	    {{"Content-Disposition",
	         "attachment; filename*1*=wn%2Eexample; filename*0*=utf-8''me%40o"},
	        "the Content-Disposition field has the sender's address"},
	    {{"Content-Disposition", "inline; filename*0=\"me@ow\";\n filename*1=n.example"},
	        "the Content-Disposition field has the sender's address"},
	    {{"Content-Disposition", "attachment; filename=\"me@own.example\""},
	        "the Content-Disposition field has the sender's address"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct field fields[] = {FROM, DATE, ID, cases[i].field, NO_MORE};
		char *text = fault_of(fields);

		if (strstr(text, cases[i].says) == NULL)
			fail_msg("\"%s\" does not say: %s", text, cases[i].says);
		free(text);
	}
}

static void
fields_of_the_body_stay_and_name_no_program(void **state)
{
	(void)state;
	expect("MIME-Version", "1.0 (Mac OS X Mail 16.0)", "1.0");
	expect("Content-Type", "text/plain; charset=utf-8;\n\tformat=flowed",
	    "text/plain; charset=utf-8;\n\tformat=flowed");
	expect("Content-Transfer-Encoding", "quoted-printable", "quoted-printable");
	expect("Content-Disposition", "inline", "inline");
}

static void
of_fields_that_are_there_twice_the_first_stays(void **state)
{
	static const struct field fields[] = {FROM, {"from", "Real Name <x@y.example>"}, DATE,
	    ID, {"Subject", "one"}, {"SUBJECT", "two"}, {"To", "bob@x.example"},
	    {"to", "carol@x.example"}, NO_MORE};
	char *header = header_of(fields);

	(void)state;
	assert_null(strstr(header, "from:"));
	assert_null(strstr(header, "two"));
	assert_null(strstr(header, "carol"));
	assert_non_null(strstr(header, "Subject: one\n"));
	free(header);
}

static void
what_every_message_has_is_added_if_it_is_missing(void **state)
{
	static const struct field none[] = {{"Subject", "hello"}, NO_MORE};
	static const struct field other[] = {{"Subject", "hullo"}, NO_MORE};
	char *header = header_of(none), *again = header_of(none), *another = header_of(other);

	(void)state;
	assert_non_null(strstr(header, "From: " ALIAS "\n"));
	assert_non_null(strstr(header, "Date: Thu, 26 Nov 2026 13:04:44 +0000\n"));
	assert_non_null(strstr(header, "Message-ID: <"));
	assert_string_equal(header, again);
	assert_string_not_equal(strstr(header, "Message-ID"), strstr(another, "Message-ID"));
	free(header);
	free(again);
	free(another);
}

static void
what_comes_through_again_stays_as_it_is(void **state)
{
	static const struct field fields[] = {{"From", "Real Name <" ME ">"},
	    {"To", "bob@x.example, " ME}, {"Subject", "of " ME},
	    {"Date", "Thu, 26 Nov 2026 18:34:44 +0530"}, {"Message-ID", "<id@own.example>"},
	    {"References", "<old@own.example>"}, NO_MORE};
	char *header = header_of(fields), *text = xstrdup(header);
	struct buf again = BUF_INIT;
	struct edits edits = EDITS_INIT;
	struct mail mail;
	struct outcome o;

	(void)state;
	mail_init(&mail);
	mail_sender(&mail, "<" ALIAS ">", NULL);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char *colon = strchr(line, ':');

		*colon = '\0';
		mail_field(&mail, line, colon + 2);
	}
	o = edits_of(&mail, &edits);
	assert_string_equal(o.condition, "ok");
	apply(&mail, &edits, &again);
	assert_string_equal(again.data, header);
	buf_free(&again);
	edits_free(&edits);
	mail_free(&mail);
	free(text);
	free(header);
}

/* An MTA may have more of it than it shows: what follows a NUL. */
static void
every_field_that_stays_is_written_anew(void **state)
{
	static const struct field fields[] = {FROM, {"To", "bob@x.example"},
	    {"Subject", "hello"}, {"Date", "Thu, 26 Nov 2026 13:04:44 +0000"}, ID,
	    {"MIME-Version", "1.0"}, {"Content-Type", "text/plain"}, NO_MORE};
	struct mail mail = mail_of(fields);
	struct edits edits = EDITS_INIT;
	struct outcome o = edits_of(&mail, &edits);

	(void)state;
	assert_true(outcome_is_ok(&o));
	for (size_t i = 0; i < mail.field_count; i++) {
		const struct edit *edit = edit_of(&edits, &mail.fields[i]);

		if (edit == NULL || edit->value == NULL)
			fail_msg("%s", mail.fields[i].name);
	}
	edits_free(&edits);
	mail_free(&mail);
}

static void
an_own_domain_is_found_as_people_write_it_and_as_dns_has_it(void **state)
{
	static const struct {
		const char *from, *subject;
	} cases[] = {
	    {"me@xn--bcher-kva.example", "of me@b\xc3\xbc"
	                                 "cher.example"},
	    {"me@b\xc3\xbc"
	     "cher.example",
	        "of me@XN--BCHER-KVA.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct field fields[] = {
		    {"From", cases[i].from}, DATE, ID, {"Subject", cases[i].subject}, NO_MORE};
		char *header = header_of(fields);

		if (strstr(header, "Subject: of " ALIAS "\n") == NULL)
			fail_msg("%s", header);
		free(header);
	}
}

/* Everything that could tell at once, as a real program would write it. */
static void
nothing_in_the_header_tells_who_wrote_it(void **state)
{
	static const struct field fields[] = {
	    {"Received", "from [10.1.2.3] (laptop.lan [10.1.2.3]) by smtp.own.example"},
	    {"From", "Real Name <" ME ">"},
	    {"Sender", "Real Name <Me@Own.example>"},
	    {"Reply-To", "real.name@private.example"},
	    {"To",
	        "Bob <bob@x.example>, \"Real's copy (me@own.example)\" <me+sent@own.example>"},
	    {"Cc", "team: carol@x.example, ME@OWN.EXAMPLE, Real.Name@private.example;"},
	    {"Bcc", "spouse@private.example"},
	    {"Subject", "=?utf-8?q?write_to_me=40own=2Eexample?= soon"},
	    {"Date", "Thu, 26 Nov 2026 18:34:44 +0530 (IST)"},
	    {"Message-ID", "<1.me@laptop.lan>"},
	    {"References", "<b1@x.example> <0.me@laptop.lan>"},
	    {"In-Reply-To", "<0.me@laptop.lan> (Real Name's message of Thursday)"},
	    {"MIME-Version", "1.0 (Laptop Mail)"},
	    {"Content-Type", "text/plain; charset=utf-8"},
	    {"User-Agent", "Laptop Mail"},
	    {"X-Originating-IP", "[10.1.2.3]"},
	    {"Organization", "Own"},
	    {"Autocrypt", "addr=me@own.example; keydata=AAAA"},
	    {"Disposition-Notification-To", ME},
	    NO_MORE,
	};
	static const char *const secrets[] = {"own.example", "private.example", "Real Name",
	    "laptop", "10.1.2.3", "0530", "IST", "18:34", "spouse", "40own", "Thursday",
	    "Organization", "Autocrypt", "me@"};
	struct buf before = BUF_INIT;
	char *header = header_of(fields);

	(void)state;
	for (const struct field *field = fields; field->name != NULL; field++)
		buf_addf(&before, "%s: %s\n", field->name, field->value);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_non_null(strcasestr(before.data, secrets[i]));
		if (strcasestr(header, secrets[i]) != NULL)
			fail_msg("%s is in\n%s", secrets[i], header);
	}
	assert_non_null(strstr(header, "Bob <bob@x.example>"));
	assert_non_null(strstr(header, "<b1@x.example>"));
	buf_free(&before);
	free(header);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_that_say_whom_to_answer_become_the_alias_or_go),
	    cmocka_unit_test(
	        the_envelope_sender_becomes_the_alias_and_its_identifier_a_new_one),
	    cmocka_unit_test(traces_of_earlier_hops_go),
	    cmocka_unit_test(what_a_program_or_a_list_adds_goes),
	    cmocka_unit_test(
	        a_message_gets_a_new_identifier_at_the_alias_domain_always_the_same),
	    cmocka_unit_test(own_identifiers_become_what_they_were_when_they_left),
	    cmocka_unit_test(identifiers_of_others_stay_and_all_between_them_goes),
	    cmocka_unit_test(a_date_tells_the_moment_and_no_zone),
	    cmocka_unit_test(own_addresses_in_a_subject_become_the_alias),
	    cmocka_unit_test(a_long_subject_comes_whole_out_of_its_encoded_words),
	    cmocka_unit_test(own_addresses_among_recipients_become_the_alias),
	    cmocka_unit_test(what_cannot_be_cleaned_refuses_the_message),
	    cmocka_unit_test(fields_of_the_body_stay_and_name_no_program),
	    cmocka_unit_test(of_fields_that_are_there_twice_the_first_stays),
	    cmocka_unit_test(what_every_message_has_is_added_if_it_is_missing),
	    cmocka_unit_test(every_field_that_stays_is_written_anew),
	    cmocka_unit_test(an_own_domain_is_found_as_people_write_it_and_as_dns_has_it),
	    cmocka_unit_test(what_comes_through_again_stays_as_it_is),
	    cmocka_unit_test(nothing_in_the_header_tells_who_wrote_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
