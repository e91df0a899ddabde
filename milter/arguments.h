/*
 * arguments - the command line of ferry-milter
 */
#ifndef FERRY_MILTER_ARGUMENTS_H
#define FERRY_MILTER_ARGUMENTS_H

#include <stddef.h>

#include "common/base/outcome.h"

enum milter_task { TASK_SERVE, TASK_CHECK, TASK_TEST, TASK_VERSION, TASK_HELP };

struct milter_arguments {
	enum milter_task task;
	const char *config_path; /* or NULL: the default */
	const char *message;     /* TASK_TEST: the message's file, "-" is standard input */
	const char *sender;      /* "" is the null sender */
	const char **recipients; /* allocated; the texts are argv's */
	size_t recipient_count;
	int verbose;
};

/* Read the command line.  What is wrong is local/usage.  Strings stay argv's. */
struct outcome milter_arguments_parse(int argc, char **argv, struct milter_arguments *args_r);
void milter_arguments_free(struct milter_arguments *args);

/* The help's text. */
extern const char milter_arguments_help[];

#endif
