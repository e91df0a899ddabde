/*
 * What an answer of the alias service that is no success means.
 *
 * The service says much with few statuses: the status, and where that is not enough the
 * start or the end of its text, decide.  What is in no row is temporary: a mail that waits
 * for somebody to read the log is better than one that bounced for a text we did not know.
 */
#include <string.h>

#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

static const struct {
	int status;
	const char *contains; /* of the text; NULL: whatever it says */
	const char *name;     /* in family alias */
} refusals[] = {
    {400, "You have reached the limitation of a free account", "quota"},
    {400, "is not a valid email address", "contact"},
    {400, "Email or password incorrect", "login"},
    {400, "Wrong TOTP Token", "login"},
    {400, "Account disabled", "disabled"},
    {400, "Account scheduled for deletion", "disabled"},
    {400, "Only available for paid plans", "plan"},
    {400, "Unknown error", "missing"},
    {400, "Invalid reservation", "missing"},
    {400, NULL, "refused"},
    {401, NULL, "key"},
    {403, "Disabled account", "disabled"},
    {403, "Please upgrade", "plan"},
    {403, "Invalid password", "login"},
    {403, "FIDO", "login"},
    {403, NULL, "forbidden"},
    {404, NULL, "missing"},
    {405, NULL, "refused"},
    {409, NULL, "exists"},
    {410, NULL, "refused"},
    {412, NULL, "expired"},
    {422, NULL, "login"},
    {429, NULL, "rate"},
    {440, NULL, "sudo"},
};

static const char *
name_of(int status, const char *text)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].status == status &&
		    (refusals[i].contains == NULL ||
		        (text != NULL && strstr(text, refusals[i].contains) != NULL)))
			return refusals[i].name;
	return NULL;
}

/* What to do about it, where that is known. */
static void
add_hint(struct outcome *o, const struct alias_account *account)
{
	if (outcome_is(o, "alias/key"))
		outcome_hint(o, "ferryctl login --service %s", account->name);
	else if (outcome_is(o, "alias/sudo"))
		outcome_hint(o,
		    "ferryctl user sudo --service %s asks for the password, and "
		    "opens five minutes for this",
		    account->name);
	else if (outcome_is(o, "alias/quota") || outcome_is(o, "alias/plan"))
		outcome_hint(o, "delete aliases or upgrade the plan");
}

struct outcome
simplelogin_refusal(const struct alias_account *account,
    const struct simplelogin_endpoint *endpoint, const struct http_answer *answer)
{
	struct outcome o = outcome_http(answer->status, NULL), parsed;
	const char *text = NULL, *name;
	json_t *body = NULL;

	if (outcome_is_ok(&o))
		return o;
	parsed = json_parse(buf_str(&answer->body), answer->body.len, &body);
	if (outcome_is_ok(&parsed))
		text = json_get_string(body, "error");
	name = name_of(answer->status, text);
	/* A page that is no JSON comes from something before the service. */
	if (name == NULL || (!outcome_is_ok(&parsed) && answer->status != 429))
		o = outcome_http(answer->status, text);
	else
		o = outcome_make("alias", name, "%s", text != NULL ? text : "");
	if (o.class == OUTCOME_TEMPORARY && (endpoint->flags & SL_CHANGES) == 0)
		o.ambiguous = false;
	o.retry_after = answer->retry_after;
	if ((endpoint->flags & SL_WITHOUT_KEY) == 0)
		add_hint(&o, account);
	json_decref(body);
	return o;
}
