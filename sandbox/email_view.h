/*
 * email_view - an Email as JSON: its record, and its message, read when first needed
 */
#ifndef SANDBOX_EMAIL_VIEW_H
#define SANDBOX_EMAIL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sandbox/blobs.h"
#include "sandbox/body.h"
#include "sandbox/emails.h"
#include "sandbox/mime.h"

/* What Email/get was asked about bodies. */
struct email_body_request {
	const json_t *properties; /* of each part; NULL: the default */
	bool text_values, html_values, all_values;
	int64_t max_value; /* bytes of each value, 0: all */
};

struct email_view {
	struct db *db;
	struct blobs *blobs;
	int64_t account;
	struct email *email;
	const struct email_body_request *request;
	struct blob blob;
	struct mime_part *message; /* NULL until email_view_message() */
	struct body body;
};

/* The parsed message; also divides the body. */
const struct mime_part *email_view_message(struct email_view *v);

/* Free what was read, not the record. */
void email_view_free(struct email_view *v);

/* Is there a property of the name?  Of a body part? */
bool email_property_known(const char *name);
bool email_part_property_known(const char *name);

/* The value of a property that is known. */
json_t *email_property(struct email_view *v, const char *name);

/* The value of "bodyStructure", of a list of parts, and of "bodyValues" (email_body.c). */
json_t *email_structure(struct email_view *v, const struct mime_part *part);
json_t *email_parts(struct email_view *v, const struct body_list *list);
json_t *email_body_values(struct email_view *v);

#endif
