/*
 * Keep secrets in memory out of files.
 *
 * The limit on core files does not count where the kernel pipes cores to a collector
 * (core(5)); being not dumpable counts everywhere.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/base/secrecy.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TRACES_ITSELF
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define TRACES_ITSELF
#endif

void
secrecy_protect(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef TRACES_ITSELF
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
