/*
 * verify - are the files what the service has?
 */
#ifndef FERRY_SYNC_VERIFY_H
#define FERRY_SYNC_VERIFY_H

#include "sync/mirror.h"

/*
 * Compare each message's files with the service's size and digest, and with options->repair
 * replace those that differ.  What differs, and is not repaired, is reported and counted as
 * an error.  Like mirror_run().
 */
struct outcome verify_run(const struct sync_config *config,
    const struct mirror_options *options, struct report *report);

#endif
