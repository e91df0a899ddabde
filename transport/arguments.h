/*
 * arguments - the command line of ferry-transport
 *
 * Needs nothing but common/base: the front (front.h) reads it too.
 */
#ifndef FERRY_ARGUMENTS_H
#define FERRY_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/outcome.h"

enum transport_action {
	ACTION_DELIVER,
	ACTION_LMTP,
	ACTION_CHECK,
	ACTION_VERSION,
	ACTION_HELP,
};

struct arguments {
	enum transport_action action;
	const char *config_path; /* or NULL: the default */
	const char *account;     /* or NULL */
	const char *sender;      /* "" is the null sender */
	const char *queue_id;    /* or NULL */
	const char *server;      /* socket of one, "none", or NULL: the default */
	char **recipients;       /* in argv */
	size_t recipient_count;
	int verbose;
};

/*
 * Read the command line.  What is wrong is local/usage: temporary, because a mistake in
 * master.cf must not bounce mail.  An address that JMAP cannot express is local/address, and
 * permanent.  Strings stay argv's.
 */
struct outcome arguments_parse(int argc, char **argv, struct arguments *args_r);

/* The help's text. */
extern const char arguments_help[];

#endif
