/*
 * A message as the Email object that makes it anew.
 *
 * First everything is decided: the object is complete but for the ids of blobs, and every body
 * was decoded once to see that it can be.  Then the blobs are uploaded, and their ids filled in.
 */
#include <stdlib.h>

#include "transport/compose_parts.h"

static struct outcome
represent(struct composition *c)
{
	json_t *structure = NULL;
	const char *fault = mime_read(c->message, &c->root);

	if (fault == NULL)
		fault = compose_message_fields(c->root->header, c->email);
	if (fault == NULL)
		fault = compose_part(c, c->root, &structure);
	if (fault != NULL)
		return outcome_make("local", "unrepresentable", "%s", fault);
	json_object_set_new(c->email, "bodyStructure", structure);
	if (json_object_size(c->values) > 0)
		json_object_set(c->email, "bodyValues", c->values);
	return outcome_ok();
}

static void
composition_free(struct composition *c)
{
	json_decref(c->email);
	json_decref(c->values);
	free(c->blobs);
	mime_part_free(&c->root);
}

/* uploader may be NULL: then it is only a check. */
static struct outcome
compose(struct mime_span message, const struct compose_uploader *uploader, json_t **email_r)
{
	struct composition c = {
	    .message = message, .email = json_object(), .values = json_object()};
	struct outcome o = represent(&c);

	if (outcome_is_ok(&o) && uploader != NULL)
		o = compose_upload(&c, uploader);
	*email_r = outcome_is_ok(&o) ? json_incref(c.email) : NULL;
	composition_free(&c);
	return o;
}

struct outcome
compose_email(
    const char *bytes, size_t length, const struct compose_uploader *uploader, json_t **email_r)
{
	return compose((struct mime_span){bytes, length}, uploader, email_r);
}

struct outcome
compose_check(const char *bytes, size_t length)
{
	json_t *email;
	struct outcome o = compose((struct mime_span){bytes, length}, NULL, &email);

	json_decref(email);
	return o;
}
