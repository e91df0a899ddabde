/* What is to be changed of a message: in which order, and how it is printed. */
#include <stdio.h>

#include "milter/edits.h"
#include "tests/unit/unit.h"

static void
prints(struct edits *edits, const char *text)
{
	struct buf out = BUF_INIT;

	edits_print(edits, &out);
	assert_string_equal(buf_str(&out), text);
	buf_free(&out);
	edits_free(edits);
}

static void
every_edit_is_one_line_and_further_lines_of_a_value_are_set_off(void **state)
{
	struct edits edits = EDITS_INIT;

	(void)state;
	edits_delrcpt(&edits, "<Bob@x.example>");
	edits_addrcpt(&edits, "r1@sl.example", "NOTIFY=NEVER");
	edits_addrcpt(&edits, "r2@sl.example", NULL);
	edits_chgfrom(&edits, "a@sl.example", NULL);
	edits_chgheader(&edits, "To", 1, "r1@sl.example,\n r2@sl.example");
	edits_chgheader(&edits, "Bcc", 2, NULL);
	edits_insheader(&edits, 1, "X-Mark", "v1");
	prints(&edits, "delrcpt <Bob@x.example>\n"
	               "addrcpt <r1@sl.example> NOTIFY=NEVER\n"
	               "addrcpt <r2@sl.example>\n"
	               "chgfrom <a@sl.example>\n"
	               "chgheader 1 To: r1@sl.example,\n"
	               "         r2@sl.example\n"
	               "delheader 2 Bcc\n"
	               "insheader 1 X-Mark: v1\n");
}

static void
recipients_go_before_others_come_and_the_header_is_last(void **state)
{
	struct edits edits = EDITS_INIT;

	(void)state;
	edits_insheader(&edits, 1, "X-Mark", "v1");
	edits_chgheader(&edits, "To", 1, "x");
	edits_addrcpt(&edits, "r1@sl.example", NULL);
	edits_delrcpt(&edits, "<a@x.example>");
	edits_addrcpt(&edits, "r2@sl.example", NULL);
	edits_delrcpt(&edits, "<b@x.example>");
	edits_sort(&edits);
	prints(&edits, "delrcpt <a@x.example>\n"
	               "delrcpt <b@x.example>\n"
	               "addrcpt <r1@sl.example>\n"
	               "addrcpt <r2@sl.example>\n"
	               "chgheader 1 To: x\n"
	               "insheader 1 X-Mark: v1\n");
}

static void
the_last_field_of_a_name_is_changed_first(void **state)
{
	struct edits edits = EDITS_INIT;

	(void)state;
	edits_chgheader(&edits, "Bcc", 1, NULL);
	edits_chgheader(&edits, "Bcc", 2, NULL);
	edits_chgheader(&edits, "To", 1, "x");
	edits_chgheader(&edits, "Bcc", 3, NULL);
	edits_sort(&edits);
	prints(&edits, "delheader 3 Bcc\n"
	               "delheader 2 Bcc\n"
	               "delheader 1 Bcc\n"
	               "chgheader 1 To: x\n");
}

static void
sorting_keeps_the_order_of_what_is_alike_however_many_there_are(void **state)
{
	struct edits edits = EDITS_INIT;
	char address[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "r%d@sl.example", i);
		edits_addrcpt(&edits, address, NULL);
		edits_delrcpt(&edits, address);
	}
	edits_sort(&edits);
	for (int i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "<r%d@sl.example>", i);
		assert_string_equal(edits.items[100 + i].name, address);
		assert_int_equal(edits.items[i].kind, EDIT_DELRCPT);
	}
	edits_free(&edits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_edit_is_one_line_and_further_lines_of_a_value_are_set_off),
	    cmocka_unit_test(recipients_go_before_others_come_and_the_header_is_last),
	    cmocka_unit_test(the_last_field_of_a_name_is_changed_first),
	    cmocka_unit_test(sorting_keeps_the_order_of_what_is_alike_however_many_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
