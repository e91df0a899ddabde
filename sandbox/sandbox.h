/*
 * sandbox - what all parts of the running service share
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/counters.h"
#include "sandbox/options.h"

struct store;
struct events;
struct faults;
struct proxy;
struct alias_service;

struct sandbox {
	struct options options;
	struct counters counters;
	struct store *store;
	struct faults *faults;
	struct outbox *outbox;
	struct hold *hold;
	struct events *events;
	struct proxy *proxy;           /* NULL: the JMAP server is our own */
	struct alias_service *aliases; /* NULL: there is none */
	int dir;                       /* the directory of the service */
};

#endif
