/*
 * status - what is known of a section without asking anybody
 */
#ifndef FERRY_SYNC_STATUS_H
#define FERRY_SYNC_STATUS_H

#include "sync/mirror.h"

/* Tell of the section and of each of its mailboxes how much there is, and how much is still
 * to be done.  Like mirror_run(); nothing is changed. */
struct outcome status_run(const struct sync_config *config,
    const struct mirror_options *options, struct report *report);

#endif
