/*
 * ferryctl's commands about accounts: sign up, log in, forget.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "common/service/auth.h"
#include "common/service/jmap.h"
#include "ctl/account.h"

#define WORK_SECONDS 3600 /* for a proof of work, unless told otherwise */

#define TIMEOUT_OPTION                                               \
	{                                                            \
		"timeout", "SECONDS", "give up after so long (3600)" \
	}

const struct ctl_option ctl_account_register_options[] = {
    {"username", "NAME", "the inbox's name, 5 to 21 characters"},
    TIMEOUT_OPTION,
    {NULL, NULL, NULL},
};

const struct ctl_option ctl_account_login_options[] = {
    TIMEOUT_OPTION,
    {NULL, NULL, NULL},
};

const struct ctl_option ctl_account_forget_options[] = {
    {"api-key", NULL, "delete the API key too: the only access to the inbox"},
    {"yes", NULL, "do not ask"},
    {NULL, NULL, NULL},
};

/* Show the proof of work to whoever waits for it, and what it took. */
static void
show_progress(const struct pow_progress *progress, void *arg)
{
	const struct ctl *ctl = arg;
	char took[POW_TIME_TEXT];

	pow_progress_terminal(progress, NULL);
	if (!progress->done || (ctl->verbose == 0 && !isatty(STDERR_FILENO)))
		return;
	pow_time_text((double)progress->ns / 1e9, took);
	fprintf(stderr, "proof of work: difficulty %d, %llu hashes in %s\n",
	    progress->difficulty, (unsigned long long)progress->hashes, took);
}

/* The deadline that --timeout asks for; false, with the status set, if it asks for nonsense. */
static bool
read_deadline(const struct ctl *ctl, struct deadline *d, int *status)
{
	long seconds = WORK_SECONDS;

	if (!ctl_number(ctl, "timeout", 1, 7L * 86400, &seconds, status))
		return false;
	*d = deadline_in_ms(1000 * (int64_t)seconds);
	return true;
}

/* Open the account named by argv[0]; NULL with the status set if that cannot be. */
static struct jmap *
open_account(struct ctl *ctl, const char *name, int *status)
{
	const struct account *account = ctl_account(ctl, name, status);
	struct jmap *jmap = NULL;
	struct outcome o;

	if (account == NULL)
		return NULL;
	o = jmap_open(account, NULL, &jmap);
	*status = ctl_fail(&o);
	if (jmap != NULL)
		auth_on_progress(jmap_auth(jmap), show_progress, ctl);
	return jmap;
}

static void
print_registered(const struct ctl *ctl, const struct account *account, const char *address)
{
	if (ctl->json) {
		ctl_print_json(json_pack("{s:s, s:s, s:s}", "account", account->name, "address",
		                   address, "apiKeyFile", account->secret_file),
		    false);
		return;
	}
	printf("registered %s\n", address);
	printf("The API key is in %s: keep a copy.\n"
	       "It is the only access to the inbox; nobody can give it to you again.\n",
	    account->secret_file);
}

int
ctl_account_register(struct ctl *ctl, int argc, char **argv)
{
	const char *username = ctl_option(ctl, "username");
	char *address = NULL;
	struct jmap *jmap;
	struct deadline d;
	struct outcome o;
	int status;

	(void)argc;
	if (username == NULL)
		return ctl_usage(ctl, "--username is missing");
	if (!read_deadline(ctl, &d, &status))
		return status;
	jmap = open_account(ctl, argv[0], &status);
	if (jmap == NULL)
		return status;
	if (jmap_account(jmap)->auth != AUTH_ATOMICMAIL)
		o = outcome_make("local", "config",
		    "account \"%s\" has no auth = atomicmail: there is nothing to sign up for",
		    argv[0]);
	else
		o = auth_register(jmap_auth(jmap), username, d, &address);
	if (outcome_is_ok(&o))
		print_registered(ctl, jmap_account(jmap), address);
	free(address);
	jmap_close(&jmap);
	return ctl_fail(&o);
}

static void
print_login(const struct ctl *ctl, struct jmap *jmap, const struct jmap_session *session)
{
	const char *address = auth_address(jmap_auth(jmap));
	int64_t left, capability;

	auth_status(jmap_auth(jmap), &left, &capability);
	if (ctl->json)
		ctl_print_json(
		    json_pack("{s:s, s:s?, s:s, s:I}", "account", jmap_account(jmap)->name,
		        "address", address, "jmapAccountId", session->account_id,
		        "sessionSeconds", (json_int_t)left),
		    false);
	else
		printf("logged in to %s as %s\n", jmap_account(jmap)->api_url,
		    address != NULL ? address : session->account_id);
}

int
ctl_account_login(struct ctl *ctl, int argc, char **argv)
{
	const struct jmap_session *session = NULL;
	struct jmap *jmap;
	struct deadline d;
	struct outcome o;
	int status;

	(void)argc;
	if (!read_deadline(ctl, &d, &status))
		return status;
	jmap = open_account(ctl, argv[0], &status);
	if (jmap == NULL)
		return status;
	o = auth_login(jmap_auth(jmap), d);
	if (outcome_is_ok(&o)) {
		jmap_session_forget(jmap);
		o = jmap_session(jmap, d, &session);
	}
	if (outcome_is_ok(&o))
		print_login(ctl, jmap, session);
	jmap_close(&jmap);
	return ctl_fail(&o);
}

/* Ask whoever is at the terminal to type the account's name; false if it is not typed. */
static bool
confirm(const char *name)
{
	char answer[256];

	fprintf(stderr,
	    "This deletes the API key, the only access to the inbox of account \"%s\".\n"
	    "Type the account's name to go on: ",
	    name);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return strcmp(answer, name) == 0;
}

int
ctl_account_forget(struct ctl *ctl, int argc, char **argv)
{
	bool with_key = ctl_option(ctl, "api-key") != NULL;
	struct credentials *credentials;
	const struct account *account;
	struct outcome o;
	int status;

	(void)argc;
	account = ctl_account(ctl, argv[0], &status);
	if (account == NULL)
		return status;
	if (with_key && ctl_option(ctl, "yes") == NULL) {
		if (!isatty(STDIN_FILENO))
			return ctl_usage(ctl, "--api-key needs --yes without a terminal");
		if (!confirm(argv[0])) {
			fputs("ferryctl: nothing was deleted\n", stderr);
			return EX_TEMPFAIL;
		}
	}
	o = credentials_open(account, &credentials);
	if (outcome_is_ok(&o))
		o = credentials_forget(credentials, with_key);
	credentials_close(&credentials);
	if (!outcome_is_ok(&o))
		return ctl_fail(&o);
	if (ctl->json)
		ctl_print_json(
		    json_pack("{s:s, s:b}", "account", account->name, "apiKey", with_key),
		    false);
	else
		printf("forgot the tokens of account \"%s\"%s\n", account->name,
		    with_key ? " and its API key" : "");
	return EX_OK;
}
