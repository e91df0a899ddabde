/*
 * replay - run a fuzz target over its corpus, without a fuzzer
 *
 * Each fuzz target is a LLVMFuzzerTestOneInput(); under `make fuzz` libFuzzer's main()
 * drives it, and everywhere else this one, so that `make check` keeps every input that was
 * worth keeping from failing again.  Without arguments the inputs are the files of
 * $srcdir/tests/fuzz/corpus/NAME, where the program is called fuzz_NAME; with arguments
 * they are the files and directories named.
 */
#ifndef FERRY_LIBFUZZER

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (64u << 20)

static size_t inputs;

static void
fail(const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path, strerror(errno));
	exit(99);
}

static void
run_file(const char *path)
{
	struct buf input = BUF_INIT;
	struct outcome o = file_read(AT_FDCWD, path, INPUT_MAX, &input);
	uint8_t *exact;

	if (!outcome_is_ok(&o))
		fail(path);
	/* A copy of the exact size, so that a sanitizer sees the first byte read too many. */
	exact = xmalloc(input.len);
	if (input.len != 0)
		memcpy(exact, input.data, input.len);
	LLVMFuzzerTestOneInput(exact, input.len);
	inputs++;
	free(exact);
	buf_free(&input);
}

static void
run_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (directory == NULL)
		fail(path);
	while ((entry = readdir(directory)) != NULL) {
		char *file;

		if (entry->d_name[0] == '.')
			continue;
		file = xasprintf("%s/%s", path, entry->d_name);
		run_file(file);
		free(file);
	}
	closedir(directory);
}

static void
run(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		fail(path);
	if (S_ISDIR(st.st_mode))
		run_directory(path);
	else
		run_file(path);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "fuzz_");
	char *corpus;

	for (int i = 1; i < argc; i++)
		run(argv[i]);
	if (argc == 1 && name != NULL) {
		corpus = xasprintf("%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
		    name + strlen("fuzz_"));
		run(corpus);
		free(corpus);
	}
	printf("%zu inputs\n", inputs);
	return inputs == 0; /* a target without a corpus is a mistake */
}

#endif
