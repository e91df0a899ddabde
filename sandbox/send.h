/*
 * send - give a reply to libmicrohttpd
 */
#ifndef SANDBOX_SEND_H
#define SANDBOX_SEND_H

#include <microhttpd.h>

#include "sandbox/http.h"

enum send_how {
	SEND_WHOLE,
	SEND_HALF, /* announce all of it, send the first half, close */
};

/* Queue the reply, compressed if the client takes that and it is worth it.  What is sent is
 * taken out of the reply. */
enum MHD_Result send_reply(const struct request *r, struct reply *reply, enum send_how how);

#endif
