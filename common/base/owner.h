/*
 * owner - root's way to be the user that Ferry runs as
 */
#ifndef FERRY_OWNER_H
#define FERRY_OWNER_H

#include "common/base/outcome.h"

/*
 * If we are root, become the user to whom the state directory belongs, for good: what root
 * put there the programs that Postfix starts could not read, and what root can read says
 * nothing about what they can.  A directory of root's leaves us root; a missing one is
 * local/config, with how to make it in the hint.  Not root: OK, nothing is done.
 */
struct outcome owner_become(const char *state_dir);

#endif
