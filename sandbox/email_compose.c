/*
 * Make a message of an Email object.  The client says what the body is in one of two ways, a
 * tree (bodyStructure) or lists (textBody, htmlBody, attachments); the lists are turned into
 * the tree they mean, so that one function writes both.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "sandbox/blobs.h"
#include "sandbox/codec.h"
#include "sandbox/compose_body.h"
#include "sandbox/compose_header.h"
#include "sandbox/email_compose.h"
#include "sandbox/json.h"
#include "sandbox/mime_address.h"

#define NEST_MAX       20
#define BOUNDARY_BYTES 12

struct composer {
	struct jmap_call *call;
	const json_t *email;
	struct buf *out;
	json_t *written; /* names of header fields so far, in lower case */
};

static json_t *
invalid(const char *property, const char *why)
{
	return jmap_set_error("invalidProperties", property, "%s", why);
}

/* Note that a field is written; false if it was before. */
static bool
first_of_name(struct composer *c, const char *name)
{
	struct buf lower = BUF_INIT;
	bool first;

	for (; *name != '\0'; name++)
		buf_addc(&lower, (char)tolower((unsigned char)*name));
	first = json_object_get(c->written, buf_str(&lower)) == NULL;
	json_object_set_new(c->written, buf_str(&lower), json_true());
	buf_free(&lower);
	return first;
}

/* Write one header property; a SetError or NULL. */
static json_t *
write_header(struct composer *c, const char *property, const struct header_property *h,
    const json_t *value)
{
	if (!first_of_name(c, h->name))
		return invalid(property, "the header field is given twice");
	if (!compose_field(h, value, c->out))
		return invalid(
		    property, "the value has the wrong type or cannot be in a header");
	return NULL;
}

/* The header fields of the Email itself, the well-known first. */
static json_t *
write_message_headers(struct composer *c)
{
	static const char *const order[] = {"from", "sender", "replyTo", "to", "cc", "bcc",
	    "subject", "sentAt", "messageId", "inReplyTo", "references"};
	struct header_property h;
	const char *property;
	json_t *value, *error = NULL;

	for (size_t i = 0; error == NULL && i < sizeof(order) / sizeof(order[0]); i++) {
		const json_t *given = json_object_get(c->email, order[i]);

		if (given != NULL && header_property_short(order[i], &h))
			error = write_header(c, order[i], &h, given);
	}
	json_object_foreach ((json_t *)(uintptr_t)c->email, property, value) {
		if (error != NULL || !header_property_parse(property, &h))
			continue;
		if (strncasecmp(h.name, "Content-", 8) == 0)
			return invalid(property, "Content- fields belong to body parts");
		error = write_header(c, property, &h, value);
	}
	return error;
}

/* Date, Message-ID and MIME-Version, unless the client gave them. */
static void
write_missing_headers(struct composer *c)
{
	const char *domain = address_domain(c->call->request->account.inbox);
	unsigned char random[BOUNDARY_BYTES];

	if (first_of_name(c, "Date"))
		compose_date_field(clock_wall(), c->out);
	if (first_of_name(c, "Message-ID")) {
		random_bytes(random, sizeof(random));
		buf_adds(c->out, "Message-ID: <");
		hex_encode(random, sizeof(random), c->out);
		buf_addf(c->out, "@%s>\r\n", domain != NULL ? domain : "localhost");
	}
	if (first_of_name(c, "MIME-Version"))
		buf_adds(c->out, "MIME-Version: 1.0\r\n");
}

/* A token: letters, digits, and what RFC 2045 §5.1 allows; slash for a whole type. */
static bool
is_token(const char *text, bool slash)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("!#$%&'*+-.^_`{|}~", *p) == NULL &&
		    !(slash && *p == '/'))
			return false;
	return *text != '\0' && (!slash || strchr(text, '/') != NULL);
}

/* Is every member one that a part to be made may have? */
static json_t *
check_part_properties(const json_t *part, const char *property)
{
	static const char *const names[] = {"partId", "blobId", "type", "charset",
	    "disposition", "name", "cid", "language", "location", "subParts", "size", NULL};
	struct header_property h;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)part, key, value) {
		if (!text_among(key, names) && !header_property_parse(key, &h))
			return invalid(
			    property, "a body part has a property that cannot be set");
	}
	return NULL;
}

/* What is wrong with a part, or NULL. */
static json_t *
check_part(const json_t *part, const char *property)
{
	const char *type = json_text(part, "type");
	const char *how = json_text(part, "disposition");
	const char *id = json_text(part, "cid");
	bool by_value = json_text(part, "partId") != NULL;
	bool by_blob = json_text(part, "blobId") != NULL;
	bool multipart = type != NULL && strncasecmp(type, "multipart/", 10) == 0;

	if (!json_is_object(part))
		return invalid(property, "a body part is an object");
	if ((type != NULL && !is_token(type, true)) || (how != NULL && !is_token(how, false)))
		return invalid(property, "type or disposition is malformed");
	if (id != NULL && strpbrk(id, "<> \r\n") != NULL)
		return invalid(property, "cid is malformed");
	if (multipart != json_is_array(json_object_get(part, "subParts")))
		return invalid(property, "subParts and a type of multipart go together");
	if (multipart && (by_value || by_blob))
		return invalid(property, "a multipart has neither partId nor blobId");
	if (!multipart && by_value == by_blob)
		return invalid(property, "a part has either partId or blobId");
	if (by_value && json_is_string(json_object_get(part, "charset")))
		return invalid(property, "charset goes with blobId only");
	return check_part_properties(part, property);
}

static void
write_type(struct composer *c, const json_t *part, const char *type, const char *boundary)
{
	const char *name = json_text(part, "name");
	const char *charset = json_text(part, "charset");

	buf_addf(c->out, "Content-Type: %s", type);
	if (boundary != NULL)
		compose_parameter("boundary", boundary, c->out);
	if (json_text(part, "partId") != NULL)
		compose_parameter("charset", "utf-8", c->out);
	else if (charset != NULL)
		compose_parameter("charset", charset, c->out);
	if (name != NULL)
		compose_parameter("name", name, c->out);
	buf_adds(c->out, "\r\n");
}

/* Content-Language and Content-Location; a SetError or NULL. */
static json_t *
write_language_and_location(struct composer *c, const json_t *part, const char *property)
{
	const json_t *languages = json_object_get(part, "language");
	const json_t *location = json_object_get(part, "location");
	const struct header_property field = {"Content-Location", FORM_TEXT, false};
	size_t i;
	const json_t *item;

	json_array_foreach (languages, i, item) {
		if (!json_is_string(item) || !is_token(json_string_value(item), false))
			return invalid(property, "language is malformed");
		buf_addf(c->out, "%s%s", i == 0 ? "Content-Language: " : ", ",
		    json_string_value(item));
	}
	if (json_array_size(languages) > 0)
		buf_adds(c->out, "\r\n");
	if (location != NULL && !compose_field(&field, location, c->out))
		return invalid(property, "location is malformed");
	return NULL;
}

/* The fields that the client writes itself ("header:NAME"); a SetError or NULL. */
static json_t *
write_own_fields(struct composer *c, const json_t *part, const char *property)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)part, key, value) {
		struct header_property h;

		if (!header_property_parse(key, &h))
			continue;
		if (strcasecmp(h.name, "Content-Transfer-Encoding") == 0 ||
		    strcasecmp(h.name, "Content-Type") == 0 ||
		    !compose_field(&h, value, c->out))
			return invalid(property, "a header field of a part cannot be set");
	}
	return NULL;
}

/* The header fields of a part, but for Content-Transfer-Encoding. */
static json_t *
write_part_headers(struct composer *c, const json_t *part, const char *type,
    const char *boundary, const char *property)
{
	const char *how = json_text(part, "disposition");
	const char *name = json_text(part, "name");
	const char *id = json_text(part, "cid");
	json_t *error;

	write_type(c, part, type, boundary);
	if (how != NULL || name != NULL) {
		buf_addf(c->out, "Content-Disposition: %s", how != NULL ? how : "attachment");
		if (name != NULL)
			compose_parameter("filename", name, c->out);
		buf_adds(c->out, "\r\n");
	}
	if (id != NULL)
		buf_addf(c->out, "Content-ID: <%s>\r\n", id);
	error = write_language_and_location(c, part, property);
	return error != NULL ? error : write_own_fields(c, part, property);
}

static json_t *
write_value(struct composer *c, const json_t *part, const char *property)
{
	const json_t *values = json_object_get(c->email, "bodyValues");
	const json_t *value = json_object_get(values, json_text(part, "partId"));
	const json_t *text = json_object_get(value, "value");

	if (!json_is_string(text))
		return invalid(property, "partId is not among bodyValues");
	if (json_bool(value, "isEncodingProblem") || json_bool(value, "isTruncated"))
		return invalid("bodyValues", "isEncodingProblem and isTruncated must be false");
	compose_text(json_string_value(text), json_string_length(text), c->out);
	return NULL;
}

static json_t *
write_blob(struct composer *c, const json_t *part, const char *type)
{
	struct jmap_request *r = c->call->request;
	const char *id = json_text(part, "blobId");
	const char *real = jmap_resolve_id(r, id);
	struct blob blob = {0};
	json_t *error;

	if (real == NULL ||
	    !blob_by_id(store_blobs(r->sandbox->store), r->db, r->account.id, real, &blob)) {
		blob_release(&blob);
		error = jmap_set_error("blobNotFound", NULL, "there is no blob %s", id);
		json_object_set_new(error, "notFound", json_pack("[s]", id));
		return error;
	}
	if (strncasecmp(type, "message/", 8) == 0) /* RFC 2046 §5.2: never encoded */
		compose_message(blob.bytes, blob.length, c->out);
	else
		compose_bytes(blob.bytes, blob.length, c->out);
	blob_release(&blob);
	return NULL;
}

static json_t *
write_part(struct composer *c, const json_t *part, const char *property, unsigned depth);

static json_t *
write_children(struct composer *c, const json_t *children, const char *boundary,
    const char *property, unsigned depth)
{
	size_t i;
	const json_t *child;
	json_t *error;

	buf_adds(c->out, "\r\n");
	json_array_foreach (children, i, child) {
		buf_addf(c->out, "--%s\r\n", boundary);
		error = write_part(c, child, property, depth + 1);
		if (error != NULL)
			return error;
		buf_adds(c->out, "\r\n");
	}
	buf_addf(c->out, "--%s--\r\n", boundary);
	return NULL;
}

static json_t *
write_part(struct composer *c, const json_t *part, const char *property, unsigned depth)
{
	const char *given = json_text(part, "type");
	const char *type = given != NULL                       ? given
	                   : json_text(part, "partId") != NULL ? "text/plain"
	                                                       : "application/octet-stream";
	const json_t *children = json_object_get(part, "subParts");
	unsigned char random[BOUNDARY_BYTES];
	struct buf boundary = BUF_INIT;
	json_t *error = depth > NEST_MAX ? invalid(property, "nested too deep")
	                                 : check_part(part, property);

	if (error == NULL && children != NULL) {
		random_bytes(random, sizeof(random));
		buf_adds(&boundary, "=_");
		hex_encode(random, sizeof(random), &boundary);
	}
	if (error == NULL)
		error = write_part_headers(c, part, type, boundary.data, property);
	if (error == NULL && children != NULL)
		error = write_children(c, children, boundary.data, property, depth);
	else if (error == NULL && json_text(part, "partId") != NULL)
		error = write_value(c, part, property);
	else if (error == NULL)
		error = write_blob(c, part, type);
	buf_free(&boundary);
	return error;
}

/* The one part of textBody or htmlBody, of the type it must have; NULL if not given. */
static json_t *
only_part(const json_t *email, const char *property, const char *type, json_t **part_r)
{
	const json_t *list = json_object_get(email, property);
	const char *given;

	*part_r = NULL;
	if (list == NULL || json_is_null(list))
		return NULL;
	if (json_array_size(list) != 1)
		return invalid(property, "there must be exactly one part");
	*part_r = json_copy(json_array_get(list, 0));
	given = json_text(*part_r, "type");
	if (!json_is_object(*part_r) || (given != NULL && strcasecmp(given, type) != 0)) {
		json_decref(*part_r);
		*part_r = NULL;
		return invalid(property, "the part has the wrong type");
	}
	json_object_set_new(*part_r, "type", json_string(type));
	return NULL;
}

/* Two trees, either of which may be missing, as one multipart (both are taken). */
static json_t *
join(const char *type, json_t *first, json_t *second)
{
	if (first == NULL || second == NULL)
		return first != NULL ? first : second;
	return json_pack("{s:s, s:[o, o]}", "type", type, "subParts", first, second);
}

/* The tree that textBody, htmlBody and attachments mean; NULL if there is nothing. */
static json_t *
tree_of_lists(const json_t *email, json_t **tree_r)
{
	const json_t *attachments = json_object_get(email, "attachments");
	json_t *text, *html = NULL;
	json_t *error = only_part(email, "textBody", "text/plain", &text);
	size_t i;
	json_t *part;

	if (error == NULL)
		error = only_part(email, "htmlBody", "text/html", &html);
	if (error == NULL && attachments != NULL && !json_is_array(attachments) &&
	    !json_is_null(attachments))
		error = invalid("attachments", "attachments is an array");
	*tree_r = join("multipart/alternative", text, html);
	if (error != NULL || json_array_size(attachments) == 0)
		return error;
	*tree_r = json_pack("{s:s, s:o}", "type", "multipart/mixed", "subParts",
	    *tree_r != NULL ? json_pack("[o]", *tree_r) : json_array());
	json_array_foreach (attachments, i, part) {
		json_t *copy = json_copy(part);

		if (json_text(copy, "disposition") == NULL && json_is_object(copy))
			json_object_set_new(copy, "disposition", json_string("attachment"));
		json_array_append_new(json_object_get(*tree_r, "subParts"), copy);
	}
	return NULL;
}

/* Properties that an Email to be made may have, besides header fields. */
static bool
settable(const char *property)
{
	static const char *const names[] = {"mailboxIds", "keywords", "receivedAt",
	    "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments", NULL};
	struct header_property h;

	return text_among(property, names) || header_property_short(property, &h) ||
	       header_property_parse(property, &h);
}

static json_t *
write_body(struct composer *c)
{
	json_t *structure = json_object_get(c->email, "bodyStructure");
	json_t *tree = NULL, *error;
	bool lists = json_object_get(c->email, "textBody") != NULL ||
	             json_object_get(c->email, "htmlBody") != NULL ||
	             json_object_get(c->email, "attachments") != NULL;

	if (structure != NULL && lists)
		return invalid("bodyStructure",
		    "textBody, htmlBody and attachments exclude bodyStructure");
	if (structure != NULL)
		return write_part(c, structure, "bodyStructure", 0);
	error = tree_of_lists(c->email, &tree);
	if (error == NULL && tree != NULL)
		error = write_part(c, tree, "textBody", 0);
	else if (error == NULL)
		compose_text("", 0, c->out);
	json_decref(tree);
	return error;
}

json_t *
email_compose(struct jmap_call *call, json_t *object, struct buf *message)
{
	struct composer c = {call, object, message, json_object()};
	const char *property;
	json_t *value, *error = NULL;

	json_object_foreach (object, property, value)
		if (error == NULL && !settable(property))
			error = invalid(property, "there is no such property that can be set");
	if (error == NULL)
		error = write_message_headers(&c);
	if (error == NULL) {
		write_missing_headers(&c);
		error = write_body(&c);
	}
	json_decref(c.written);
	return error;
}
