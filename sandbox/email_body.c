/*
 * The parts of an Email's body as JSON (RFC 8621 §4.1.4).
 */
#include <string.h>

#include "sandbox/codec.h"
#include "sandbox/email_view.h"
#include "sandbox/header_form.h"
#include "sandbox/json.h"
#include "sandbox/mime_field.h"

/* A part, and the Email it is of. */
struct part_view {
	struct email_view *view;
	const struct mime_part *part;
};

static json_t *
part_id(struct part_view *p)
{
	return json_cleans(p->part->part_id);
}

static json_t *
part_blob_id(struct part_view *p)
{
	struct buf id = BUF_INIT;

	if (p->part->part_id == NULL)
		return json_null();
	blob_id(p->view->email->hash, &id);
	buf_addf(&id, "-%s", p->part->part_id);
	return json_from_buf(&id);
}

static json_t *
part_size(struct part_view *p)
{
	struct buf content = BUF_INIT;
	size_t size;

	if (p->part->part_id == NULL)
		return json_integer(0);
	mime_decode(p->part, &content);
	size = content.len;
	buf_free(&content);
	return json_integer((json_int_t)size);
}

static json_t *
part_name(struct part_view *p)
{
	return json_cleans(p->part->name);
}

static json_t *
part_type(struct part_view *p)
{
	return json_cleans(p->part->type);
}

static json_t *
part_charset(struct part_view *p)
{
	if (p->part->charset == NULL && mime_is_a(p->part, "text/"))
		return json_string("us-ascii");
	return json_cleans(p->part->charset);
}

static json_t *
part_disposition(struct part_view *p)
{
	return json_cleans(p->part->disposition);
}

static json_t *
part_cid(struct part_view *p)
{
	const struct mime_header *h = mime_header(p->part, "Content-ID");
	json_t *ids = h == NULL ? json_null() : header_value(h, FORM_MESSAGE_IDS);
	json_t *first = json_is_array(ids) ? json_incref(json_array_get(ids, 0)) : json_null();

	json_decref(ids);
	return first;
}

static json_t *
part_language(struct part_view *p)
{
	const struct mime_header *h = mime_header(p->part, "Content-Language");
	struct buf text = BUF_INIT;
	char *save = NULL;
	json_t *list;

	if (h == NULL)
		return json_null();
	list = json_array();
	field_text(h->value, h->value_length, &text);
	for (char *tag = strtok_r(buf_reserve(&text, 0) - text.len, ", ", &save); tag != NULL;
	     tag = strtok_r(NULL, ", ", &save))
		json_array_append_new(list, json_cleans(tag));
	buf_free(&text);
	return list;
}

static json_t *
part_location(struct part_view *p)
{
	const struct mime_header *h = mime_header(p->part, "Content-Location");

	return h == NULL ? json_null() : header_value(h, FORM_TEXT);
}

static json_t *
part_headers(struct part_view *p)
{
	return header_list(p->part);
}

/* In the order of RFC 8621 §4.2's default, then those that must be asked for. */
static const struct {
	const char *name;
	json_t *(*get)(struct part_view *);
	bool by_default;
} properties[] = {
    {"partId", part_id, true},
    {"blobId", part_blob_id, true},
    {"size", part_size, true},
    {"name", part_name, true},
    {"type", part_type, true},
    {"charset", part_charset, true},
    {"disposition", part_disposition, true},
    {"cid", part_cid, true},
    {"language", part_language, true},
    {"location", part_location, true},
    {"headers", part_headers, false},
};

#define PROPERTIES (sizeof(properties) / sizeof(properties[0]))

bool
email_part_property_known(const char *name)
{
	struct header_property h;

	for (size_t i = 0; i < PROPERTIES; i++)
		if (strcmp(properties[i].name, name) == 0)
			return true;
	return strcmp(name, "subParts") == 0 || header_property_parse(name, &h);
}

static json_t *
part_json(struct email_view *v, const struct mime_part *part)
{
	const json_t *asked = v->request == NULL ? NULL : v->request->properties;
	struct part_view p = {v, part};
	json_t *object = json_object();
	struct header_property h;
	size_t i;
	const json_t *item;

	for (size_t k = 0; k < PROPERTIES; k++)
		if (asked == NULL ? properties[k].by_default
		                  : json_has_string(asked, properties[k].name))
			json_object_set_new(object, properties[k].name, properties[k].get(&p));
	json_array_foreach (asked, i, item)
		if (header_property_parse(json_string_value(item), &h))
			json_object_set_new(
			    object, json_string_value(item), header_property_value(part, &h));
	return object;
}

json_t *
email_structure(struct email_view *v, const struct mime_part *part)
{
	json_t *object = part_json(v, part);
	json_t *children;

	if (part->children == NULL)
		return object;
	children = json_array();
	for (const struct mime_part *p = part->children; p != NULL; p = p->next)
		json_array_append_new(children, email_structure(v, p));
	json_object_set_new(object, "subParts", children);
	return object;
}

json_t *
email_parts(struct email_view *v, const struct body_list *list)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(parts, part_json(v, list->parts[i]));
	return parts;
}

static json_t *
value_json(const struct mime_part *part, int64_t max)
{
	struct buf text = BUF_INIT;
	bool good = mime_text(part, &text);
	bool truncated = max > 0 && (int64_t)text.len > max;
	json_t *value;

	if (truncated) {
		size_t cut = (size_t)max;

		while (cut > 0 && ((unsigned char)text.data[cut] & 0xc0) == 0x80)
			cut--;
		buf_truncate(&text, cut);
	}
	value = json_from_buf(&text);
	return json_pack("{s:o, s:b, s:b}", "value", value, "isEncodingProblem", !good,
	    "isTruncated", truncated);
}

static void
add_values(struct email_view *v, const struct body_list *list, json_t *values)
{
	for (size_t i = 0; i < list->count; i++)
		if (mime_is_a(list->parts[i], "text/"))
			json_object_set_new(values, list->parts[i]->part_id,
			    value_json(list->parts[i], v->request->max_value));
}

json_t *
email_body_values(struct email_view *v)
{
	const struct mime_part *message = email_view_message(v);
	json_t *values = json_object();

	if (v->request == NULL)
		return values;
	if (v->request->text_values || v->request->all_values)
		add_values(v, &v->body.text, values);
	if (v->request->html_values || v->request->all_values)
		add_values(v, &v->body.html, values);
	for (const struct mime_part *p = message; v->request->all_values && p != NULL;
	     p = mime_after(p)) {
		const struct mime_part *one[] = {p};

		if (p->part_id != NULL)
			add_values(v, &(struct body_list){one, 1}, values);
	}
	return values;
}
