/* ferry.conf: what is accepted, what is refused and where, and that its documents agree. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/settings/config.h"
#include "common/settings/config_schema.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/ferry-test-config.XXXXXX";
static char *conf;

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	conf = xasprintf("%s/ferry.conf", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	unlink(conf);
	free(conf);
	return rmdir(folder);
}

static struct outcome
load_bytes(const char *text, size_t length, struct config **config_r)
{
	struct outcome o = file_write_atomic(AT_FDCWD, conf, text, length, 0600);

	assert_true(outcome_is_ok(&o));
	*config_r = NULL;
	return config_load(conf, config_r);
}

static struct config *
load(const char *text)
{
	struct config *config;
	struct outcome o = load_bytes(text, strlen(text), &config);

	if (!outcome_is_ok(&o))
		fail_msg("refused: %s\n%s", o.text, text);
	return config;
}

/* The text is refused with a message that ends with "ferry.conf:" and expected. */
static void
refused(const char *text, const char *expected)
{
	struct config *config;
	struct outcome o = load_bytes(text, strlen(text), &config);
	char *whole = xasprintf("the configuration cannot be used: %s:%s", conf, expected);

	if (config != NULL)
		fail_msg("accepted:\n%s", text);
	assert_true(outcome_is(&o, "local/config"));
	assert_string_equal(o.text, whole);
	free(whole);
}

static void
an_empty_file_gives_the_defaults(void **state)
{
	struct config *config = load("");

	(void)state;
	assert_string_equal(config->state_dir, LOCALSTATEDIR "/lib/ferry");
	assert_int_equal(config->account_count, 0);
	assert_int_equal(config->sync_count, 0);
	assert_null(config->transport.account);
	assert_int_equal(config->transport.deadline_ms, 900000);
	assert_int_equal(config->transport.retry_ms, 20000);
	assert_int_equal(config->transport.submit, SUBMIT_AUTO);
	assert_int_equal(config->transport.inline_max, 16384);
	assert_int_equal(config->transport.sent, SENT_KEEP);
	assert_int_equal(config->transport.ambiguous, AMBIGUOUS_RESEND);
	assert_int_equal(config->transport.journal_keep, 6 * 86400);
	assert_string_equal(config->transport.strip[0], "Envelope-To");
	assert_string_equal(config->transport.strip[2], "X-Originating-IP");
	assert_null(config->transport.strip[3]);
	assert_null(config->transport.domain);
	assert_int_equal(config->log.to, LOG_TO_SYSLOG);
	assert_int_equal(config->log.facility, LOG_MAIL);
	assert_int_equal(config->log.level, LOG_INFO);
	config_free(&config);
	assert_null(config);
}

static void
a_server_has_its_defaults_and_takes_what_the_file_says(void **state)
{
	struct config *config = load("");

	(void)state;
	assert_string_equal(config->transport.listen, "unix:/run/ferry/transport.sock");
	assert_int_equal(config->transport.listen_mode, 0660);
	assert_null(config->transport.listen_group);
	assert_null(config->transport.user);
	assert_int_equal(config->transport.connections, 100);
	assert_int_equal(config->transport.recipients_max, 100);
	assert_int_equal(config->transport.idle_timeout_ms, 300000);
	assert_null(config->transport.monitor);
	config_free(&config);
	config = load("transport { listen = \"inet:[::1]:10025\" listen-mode = 0600\n"
	              "listen-group = postfix user = ferry connections = 7 max-recipients = 8\n"
	              "idle-timeout = 9 monitor = \"127.0.0.1:9151\" }\n");
	assert_string_equal(config->transport.listen, "inet:[::1]:10025");
	assert_int_equal(config->transport.listen_mode, 0600);
	assert_string_equal(config->transport.listen_group, "postfix");
	assert_string_equal(config->transport.user, "ferry");
	assert_int_equal(config->transport.connections, 7);
	assert_int_equal(config->transport.recipients_max, 8);
	assert_int_equal(config->transport.idle_timeout_ms, 9000);
	assert_string_equal(config->transport.monitor, "127.0.0.1:9151");
	config_free(&config);
}

static void
an_account_has_the_public_service_as_its_default(void **state)
{
	struct config *config = load("state-dir = \"/s/\"\naccount agent {\n}\n");
	const struct account *account = config_account(config, "agent");

	(void)state;
	assert_int_equal(account->auth, AUTH_ATOMICMAIL);
	assert_string_equal(account->auth_url, "https://auth.atomicmail.ai");
	assert_string_equal(account->api_url, "https://api.atomicmail.ai");
	assert_string_equal(account->default_domain, "atomicmail.ai");
	assert_null(account->address);
	assert_string_equal(account->directory, "/s/accounts/agent");
	assert_string_equal(account->secret_file, "/s/accounts/agent/api-key");
	assert_null(account->secret_command);
	assert_int_equal(account->pow_threads, 0);
	assert_int_equal(account->pow_memory, 0);
	assert_int_equal(account->pow_max_difficulty, 24);
	assert_null(account->senders[0]);
	assert_int_equal(account->rewrite_from, REWRITE_NEVER);
	config_free(&config);
}

static void
every_option_arrives_where_programs_look_for_it(void **state)
{
	struct config *config =
	    load("state-dir = /s\n"
	         "account a {\n"
	         "  auth-url = 'http://127.0.0.1:8080/'\n"
	         "  api-url = \"https://api.example/\"\n"
	         "  address = a@b.example\n"
	         "  default-domain = b.example\n"
	         "  api-key-command = \"echo 'x'\"\n"
	         "  ca-file = /ca.pem\n"
	         "  pow-salt = salt\n"
	         "  pow-threads = 3\n"
	         "  pow-memory = 64\n"
	         "  pow-max-difficulty = 9\n"
	         "  senders = {\"Me@X.example\", \"@Y.example\"}\n"
	         "  rewrite-from = mismatch\n"
	         "}\n"
	         "account b { auth = basic api-url = \"http://[::1]:1\"\n"
	         "  user = u password-file = /p }\n"
	         "account c { auth = bearer api-url = \"https://c.example\"\n"
	         "  token-command = t }\n"
	         "transport { account = b deadline = 60 retry-for = 5\n"
	         "  inline = 0 submit = compose\n"
	         "  sent = destroy ambiguous = hold journal-keep = 7\n"
	         "  strip = {Received, \"X-*\"} domain = d.example }\n"
	         "sync s { account = c maildir = /m/ layout = fs\n"
	         "  mailboxes = {INBOX, \"Sent\"} exclude = {\"Spam\"}\n"
	         "  push-only = {Out} max-age = 2 max-size = 5000000000 bandwidth = 3\n"
	         "  subscriptions = dovecot\n"
	         "  connections = 4 on-new = 'echo \"$FERRY_SUBJECT\"' poll = 5 ping = 7 }\n"
	         "watch { monitor = \"127.0.0.1:1\" }\n"
	         "log { to = stderr facility = local3 level = debug }\n");
	const struct account *a = config_account(config, "a");
	const struct account *b = config_account(config, "b");
	const struct account *c = config_account(config, "c");
	const struct sync_config *sync = config_sync(config, "s");

	(void)state;
	assert_string_equal(a->auth_url, "http://127.0.0.1:8080");
	assert_string_equal(a->api_url, "https://api.example");
	assert_string_equal(a->address, "a@b.example");
	assert_string_equal(a->default_domain, "b.example");
	assert_null(a->secret_file);
	assert_string_equal(a->secret_command, "echo 'x'");
	assert_string_equal(a->ca_file, "/ca.pem");
	assert_string_equal(a->pow_salt, "salt");
	assert_int_equal(a->pow_threads, 3);
	assert_int_equal(a->pow_memory, 64 << 20);
	assert_int_equal(a->pow_max_difficulty, 9);
	assert_string_equal(a->senders[0], "me@x.example");
	assert_string_equal(a->senders[1], "@y.example");
	assert_null(a->senders[2]);
	assert_int_equal(a->rewrite_from, REWRITE_MISMATCH);
	assert_int_equal(b->auth, AUTH_BASIC);
	assert_string_equal(b->user, "u");
	assert_string_equal(b->secret_file, "/p");
	assert_int_equal(c->auth, AUTH_BEARER);
	assert_string_equal(c->secret_command, "t");
	assert_ptr_equal(config->transport.account, b);
	assert_int_equal(config->transport.deadline_ms, 60000);
	assert_int_equal(config->transport.retry_ms, 5000);
	assert_int_equal(config->transport.submit, SUBMIT_BY_COMPOSE);
	assert_int_equal(config->transport.inline_max, 0);
	assert_int_equal(config->transport.sent, SENT_DESTROY);
	assert_int_equal(config->transport.ambiguous, AMBIGUOUS_HOLD);
	assert_int_equal(config->transport.journal_keep, 7 * 86400);
	assert_string_equal(config->transport.strip[0], "Received");
	assert_string_equal(config->transport.strip[1], "X-*");
	assert_null(config->transport.strip[2]);
	assert_string_equal(config->transport.domain, "d.example");
	assert_ptr_equal(sync->account, c);
	assert_string_equal(sync->maildir, "/m");
	assert_int_equal(sync->layout, LAYOUT_FS);
	assert_string_equal(sync->mailboxes[0], "INBOX");
	assert_string_equal(sync->mailboxes[1], "Sent");
	assert_null(sync->mailboxes[2]);
	assert_string_equal(sync->exclude[0], "Spam");
	assert_null(sync->exclude[1]);
	assert_string_equal(sync->push_only[0], "Out");
	assert_int_equal(sync->max_age_s, 2 * 86400);
	assert_int_equal(sync->max_size, INT64_C(5000000000));
	assert_int_equal(sync->bandwidth, 3000);
	assert_true(sync->subscriptions);
	assert_int_equal(sync->connections, 4);
	assert_string_equal(sync->on_new, "echo \"$FERRY_SUBJECT\"");
	assert_int_equal(sync->poll_ms, 5000);
	assert_int_equal(sync->ping, 7);
	assert_string_equal(config->watch.monitor, "127.0.0.1:1");
	assert_string_equal(sync->database, "/s/sync/s.db");
	assert_int_equal(config->log.to, LOG_TO_STDERR);
	assert_int_equal(config->log.facility, LOG_LOCAL3);
	assert_int_equal(config->log.level, LOG_DEBUG);
	config_free(&config);
}

static void
what_decides_about_recipients_is_read_as_it_is_written(void **state)
{
	struct config *config = load("milter { }\n");

	(void)state;
	assert_null(config->milter.rules[0]);
	assert_null(config->milter.own_domains[0]);
	assert_false(config->milter.by_registrable_domain);
	assert_false(config->milter.no_contact_direct);
	assert_string_equal(config->milter.opt_out, "X-No-Alias");
	assert_true(config->milter.skip_lists);
	assert_false(config->milter.skip_automatic);
	config_free(&config);
	config = load("milter {\n"
	              "  rules = {\"text:/etc/ferry/aliases\", \"* direct\"}\n"
	              "  own-domains = {\".example.org\"}\n"
	              "  group-by = registrable-domain no-contact = direct\n"
	              "  opt-out = X-Real skip-lists = false skip-automatic = true }\n");
	assert_string_equal(config->milter.rules[0], "text:/etc/ferry/aliases");
	assert_string_equal(config->milter.rules[1], "* direct");
	assert_null(config->milter.rules[2]);
	assert_string_equal(config->milter.own_domains[0], ".example.org");
	assert_null(config->milter.own_domains[1]);
	assert_true(config->milter.by_registrable_domain);
	assert_true(config->milter.no_contact_direct);
	assert_string_equal(config->milter.opt_out, "X-Real");
	assert_false(config->milter.skip_lists);
	assert_true(config->milter.skip_automatic);
	config_free(&config);
}

static void
an_alias_section_has_the_public_service_as_its_default(void **state)
{
	struct config *config = load("state-dir = /s\nalias main {\n}\n");
	const struct alias_account *alias = config_alias(config, "main");

	(void)state;
	assert_string_equal(alias->name, "main");
	assert_string_equal(alias->api_url, "https://app.simplelogin.io");
	assert_string_equal(alias->directory, "/s/aliases/main");
	assert_string_equal(alias->secret_file, "/s/aliases/main/api-key");
	assert_null(alias->secret_command);
	assert_null(alias->ca_file);
	assert_null(alias->domain);
	assert_null(alias->mailbox);
	assert_int_equal(alias->naming, ALIAS_BY_HOST);
	assert_int_equal(alias->refresh_ms, 86400000);
	assert_true(alias->paced);
	assert_null(config_alias(config, "other"));
	config_free(&config);
}

static void
every_option_of_an_alias_section_arrives(void **state)
{
	struct config *config = load(
	    "alias a { api-url = \"http://127.0.0.1:1/\" api-key-command = c ca-file = /c\n"
	    "  naming = uuid mailbox = m@x.example refresh = 60 rate-limits = none }\n"
	    "alias b { api-key-file = /k domain = d.example }\n");
	const struct alias_account *a = config_alias(config, "a");
	const struct alias_account *b = config_alias(config, "b");

	(void)state;
	assert_string_equal(a->api_url, "http://127.0.0.1:1");
	assert_string_equal(a->secret_command, "c");
	assert_null(a->secret_file);
	assert_string_equal(a->ca_file, "/c");
	assert_int_equal(a->naming, ALIAS_BY_UUID);
	assert_string_equal(a->mailbox, "m@x.example");
	assert_int_equal(a->refresh_ms, 60000);
	assert_false(a->paced);
	assert_string_equal(b->secret_file, "/k");
	assert_string_equal(b->domain, "d.example");
	config_free(&config);
}

static void
the_only_account_need_not_be_named(void **state)
{
	struct config *config = load("account a { }\nsync s { maildir = /m }\n");

	(void)state;
	assert_ptr_equal(config->transport.account, config_account(config, "a"));
	assert_ptr_equal(config_sync(config, "s")->account, config_account(config, "a"));
	assert_string_equal(config_sync(config, "s")->mailboxes[0], "*");
	assert_null(config_sync(config, "s")->exclude[0]);
	config_free(&config);
}

static void
of_two_accounts_none_is_taken_by_guess(void **state)
{
	struct config *config = load("account a { }\naccount b { }\n");

	(void)state;
	assert_null(config->transport.account);
	config_free(&config);
}

static void
an_unknown_account_or_sync_is_not_found(void **state)
{
	struct config *config = load("account a { }\n");

	(void)state;
	assert_null(config_account(config, "b"));
	assert_null(config_sync(config, "a"));
	config_free(&config);
}

static void
a_mistake_is_reported_with_its_line(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"\ncolour = blue\n", "2: no such option 'colour'"},
	    {"account a {\n\n  colour = blue\n}", "3: no such option 'colour'"},
	    {"colours {\n}\n", "1: no such option 'colours'"},
	    {"account {\n}\n", "1: missing title for section 'account'"},
	    {"account a {\n}\n\naccount a {\n}\n", "4: found duplicate title 'a'"},
	    {"account a {\n\n", "2: the account section is not closed with '}'"},
	    {"transport {\n", "1: the transport section is not closed with '}'"},
	    {"log {\n}\n}\n", "3: unexpected closing brace"},
	    {"log {\n}\n/* more\n", "3: a comment is not closed"},
	    {"state-dir = \"/a\n", "1: premature end of file"},
	    {"state-dir = /a\nstate-dir = /b\n", "2: state-dir is given twice"},
	    {"transport {\n deadline = 1\n}\ntransport {\n deadline = 2\n}\n",
	        "5: deadline is given twice"},
	    {"state-dir = a\n", "1: state-dir must be an absolute path"},
	    {"state-dir = \"/a/../b\"\n", "1: state-dir must not contain \"..\""},
	    {"state-dir = \"/a/..\"\n", "1: state-dir must not contain \"..\""},
	    {"state-dir = \"\"\n", "1: state-dir is empty"},
	    {"state-dir = \"/a\\tb\"\n", "1: state-dir contains a control character"},
	    {"state-dir = {/a}\n", "1: unexpected token '{'"},
	    {"alias a {\n api-key-file = /k\n api-key-command = c\n}\n",
	        "3: api-key-file and api-key-command exclude each other"},
	    {"alias a {\n naming = word\n domain = d.example\n}\n",
	        "3: domain has no meaning with naming = word"},
	    {"alias a {\n api-url = \"http://sl.example\"\n}\n",
	        "2: api-url must start with \"https://\": plain http: does not leave this "
	        "machine"},
	    {"alias {\n}\n", "1: missing title for section 'alias'"},
	    {"transport {\n deadline = soon\n}\n",
	        "2: deadline must be a number from 1 to 86400"},
	    {"transport {\n listen = \"/run/sock\"\n}\n",
	        "2: listen must start with \"unix:\" or \"inet:\""},
	    {"transport {\n listen = \"unix:sock\"\n}\n",
	        "2: listen must be the absolute path of a socket"},
	    {"transport {\n listen = \"inet:10025\"\n}\n",
	        "2: listen must be an address and a port, like \"127.0.0.1:10025\""},
	    {"transport {\n listen = \"inet:0.0.0.0:10025\"\n}\n",
	        "2: listen must be on the loopback, 127.0.0.1 or [::1], not at port 25"},
	    {"transport {\n monitor = \"127.0.0.1:25\"\n}\n",
	        "2: monitor must be on the loopback, 127.0.0.1 or [::1], not at port 25"},
	    {"transport {\n listen-mode = rw\n}\n", "2: listen-mode must be a mode like 0660"},
	    {"transport {\n listen-mode = 6660\n}\n",
	        "2: listen-mode must be a mode like 0660"},
	    {"transport {\n connections = 0\n}\n",
	        "2: connections must be a number from 1 to 10000"},
	    {"transport {\n deadline = 5s\n}\n",
	        "2: deadline must be a number from 1 to 86400"},
	    {"transport {\n deadline = 0\n}\n", "2: deadline must be a number from 1 to 86400"},
	    {"transport {\n deadline = -1\n}\n",
	        "2: deadline must be a number from 1 to 86400"},
	    {"transport {\n deadline = 99999999999999999999\n}\n",
	        "2: deadline must be a number from 1 to 86400"},
	    {"transport {\n\n account = a\n}\n", "3: there is no account \"a\""},
	    {"account a {\n auth = kerberos\n}\n",
	        "2: auth must be one of: atomicmail bearer basic"},
	    {"account a {\n auth = \"bearer basic\"\n}\n",
	        "2: auth must be one of: atomicmail bearer basic"},
	    {"account a {\n auth = basic\n}\n", "2: account \"a\": auth = basic needs api-url"},
	    {"account a {\n api-url = \"https://h\"\n auth = basic\n token-file = /t\n}\n",
	        "4: token-file has no meaning with auth = basic"},
	    {"account a {\n api-url = \"https://h\"\n\n auth = basic\n}\n",
	        "4: account \"a\": auth = basic needs user"},
	    {"account a {\n api-url = \"https://h\"\n auth = basic\n user = u\n}\n",
	        "3: account \"a\": auth = basic needs password-file or password-command"},
	    {"account a {\n auth = bearer\n api-url = \"https://h\"\n}\n",
	        "2: account \"a\": auth = bearer needs token-file or token-command"},
	    {"account a {\n user = u\n}\n", "2: user has no meaning with auth = atomicmail"},
	    {"account a {\n api-key-file = /k\n api-key-command = k\n}\n",
	        "3: api-key-file and api-key-command exclude each other"},
	    {"account a {\n api-url = \"http://example.org\"\n}\n",
	        "2: api-url must start with \"https://\": plain http: does not leave this "
	        "machine"},
	    {"account a {\n api-url = \"http://127.0.0.1.example.org\"\n}\n",
	        "2: api-url must start with \"https://\": plain http: does not leave this "
	        "machine"},
	    {"account a {\n auth-url = \"ftp://localhost\"\n}\n",
	        "2: auth-url must start with \"https://\""},
	    {"account a {\n api-url = \"h\"\n}\n",
	        "2: api-url is not a URL like \"https://host\""},
	    {"account a {\n api-url = \"https://u:p@h\"\n}\n",
	        "2: api-url must be a plain URL, without user, query or fragment"},
	    {"account a {\n api-url = \"https://h/?q\"\n}\n",
	        "2: api-url must be a plain URL, without user, query or fragment"},
	    {"account a {\n address = \"me\"\n}\n",
	        "2: address must be an address like \"user@example.org\""},
	    {"account a {\n address = \"<me@h>\"\n}\n",
	        "2: address must be an address like \"user@example.org\""},
	    {"account a {\n pow-threads = 1025\n}\n",
	        "2: pow-threads must be a number from 0 to 1024"},
	    {"account a {\n senders = {\"me\"}\n}\n",
	        "2: senders must hold addresses like \"user@example.org\" or \"@example.org\""},
	    {"account a {\n senders = {\"@\"}\n}\n",
	        "2: senders must hold addresses like \"user@example.org\" or \"@example.org\""},
	    {"account a {\n senders = {\"a@x\"}\n}\naccount b {\n\n senders = {\"@y\", "
	     "\"A@X\"}\n}\n",
	        "6: account \"a\" has the sender a@x too"},
	    {"account a {\n address = a@x\n}\naccount b {\n address = a@X\n}\n",
	        "5: account \"a\" has the same address"},
	    {"account a {\n auth = bearer token-file = /t api-url = \"https://h\"\n"
	     " rewrite-from = always\n}\n",
	        "3: account \"a\": rewrite-from = always needs address"},
	    {"transport {\n strip = {\"X-A\", \"from\"}\n}\n",
	        "2: strip must not take out From"},
	    {"transport {\n strip = {\"*\"}\n}\n", "2: strip must not take out Cc"},
	    {"transport {\n strip = {\"Message*\"}\n}\n",
	        "2: strip must not take out Message-ID"},
	    {"transport {\n strip = {\"X-*-Y\"}\n}\n",
	        "2: strip may have a '*' at the end of a name alone"},
	    {"milter {\n opt-out = \"X-*\"\n}\n",
	        "2: opt-out must be the name of a header field that a message can do without"},
	    {"milter {\n opt-out = From\n}\n",
	        "2: opt-out must be the name of a header field that a message can do without"},
	    {"milter {\n opt-out = \"X No Alias\"\n}\n",
	        "2: opt-out must be the name of a header field that a message can do without"},
	    {"milter {\n group-by = domain\n}\n",
	        "2: group-by must be one of: hostname registrable-domain"},
	    {"transport {\n strip = {\"X A\"}\n}\n",
	        "2: strip must hold names of header fields"},
	    {"transport {\n domain = \"a@b\"\n}\n",
	        "2: domain must be a domain like \"example.org\""},
	    {"account \"\" {\n}\n", "2: the title of this account section is empty"},
	    {"account \"..\" {\n}\n",
	        "2: the title of this account section starts with '.' or '-'"},
	    {"account \"-x\" {\n}\n",
	        "2: the title of this account section starts with '.' or '-'"},
	    {"account \"a/b\" {\n}\n",
	        "2: the title of this account section contains a '/' or a control character"},
	    {"account \"a\\nb\" {\n}\n",
	        "2: the title of this account section contains a '/' or a control character"},
	    {"sync \"a/b\" {\n}\n",
	        "2: the title of this sync section contains a '/' or a control character"},
	    {"account a { }\nsync s {\n\n}\n", "4: sync \"s\" needs maildir"},
	    {"account a { }\nsync s {\n maildir = Mail\n}\n",
	        "3: maildir must be an absolute path"},
	    {"account a { }\nsync s { maildir = /m }\nsync t {\n maildir = /m/\n}\n",
	        "4: sync \"s\" has the same maildir"},
	    {"sync s {\n maildir = /m\n}\n", "3: sync \"s\" must name one of the accounts"},
	    {"account a { }\nsync s {\n mailboxes = {\"a\", \"\"}\n}\n",
	        "3: mailboxes is empty"},
	    {"account a { }\nsync s {\n layout = mbox\n}\n",
	        "3: layout must be one of: maildir++ fs"},
	    {"log {\n facility = post\n}\n",
	        "2: facility must be a syslog facility, like mail or local0"},
	    {"log {\n level = 7\n}\n",
	        "2: level must be one of: emerg alert crit err warning notice info debug"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].text, cases[i].expected);
}

static void
an_overlong_title_is_refused(void **state)
{
	char *text = xasprintf("account %065d {\n}\n", 0);

	(void)state;
	refused(text, "2: the title of this account section is longer than 64 bytes");
	free(text);
}

static void
the_first_of_two_mistakes_is_the_one_reported(void **state)
{
	(void)state;
	refused("account a {\n user = u\n}\ntransport {\n account = b\n}\n",
	    "2: user has no meaning with auth = atomicmail");
}

static void
a_missing_file_is_named(void **state)
{
	struct config *config = NULL;
	struct outcome o = config_load("/nonexistent/ferry.conf", &config);

	(void)state;
	assert_true(outcome_is(&o, "local/config"));
	assert_non_null(strstr(o.text, "/nonexistent/ferry.conf: No such file"));
	assert_null(config);
}

static void
a_directory_in_its_place_is_refused(void **state)
{
	struct config *config = NULL;
	struct outcome o = config_load("/", &config);

	(void)state;
	assert_true(outcome_is(&o, "local/config"));
	assert_non_null(strstr(o.text, "/: Is a directory"));
}

static void
a_nul_byte_in_the_file_is_refused(void **state)
{
	struct config *config;
	struct outcome o = load_bytes("log { }\n\0colour = blue\n", 23, &config);

	(void)state;
	assert_true(outcome_is(&o, "local/config"));
	assert_non_null(strstr(o.text, "contains a NUL byte"));
}

/*
 * The documents.  Each is read into a list of "SECTION NAME" or "SECTION NAME VALUE" lines,
 * which is compared with the schema's.
 */

static char *
source_path(const char *path)
{
	const char *srcdir = getenv("srcdir");

	return xasprintf("%s/%s", srcdir != NULL ? srcdir : ".", path);
}

static void
read_source(const char *path, struct buf *text)
{
	char *whole = source_path(path);
	struct outcome o = file_read(AT_FDCWD, whole, 1 << 20, text);

	if (!outcome_is_ok(&o))
		fail_msg("%s", o.text);
	free(whole);
}

/* "#name = value" or "name = value", indented, of the template; a section's first line. */
static void
template_line(const char *line, char section[32], struct buf *list)
{
	char name[32], value[128];
	int end = 0;

	line += strspn(line, "\t");
	line += *line == '#';
	if (sscanf(line, "%31[a-z-] = %127[^\n]", name, value) == 2) {
		if (strcmp(name, "state-dir") == 0)
			value[0] = '\0'; /* the build's: written out for the reader */
		buf_addf(list, "%s %s %s\n", section, name, value);
	} else if (sscanf(line, "%31[a-z]%*[^{]{%n", name, &end) == 1 && end > 0) {
		strcpy(section, name);
	} else if (*line == '}') {
		section[0] = '\0';
	}
}

/* ".Ss section" and ".It Ic name" of the manual page. */
static void
manual_line(const char *line, char section[32], struct buf *list)
{
	char word[32];

	if (strncmp(line, ".Ss Top", 7) == 0)
		section[0] = '\0';
	else if (sscanf(line, ".Ss %31[a-z]", word) == 1)
		strcpy(section, word);
	else if (sscanf(line, ".It Ic %31[a-z-]", word) == 1)
		buf_addf(list, "%s %s\n", section, word);
}

static void
read_list(
    const char *path, void (*each)(const char *, char[32], struct buf *), struct buf *list)
{
	struct buf text = BUF_INIT;
	char section[32] = "";

	read_source(path, &text);
	for (char *line = strtok(text.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
		each(line, section, list);
	buf_free(&text);
}

/* Does list have a line that is this option's, with or without a value? */
static bool
listed(const struct buf *list, const struct config_option *option)
{
	char *start = xasprintf("%s %s", option->section, option->name);
	const char *found = strstr(buf_str(list), start);
	bool is = false;

	for (; found != NULL && !is; found = strstr(found + 1, start))
		is = (found == list->data || found[-1] == '\n') &&
		     isspace((unsigned char)found[strlen(start)]);
	free(start);
	return is;
}

static size_t
lines(const struct buf *list)
{
	size_t count = 0;

	for (const char *p = buf_str(list); *p != '\0'; p++)
		count += *p == '\n';
	return count;
}

static void
lists_exactly_the_schema(const char *path, const struct buf *list)
{
	const struct config_option *option;
	size_t count = 0;

	for (; (option = config_schema_option(count)) != NULL; count++)
		if (!listed(list, option))
			fail_msg("%s lacks %s %s", path, option->section, option->name);
	if (lines(list) != count)
		fail_msg("%s lists %zu options, the schema has %zu", path, lines(list), count);
}

static void
the_template_lists_every_option_and_no_other(void **state)
{
	struct buf list = BUF_INIT;

	(void)state;
	read_list("contrib/ferry.conf", template_line, &list);
	lists_exactly_the_schema("contrib/ferry.conf", &list);
	buf_free(&list);
}

static void
the_manual_lists_every_option_and_no_other(void **state)
{
	struct buf list = BUF_INIT;

	(void)state;
	read_list("man/ferry.conf.5", manual_line, &list);
	lists_exactly_the_schema("man/ferry.conf.5", &list);
	buf_free(&list);
}

static void
the_template_shows_the_defaults_as_they_are(void **state)
{
	const struct config_option *option;
	struct buf list = BUF_INIT;

	(void)state;
	read_list("contrib/ferry.conf", template_line, &list);
	for (size_t i = 0; (option = config_schema_option(i)) != NULL; i++) {
		const char *quote = option->kind == CONFIG_URL || option->kind == CONFIG_TEXT ||
		                            option->kind == CONFIG_LISTEN
		                        ? "\""
		                        : "";
		char *line;

		if (option->fallback == NULL || strcmp(option->name, "state-dir") == 0)
			continue;
		line = xasprintf("\n%s %s %s%s%s\n", option->section, option->name, quote,
		    option->fallback, quote);
		if (strstr(buf_str(&list), line) == NULL)
			fail_msg("contrib/ferry.conf does not say:%s", line);
		free(line);
	}
	buf_free(&list);
}

static void
the_template_loads(void **state)
{
	char *path = source_path("contrib/ferry.conf");
	struct config *config = NULL;
	struct outcome o = config_load(path, &config);

	(void)state;
	assert_string_equal(o.text, "ok");
	assert_non_null(config_account(config, "agent"));
	config_free(&config);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_file_gives_the_defaults),
	    cmocka_unit_test(a_server_has_its_defaults_and_takes_what_the_file_says),
	    cmocka_unit_test(an_account_has_the_public_service_as_its_default),
	    cmocka_unit_test(every_option_arrives_where_programs_look_for_it),
	    cmocka_unit_test(an_alias_section_has_the_public_service_as_its_default),
	    cmocka_unit_test(every_option_of_an_alias_section_arrives),
	    cmocka_unit_test(what_decides_about_recipients_is_read_as_it_is_written),
	    cmocka_unit_test(the_only_account_need_not_be_named),
	    cmocka_unit_test(of_two_accounts_none_is_taken_by_guess),
	    cmocka_unit_test(an_unknown_account_or_sync_is_not_found),
	    cmocka_unit_test(a_mistake_is_reported_with_its_line),
	    cmocka_unit_test(an_overlong_title_is_refused),
	    cmocka_unit_test(the_first_of_two_mistakes_is_the_one_reported),
	    cmocka_unit_test(a_missing_file_is_named),
	    cmocka_unit_test(a_directory_in_its_place_is_refused),
	    cmocka_unit_test(a_nul_byte_in_the_file_is_refused),
	    cmocka_unit_test(the_template_lists_every_option_and_no_other),
	    cmocka_unit_test(the_manual_lists_every_option_and_no_other),
	    cmocka_unit_test(the_template_shows_the_defaults_as_they_are),
	    cmocka_unit_test(the_template_loads),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
