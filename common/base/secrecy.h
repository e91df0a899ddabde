/*
 * secrecy - keep secrets in memory out of files
 */
#ifndef FERRY_SECRECY_H
#define FERRY_SECRECY_H

/*
 * From now on this process leaves no core file, neither in its directory nor with a crash
 * collector, and only root may trace it or read its memory.  Programs that hold credentials
 * call it first in main().  Children that exec() are not protected by it but for the limit on
 * core files.  Under the address sanitizer, whose leak check traces its own process, only
 * that limit is set.
 */
void secrecy_protect(void);

#endif
