/*
 * sendmail_arguments - the command line of sendmail(1), mailq(1) and newaliases(1)
 *
 * As Postfix's sendmail(1) and msmtp(1) take it.  What has no meaning for a program without a
 * queue, a daemon or an alias database is accepted and does nothing, if the message is sent the
 * same without it; what asks for another service is refused.
 */
#ifndef FERRY_SENDMAIL_ARGUMENTS_H
#define FERRY_SENDMAIL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"

enum sendmail_action {
	SENDMAIL_DELIVER,
	SENDMAIL_LIST_QUEUE, /* -bp, mailq */
	SENDMAIL_RUN_QUEUE,  /* -q */
	SENDMAIL_ALIASES,    /* -bi, -I, newaliases */
	SENDMAIL_VERSION,
	SENDMAIL_HELP,
};

struct sendmail_arguments {
	enum sendmail_action action;
	const char *config_path; /* -C, or NULL */
	const char *sender;      /* -f or -r, or NULL */
	const char *full_name;   /* -F, or NULL */
	char *notify;            /* -N, as RFC 3461 has it, or NULL */
	const char *ret;         /* -R: "FULL" or "HDRS", or NULL */
	const char *envid;       /* -V, or NULL */
	bool from_header;        /* -t: recipients are in the header */
	bool dots;               /* -i: a lone dot does not end the message */
	int verbose;
	char **recipients; /* in argv */
	size_t recipient_count;
};

/*
 * Read the command line; argv[0] says which of the three it is.  False, and what is wrong with
 * it in *why, if it cannot be.  Strings stay argv's; sendmail_arguments_free() in any case.
 */
bool sendmail_arguments_parse(
    int argc, char **argv, struct sendmail_arguments *args_r, struct buf *why);
void sendmail_arguments_free(struct sendmail_arguments *args);

/* The last part of the path. */
const char *sendmail_basename(const char *path);

/* The help's text. */
extern const char sendmail_help[];

#endif
