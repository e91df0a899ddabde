/*
 * front_reply - a server's replies as what pipe(8) is told
 */
#ifndef FERRY_FRONT_REPLY_H
#define FERRY_FRONT_REPLY_H

#include "common/base/outcome.h"

/*
 * What one reply line ("550 5.1.1 text", without its line end) says of a recipient or a
 * message.  One that is no reply is temporary.
 */
struct outcome front_outcome(const char *reply);

/* A recipient, and what became of it. */
struct front_recipient {
	const char *address;
	struct outcome outcome;
};

/*
 * What is true of all recipients together, as pipe_deliver() (pipe.h) has it: the first
 * temporary one's outcome; without one, the first permanent one's if none was sent to, and
 * local/mixed if some were.
 */
struct outcome front_common(const struct front_recipient *recipients, size_t count);

#endif
