/*
 * crash_edit - stop a filter in the middle of the edits that it makes of a message
 *
 * Loaded with LD_PRELOAD.  CRASH_AFTER=N lets N edits go to the MTA and kills the process
 * (SIGKILL) then.  Running a filter with N = 1, 2, 3... until a message gets through tries every
 * moment at which the edits can be cut short.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

static atomic_long edits;

static int
count(int result)
{
	const char *text = getenv("CRASH_AFTER");

	if (text != NULL && atomic_fetch_add(&edits, 1) + 1 == strtol(text, NULL, 10))
		kill(getpid(), SIGKILL);
	return result;
}

/* A function like its namesake in libmilter, counted when it has been called. */
#define COUNTED(name, parameters, ...)                     \
	int name parameters                                \
	{                                                  \
		int(*next) parameters;                     \
                                                           \
		*(void **)&next = dlsym(RTLD_NEXT, #name); \
		return count(next(__VA_ARGS__));           \
	}

COUNTED(smfi_chgfrom, (SMFICTX * context, char *address, char *args), context, address, args)
COUNTED(smfi_addrcpt, (SMFICTX * context, char *address), context, address)
COUNTED(
    smfi_addrcpt_par, (SMFICTX * context, char *address, char *args), context, address, args)
COUNTED(smfi_delrcpt, (SMFICTX * context, char *address), context, address)
COUNTED(smfi_addheader, (SMFICTX * context, char *name, char *value), context, name, value)
COUNTED(smfi_insheader, (SMFICTX * context, int position, char *name, char *value), context,
    position, name, value)
COUNTED(smfi_chgheader, (SMFICTX * context, char *name, int index, char *value), context, name,
    index, value)
