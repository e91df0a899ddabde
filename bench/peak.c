/*
 * peak - run a command and tell how much memory it had at most
 *
 * usage: peak FILE COMMAND...
 *
 * Writes KiB into FILE: the largest resident set, of which the libraries' pages are a part.
 */
#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	FILE *file;
	pid_t child;

	if (argc < 3)
		errx(EX_USAGE, "usage: peak FILE COMMAND...");
	child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		err(EX_UNAVAILABLE, "%s", argv[2]);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0)
		err(EX_OSERR, "%s", argv[2]);
	file = fopen(argv[1], "w");
	if (file == NULL || fprintf(file, "%ld\n", usage.ru_maxrss) < 0 || fclose(file) != 0)
		err(EX_CANTCREAT, "%s", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}
