/*
 * aliases - what ferryctl's commands about aliases share
 *
 *	aliases.c		the account they speak to, and what is learnt of its answers
 *	alias_commands.c	their table: the endpoints' and those made of several calls
 *	alias_names.c		addresses, and what else people write, made ids and JSON
 *	alias_endpoint.c	a command that is one endpoint
 *	alias_actions.c		for, create, enable, disable, block, unblock
 *	alias_login.c		login, logout
 *	alias_map.c		map show, check, rebuild
 *	alias_bulk.c		the same for each line of standard input
 *	completion.c		scripts for bash and zsh
 */
#ifndef FERRY_CTL_ALIASES_H
#define FERRY_CTL_ALIASES_H

#include "common/settings/alias_find.h"
#include "ctl/ctl.h"
#include "ctl/print.h"

struct aliases {
	struct ctl *ctl;
	const struct alias_account *account;
	struct simplelogin *sl;
	struct alias_map *map;
	int64_t timeout_ms; /* for each request, with its waits */
	struct deadline deadline;
	json_t *mailboxes, *domains; /* lists, once one was needed */
};

/* Open the account of --service, or the only one, and its map.  NULL with the exit status. */
struct aliases *aliases_open(struct ctl *ctl, int *status);
void aliases_close(struct aliases **aliases);

/* A whole command: open, do it, close, and tell what went wrong; the exit status. */
int aliases_run(struct ctl *ctl, struct outcome (*run)(struct aliases *a));

/* Begin the time of the next request. */
void aliases_begin(struct aliases *a);

/* How results are to be printed: --json, --csv, or for people. */
enum print_form aliases_form(const struct ctl *ctl);

/* The text for each line of people's progress; only on a terminal, overwritten by the next. */
void aliases_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void aliases_progress_end(void);

/* Put into the map what an answer says of aliases and contacts.  A map that cannot take it is
 * told of on stderr: what was done is done. */
void aliases_learn(struct aliases *a, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, const json_t *answer);

/* Call, and learn. */
struct outcome aliases_call(struct aliases *a, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, json_t **answer_r);

/* alias_names.c */

/*
 * The value of a parameter for what somebody wrote: a number, a string, a file's content, an
 * id for an address.  text is NULL for a flag and for secrets, which are asked for.
 * local/usage if it is none, or names nothing there is.
 */
struct outcome aliases_value(struct aliases *a, const struct simplelogin_parameter *parameter,
    const char *text, json_t **value_r);

/* alias_bulk.c */

/* What is done for one line: *result_r (may stay NULL) is what to print of it. */
typedef struct outcome
aliases_one(struct aliases *a, const char *line, void *arg, json_t **result_r);

/*
 * Do it for each line of standard input; blank lines and those with '#' are left out.  With
 * --resume FILE, lines that are done are written there and skipped the next time; what says
 * what is being done, for the file's head.  Ends where going on makes no sense.  Prints what
 * failed, and how many; returns the exit status.
 */
int aliases_bulk(struct aliases *a, const char *what, aliases_one *one, void *arg);

/* alias_commands.c: the commands; NULL past the end. */
const struct ctl_command *ctl_alias_command(size_t i);

/* Their functions. */
int ctl_alias_endpoint(struct ctl *ctl, int argc, char **argv);
int ctl_alias_create(struct ctl *ctl, int argc, char **argv);
int ctl_alias_for(struct ctl *ctl, int argc, char **argv);
int ctl_alias_enable(struct ctl *ctl, int argc, char **argv);
int ctl_alias_disable(struct ctl *ctl, int argc, char **argv);
int ctl_contact_block(struct ctl *ctl, int argc, char **argv);
int ctl_contact_unblock(struct ctl *ctl, int argc, char **argv);
int ctl_login(struct ctl *ctl, int argc, char **argv);
int ctl_logout(struct ctl *ctl, int argc, char **argv);
int ctl_map_check(struct ctl *ctl, int argc, char **argv);
int ctl_map_rebuild(struct ctl *ctl, int argc, char **argv);
int ctl_map_show(struct ctl *ctl, int argc, char **argv);
int ctl_completion(struct ctl *ctl, int argc, char **argv);

#endif
