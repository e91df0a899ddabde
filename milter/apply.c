/*
 * A verdict, told to the MTA.
 */
#include <stdio.h>

#include "milter/apply.h"

static int
apply(SMFICTX *ctx, const struct edit *e)
{
	switch (e->kind) {
	case EDIT_DELRCPT:
		return smfi_delrcpt(ctx, e->name);
	case EDIT_ADDRCPT:
		return e->value != NULL ? smfi_addrcpt_par(ctx, e->name, e->value)
		                        : smfi_addrcpt(ctx, e->name);
	case EDIT_CHGFROM:
		return smfi_chgfrom(ctx, e->name, e->value);
	case EDIT_CHGHEADER:
		return smfi_chgheader(ctx, e->name, (int)e->index, e->value);
	case EDIT_INSHEADER:
		return smfi_insheader(ctx, (int)e->index, e->name, e->value);
	}
	return MI_FAILURE;
}

static bool
apply_all(SMFICTX *ctx, const struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		if (apply(ctx, &edits->items[i]) != MI_SUCCESS)
			return false;
	return true;
}

static sfsistat
turn_down(SMFICTX *ctx, const struct outcome *o)
{
	struct milter_answer answer = outcome_milter_answer(o);

	/* A text that libmilter does not like is no reason to let the message through. */
	if (smfi_setreply(ctx, answer.code, answer.dsn, answer.text) != MI_SUCCESS)
		(void)smfi_setreply(ctx, answer.code, answer.dsn, NULL);
	return answer.verdict == MILTER_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

sfsistat
apply_verdict(SMFICTX *ctx, struct verdict *verdict)
{
	if (outcome_is_ok(&verdict->outcome) && verdict->event != VERDICT_WOULD_REWRITE &&
	    !apply_all(ctx, &verdict->edits)) {
		verdict->event = VERDICT_DEFERRED;
		verdict->outcome = outcome_make("local", "io", "the MTA does not take an edit");
		snprintf(verdict->outcome.dsn, sizeof(verdict->outcome.dsn), "4.7.1");
	}
	return outcome_is_ok(&verdict->outcome) ? SMFIS_CONTINUE
	                                        : turn_down(ctx, &verdict->outcome);
}
