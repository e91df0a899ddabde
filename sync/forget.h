/*
 * forget - let go of a Maildir, or of one of its folders, and leave the files
 */
#ifndef FERRY_SYNC_FORGET_H
#define FERRY_SYNC_FORGET_H

#include "sync/mirror.h"

/*
 * Without mailboxes in the options: remove the section's database and the Maildir's mark, so
 * that either may be used for something else.  With them: forget what is known of those,
 * which must not be selected by the configuration any more; local/config if one is, and then
 * nothing is forgotten.  Like mirror_run().
 */
struct outcome forget_run(const struct sync_config *config,
    const struct mirror_options *options, struct report *report);

#endif
