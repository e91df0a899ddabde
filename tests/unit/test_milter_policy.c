/* What becomes of a recipient, by rules that stand in the configuration. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/xalloc.h"
#include "milter/policy.h"
#include "tests/unit/unit.h"

/* As a configuration has it: a list of texts that nobody changes. */
#define LIST(...) ((char *const *)(uintptr_t)(const char *const[]){__VA_ARGS__, NULL})

/* A policy of these options, whose rules are right. */
static struct policy *
make(const struct policy_options *options)
{
	struct policy *policy;
	struct outcome o = policy_new(options, &policy);

	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
	return policy;
}

/* "alias GROUP", "alias GROUP FIXED", "direct REASON", "refuse TEXT". */
static char *
decide(struct policy *policy, const char *address)
{
	struct buf text = BUF_INIT;
	struct policy_decision d;
	struct outcome o = policy_recipient(policy, address, &d);

	assert_string_equal(o.condition, "ok");
	if (d.action == POLICY_ALIAS)
		buf_addf(&text, "alias %s%s%s", d.group != NULL ? d.group : "-",
		    d.alias != NULL ? " " : "", d.alias != NULL ? d.alias : "");
	else if (d.action == POLICY_DIRECT)
		buf_addf(&text, "direct %s", d.reason);
	else
		buf_addf(&text, "refuse %s", d.text);
	policy_decision_free(&d);
	return buf_steal(&text);
}

struct example {
	const char *address, *decision;
};

static void
expect_all(struct policy *policy, const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *decision = decide(policy, examples[i].address);

		if (strcmp(decision, examples[i].decision) != 0)
			fail_msg("%s: %s, not %s", examples[i].address, decision,
			    examples[i].decision);
		free(decision);
	}
}

#define EXPECT_ALL(policy, examples) \
	expect_all(policy, examples, sizeof(examples) / sizeof(examples[0]))

static void
whom_no_rule_knows_gets_an_alias_by_hostname(void **state)
{
	static const struct example examples[] = {
	    {"bob@example.com", "alias example.com"},
	    {"bob@Example.COM.", "alias example.com"},
	    {"bob@mail.example.com", "alias mail.example.com"},
	    {"bob@www.example.com", "alias example.com"},
	    {"bob@b\xc3\xbc"
	     "cher.example",
	        "alias xn--bcher-kva.example"},
	    {"postmaster", "direct local"},
	};
	struct policy *policy = make(&(struct policy_options){.contacts = true});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
	assert_null(policy);
}

#define ASKERS  4
#define DOMAINS 700

/* Ask of many domains twice, and of each as often as of one that has no group. */
static void *
ask_of_many(void *arg)
{
	struct policy *policy = arg;

	for (int i = 0; i < 2 * DOMAINS; i++) {
		char *address = xasprintf("bob@www.example%d.com", i % DOMAINS);
		char *expected = xasprintf("alias example%d.com", i % DOMAINS);
		char *decided = decide(policy, address), *refused = decide(policy, "bob@co.uk");

		if (strcmp(decided, expected) != 0 || strncmp(refused, "refuse ", 7) != 0)
			return decided;
		free(address);
		free(expected);
		free(decided);
		free(refused);
	}
	return NULL;
}

static void
many_domains_have_each_their_own_group_whoever_asks_at_a_time(void **state)
{
	struct policy *policy = make(&(struct policy_options){.contacts = true});
	pthread_t threads[ASKERS];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_of_many, policy), 0);
	for (size_t i = 0; i < ASKERS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		if (wrong != NULL)
			fail_msg("%s", (char *)wrong);
	}
	policy_free(&policy);
}

static void
the_most_specific_key_counts(void **state)
{
	char *const *rules =
	    LIST("* refuse nobody", ".example.org direct", ".mail.example.org alias",
	        "example.org refuse not here", "bob@example.org alias a.b@sl.example",
	        "bob+lists@example.org direct", "Carol@Example.ORG. direct");
	static const struct example examples[] = {
	    {"x@example.com", "refuse nobody"},
	    {"x@example.org", "refuse not here"},
	    {"x@www.example.org", "direct rule"},
	    {"x@a.b.example.org", "direct rule"},
	    {"x@mail.example.org", "direct rule"},
	    {"x@a.mail.example.org", "alias a.mail.example.org"},
	    {"BOB@example.org", "alias example.org a.b@sl.example"},
	    {"\"bob\"@example.org", "refuse no alias can write to this recipient"},
	    {"bob+other@example.org", "alias example.org a.b@sl.example"},
	    {"bob+Lists@example.org", "direct rule"},
	    {"+bob@example.org", "refuse not here"},
	    {"carol@example.org", "direct rule"},
	    {"carol@notexample.org", "refuse nobody"},
	};
	struct policy *policy =
	    make(&(struct policy_options){.rules = rules, .contacts = true});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
}

static void
domains_are_the_same_with_u_labels_and_a_labels(void **state)
{
	char *const *rules = LIST("b\xc3\x9c"
	                          "cher.example direct",
	    ".xn--strae-oqa.example direct", "eva@[192.0.2.1] direct");
	static const struct example examples[] = {
	    {"x@xn--bcher-kva.example", "direct rule"},
	    {"x@b\xc3\xbc"
	     "cher.example",
	        "direct rule"},
	    {"x@a.stra\xc3\x9f"
	     "e.example",
	        "direct rule"},
	    {"Eva@[192.0.2.1]", "direct rule"},
	};
	struct policy *policy =
	    make(&(struct policy_options){.rules = rules, .contacts = true});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
}

static void
own_domains_are_direct_unless_a_rule_has_the_same_key(void **state)
{
	char *const *rules = LIST("* alias", "boss@own.example refuse", "other.example alias");
	char *const *own = LIST("own.example", ".own.example", "other.example");
	static const struct example examples[] = {
	    {"x@own.example", "direct own-domain"},
	    {"x@host.OWN.example", "direct own-domain"},
	    {"boss@own.example", "refuse mail to this recipient is not to leave from here"},
	    {"x@other.example", "alias other.example"},
	    {"x@a.other.example", "alias a.other.example"},
	};
	struct policy *policy = make(
	    &(struct policy_options){.rules = rules, .own_domains = own, .contacts = true});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
}

static void
hosts_of_one_registrable_domain_can_share_an_alias(void **state)
{
	static const struct example examples[] = {
	    {"x@mail.example.com", "alias example.com"},
	    {"x@example.com", "alias example.com"},
	    {"x@a.b.example.co.uk", "alias example.co.uk"},
	    {"x@lists.somebody.github.io", "alias somebody.github.io"},
	    {"x@github.io", "alias github.io"},
	    {"x@a.b.nobodys-tld", "alias b.nobodys-tld"},
	};
	struct policy *policy = make(&(struct policy_options){
	    .grouping = GROUP_BY_REGISTRABLE_DOMAIN, .contacts = true});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
}

/* facts of the service: what it answers "is not a valid email address" to. */
static const char *const impossible[] = {
    "\"quoted local\"@example.com",
    "j\xc3\xbcrgen@example.com",
    ".bob@example.com",
    "bob.@example.com",
    "bo..b@example.com",
    "a234567890123456789012345678901234567890123456789012345678901234x@example.com",
    "bob@intranet",
    "bob@printer.local",
    "bob@example.test",
    "bob@example.INVALID",
    "bob@a.localhost",
    "bob@hidden.onion",
    "bob@nas.home.arpa",
    "bob@[192.0.2.1]",
    "bob@[IPv6:2001:db8::1]",
    "bob@192.0.2.1",
    "bob@a_b.example.com",
    "bob@-a.example.com",
    "bob@co.uk",
    "bob@",
    "@example.com",
    "bob@a..example.com",
    "bob@\xff\xfe.example",
    "a b@example.com",
};

static void
who_can_be_no_contact_is_refused_or_written_to_by_policy(void **state)
{
	struct policy *refusing =
	    make(&(struct policy_options){.no_contact = NO_CONTACT_REFUSE, .contacts = true});
	struct policy *direct =
	    make(&(struct policy_options){.no_contact = NO_CONTACT_DIRECT, .contacts = true});

	(void)state;
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		const struct example refused = {
		    impossible[i], "refuse no alias can write to this recipient"};
		const struct example passed = {impossible[i], "direct no-contact"};

		expect_all(refusing, &refused, 1);
		expect_all(direct, &passed, 1);
	}
	policy_free(&refusing);
	policy_free(&direct);
}

static void
in_from_mode_only_a_domain_is_needed(void **state)
{
	char *const *rules = LIST("eva@[192.0.2.1] alias fixed@sl.example");
	static const struct example examples[] = {
	    {"\"quoted local\"@example.com", "alias example.com"},
	    {"bob@intranet", "alias intranet"},
	    {"bob@[192.0.2.1]", "refuse no alias can write to this recipient"},
	    {"eva@[192.0.2.1]", "alias - fixed@sl.example"},
	};
	struct policy *policy = make(&(struct policy_options){.rules = rules});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
}

static void
a_name_too_long_for_a_domain_costs_no_thousand_lookups(void **state)
{
	char *const *rules = LIST(".a direct", "* refuse");
	struct policy *policy =
	    make(&(struct policy_options){.rules = rules, .contacts = true});
	struct buf address = BUF_INIT;
	char *decision;

	(void)state;
	buf_adds(&address, "bob@a");
	for (int i = 0; i < 1000; i++)
		buf_adds(&address, ".a");
	decision = decide(policy, address.data);
	assert_string_equal(
	    decision, "refuse mail to this recipient is not to leave from here");
	free(decision);
	buf_free(&address);
	policy_free(&policy);
}

static void
a_mistake_in_the_configuration_is_named(void **state)
{
	static const struct {
		const char *rule, *own, *says;
	} cases[] = {
	    {"example.org", NULL, "rules: \"example.org\": the action is none of"},
	    {"example.org forward", NULL, "the action is none of"},
	    {"example.org direct now", NULL, "\"direct\" is followed by something"},
	    {"example.org alias nobody", NULL, "the alias is no address"},
	    {"example.org alias a b@c.example", NULL, "the alias is no address"},
	    {"example.org refuse 100%", NULL, "the text has characters"},
	    {"@example.org direct", NULL, "a domain's key has no \"@\""},
	    {"bob@ direct", NULL, "the domain is none"},
	    {"..org direct", NULL, "the domain is none"},
	    {"text:relative", NULL, "text:relative is no table"},
	    {"text:/nonexistent/table", NULL, "/nonexistent/table"},
	    {"sqlite:/nonexistent/table", NULL, "/nonexistent/table"},
	    {"* direct", "bob@own.example", "own-domains: \"bob@own.example\""},
	    {"* direct", "*", "own-domains: \"*\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *const *rules = LIST(cases[i].rule), *const *own = LIST(cases[i].own);
		struct policy_options options = {.rules = rules, .own_domains = own};
		struct policy *policy;
		struct outcome o = policy_new(&options, &policy);

		assert_null(policy);
		if (outcome_is_ok(&o) || strstr(o.text, cases[i].says) == NULL)
			fail_msg("%s: \"%s\" does not say: %s", cases[i].rule, o.text,
			    cases[i].says);
	}
}

static void
the_same_key_twice_is_a_mistake(void **state)
{
	char *const *rules = LIST("bob@example.org direct", "\"bob\"@Example.org refuse");
	struct policy_options options = {.rules = rules};
	struct policy *policy;
	struct outcome o = policy_new(&options, &policy);

	(void)state;
	assert_true(outcome_is(&o, "local/config"));
	assert_non_null(strstr(o.text, "there is a rule for this key already"));
}

static void
the_last_hold_frees_a_policy(void **state)
{
	char *const *rules = LIST("example.org direct");
	static const struct example direct = {"bob@example.org", "direct rule"};
	struct policy *policy = make(&(struct policy_options){.rules = rules});
	struct policy *held = policy_hold(policy);

	(void)state;
	policy_free(&policy);
	expect_all(held, &direct, 1);
	policy_free(&held);
	policy_free(&held);
}

static void
a_decision_says_by_which_rule(void **state)
{
	char *const *rules = LIST(".Example.org direct");
	struct policy *policy = make(&(struct policy_options){.rules = rules});
	struct policy_decision d;

	(void)state;
	(void)policy_recipient(policy, "bob@a.example.org", &d);
	assert_string_equal(d.rule, ".example.org");
	policy_decision_free(&d);
	(void)policy_recipient(policy, "bob@example.org", &d);
	assert_null(d.rule);
	assert_string_equal(d.reason, "default");
	policy_decision_free(&d);
	policy_free(&policy);
}

/* The example that is installed is right, and means what it says. */
static void
the_example_of_a_table_can_be_used(void **state)
{
	static const struct example examples[] = {
	    {"bob@friends.example", "direct rule"},
	    {"Boss@work.example", "direct rule"},
	    {"x@work.example", "alias work.example"},
	    {"x@mail.shop.example", "alias mail.shop.example shop.x1@sl.example"},
	    {"x@gmial.example", "refuse did you mean gmail.example?"},
	    {"x@elsewhere.example", "alias elsewhere.example"},
	};
	const char *srcdir = getenv("srcdir");
	char *relative = xasprintf("%s/contrib/milter/aliases", srcdir != NULL ? srcdir : ".");
	char *path = realpath(relative, NULL), *table = xasprintf("text:%s", path);
	struct policy *policy =
	    make(&(struct policy_options){.rules = LIST(table), .contacts = true});

	(void)state;
	EXPECT_ALL(policy, examples);
	policy_free(&policy);
	free(table);
	free(path);
	free(relative);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whom_no_rule_knows_gets_an_alias_by_hostname),
	    cmocka_unit_test(many_domains_have_each_their_own_group_whoever_asks_at_a_time),
	    cmocka_unit_test(the_most_specific_key_counts),
	    cmocka_unit_test(domains_are_the_same_with_u_labels_and_a_labels),
	    cmocka_unit_test(own_domains_are_direct_unless_a_rule_has_the_same_key),
	    cmocka_unit_test(hosts_of_one_registrable_domain_can_share_an_alias),
	    cmocka_unit_test(who_can_be_no_contact_is_refused_or_written_to_by_policy),
	    cmocka_unit_test(in_from_mode_only_a_domain_is_needed),
	    cmocka_unit_test(a_name_too_long_for_a_domain_costs_no_thousand_lookups),
	    cmocka_unit_test(a_mistake_in_the_configuration_is_named),
	    cmocka_unit_test(the_same_key_twice_is_a_mistake),
	    cmocka_unit_test(the_last_hold_frees_a_policy),
	    cmocka_unit_test(a_decision_says_by_which_rule),
	    cmocka_unit_test(the_example_of_a_table_can_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
