/*
 * From ferry.conf's options to what programs use: structs whose values need no further check.
 *
 * What each option may be is checked as it is parsed (config_schema.c, config_document.c);
 * here is what takes several options together.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "common/base/xalloc.h"
#include "common/settings/config.h"
#include "common/settings/config_document.h"
#include "common/settings/config_schema.h"
#include "common/wire/address.h"
#include "common/wire/network.h"

static void
free_list(char **list)
{
	for (char **item = list; item != NULL && *item != NULL; item++)
		free(*item);
	free(list);
}

/* Options that mean nothing for this login are mistakes: somebody expects something of them. */
static void
check_logins(struct document *d, cfg_t *section, const struct account *account)
{
	const struct config_option *option;

	for (size_t i = 0; (option = config_schema_option(i)) != NULL; i++)
		if (strcmp(option->section, "account") == 0 &&
		    document_given(d, section, option->name) &&
		    (option->logins & (1u << account->auth)) == 0)
			document_mistake(d, document_line(d, section, option->name),
			    "%s has no meaning with auth = %s", option->name,
			    document_value(d, section, "auth"));
}

static void
need(struct document *d, cfg_t *section, const char *name)
{
	if (!document_given(d, section, name))
		document_mistake(d, document_line(d, section, "auth"),
		    "account \"%s\": auth = %s needs %s", cfg_title(section),
		    document_value(d, section, "auth"), name);
}

/* The secret: KIND-file or KIND-command, not both; only an API key has a place of its own. */
static void
fill_secret(struct document *d, cfg_t *section, const char *kind, struct account *account)
{
	char *file = xasprintf("%s-file", kind), *command = xasprintf("%s-command", kind);
	bool by_file = document_given(d, section, file);
	bool by_command = document_given(d, section, command);

	if (by_file && by_command)
		document_mistake(d, document_line(d, section, command),
		    "%s and %s exclude each other", file, command);
	else if (!by_file && !by_command && account->auth != AUTH_ATOMICMAIL)
		document_mistake(d, document_line(d, section, "auth"),
		    "account \"%s\": auth = %s needs %s or %s", account->name,
		    document_value(d, section, "auth"), file, command);
	account->secret_command = document_text(d, section, command);
	account->secret_file = by_file || by_command
	                           ? document_text(d, section, file)
	                           : xasprintf("%s/api-key", account->directory);
	free(file);
	free(command);
}

static void
fill_proof_of_work(struct document *d, cfg_t *section, struct account *account)
{
	account->auth_url = document_path(d, section, "auth-url");
	account->default_domain = document_text(d, section, "default-domain");
	account->pow_salt = document_text(d, section, "pow-salt");
	account->pow_threads = (unsigned)document_number(d, section, "pow-threads");
	account->pow_memory = (size_t)document_number(d, section, "pow-memory") << 20;
	account->pow_max_difficulty = (int)document_number(d, section, "pow-max-difficulty");
}

/* The senders that a section lists, as keys. */
static char **
sender_keys(struct document *d, cfg_t *section)
{
	char **senders = document_list(d, section, "senders", NULL);

	for (char **sender = senders; *sender != NULL; sender++) {
		char *key = address_key(*sender);

		free(*sender);
		*sender = key;
	}
	return senders;
}

/* Whose mail it sends; with which From. */
static void
fill_senders(struct document *d, cfg_t *section, struct account *account)
{
	account->senders = sender_keys(d, section);
	account->rewrite_from = (enum rewrite_from)document_word(d, section, "rewrite-from");
	if (account->rewrite_from != REWRITE_NEVER && account->auth != AUTH_ATOMICMAIL &&
	    account->address == NULL)
		document_mistake(d, document_line(d, section, "rewrite-from"),
		    "account \"%s\": rewrite-from = %s needs address", account->name,
		    document_value(d, section, "rewrite-from"));
}

static void
fill_account(struct document *d, const char *state_dir, cfg_t *section, struct account *account)
{
	static const char *const secrets[] = {"api-key", "token", "password"};

	account->name = xstrdup(cfg_title(section));
	account->auth = (enum auth_kind)document_word(d, section, "auth");
	account->directory = xasprintf("%s/accounts/%s", state_dir, account->name);
	account->api_url = document_path(d, section, "api-url");
	account->address = document_text(d, section, "address");
	account->ca_file = document_text(d, section, "ca-file");
	account->user = document_text(d, section, "user");
	check_logins(d, section, account);
	if (account->auth == AUTH_ATOMICMAIL)
		fill_proof_of_work(d, section, account);
	else
		need(d, section, "api-url");
	if (account->auth == AUTH_BASIC)
		need(d, section, "user");
	fill_secret(d, section, secrets[account->auth], account);
	fill_senders(d, section, account);
}

static void
fill_alias(
    struct document *d, const char *state_dir, cfg_t *section, struct alias_account *alias)
{
	bool by_file = document_given(d, section, "api-key-file");
	bool by_command = document_given(d, section, "api-key-command");

	alias->name = xstrdup(cfg_title(section));
	alias->directory = xasprintf("%s/aliases/%s", state_dir, alias->name);
	alias->api_url = document_path(d, section, "api-url");
	alias->ca_file = document_text(d, section, "ca-file");
	if (by_file && by_command)
		document_mistake(d, document_line(d, section, "api-key-command"),
		    "api-key-file and api-key-command exclude each other");
	alias->secret_command = document_text(d, section, "api-key-command");
	alias->secret_file = by_file || by_command ? document_text(d, section, "api-key-file")
	                                           : xasprintf("%s/api-key", alias->directory);
	alias->naming = (enum alias_naming)document_word(d, section, "naming");
	alias->domain = document_text(d, section, "domain");
	if (alias->domain != NULL && alias->naming != ALIAS_BY_HOST)
		document_mistake(d, document_line(d, section, "domain"),
		    "domain has no meaning with naming = %s",
		    document_value(d, section, "naming"));
	alias->mailbox = document_text(d, section, "mailbox");
	alias->senders = sender_keys(d, section);
	alias->refresh_ms = 1000 * (int64_t)document_number(d, section, "refresh");
	alias->paced = document_word(d, section, "rate-limits") != 0;
}

/* The account a section names, or the only one there is, or NULL. */
static const struct account *
account_of(struct document *d, const struct config *config, cfg_t *section)
{
	const char *name = document_value(d, section, "account");
	const struct account *account;

	if (name == NULL)
		return config->account_count == 1 ? &config->accounts[0] : NULL;
	account = config_account(config, name);
	if (account == NULL)
		document_mistake(d, document_line(d, section, "account"),
		    "there is no account \"%s\"", name);
	return account;
}

/* Two mirrors in one folder would each remove what the other put there. */
static void
check_maildir(struct document *d, const struct config *config, cfg_t *section,
    const struct sync_config *sync)
{
	if (sync->maildir == NULL) {
		document_mistake(d, section->line, "sync \"%s\" needs maildir", sync->name);
		return;
	}
	for (const struct sync_config *other = config->syncs; other < sync; other++)
		if (other->maildir != NULL && strcmp(other->maildir, sync->maildir) == 0)
			document_mistake(d, document_line(d, section, "maildir"),
			    "sync \"%s\" has the same maildir", other->name);
}

static void
fill_sync(
    struct document *d, const struct config *config, cfg_t *section, struct sync_config *sync)
{
	sync->name = xstrdup(cfg_title(section));
	sync->account = account_of(d, config, section);
	if (sync->account == NULL)
		document_mistake(
		    d, section->line, "sync \"%s\" must name one of the accounts", sync->name);
	sync->maildir = document_path(d, section, "maildir");
	check_maildir(d, config, section, sync);
	sync->direction = (enum sync_direction)document_word(d, section, "direction");
	sync->deletions = (enum sync_deletions)document_word(d, section, "deletions");
	sync->layout = (enum maildir_layout)document_word(d, section, "layout");
	sync->mailboxes = document_list(d, section, "mailboxes", "*");
	sync->exclude = document_list(d, section, "exclude", NULL);
	sync->pull_only = document_list(d, section, "pull-only", NULL);
	sync->push_only = document_list(d, section, "push-only", NULL);
	sync->max_age_s = 86400 * (int64_t)document_number(d, section, "max-age");
	sync->max_size = document_number(d, section, "max-size");
	sync->subscriptions = document_word(d, section, "subscriptions") != 0;
	sync->bandwidth = 1000 * (int64_t)document_number(d, section, "bandwidth");
	sync->connections = (unsigned)document_number(d, section, "connections");
	sync->on_new = document_text(d, section, "on-new");
	sync->poll_ms = 1000 * (int64_t)document_number(d, section, "poll");
	sync->ping = (unsigned)document_number(d, section, "ping");
	sync->database = xasprintf("%s/sync/%s.db", config->state_dir, sync->name);
}

/* What the LMTP server needs. */
static void
fill_server(struct document *d, cfg_t *section, struct transport_config *transport)
{
	transport->listen = document_text(d, section, "listen");
	transport->listen_mode =
	    (mode_t)strtol(document_value(d, section, "listen-mode"), NULL, 8);
	transport->listen_group = document_text(d, section, "listen-group");
	transport->user = document_text(d, section, "user");
	transport->connections = (unsigned)document_number(d, section, "connections");
	transport->recipients_max = (size_t)document_number(d, section, "max-recipients");
	transport->idle_timeout_ms =
	    1000 * (int64_t)document_number(d, section, "idle-timeout");
	transport->monitor = document_text(d, section, "monitor");
}

/* Is this sender in the list? */
static bool
claims(char *const *senders, const char *key)
{
	for (; *senders != NULL; senders++)
		if (strcmp(*senders, key) == 0)
			return true;
	return false;
}

/* A sender that two accounts list, or an address that two have, would go by chance. */
static void
check_claims(struct document *d, const struct config *config, size_t i)
{
	const struct account *account = &config->accounts[i];
	cfg_t *section = cfg_getnsec(d->root, "account", (unsigned)i);

	for (const struct account *other = config->accounts; other < account; other++) {
		for (char **sender = account->senders; *sender != NULL; sender++)
			if (claims(other->senders, *sender))
				document_mistake(d, document_line(d, section, "senders"),
				    "account \"%s\" has the sender %s too", other->name,
				    *sender);
		if (account->address != NULL && other->address != NULL &&
		    address_same(account->address, other->address))
			document_mistake(d, document_line(d, section, "address"),
			    "account \"%s\" has the same address", other->name);
	}
}

static void
check_alias_claims(struct document *d, const struct config *config, size_t i)
{
	const struct alias_account *alias = &config->aliases[i];
	cfg_t *section = cfg_getnsec(d->root, "alias", (unsigned)i);

	for (const struct alias_account *other = config->aliases; other < alias; other++)
		for (char **sender = alias->senders; *sender != NULL; sender++)
			if (claims(other->senders, *sender))
				document_mistake(d, document_line(d, section, "senders"),
				    "alias \"%s\" has the sender %s too", other->name, *sender);
}

/* The alias section of everybody: the one that is named, or the only one, unless that lists
 * whom it is for. */
static const struct alias_account *
alias_of(struct document *d, const struct config *config, cfg_t *section)
{
	const char *name = document_value(d, section, "alias");
	const struct alias_account *alias;

	if (name == NULL)
		return config->alias_count == 1 && *config->aliases[0].senders == NULL
		           ? &config->aliases[0]
		           : NULL;
	alias = config_alias(config, name);
	if (alias == NULL)
		document_mistake(d, document_line(d, section, "alias"),
		    "there is no alias section \"%s\"", name);
	return alias;
}

static void
fill_networks(struct document *d, cfg_t *section, struct milter_config *milter)
{
	char **texts = document_list(d, section, "networks", NULL);
	size_t count = 0;

	while (texts[count] != NULL)
		count++;
	milter->networks = xcalloc(count + 1, sizeof(*milter->networks));
	milter->network_count = count;
	for (size_t i = 0; i < count; i++)
		(void)network_parse(texts[i], &milter->networks[i]);
	free_list(texts);
}

static void
fill_policy(struct document *d, cfg_t *section, struct milter_config *milter)
{
	milter->rules = document_list(d, section, "rules", NULL);
	milter->own_domains = document_list(d, section, "own-domains", NULL);
	milter->by_registrable_domain = document_word(d, section, "group-by") != 0;
	milter->no_contact_direct = document_word(d, section, "no-contact") != 0;
	milter->opt_out = document_text(d, section, "opt-out");
	milter->skip_lists = document_word(d, section, "skip-lists") != 0;
	milter->skip_automatic = document_word(d, section, "skip-automatic") != 0;
}

static void
fill_milter(struct document *d, struct config *config, cfg_t *section)
{
	struct milter_config *milter = &config->milter;

	milter->alias = alias_of(d, config, section);
	milter->unlisted_direct = document_word(d, section, "unlisted") != 0;
	milter->authenticated = document_word(d, section, "authenticated") != 0;
	milter->local = document_word(d, section, "local") != 0;
	fill_networks(d, section, milter);
	milter->mode = (enum milter_mode)document_word(d, section, "mode");
	milter->log_only = document_word(d, section, "action") != 0;
	milter->mixed_refused = document_word(d, section, "mixed") != 0;
	fill_policy(d, section, milter);
	milter->deadline_ms = 1000 * (int64_t)document_number(d, section, "deadline");
	milter->in_flight = (unsigned)document_number(d, section, "in-flight");
	milter->listen = document_text(d, section, "listen");
	milter->listen_mode =
	    (mode_t)strtol(document_value(d, section, "listen-mode"), NULL, 8);
	milter->listen_group = document_text(d, section, "listen-group");
	milter->user = document_text(d, section, "user");
	milter->monitor = document_text(d, section, "monitor");
}

static void
fill_transport(struct document *d, struct config *config, cfg_t *section)
{
	struct transport_config *transport = &config->transport;

	transport->account = account_of(d, config, section);
	transport->deadline_ms = 1000 * (int64_t)document_number(d, section, "deadline");
	transport->retry_ms = 1000 * (int64_t)document_number(d, section, "retry-for");
	transport->submit = (enum submit_method)document_word(d, section, "submit");
	transport->inline_max = document_number(d, section, "inline");
	transport->sent = (enum sent_policy)document_word(d, section, "sent");
	transport->ambiguous = (enum ambiguous_policy)document_word(d, section, "ambiguous");
	transport->journal_keep = 86400 * (int64_t)document_number(d, section, "journal-keep");
	transport->strip = document_list(d, section, "strip", NULL);
	transport->domain = document_text(d, section, "domain");
	fill_server(d, section, transport);
}

static void
fill(struct document *d, struct config *config)
{
	cfg_t *root = d->root, *log = cfg_getsec(root, "log");

	config->state_dir = document_path(d, root, "state-dir");
	config->account_count = cfg_size(root, "account");
	config->accounts = xcalloc(config->account_count + 1, sizeof(*config->accounts));
	for (unsigned i = 0; i < config->account_count; i++)
		fill_account(d, config->state_dir, cfg_getnsec(root, "account", i),
		    &config->accounts[i]);
	for (unsigned i = 0; i < config->account_count; i++)
		check_claims(d, config, i);
	config->alias_count = cfg_size(root, "alias");
	config->aliases = xcalloc(config->alias_count + 1, sizeof(*config->aliases));
	for (unsigned i = 0; i < config->alias_count; i++)
		fill_alias(
		    d, config->state_dir, cfg_getnsec(root, "alias", i), &config->aliases[i]);
	for (unsigned i = 0; i < config->alias_count; i++)
		check_alias_claims(d, config, i);
	fill_transport(d, config, cfg_getsec(root, "transport"));
	fill_milter(d, config, cfg_getsec(root, "milter"));
	config->sync_count = cfg_size(root, "sync");
	config->syncs = xcalloc(config->sync_count + 1, sizeof(*config->syncs));
	for (unsigned i = 0; i < config->sync_count; i++)
		fill_sync(d, config, cfg_getnsec(root, "sync", i), &config->syncs[i]);
	config->watch.monitor = document_text(d, cfg_getsec(root, "watch"), "monitor");
	config->log.to = (enum log_sink)document_word(d, log, "to");
	config->log.facility = log_facility(document_value(d, log, "facility"));
	config->log.level = document_word(d, log, "level");
}

const char *
config_default_path(void)
{
	return SYSCONFDIR "/ferry/ferry.conf";
}

struct outcome
config_load(const char *path, struct config **config_r)
{
	struct config *config = xcalloc(1, sizeof(*config));
	struct document document;
	struct outcome o;

	config->path = xstrdup(path);
	document_read(&document, path);
	if (outcome_is_ok(&document.error))
		fill(&document, config);
	o = document.error;
	document_free(&document);
	if (!outcome_is_ok(&o))
		config_free(&config);
	else
		*config_r = config;
	return o;
}

static void
free_account(struct account *account)
{
	free(account->name);
	free(account->auth_url);
	free(account->api_url);
	free(account->address);
	free(account->default_domain);
	free(account->directory);
	free(account->secret_file);
	free(account->secret_command);
	free(account->user);
	free(account->ca_file);
	free(account->pow_salt);
	free_list(account->senders);
}

static void
free_alias(struct alias_account *alias)
{
	free(alias->name);
	free(alias->api_url);
	free(alias->directory);
	free(alias->secret_file);
	free(alias->secret_command);
	free(alias->ca_file);
	free(alias->domain);
	free(alias->mailbox);
	free_list(alias->senders);
}

static void
free_milter(struct milter_config *milter)
{
	free(milter->networks);
	free_list(milter->rules);
	free_list(milter->own_domains);
	free(milter->opt_out);
	free(milter->listen);
	free(milter->listen_group);
	free(milter->user);
	free(milter->monitor);
}

static void
free_sync(struct sync_config *sync)
{
	free(sync->name);
	free(sync->maildir);
	free(sync->database);
	free(sync->on_new);
	free_list(sync->mailboxes);
	free_list(sync->exclude);
	free_list(sync->pull_only);
	free_list(sync->push_only);
}

void
config_free(struct config **config)
{
	struct config *c = *config;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->account_count; i++)
		free_account(&c->accounts[i]);
	for (size_t i = 0; i < c->alias_count; i++)
		free_alias(&c->aliases[i]);
	for (size_t i = 0; i < c->sync_count; i++)
		free_sync(&c->syncs[i]);
	free_list(c->transport.strip);
	free(c->transport.domain);
	free(c->transport.listen);
	free(c->transport.listen_group);
	free(c->transport.user);
	free(c->transport.monitor);
	free_milter(&c->milter);
	free(c->accounts);
	free(c->aliases);
	free(c->syncs);
	free(c->watch.monitor);
	free(c->state_dir);
	free(c->path);
	free(c);
	*config = NULL;
}

const struct account *
config_account(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->account_count; i++)
		if (strcmp(config->accounts[i].name, name) == 0)
			return &config->accounts[i];
	return NULL;
}

const struct alias_account *
config_alias(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->alias_count; i++)
		if (strcmp(config->aliases[i].name, name) == 0)
			return &config->aliases[i];
	return NULL;
}

const struct sync_config *
config_sync(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->sync_count; i++)
		if (strcmp(config->syncs[i].name, name) == 0)
			return &config->syncs[i];
	return NULL;
}

void
config_open_log(const struct config *config, const char *ident, int verbose)
{
	bool to_terminal = verbose > 0 && isatty(STDERR_FILENO);
	int level = config->log.level + verbose;

	log_open(ident, to_terminal ? LOG_TO_STDERR : config->log.to, config->log.facility,
	    level < LOG_DEBUG ? level : LOG_DEBUG);
}
