/*
 * ferry-milter: an alias for every correspondent, as a filter of Postfix
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/base/secrecy.h"
#include "milter/arguments.h"
#include "milter/server.h"
#include "milter/trial.h"

#define IDENT "ferry-milter"

int
main(int argc, char **argv)
{
	struct milter_arguments args;
	struct outcome o;
	int status = EX_OK;

	secrecy_protect();
	o = milter_arguments_parse(argc, argv, &args);
	if (!outcome_is_ok(&o)) {
		fprintf(stderr, IDENT ": %s\n", o.text);
		status = EX_USAGE;
	} else if (args.task == TASK_VERSION) {
		puts(IDENT " (Ferry) " PACKAGE_VERSION);
	} else if (args.task == TASK_HELP) {
		fputs(milter_arguments_help, stdout);
	} else if (args.task == TASK_CHECK) {
		status = trial_check(&args, IDENT);
	} else if (args.task == TASK_TEST) {
		status = trial_test(&args, IDENT);
	} else {
		status = milter_serve(&args, IDENT);
	}
	milter_arguments_free(&args);
	return status;
}
