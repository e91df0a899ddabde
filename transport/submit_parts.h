/*
 * submit_parts - what the submit*.c files share and nobody else sees
 *
 *	submit.c		a batch, round after round
 *	submit_judge.c		what an answer means for an item
 *	submit_calls.c		the calls of a round, and their answers
 *	submit_bring.c		what has to be there before: blobs, and messages made anew
 *	submit_envelope.c	envelopes, and what a service offers for them
 */
#ifndef FERRY_SUBMIT_PARTS_H
#define FERRY_SUBMIT_PARTS_H

#include "transport/submit_calls.h"

/* Make SENDING those who are to be in the next submission; how many are. */
void submit_name_part(struct submission *s);
size_t submit_named(const struct submission *s);

/* There is this Email for it in the account. */
void submit_note_email(struct submission *s, const char *email_id);

/* It is to be submitted (once more): as the Email that is there, or from its bytes. */
void submit_try_again(struct submission *s);

/*
 * Do to the item what its answer asks for: settle some of its addressees, or all, or choose
 * what is to be done next.  companions: how many more were in the request.  *stale is set if
 * caches are to be asked anew.  lacks_import: what the service cannot import is made anew.
 */
void submit_judge(struct submission *s, const struct submit_answer *answer, size_t companions,
    bool lacks_import, bool *stale);

/* The same for what the Email says that exists already. */
void submit_judge_evidence(struct submission *s, enum evidence evidence, bool *stale);

#endif
