/*
 * What ferryctl check finds on this machine: the configuration and the files it names.
 */
#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "ctl/check.h"

#define POSTFIX_COMMAND_MS 1000000 /* Postfix's default command_time_limit */

/* A file whose commands we run must be ours to read and nobody else's to change. */
static void
check_config_file(struct check *check, const struct config *config)
{
	char *advice = xasprintf("chmod go-w %s", config->path);
	struct stat st;

	if (stat(config->path, &st) < 0 || access(config->path, R_OK) < 0)
		check_finding(check, FINDING_ERROR, "configuration",
		    "make the file and its directories readable",
		    "%s: %s for the user that Ferry runs as", config->path, strerror(errno));
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		check_finding(check, FINDING_WARNING, "configuration", advice,
		    "%s can be changed by others, and it names commands", config->path);
	else
		check_finding(
		    check, FINDING_OK, "configuration", "", "%s is in order", config->path);
	free(advice);
}

static void
check_state_owner(struct check *check, const char *path, const struct stat *st)
{
	const struct passwd *user = getpwuid(st->st_uid);
	char *advice;

	if (st->st_uid != geteuid() && geteuid() != 0) {
		advice = xasprintf("run as %s", user != NULL ? user->pw_name : "its owner");
		check_finding(check, FINDING_ERROR, "state-dir", advice,
		    "%s belongs to another user", path);
		free(advice);
	} else if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		advice = xasprintf("chmod 700 %s", path);
		check_finding(
		    check, FINDING_WARNING, "state-dir", advice, "%s is open to others", path);
		free(advice);
	} else {
		check_finding(check, FINDING_OK, "state-dir", "", "%s belongs to %s", path,
		    user != NULL ? user->pw_name : "a user without name");
	}
}

static void
check_state_dir(struct check *check, const char *path)
{
	char *advice = xasprintf("install -d -m 700 -o USER %s", path);
	struct stat st;

	if (stat(path, &st) < 0)
		check_finding(check, errno == ENOENT ? FINDING_WARNING : FINDING_ERROR,
		    "state-dir", advice, "%s: %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		check_finding(
		    check, FINDING_ERROR, "state-dir", advice, "%s is no directory", path);
	else
		check_state_owner(check, path, &st);
	free(advice);
}

static void
check_transport(struct check *check, const struct config *config)
{
	const struct account *account = config->transport.account;

	if (config->account_count == 0 && config->alias_count != 0)
		check_finding(check, FINDING_WARNING, "configuration",
		    "add account \"NAME\" { } to send and read mail, see ferry.conf(5)",
		    "there is no account");
	else if (config->account_count == 0)
		check_finding(check, FINDING_ERROR, "configuration",
		    "add account \"NAME\" { }, see ferry.conf(5)", "there is no account");
	else if (account == NULL)
		check_finding(check, FINDING_WARNING, "transport",
		    "add account = NAME to its section, or -a NAME in master.cf",
		    "it names none of the %zu accounts: bounces, and mail of senders that "
		    "none of them lists, are refused",
		    config->account_count);
	else if (config->transport.deadline_ms >= POSTFIX_COMMAND_MS)
		check_finding(check, FINDING_WARNING, "transport",
		    "make deadline less than command_time_limit, or raise that",
		    "Postfix bounces what takes longer than 1000 s before the deadline of "
		    "%lld s",
		    (long long)config->transport.deadline_ms / 1000);
	else
		check_finding(check, FINDING_OK, "transport", "", "account %s sends%s",
		    account->name,
		    config->account_count > 1 ? " the mail of all whom no other account lists"
		                              : "");
}

/* May we write there, or make it? */
static void
check_sync(struct check *check, const struct sync_config *sync)
{
	char *subject = xasprintf("sync %s", sync->name), *copy = xstrdup(sync->maildir);
	const char *place = access(sync->maildir, F_OK) == 0 ? sync->maildir : dirname(copy);

	if (access(place, W_OK | X_OK) < 0)
		check_finding(check, FINDING_ERROR, subject, "", "%s: %s", place,
		    errno == ENOENT ? "the directory does not exist" : strerror(errno));
	else
		check_finding(
		    check, FINDING_OK, subject, "", "%s can be written", sync->maildir);
	free(copy);
	free(subject);
}

void
check_files(struct check *check, const struct config *config)
{
	check_config_file(check, config);
	check_state_dir(check, config->state_dir);
	check_transport(check, config);
	for (size_t i = 0; i < config->sync_count; i++)
		check_sync(check, &config->syncs[i]);
}
