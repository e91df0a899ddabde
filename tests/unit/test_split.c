/* One message for each alias: who gets which, and what their headers say. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_map.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"
#include "transport/split.h"

static char one[] = "one", two[] = "two";
static struct alias_account sections[] = {{.directory = one}, {.directory = two}};
static struct config config = {.aliases = sections, .alias_count = 2};
static struct reverse_maps *maps;

/* In section one, r1 and r2 are of alias A, r3 of alias B; in section two, r4 is of alias C. */
static void
learn(const char *directory, int64_t alias, const char *name, int64_t contact,
    const char *reverse)
{
	char *path = xasprintf("%s/map.db", directory), *address = xasprintf("c%s", reverse);
	const struct alias_map_alias a = {
	    .id = alias, .address = (char *)name, .enabled = true};
	const struct alias_map_contact c = {
	    .id = contact, .alias_id = alias, .address = address, .reverse = (char *)reverse};
	struct alias_map *map;
	struct outcome o;

	mkdir(directory, 0700);
	o = alias_map_open(path, &map);
	assert_string_equal(o.condition, "ok");
	o = alias_map_put_alias(map, &a);
	assert_string_equal(o.condition, "ok");
	o = alias_map_put_contact(map, &c);
	assert_string_equal(o.condition, "ok");
	alias_map_close(&map);
	free(address);
	free(path);
}

static int
setup(void **state)
{
	(void)state;
	learn("one", 7, "a@sl", 1, "r1@sl");
	learn("one", 7, "a@sl", 2, "r2@sl");
	learn("one", 8, "b@sl", 3, "r3@sl");
	learn("two", 7, "c@sl", 4, "r4@sl");
	maps = reverse_maps_new(&config);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	reverse_maps_free(&maps);
	return system("rm -rf one two");
}

/* A delivery of a message with this header to recipients, separated by blanks. */
static void
make(struct delivery *delivery, const char *header, const char *recipients)
{
	char *list = xstrdup(recipients), *next = list, *address;
	struct outcome o;

	delivery_init(delivery, "test", folder);
	delivery->sender = xstrdup("me@x");
	while ((address = strsep(&next, " ")) != NULL)
		(void)delivery_add_recipient(delivery, address);
	split_want(&config, &delivery->message.filter);
	o = message_add(&delivery->message, header, strlen(header));
	if (outcome_is_ok(&o))
		o = message_add(&delivery->message, "\r\nhi\r\n", 6);
	if (outcome_is_ok(&o))
		o = message_end(&delivery->message);
	assert_string_equal(o.condition, "ok");
	free(list);
}

static void
add_text(struct message *m, struct buf *out)
{
	struct http_source source = message_source(m);
	ssize_t got;

	while ((got = source.read(source.arg, buf_reserve(out, 100), 100)) > 0)
		out->len += (size_t)got;
	assert_int_equal(got, 0);
	buf_reserve(out, 0);
	out->data[out->len] = '\0';
}

/* Every part as "ALIAS[RECIPIENTS] HEADER", one a paragraph. */
static void
describe(struct split *split, struct buf *out)
{
	for (size_t i = 0; i < split->count; i++) {
		struct delivery *part = &split->parts[i];
		struct buf text = BUF_INIT;

		buf_addf(out, "%s[", part->alias != NULL ? part->alias : "direct");
		for (size_t k = 0; k < part->recipient_count; k++)
			buf_addf(out, "%s%s", k != 0 ? " " : "", part->recipients[k].address);
		add_text(&part->message, &text);
		assert_non_null(strstr(text.data, "\r\n\r\nhi\r\n"));
		*strstr(text.data, "\r\n\r\n") = '\0';
		buf_addf(out, "]\n%s\n", text.data);
		assert_int_equal(part->apart, part->alias != NULL);
		buf_free(&text);
	}
}

static void
becomes(const char *header, const char *recipients, const char *expected)
{
	struct delivery delivery;
	struct buf got = BUF_INIT;
	struct split split;
	struct outcome o;

	make(&delivery, header, recipients);
	o = split_make(maps, &delivery, &split);
	assert_string_equal(o.text, "ok");
	describe(&split, &got);
	assert_string_equal(buf_str(&got), expected);
	split_end(&split, &delivery);
	buf_free(&got);
	delivery_free(&delivery);
}

static void
fails(const char *header, const char *recipients, const char *condition, const char *text)
{
	struct delivery delivery;
	struct split split;
	struct outcome o;

	make(&delivery, header, recipients);
	o = split_make(maps, &delivery, &split);
	assert_string_equal(o.condition, condition);
	assert_non_null(strstr(o.text, text));
	assert_int_equal(split.count, 0);
	delivery_free(&delivery);
}

static void
each_alias_has_its_own_in_to_and_cc(void **state)
{
	(void)state;
	becomes("To: R1 <r1@sl>, r3@sl\r\nSubject: s\r\nCc: \"R, 2\" <r2@sl>, r4@sl\r\n",
	    "r1@sl r2@sl r3@sl r4@sl",
	    "a@sl[r1@sl r2@sl]\n"
	    "To: R1 <r1@sl>\r\nCc: \"R, 2\" <r2@sl>\r\nSubject: s\n"
	    "b@sl[r3@sl]\n"
	    "To: r3@sl\r\nSubject: s\n"
	    "c@sl[r4@sl]\n"
	    "Cc: r4@sl\r\nSubject: s\n");
}

static void
direct_recipients_and_contacts_do_not_see_each_other(void **state)
{
	(void)state;
	becomes("To: r1@sl, bob@x\r\nCc: Ann@X (Ann), r3@sl\r\n", "bob@x r1@sl ann@x r3@sl",
	    "direct[bob@x ann@x]\nTo: bob@x\r\nCc: Ann@X (Ann)\n"
	    "a@sl[r1@sl]\nTo: r1@sl\n"
	    "b@sl[r3@sl]\nCc: r3@sl\n");
}

/* Postfix may have sent to the others already, or in another delivery. */
static void
the_envelope_does_not_decide_what_the_header_says(void **state)
{
	static const char header[] = "To: r1@sl, r2@sl, r3@sl, bob@x\r\n";

	(void)state;
	becomes(header, "r2@sl", "a@sl[r2@sl]\nTo: r1@sl, r2@sl\n");
	becomes(header, "bob@x", "direct[bob@x]\nTo: bob@x\n");
}

static void
a_message_for_one_alias_keeps_its_header(void **state)
{
	(void)state;
	becomes("Cc: r2@sl,\r\n\tr1@sl\r\nSubject: s\r\nTo:  R <r1@sl>\r\n", "r1@sl r2@sl",
	    "a@sl[r1@sl r2@sl]\nCc: r2@sl,\r\n\tr1@sl\r\nSubject: s\r\nTo:  R <r1@sl>\n");
}

static void
whoever_is_left_with_nobody_sees_undisclosed_recipients(void **state)
{
	(void)state;
	becomes("To: bob@x\r\n", "r1@sl", "a@sl[r1@sl]\nTo: undisclosed-recipients:;\n");
	becomes("Cc: Us: r1@sl;\r\n", "bob@x", "direct[bob@x]\nTo: undisclosed-recipients:;\n");
	becomes("Subject: s\r\n", "r1@sl bob@x",
	    "a@sl[r1@sl]\nSubject: s\ndirect[bob@x]\nSubject: s\n");
}

static void
a_reverse_address_is_written_as_the_service_has_it(void **state)
{
	(void)state;
	becomes("To: R <R1@SL>\r\n", "R1@SL", "a@sl[R1@SL]\nTo: R <r1@sl>\n");
}

static void
what_is_for_no_alias_is_left_alone(void **state)
{
	(void)state;
	becomes("To: bob@x, Friends:;, x@y <x@y>,\r\n", "bob@x ann@x", "");
}

static void
all_fields_of_a_kind_are_seen_to(void **state)
{
	(void)state;
	becomes("To: r1@sl\r\nResent-To: r3@sl, r1@sl\r\nTo: r3@sl, r2@sl\r\n", "r1@sl",
	    "a@sl[r1@sl]\nTo: r1@sl\r\nTo: r2@sl\r\nResent-To: r1@sl\n");
}

static void
a_field_that_cannot_be_read_is_refused_where_it_matters(void **state)
{
	(void)state;
	fails("To: r1@sl r3@sl\r\n", "r1@sl", "local/header", "the To field is no list");
	fails("To: bob@x\r\nCc: what <r3@sl\r\n", "bob@x", "local/header", "the Cc field");
	becomes("To: see below\r\nCc: <bob@x\r\n", "bob@x", "");
}

static void
a_header_too_long_to_be_read_is_refused(void **state)
{
	struct buf header = BUF_INIT;

	(void)state;
	for (int i = 0; i < HEADER_NOTED_MAX + 1; i++)
		buf_adds(&header, "To: bob@x\r\n");
	fails(header.data, "bob@x", "local/header", "too many");
	buf_free(&header);
}

static void
what_came_with_recipients_and_the_envelope_goes_with_them(void **state)
{
	struct delivery delivery;
	struct split split;
	struct outcome o;

	(void)state;
	make(&delivery, "To: r1@sl\r\n", "r3@sl r1@sl");
	delivery.recipients[1].notify = xstrdup("NEVER");
	delivery.recipients[1].orcpt = xstrdup("rfc822;bob@x");
	delivery.ret = xstrdup("HDRS");
	delivery.envid = xstrdup("e1");
	delivery.queue_id = xstrdup("Q1");
	o = split_make(maps, &delivery, &split);
	assert_string_equal(o.condition, "ok");
	assert_null(split.parts[0].recipients[0].notify);
	assert_string_equal(split.parts[1].recipients[0].notify, "NEVER");
	assert_string_equal(split.parts[1].recipients[0].orcpt, "rfc822;bob@x");
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(split.parts[i].ret, "HDRS");
		assert_string_equal(split.parts[i].envid, "e1");
		assert_string_equal(split.parts[i].queue_id, "Q1");
		assert_string_equal(split.parts[i].sender, "me@x");
	}
	split_end(&split, &delivery);
	delivery_free(&delivery);
}

/* Recipient N's outcome has the text N. */
static void
carry(void *arg, struct delivery *part)
{
	atomic_fetch_add((atomic_int *)arg, 1);
	for (size_t i = 0; i < part->recipient_count; i++) {
		struct outcome *o = &part->recipients[i].outcome;

		*o = outcome_ok();
		strncpy(o->text, part->recipients[i].address, sizeof(o->text) - 1);
	}
}

static void
all_parts_are_carried_once_and_everybody_has_an_outcome(void **state)
{
	struct buf recipients = BUF_INIT;
	struct delivery delivery;
	atomic_int carried = 0;
	struct split split;
	struct outcome o;

	(void)state;
	for (int i = 0; i < 60; i++) {
		char *reverse = xasprintf("m%d@sl", i), *alias = xasprintf("m%d.a@sl", i % 20);

		learn("one", 100 + i % 20, alias, 100 + i, reverse);
		buf_addf(&recipients, "%s%s", i != 0 ? " " : "", reverse);
		free(reverse);
		free(alias);
	}
	make(&delivery, "To: r1@sl\r\n", recipients.data);
	o = split_make(maps, &delivery, &split);
	assert_string_equal(o.condition, "ok");
	assert_int_equal(split.count, 20);
	split_each(&split, carry, &carried);
	assert_int_equal(carried, 20);
	split_end(&split, &delivery);
	for (size_t i = 0; i < delivery.recipient_count; i++)
		assert_string_equal(
		    delivery.recipients[i].outcome.text, delivery.recipients[i].address);
	delivery_free(&delivery);
	buf_free(&recipients);
}

static void
a_map_that_nobody_made_is_empty_and_is_not_made(void **state)
{
	(void)state;
	assert_int_equal(system("rm -rf one two"), 0);
	becomes("To: r1@sl, r3@sl\r\n", "r1@sl r3@sl", "");
	assert_int_equal(access("one", F_OK), -1);
	learn("two", 7, "c@sl", 4, "r4@sl");
	becomes("To: r4@sl\r\n", "r4@sl", "c@sl[r4@sl]\nTo: r4@sl\n");
	assert_int_equal(access("one", F_OK), -1);
}

/* The milter and we look for it at different places, or it was lost. */
static void
what_the_milter_has_marked_waits_for_a_map(void **state)
{
	(void)state;
	assert_int_equal(system("rm -rf one two"), 0);
	fails("X-Ferry-Alias: v1\r\nTo: r1@sl\r\n", "r1@sl", "local/config", "one/map.db");
	learn("two", 7, "c@sl", 4, "r4@sl");
	becomes("X-Ferry-Alias: v1\r\nTo: bob@x\r\n", "bob@x", "");
}

static void
a_map_that_is_replaced_is_noticed(void **state)
{
	(void)state;
	becomes("To: r1@sl\r\n", "r1@sl", "a@sl[r1@sl]\nTo: r1@sl\n");
	assert_int_equal(rename("one", "old"), 0);
	learn("one", 9, "d@sl", 5, "r5@sl");
	becomes("To: r5@sl\r\n", "r5@sl", "d@sl[r5@sl]\nTo: r5@sl\n");
	becomes("To: r1@sl\r\n", "r1@sl", "");
	assert_int_equal(system("rm -rf old"), 0);
}

static void
a_map_that_cannot_be_read_makes_everybody_wait(void **state)
{
	struct delivery delivery;
	struct split split;
	struct outcome o;

	(void)state;
	assert_int_equal(system("rm -rf two/*; mkdir two/map.db"), 0);
	make(&delivery, "To: r1@sl\r\n", "r1@sl");
	o = split_make(maps, &delivery, &split);
	assert_int_equal(o.class, OUTCOME_TEMPORARY);
	assert_non_null(strstr(o.hint, "two/map.db"));
	delivery_free(&delivery);
	assert_int_equal(system("rmdir two/map.db"), 0);
	becomes("To: r1@sl\r\n", "r1@sl", "a@sl[r1@sl]\nTo: r1@sl\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_alias_has_its_own_in_to_and_cc),
	    TEST(direct_recipients_and_contacts_do_not_see_each_other),
	    TEST(the_envelope_does_not_decide_what_the_header_says),
	    TEST(a_message_for_one_alias_keeps_its_header),
	    TEST(whoever_is_left_with_nobody_sees_undisclosed_recipients),
	    TEST(a_reverse_address_is_written_as_the_service_has_it),
	    TEST(what_is_for_no_alias_is_left_alone),
	    TEST(all_fields_of_a_kind_are_seen_to),
	    TEST(a_field_that_cannot_be_read_is_refused_where_it_matters),
	    TEST(a_header_too_long_to_be_read_is_refused),
	    TEST(what_came_with_recipients_and_the_envelope_goes_with_them),
	    TEST(all_parts_are_carried_once_and_everybody_has_an_outcome),
	    TEST(a_map_that_nobody_made_is_empty_and_is_not_made),
	    TEST(what_the_milter_has_marked_waits_for_a_map),
	    TEST(a_map_that_is_replaced_is_noticed),
	    TEST(a_map_that_cannot_be_read_makes_everybody_wait),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_remove);
}
