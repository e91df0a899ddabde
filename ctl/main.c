/*
 * ferryctl - the operator's command: accounts, checks, requests
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/base/cancel.h"
#include "common/base/log.h"
#include "common/base/secrecy.h"
#include "ctl/ctl.h"

int
main(int argc, char **argv)
{
	struct ctl ctl = {.config_path = config_default_path()};
	int status;

	secrecy_protect();
	status = ctl_parse(&ctl, &argc, &argv);
	if (status < 0) {
		log_open("ferryctl", LOG_TO_STDERR, LOG_USER, LOG_WARNING + ctl.verbose);
		cancel_on_signals();
		status = ctl.command->run(&ctl, argc, argv);
	}
	config_free(&ctl.config);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("ferryctl: standard output");
		return status == EX_OK ? EX_IOERR : status;
	}
	return status;
}
