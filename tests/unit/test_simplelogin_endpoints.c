/* The table of endpoints: whole, consistent, and as the manual page has it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/simplelogin_endpoints.h"
#include "tests/unit/unit.h"

/* What the API's document lists, and what its server has besides. */
static const char *const documented[] = {
    "POST /api/auth/login",
    "POST /api/auth/mfa",
    "POST /api/auth/facebook",
    "POST /api/auth/google",
    "POST /api/auth/register",
    "POST /api/auth/activate",
    "POST /api/auth/reactivate",
    "POST /api/auth/forgot_password",
    "GET /api/user_info",
    "PATCH /api/user_info",
    "PATCH /api/sudo",
    "DELETE /api/user",
    "GET /api/user/cookie_token",
    "POST /api/api_key",
    "GET /api/logout",
    "GET /api/v5/alias/options",
    "POST /api/v3/alias/custom/new",
    "POST /api/alias/random/new",
    "GET /api/v2/aliases",
    "GET /api/aliases/{alias_id}",
    "DELETE /api/aliases/{alias_id}",
    "POST /api/aliases/{alias_id}/toggle",
    "GET /api/aliases/{alias_id}/activities",
    "PATCH /api/aliases/{alias_id}",
    "GET /api/aliases/{alias_id}/contacts",
    "POST /api/aliases/{alias_id}/contacts",
    "GET /api/v2/mailboxes",
    "POST /api/mailboxes",
    "DELETE /api/mailboxes/{mailbox_id}",
    "PUT /api/mailboxes/{mailbox_id}",
    "GET /api/custom_domains",
    "PATCH /api/custom_domains/{custom_domain_id}",
    "GET /api/custom_domains/{custom_domain_id}/trash",
    "DELETE /api/contacts/{contact_id}",
    "POST /api/contacts/{contact_id}/toggle",
    "GET /api/notifications",
    "POST /api/notifications/{notification_id}/read",
    "GET /api/setting",
    "PATCH /api/setting",
    "GET /api/v2/setting/domains",
    "GET /api/export/data",
    "GET /api/export/aliases",
    "POST /api/apple/process_payment",
    "GET /api/phone/reservations/{reservation_id}",
    /* in the server alone */
    "GET /api/stats",
    "GET /api/aliases",
    "GET /api/v4/alias/options",
    "POST /api/v2/alias/custom/new",
    "GET /api/mailboxes",
    "GET /api/setting/domains",
    "DELETE /api/setting/unlink_proton_account",
    "POST /api/apple/update_notification",
    "PUT /api/aliases/{alias_id}",
    "POST /api/phone/reservations/{reservation_id}",
};

static void
every_endpoint_that_is_documented_is_there_once(void **state)
{
	const struct simplelogin_endpoint *endpoint;
	size_t rows = 0;

	(void)state;
	while ((endpoint = simplelogin_endpoint_row(rows)) != NULL)
		rows++;
	assert_int_equal(rows, sizeof(documented) / sizeof(documented[0]));
	for (size_t i = 0; i < rows; i++) {
		unsigned found = 0;

		for (size_t j = 0; j < rows; j++) {
			char line[128];

			endpoint = simplelogin_endpoint_row(j);
			snprintf(line, sizeof(line), "%s %s", endpoint->method, endpoint->path);
			found += strcmp(line, documented[i]) == 0;
		}
		if (found != 1)
			fail_msg("%s is there %u times", documented[i], found);
	}
}

static void
words_are_in_order_and_no_two_alike(void **state)
{
	const struct simplelogin_endpoint *a, *b;

	(void)state;
	for (size_t i = 0; (b = simplelogin_endpoint_row(i + 1)) != NULL; i++) {
		a = simplelogin_endpoint_row(i);
		if (strcmp(a->words, b->words) >= 0)
			fail_msg("%s stands before %s", a->words, b->words);
		assert_ptr_equal(simplelogin_endpoint(a->words), a);
	}
}

static void
a_path_and_its_parameters_fit(void **state)
{
	const struct simplelogin_endpoint *e;

	(void)state;
	for (size_t i = 0; (e = simplelogin_endpoint_row(i)) != NULL; i++) {
		const struct simplelogin_parameter *p = e->parameters;
		size_t holes = 0, filled = 0;

		for (const char *c = e->path; *c != '\0'; c++)
			holes += *c == '{';
		for (; p != NULL && p->name != NULL; p++) {
			char hole[64];

			snprintf(hole, sizeof(hole), "{%s}", p->name);
			if (p->place == IN_PATH) {
				assert_non_null(strstr(e->path, hole));
				assert_true((p->flags & SL_REQUIRED) != 0);
				filled++;
			}
			assert_int_equal(p->type == OF_CHOICE, p->words != NULL);
			assert_int_equal(p->type == OF_FLAG && p->place != IN_QUERY, false);
			assert_ptr_equal(simplelogin_parameter(e, p->name), p);
		}
		assert_int_equal(holes, filled);
	}
}

static void
what_only_asks_may_be_repeated_and_pages_have_their_name(void **state)
{
	const struct simplelogin_endpoint *e;

	(void)state;
	for (size_t i = 0; (e = simplelogin_endpoint_row(i)) != NULL; i++) {
		if (strcmp(e->method, "GET") == 0 && (e->flags & SL_GIVES_KEY) == 0)
			assert_true((e->flags & SL_REPEATABLE) != 0);
		assert_int_equal(e->shape == GIVES_PAGES, e->page != NULL);
		if (e->shape == GIVES_PAGES)
			assert_non_null(e->key);
		if ((e->flags & (SL_DELETES | SL_CREATES)) != 0) {
			assert_true((e->flags & SL_CHANGES) != 0);
			assert_true((e->flags & SL_REPEATABLE) == 0);
		}
	}
}

static void
windows_are_in_order_of_their_length(void **state)
{
	const struct simplelogin_endpoint *e;

	(void)state;
	for (size_t i = 0; (e = simplelogin_endpoint_row(i)) != NULL; i++)
		for (const struct simplelogin_limit *l = e->limits;
		     l != NULL && l[0].requests != 0 && l[1].requests != 0; l++)
			assert_true(l[0].seconds < l[1].seconds);
}

/* The manual page's entries, one a line: ".It Ic alias list Oo Fl -pinned Oc ...". */
static void
read_manual(struct buf *text)
{
	const char *srcdir = getenv("srcdir");
	char *path = xasprintf("%s/man/ferryctl.1", srcdir != NULL ? srcdir : ".");
	struct outcome o = file_read(AT_FDCWD, path, 1 << 20, text);

	assert_string_equal(o.text, "ok");
	free(path);
}

/* The entry of a command, as a copy; NULL if there is none. */
static char *
manual_entry(const struct buf *manual, const char *words)
{
	char *start = xasprintf("\n.It Ic %s", words);
	const char *found = strstr(buf_str(manual), start);
	size_t length = strlen(start);

	while (found != NULL && found[length] != ' ' && found[length] != '\n')
		found = strstr(found + 1, start);
	free(start);
	if (found == NULL)
		return NULL;
	found++;
	return xstrndup(found, strcspn(found, "\n"));
}

static void
the_manual_page_has_every_command_with_every_option(void **state)
{
	const struct simplelogin_endpoint *e;
	struct buf manual = BUF_INIT;

	(void)state;
	read_manual(&manual);
	for (size_t i = 0; (e = simplelogin_endpoint_row(i)) != NULL; i++) {
		const struct simplelogin_parameter *p = e->parameters;
		char *entry = manual_entry(&manual, e->words);

		if (entry == NULL)
			fail_msg("ferryctl(1) lacks %s", e->words);
		for (; p != NULL && p->name != NULL; p++) {
			char *option = (p->flags & SL_ARGUMENT) != 0
			                   ? xasprintf("Ar %s", p->option)
			                   : xasprintf("Fl -%s", p->option);

			if (p->type != OF_SECRET && strstr(entry, option) == NULL)
				fail_msg("ferryctl(1), %s: no %s", e->words, option);
			free(option);
		}
		free(entry);
	}
	buf_free(&manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_endpoint_that_is_documented_is_there_once),
	    cmocka_unit_test(words_are_in_order_and_no_two_alike),
	    cmocka_unit_test(a_path_and_its_parameters_fit),
	    cmocka_unit_test(what_only_asks_may_be_repeated_and_pages_have_their_name),
	    cmocka_unit_test(windows_are_in_order_of_their_length),
	    cmocka_unit_test(the_manual_page_has_every_command_with_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
