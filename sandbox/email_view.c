/*
 * The properties of an Email, as a table of functions.
 */
#include <string.h>

#include "sandbox/email_view.h"
#include "sandbox/header_form.h"
#include "sandbox/jmap.h"
#include "sandbox/json.h"
#include "sandbox/words.h"

const struct mime_part *
email_view_message(struct email_view *v)
{
	if (v->message != NULL)
		return v->message;
	/* Without its blob, the Email is an empty message: the rest can still be told. */
	(void)blob_read(v->blobs, v->email->position, (size_t)v->email->size, &v->blob);
	v->message = mime_parse(v->blob.bytes, v->blob.bytes == NULL ? 0 : v->blob.length);
	v->body = body_divide(v->message);
	return v->message;
}

void
email_view_free(struct email_view *v)
{
	if (v->message != NULL)
		body_free(&v->body);
	mime_free(&v->message);
	blob_release(&v->blob);
}

static json_t *
get_id(struct email_view *v)
{
	return jmap_id(ID_EMAIL, v->email->id);
}

static json_t *
get_blob_id(struct email_view *v)
{
	struct buf id = BUF_INIT;

	blob_id(v->email->hash, &id);
	return json_from_buf(&id);
}

static json_t *
get_thread_id(struct email_view *v)
{
	return jmap_id(ID_THREAD, v->email->thread);
}

static json_t *
get_mailbox_ids(struct email_view *v)
{
	json_t *ids = json_object();
	const char *cursor = v->email->mailboxes;
	int64_t number;

	while (words_next_number(&cursor, &number)) {
		json_t *id = jmap_id(ID_MAILBOX, number);

		json_object_set_new(ids, json_string_value(id), json_true());
		json_decref(id);
	}
	return ids;
}

static json_t *
get_keywords(struct email_view *v)
{
	json_t *keywords = json_object();
	const char *cursor = v->email->keywords, *word;
	size_t length;

	while ((length = words_next(&cursor, &word)) > 0)
		json_object_setn_new(keywords, word, length, json_true());
	return keywords;
}

static json_t *
get_size(struct email_view *v)
{
	return json_integer(v->email->size);
}

static json_t *
get_received_at(struct email_view *v)
{
	return json_utc_date(v->email->received);
}

static json_t *
get_has_attachment(struct email_view *v)
{
	return json_boolean(v->email->attachment);
}

static json_t *
get_headers(struct email_view *v)
{
	return header_list(email_view_message(v));
}

static json_t *
get_preview(struct email_view *v)
{
	struct buf text = BUF_INIT;

	body_preview(email_view_message(v), &text);
	return json_from_buf(&text);
}

static json_t *
get_structure(struct email_view *v)
{
	return email_structure(v, email_view_message(v));
}

static json_t *
get_text_body(struct email_view *v)
{
	email_view_message(v);
	return email_parts(v, &v->body.text);
}

static json_t *
get_html_body(struct email_view *v)
{
	email_view_message(v);
	return email_parts(v, &v->body.html);
}

static json_t *
get_attachments(struct email_view *v)
{
	email_view_message(v);
	return email_parts(v, &v->body.attachments);
}

static const struct {
	const char *name;
	json_t *(*get)(struct email_view *);
} properties[] = {
    {"id", get_id},
    {"blobId", get_blob_id},
    {"threadId", get_thread_id},
    {"mailboxIds", get_mailbox_ids},
    {"keywords", get_keywords},
    {"size", get_size},
    {"receivedAt", get_received_at},
    {"hasAttachment", get_has_attachment},
    {"headers", get_headers},
    {"preview", get_preview},
    {"bodyStructure", get_structure},
    {"bodyValues", email_body_values},
    {"textBody", get_text_body},
    {"htmlBody", get_html_body},
    {"attachments", get_attachments},
};

#define PROPERTIES (sizeof(properties) / sizeof(properties[0]))

bool
email_property_known(const char *name)
{
	struct header_property h;

	for (size_t i = 0; i < PROPERTIES; i++)
		if (strcmp(properties[i].name, name) == 0)
			return true;
	return header_property_short(name, &h) || header_property_parse(name, &h);
}

json_t *
email_property(struct email_view *v, const char *name)
{
	struct header_property h;

	for (size_t i = 0; i < PROPERTIES; i++)
		if (strcmp(properties[i].name, name) == 0)
			return properties[i].get(v);
	if (header_property_short(name, &h) || header_property_parse(name, &h))
		return header_property_value(email_view_message(v), &h);
	return json_null();
}
