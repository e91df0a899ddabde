/*
 * jmap_changes - /changes of any kind of record (RFC 8620 §5.2)
 */
#ifndef SANDBOX_JMAP_CHANGES_H
#define SANDBOX_JMAP_CHANGES_H

#include "sandbox/jmap.h"

json_t *jmap_changes(struct jmap_call *call, enum record kind);

#define JMAP_CHANGES_ARGUMENTS                                           \
	{"accountId", JMAP_ID, true}, {"sinceState", JMAP_STRING, true}, \
	{                                                                \
		"maxChanges", JMAP_UNSIGNED, false                       \
	}

#endif
