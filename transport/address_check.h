/*
 * address_check - what an envelope may name
 *
 * Needs nothing but common/base: the front (front.h) uses it too.
 */
#ifndef FERRY_ADDRESS_CHECK_H
#define FERRY_ADDRESS_CHECK_H

#include <stdbool.h>

#include "common/base/outcome.h"

/* Are there control characters in it? */
bool text_has_control(const char *text);

/* Is it UTF-8 (RFC 3629): no overlong forms, no surrogates? */
bool text_is_utf8(const char *text);

/* Queue ids are letters, digits and little else: they go to the log as they are. */
bool is_queue_id(const char *text);

/*
 * JMAP has addresses in UTF-8 alone: others can be sent to neither now nor later, and are
 * local/address.  whose is "sender" or "recipient".
 */
struct outcome address_check(const char *address, const char *whose);

#endif
