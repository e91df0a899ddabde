/*
 * apply - a verdict, told to the MTA
 */
#ifndef FERRY_APPLY_H
#define FERRY_APPLY_H

#include <libmilter/mfapi.h>

#include "milter/judge.h"

/*
 * Hand over the edits, or the refusal, and return what to answer at the end of the message.  If
 * an edit cannot be handed over the message is deferred: an MTA undoes what it was told then.
 * The verdict becomes that.
 */
sfsistat apply_verdict(SMFICTX *ctx, struct verdict *verdict);

#endif
