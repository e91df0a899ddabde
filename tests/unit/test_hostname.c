/* The one spelling of a hostname. */
#include <string.h>

#include "common/wire/hostname.h"
#include "tests/unit/unit.h"

static void
what_names_the_same_site_becomes_the_same_name(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
	    {"example.com", "example.com"},
	    {"EXAMPLE.Com.", "example.com"},
	    {" example.com\n", "example.com"},
	    {"https://example.com", "example.com"},
	    {"HTTPS://user:secret@Example.com:8443/path?q=a@b#c://d", "example.com"},
	    {"example.com/a://b", "example.com"},
	    {"example.com:8080", "example.com"},
	    {"bob@example.com", "example.com"},
	    {"\"a@b\"@example.com", "example.com"},
	    {"www.example.com", "example.com"},
	    {"WWW.example.co.uk", "example.co.uk"},
	    {"www.co.uk", "www.co.uk"},
	    {"www.com", "www.com"},
	    {"www.intranet", "www.intranet"},
	    {"www2.example.com", "www2.example.com"},
	    {"www.www.example.com", "example.com"},
	    {"mail.example.com", "mail.example.com"},
	    {"www.foo.github.io", "foo.github.io"},
	    {"intranet", "intranet"},
	    {"a_b.example.com", "a_b.example.com"},
	    {"b\xc3\xbc"
	     "cher.example",
	        "xn--bcher-kva.example"},
	    {"B\xc3\x9c"
	     "CHER.example",
	        "xn--bcher-kva.example"},
	    {"bu\xcc\x88"
	     "cher.example",
	        "xn--bcher-kva.example"},
	    {"stra\xc3\x9f"
	     "e.example",
	        "xn--strae-oqa.example"},
	    {"\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
	        "xn--r8jz45g.xn--zckzah"},
	    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf name = BUF_INIT;
		struct outcome o = hostname_normalise(cases[i].text, &name);

		if (!outcome_is_ok(&o))
			fail_msg("%s: %s", cases[i].text, o.text);
		assert_string_equal(buf_str(&name), cases[i].name);
		buf_free(&name);
	}
}

static void
what_is_no_hostname_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"", "it is empty"},
	    {"https:///path", "it is empty"},
	    {"com", "it is a public suffix"},
	    {"co.uk", "it is a public suffix"},
	    {"127.0.0.1", "it is an IP address"},
	    {"http://[::1]:80/", "is no hostname"},
	    {"::1", "is no hostname"},
	    {"a..example.com", "is no hostname"},
	    {".example.com", "is no hostname"},
	    {"-a.example.com", "is no hostname"},
	    {"a b.example.com", "is no hostname"},
	    {"a\\b.example.com", "is no hostname"},
	    {"\xff\xfe.example", "is no hostname"},
	    {"1234567890123456789012345678901234567890123456789012345678901234.example",
	        "is no hostname"},
	};
	struct buf name = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome o = hostname_normalise(cases[i].text, &name);

		if (!outcome_is(&o, "local/address"))
			fail_msg("%s became %s", cases[i].text, buf_str(&name));
		if (strstr(o.text, cases[i].why) == NULL)
			fail_msg("\"%s\" does not say: %s", o.text, cases[i].why);
		assert_int_equal(name.len, 0);
	}
	buf_free(&name);
}

static void
a_normal_form_is_its_own_normal_form(void **state)
{
	static const char *const names[] = {"example.com", "xn--bcher-kva.example", "www.com"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf name = BUF_INIT;
		struct outcome o = hostname_normalise(names[i], &name);

		assert_true(outcome_is_ok(&o));
		assert_string_equal(buf_str(&name), names[i]);
		buf_free(&name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_names_the_same_site_becomes_the_same_name),
	    cmocka_unit_test(what_is_no_hostname_is_refused_with_the_reason),
	    cmocka_unit_test(a_normal_form_is_its_own_normal_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
