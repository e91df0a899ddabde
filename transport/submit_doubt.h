/*
 * submit_doubt - what became of a submission whose answer was lost
 *
 * The account is asked: is there an Email with the stamp, and is it a draft still; and if it
 * is, does the service know a submission of it?
 */
#ifndef FERRY_SUBMIT_DOUBT_H
#define FERRY_SUBMIT_DOUBT_H

#include "common/service/jmap.h"
#include "common/settings/config.h"
#include "transport/stamp.h"

enum doubt {
	DOUBT_SENT,    /* it went out */
	DOUBT_UNSENT,  /* it did not: it never came so far, or the service would know it */
	DOUBT_UNKNOWN, /* nothing tells */
};

struct doubt_question {
	struct stamp stamp;     /* of the delivery */
	const char *email_id;   /* as far as the journal knows it, or NULL */
	const char *message_id; /* of the message, or "" */
	int64_t asked;          /* when its request was made, in seconds since 1970 */
	bool answered;          /* the service did answer it, with a failure of its own */
	enum sent_policy sent;
	const char *const *recipients; /* whose submission is in doubt */
	size_t count;
	struct deadline deadline;
};

struct doubt_answer {
	enum doubt *verdicts; /* one a recipient; the caller's */
	char *email_id;       /* of a draft that there is, or of what was sent; to be free()d */
	bool draft;           /* it is a draft */
	unsigned requests;    /* made */
};

/* If this fails, nothing is known, and nothing has changed. */
struct outcome submit_doubt(
    struct jmap *jmap, const struct doubt_question *question, struct doubt_answer *answer);

#endif
