/*
 * ferry-milter: an alias for every correspondent, as a filter of Postfix
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/base/secrecy.h"
#include "common/settings/config.h"
#include "milter/arguments.h"
#include "milter/server.h"

#define IDENT "ferry-milter"

static int
check(const struct milter_arguments *args)
{
	struct config *config = NULL;
	struct outcome o = config_load(
	    args->config_path != NULL ? args->config_path : config_default_path(), &config);

	if (outcome_is_ok(&o))
		printf("%s is in order\n", config->path);
	else
		fprintf(stderr, IDENT ": %s\n", o.text);
	config_free(&config);
	return outcome_is_ok(&o) ? EX_OK : EX_CONFIG;
}

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
		status = check(&args);
	} else {
		status = milter_serve(&args, IDENT);
	}
	milter_arguments_free(&args);
	return status;
}
