/*
 * email_match - does an Email meet the conditions of a filter, and what comes before what
 */
#ifndef SANDBOX_EMAIL_MATCH_H
#define SANDBOX_EMAIL_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/email_view.h"
#include "sandbox/jmap.h"

struct email_match {
	const struct jmap_request *request;
	struct email_view view;
};

/* A jmap_condition; the context is a struct email_match. */
bool email_condition_holds(const json_t *condition, void *context);

/* Check values whose type alone does not make them right: mailboxes there are, dates, header
 * conditions.  False after jmap_fail(). */
bool email_check_conditions(struct jmap_call *call, const json_t *filter);

/* What an Email is sorted by: only what the comparators need is filled in. */
struct sort_key {
	int64_t id, thread, received, size, sent;
	char *from, *to, *subject;
	uint32_t keywords; /* bit N: it has the keyword of the N-th comparator */
};

void email_sort_key(struct email_view *v, const json_t *sort, struct sort_key *key);
void email_sort_key_free(struct sort_key *key);
void email_sort(struct sort_key *keys, size_t count, const json_t *sort);

#endif
