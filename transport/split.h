/*
 * split - one message for each alias
 *
 * SimpleLogin writes To and Cc anew by what stands behind each reverse address, whichever alias
 * it belongs to, and sends that to everybody: in one message to contacts of two aliases, each
 * would see the other's address.  One that names anybody who is no contact it drops, and says
 * that all is well.  So who is to be sent to by one alias gets a message in which To and Cc
 * (and the topmost Resent-To and Resent-Cc) name that alias's contacts alone, and who is to be
 * sent to directly, one in which no reverse address is named:
 *
 *	envelope  r1@sl r2@sl r3@sl bob@x	To: r1@sl, r3@sl	Cc: r2@sl, bob@x
 *
 *	alias A	  r1@sl r2@sl			To: r1@sl		Cc: r2@sl
 *	alias B	  r3@sl				To: r3@sl
 *	direct	  bob@x						Cc: bob@x
 *
 * What belongs to whom, in the envelope and in the header, is what the alias maps say
 * (reverse.h).  It does not matter who else is in the envelope: a try for some of the
 * recipients makes the same header as one for all.  A message in which no reverse address is
 * met is left alone.
 */
#ifndef FERRY_SPLIT_H
#define FERRY_SPLIT_H

#include "transport/delivery.h"
#include "transport/reverse.h"

struct split {
	struct delivery *parts; /* they share the whole one's bytes */
	size_t count;           /* 0: the whole one goes as it is */
	size_t *part_of;        /* of each of its recipients */
};

/* What is to be noted of a header while it comes, so that the message can be split. */
void split_want(const struct config *config, struct header_filter *f);

/*
 * Make the parts of a delivery that was received; they are good as long as it is, and as nothing
 * changes it.  local/header if a field cannot be read, or lists too many, and it may hold a
 * reverse address; what reverse.h says.
 */
struct outcome
split_make(struct reverse_maps *maps, const struct delivery *delivery, struct split *split_r);

/* Have all parts carried, some at a time, each in one thread; returns when all are through. */
typedef void split_carry(void *arg, struct delivery *part);
void split_each(struct split *split, split_carry *carry, void *arg);

/* Give the recipients the outcomes that they have in the parts, and free these. */
void split_end(struct split *split, struct delivery *delivery);

#endif
