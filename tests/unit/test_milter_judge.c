/* What becomes of a message: each case as the edits that ferry-milter --test would print. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/settings/alias_find.h"
#include "milter/judge.h"
#include "tests/unit/unit.h"

/* Nobody is there to be asked: what is not in the map is a doubt. */
#define NO_SERVICE "http://127.0.0.1:9"

struct world {
	char folder[40];
	struct milter_setups setups;
	struct milter_setup *setup;
	struct mail mail;
	struct verdict verdict;
	bool dry;
};

static char *
path_in(const struct world *w, const char *name)
{
	return xasprintf("%s/%s", w->folder, name);
}

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	strcpy(w->folder, "/tmp/ferry-test-judge.XXXXXX");
	*state = w;
	mail_init(&w->mail);
	return mkdtemp(w->folder) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	char command[64];

	verdict_free(&w->verdict);
	mail_free(&w->mail);
	milter_setup_free(&w->setup);
	free((char *)w->setups.path);
	milter_setups_free(&w->setups);
	snprintf(command, sizeof(command), "rm -rf %s", w->folder);
	free(w);
	return system(command);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* The map knows two contacts at x.example, and one at y.example. */
static void
fill_map(const struct alias_account *account)
{
	static const struct {
		int64_t id, alias_id;
		const char *address, *reverse;
	} contacts[] = {
	    {7, 3, "bob@x.example", "rbob@sl.example"},
	    {8, 3, "eve@x.example", "reve@sl.example"},
	    {9, 4, "joe@y.example", "rjoe@sl.example"},
	};
	struct alias_map_alias x = {3, (char *)"ax@sl.example", true, false, 0};
	struct alias_map_alias y = {4, (char *)"ay@sl.example", true, false, 0};
	char *path = alias_map_path(account);
	struct alias_map *map;
	struct outcome o = file_make_dirs(account->directory, 0700);

	assert_true(outcome_is_ok(&o));
	o = alias_map_open(path, &map);
	assert_string_equal(o.text, "ok");
	o = alias_map_put_host(map, "x.example", &x);
	assert_true(outcome_is_ok(&o));
	o = alias_map_put_host(map, "y.example", &y);
	assert_true(outcome_is_ok(&o));
	for (size_t i = 0; i < sizeof(contacts) / sizeof(contacts[0]); i++) {
		struct alias_map_contact contact = {
		    .id = contacts[i].id,
		    .alias_id = contacts[i].alias_id,
		    .address = (char *)contacts[i].address,
		    .reverse = (char *)contacts[i].reverse,
		};

		o = alias_map_put_contact(map, &contact);
		assert_true(outcome_is_ok(&o));
	}
	alias_map_close(&map);
	free(path);
}

/* A configuration with these options of the alias and the milter section. */
static void
configure(struct world *w, const char *alias, const char *milter)
{
	char *path = path_in(w, "ferry.conf");
	char *text = xasprintf("state-dir = \"%s\"\n"
	                       "alias \"main\" { api-url = \"" NO_SERVICE "\" %s }\n"
	                       "milter { deadline = 1 %s }\n",
	    w->folder, alias, milter);
	struct outcome o = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);

	assert_true(outcome_is_ok(&o));
	milter_setups_init(&w->setups, path);
	o = milter_setup_load(&w->setups, &w->setup);
	if (outcome_is_ok(&o))
		o = milter_setup_open(w->setup, w->dry);
	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
	fill_map(&w->setup->config->aliases[0]);
	free(text);
}

/* A message of a user who logged in; recipients are separated by blanks. */
static void
message(struct world *w, const char *recipients)
{
	char *copy = xstrdup(recipients), *rest = copy, *one;

	mail_reset(&w->mail);
	w->mail.login = xstrdup("me");
	mail_sender(&w->mail, "<me@home.example>", NULL);
	mail_field(&w->mail, "From", "Me <me@home.example>");
	while ((one = strsep(&rest, " ")) != NULL)
		mail_recipient(&w->mail, one, NULL);
	free(copy);
}

static void
decide(struct world *w)
{
	struct judge_wishes wishes = {.dry = w->dry, .deadline = deadline_in_ms(5000)};

	verdict_free(&w->verdict);
	judge(w->setup, &w->mail, &wishes, &w->verdict);
}

/* The stamp differs each time: it is looked for, and left out. */
static void
without_stamp(struct buf *text)
{
	char *stamp = strstr(buf_str(text), "insheader 1 X-Ferry-Alias: v1 ");

	assert_non_null(stamp);
	buf_truncate(text, (size_t)(stamp - text->data));
}

/* It is rewritten, by these edits and a stamp. */
static void
becomes(struct world *w, const char *edits)
{
	struct buf text = BUF_INIT;

	decide(w);
	if (w->verdict.event != VERDICT_REWRITTEN)
		fail_msg("%s: %s", verdict_name(w->verdict.event), w->verdict.outcome.text);
	edits_print(&w->verdict.edits, &text);
	without_stamp(&text);
	assert_string_equal(buf_str(&text), edits);
	buf_free(&text);
}

static void
passes(struct world *w, const char *reason)
{
	decide(w);
	assert_string_equal(verdict_name(w->verdict.event), "passed");
	assert_string_equal(w->verdict.reason, reason);
}

/* It is turned down, and nothing is changed. */
static void
turned_down(struct world *w, const char *event, const char *reply, const char *text)
{
	struct buf line = BUF_INIT;

	decide(w);
	outcome_lmtp_reply(&w->verdict.outcome, &line);
	assert_string_equal(verdict_name(w->verdict.event), event);
	if (strncmp(buf_str(&line), reply, strlen(reply)) != 0 ||
	    strstr(buf_str(&line), text) == NULL)
		fail_msg("%s", buf_str(&line));
	assert_int_equal(w->verdict.edits.count, 0);
	buf_free(&line);
}

/* --- recipients, To and Cc */

static void
a_known_correspondent_becomes_a_reverse_address_everywhere(void **state)
{
	configure(*state, "", "");
	message(*state, "<bob@x.example>");
	mail_field(&((struct world *)*state)->mail, "To", "\"Bob, B.\" <bob@x.example> (home)");
	becomes(*state, "delrcpt <bob@x.example>\n"
	                "addrcpt <rbob@sl.example>\n"
	                "chgheader 1 To: \"Bob, B.\" <rbob@sl.example> (home)\n");
}

static void
recipients_go_by_the_bytes_they_came_with_and_keep_what_was_wished_for_them(void **state)
{
	struct world *w = *state;
	char notify[] = "NOTIFY=FAILURE", orcpt[] = "orcpt=rfc822;b@z", size[] = "SIZE=7";
	char *arguments[] = {size, notify, orcpt, NULL};

	configure(w, "", "");
	message(w, "eve@X.example");
	mail_recipient(&w->mail, "<bob@X.Example>", arguments);
	becomes(w, "delrcpt eve@X.example\n"
	           "delrcpt <bob@X.Example>\n"
	           "addrcpt <reve@sl.example>\n"
	           "addrcpt <rbob@sl.example> NOTIFY=FAILURE orcpt=rfc822;b@z\n"
	           "insheader 1 To: undisclosed-recipients:;\n");
}

static void
two_spellings_of_one_recipient_get_one_address(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example> <bob@X.EXAMPLE>");
	mail_field(&w->mail, "To", "bob@X.EXAMPLE");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "delrcpt <bob@X.EXAMPLE>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 To: rbob@sl.example\n");
}

static void
hidden_recipients_stay_hidden(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example> <eve@x.example>");
	mail_field(&w->mail, "To", "bob@x.example");
	mail_field(&w->mail, "Bcc", "eve@x.example");
	mail_field(&w->mail, "bcc", "somebody@else.example");
	mail_field(&w->mail, "Resent-Bcc", "somebody@else.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "delrcpt <eve@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "addrcpt <reve@sl.example>\n"
	           "delheader 2 bcc\n"
	           "chgheader 1 To: rbob@sl.example\n"
	           "delheader 1 Bcc\n"
	           "delheader 1 Resent-Bcc\n");
}

static void
a_header_that_names_nobody_says_so(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "To", "Undisclosed recipients:;");
	mail_field(&w->mail, "Cc", "somebody@else.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 To: undisclosed-recipients:;\n"
	           "delheader 1 Cc\n");
}

static void
who_is_named_and_gets_nothing_stays_if_the_alias_knows_him(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "To", "bob@x.example, eve@x.example, joe@y.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 To: rbob@sl.example, reve@sl.example\n");
}

static void
who_is_named_and_cannot_be_a_contact_is_left_out(void **state)
{
	struct world *w = *state;

	/* Nobody is there to make a contact for new@x.example. */
	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "To", "bob@x.example, new@x.example, local");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 To: rbob@sl.example\n");
}

static void
an_alias_in_the_header_is_left_out(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "Cc", "ax@sl.example, ay@sl.example, bob@x.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 Cc: rbob@sl.example\n");
}

static void
the_writer_is_left_out_of_what_others_read(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "Reply-To", "me.too@x.example");
	mail_field(&w->mail, "Cc", "bob@x.example, me@home.example, me.too@X.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 Cc: rbob@sl.example\n");
}

static void
the_writer_gets_his_own_copy_as_it_is(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example> <me+copy@home.example>");
	mail_field(&w->mail, "To", "bob@x.example, me+copy@home.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 To: rbob@sl.example, me+copy@home.example\n");
}

static void
reverse_addresses_stay_and_get_their_own_spelling_back(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<rbob@sl.example> <Reve@SL.example>");
	mail_field(&w->mail, "To", "RBOB@sl.example, rjoe@sl.example");
	becomes(w, "delrcpt <Reve@SL.example>\n"
	           "addrcpt <reve@sl.example>\n"
	           "chgheader 1 To: rbob@sl.example\n");
}

static void
resent_fields_are_rewritten_and_do_not_count_as_names(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "Resent-To", "bob@x.example");
	mail_field(&w->mail, "To", "me@home.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "chgheader 1 Resent-To: rbob@sl.example\n"
	           "chgheader 1 To: undisclosed-recipients:;\n");
}

/* --- several aliases */

static void
recipients_of_several_aliases_are_split_further_on(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example> <joe@y.example>");
	mail_field(&w->mail, "To", "bob@x.example");
	mail_field(&w->mail, "Cc", "joe@y.example");
	becomes(w, "delrcpt <bob@x.example>\n"
	           "delrcpt <joe@y.example>\n"
	           "addrcpt <rbob@sl.example>\n"
	           "addrcpt <rjoe@sl.example>\n"
	           "chgheader 1 To: rbob@sl.example\n"
	           "chgheader 1 Cc: rjoe@sl.example\n");
	assert_int_equal(w->verdict.aliases, 2);
}

static void
or_refused_before_anything_is_made(void **state)
{
	struct world *w = *state;

	configure(w, "", "mixed = refuse");
	message(w, "<bob@x.example> <new@unknown.example>");
	turned_down(w, "refused", "550 5.7.1", "separately");
	message(w, "<bob@x.example> <me@home.example>");
	turned_down(w, "refused", "550 5.7.1", "separately");
	message(w, "<bob@x.example> <eve@x.example>");
	decide(w);
	assert_int_equal(w->verdict.event, VERDICT_REWRITTEN);
}

/* --- what is not rewritten */

static void
mail_from_outside_passes(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	free(w->mail.login);
	w->mail.login = NULL;
	passes(w, "outside");
	assert_int_equal(w->verdict.edits.count, 0);
}

static void
mail_of_this_machine_and_of_networks_is_ours_if_that_is_said(void **state)
{
	struct world *w = *state;
	struct sockaddr_in *client = (struct sockaddr_in *)&w->mail.client;

	configure(w, "", "authenticated = false local = false networks = {\"192.0.2.0/24\"}");
	message(w, "<bob@x.example>");
	passes(w, "outside");
	free(w->mail.login);
	w->mail.login = NULL;
	w->mail.submitted = true;
	passes(w, "outside");
	w->mail.submitted = false;
	client->sin_family = AF_INET;
	client->sin_addr.s_addr = htonl(0xc0000207);
	decide(w);
	assert_int_equal(w->verdict.event, VERDICT_REWRITTEN);
}

static void
bounces_and_lists_pass(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_sender(&w->mail, "<>", NULL);
	passes(w, "null-sender");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "List-Id", "<l.x.example>");
	passes(w, "list");
}

static void
who_opts_out_does_not_say_so_to_others(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "X-No-Alias", "yes");
	passes(w, "opt-out");
	assert_int_equal(w->verdict.edits.count, 1);
	assert_string_equal(w->verdict.edits.items[0].name, "X-No-Alias");
}

static void
mail_to_the_writer_alone_passes(void **state)
{
	configure(*state, "", "");
	message(*state, "<me@home.example>");
	passes(*state, "direct");
}

static void
what_was_rewritten_passes_when_it_comes_again(void **state)
{
	struct world *w = *state;
	char *stamp = NULL;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	decide(w);
	for (size_t i = 0; i < w->verdict.edits.count; i++)
		if (w->verdict.edits.items[i].kind == EDIT_INSHEADER &&
		    strcmp(w->verdict.edits.items[i].name, "X-Ferry-Alias") == 0)
			stamp = xstrdup(w->verdict.edits.items[i].value);
	assert_non_null(stamp);
	message(w, "<rbob@sl.example>");
	mail_field(&w->mail, "X-Ferry-Alias", stamp);
	passes(w, "stamped");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "X-Ferry-Alias", stamp);
	decide(w);
	assert_int_equal(w->verdict.event, VERDICT_REWRITTEN);
	free(stamp);
}

/* --- whose aliases */

static void
senders_that_no_section_lists_are_refused_or_left_alone(void **state)
{
	struct world *w = *state;

	configure(w, "senders = {\"other@home.example\"}", "");
	message(w, "<bob@x.example>");
	turned_down(w, "refused", "550 5.7.1", "<me@home.example>");
	w->setup->config->milter.unlisted_direct = true;
	passes(w, "unlisted");
	mail_sender(&w->mail, "<Other@HOME.example>", NULL);
	decide(w);
	assert_int_equal(w->verdict.event, VERDICT_REWRITTEN);
}

/* --- doubt */

static void
a_new_correspondent_waits_for_the_service(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example> <new@x.example>");
	turned_down(w, "deferred", "451 4.7.1", "");
	message(w, "<new@unknown.example>");
	turned_down(w, "deferred", "451 4.7.1", "");
}

static void
a_recipient_that_can_be_no_contact_is_refused(void **state)
{
	configure(*state, "", "");
	message(*state, "<root@localhost>");
	turned_down(*state, "refused", "550 5.7.1", "root@localhost");
}

static void
a_header_that_cannot_be_read_refuses_the_message(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	mail_field(&w->mail, "To", "bob@x.example, <eve@x.example");
	turned_down(w, "refused", "554 5.6.0", "To");
}

static void
a_header_beyond_all_measure_refuses_the_message(void **state)
{
	struct world *w = *state;

	configure(w, "", "");
	message(w, "<bob@x.example>");
	for (int i = 0; i < MAIL_FIELDS_MAX; i++)
		mail_field(&w->mail, "X", "y");
	turned_down(w, "refused", "552 5.3.4", "header");
}

/* --- without doing it */

static void
only_logging_makes_nothing_and_asks_nobody(void **state)
{
	struct world *w = *state;

	configure(w, "", "action = log-only");
	message(w, "<bob@x.example> <new@unknown.example>");
	decide(w);
	assert_string_equal(verdict_name(w->verdict.event), "would-rewrite");
	assert_int_equal(w->verdict.unknown, 1);
	assert_int_equal(w->verdict.work.requests, 0);
}

/* It would be rewritten, by these edits first. */
static void
would_become(struct world *w, const char *edits)
{
	struct buf text = BUF_INIT;

	decide(w);
	if (w->verdict.event != VERDICT_WOULD_REWRITE)
		fail_msg("%s: %s", verdict_name(w->verdict.event), w->verdict.outcome.text);
	edits_print(&w->verdict.edits, &text);
	if (strncmp(buf_str(&text), edits, strlen(edits)) != 0)
		fail_msg("%s", buf_str(&text));
	buf_free(&text);
}

static void
a_trial_shows_what_is_yet_to_be_made(void **state)
{
	struct world *w = *state;

	w->dry = true;
	configure(w, "", "");
	message(w, "<new@unknown.example>");
	mail_field(&w->mail, "To", "new@unknown.example");
	would_become(w, "delrcpt <new@unknown.example>\n"
	                "addrcpt <NEW-1@unknown.example>\n"
	                "chgheader 1 To: NEW-1@unknown.example\n");
}

/* --- from mode */

static void
in_from_mode_the_alias_writes_to_the_real_recipients(void **state)
{
	struct world *w = *state;

	w->dry = true;
	configure(w, "domain = \"sl.example\"", "mode = from");
	message(w, "<bob@x.example> <eve@x.example>");
	would_become(w, "chgfrom <ax@sl.example> ENVID=");
	assert_int_equal(w->verdict.aliases, 1);
	for (size_t i = 0; i < w->verdict.edits.count; i++)
		assert_true(w->verdict.edits.items[i].kind > EDIT_ADDRCPT);
	message(w, "<new@unknown.example>");
	would_become(w, "chgfrom <NEW@sl.example> ENVID=");
}

static void
in_from_mode_a_message_has_one_alias(void **state)
{
	struct world *w = *state;

	w->dry = true;
	configure(
	    w, "domain = \"sl.example\"", "mode = from rules = {\"friend.example direct\"}");
	message(w, "<bob@x.example> <joe@y.example>");
	turned_down(w, "refused", "550 5.7.1", "separately");
	message(w, "<bob@x.example> <dear@friend.example>");
	turned_down(w, "refused", "550 5.7.1", "separately");
	message(w, "<bob@x.example> <me@home.example>");
	would_become(w, "chgfrom <ax@sl.example> ENVID=");
	message(w, "<me@home.example>");
	passes(w, "direct");
}

static void
in_from_mode_an_alias_elsewhere_is_a_doubt(void **state)
{
	struct world *w = *state;

	w->dry = true;
	configure(w, "domain = \"my.example\"", "mode = from");
	message(w, "<bob@x.example>");
	turned_down(w, "deferred", "451 4.7.1", "ax@sl.example");
}

static void
from_mode_needs_a_domain(void **state)
{
	struct world *w = *state;
	char *path = path_in(w, "ferry.conf");
	static const char text[] = "alias \"main\" { }\nmilter { mode = from }\n";
	struct outcome o = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);

	assert_true(outcome_is_ok(&o));
	milter_setups_init(&w->setups, path);
	o = milter_setup_load(&w->setups, &w->setup);
	assert_true(outcome_is(&o, "local/config"));
	assert_non_null(strstr(o.text, "domain"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_WORLD(a_known_correspondent_becomes_a_reverse_address_everywhere),
	    WITH_WORLD(
	        recipients_go_by_the_bytes_they_came_with_and_keep_what_was_wished_for_them),
	    WITH_WORLD(two_spellings_of_one_recipient_get_one_address),
	    WITH_WORLD(hidden_recipients_stay_hidden),
	    WITH_WORLD(a_header_that_names_nobody_says_so),
	    WITH_WORLD(who_is_named_and_gets_nothing_stays_if_the_alias_knows_him),
	    WITH_WORLD(who_is_named_and_cannot_be_a_contact_is_left_out),
	    WITH_WORLD(an_alias_in_the_header_is_left_out),
	    WITH_WORLD(the_writer_is_left_out_of_what_others_read),
	    WITH_WORLD(the_writer_gets_his_own_copy_as_it_is),
	    WITH_WORLD(reverse_addresses_stay_and_get_their_own_spelling_back),
	    WITH_WORLD(resent_fields_are_rewritten_and_do_not_count_as_names),
	    WITH_WORLD(recipients_of_several_aliases_are_split_further_on),
	    WITH_WORLD(or_refused_before_anything_is_made),
	    WITH_WORLD(mail_from_outside_passes),
	    WITH_WORLD(mail_of_this_machine_and_of_networks_is_ours_if_that_is_said),
	    WITH_WORLD(bounces_and_lists_pass),
	    WITH_WORLD(who_opts_out_does_not_say_so_to_others),
	    WITH_WORLD(mail_to_the_writer_alone_passes),
	    WITH_WORLD(what_was_rewritten_passes_when_it_comes_again),
	    WITH_WORLD(senders_that_no_section_lists_are_refused_or_left_alone),
	    WITH_WORLD(a_new_correspondent_waits_for_the_service),
	    WITH_WORLD(a_recipient_that_can_be_no_contact_is_refused),
	    WITH_WORLD(a_header_that_cannot_be_read_refuses_the_message),
	    WITH_WORLD(a_header_beyond_all_measure_refuses_the_message),
	    WITH_WORLD(only_logging_makes_nothing_and_asks_nobody),
	    WITH_WORLD(a_trial_shows_what_is_yet_to_be_made),
	    WITH_WORLD(in_from_mode_the_alias_writes_to_the_real_recipients),
	    WITH_WORLD(in_from_mode_a_message_has_one_alias),
	    WITH_WORLD(in_from_mode_an_alias_elsewhere_is_a_doubt),
	    WITH_WORLD(from_mode_needs_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
