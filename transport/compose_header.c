/*
 * Header fields as properties (RFC 8621 §4.1.3 and §4.6).
 *
 * Two properties must not name the same field, in any case of its name, so fields are first
 * gathered by name: one gives a string, several give an array with ":all".
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "transport/compose_parts.h"

json_t *
compose_raw(struct mime_span value)
{
	struct buf text = BUF_INIT;
	json_t *raw;

	for (size_t i = 0; i < value.length; i++) {
		if (value.bytes[i] == '\r')
			continue; /* its LF comes */
		if (value.bytes[i] == '\n')
			buf_addc(&text, '\r');
		buf_addc(&text, value.bytes[i]);
	}
	raw = json_stringn(buf_str(&text), text.len);
	buf_free(&text);
	return raw;
}

/* The name in lower case; the caller free()s. */
static char *
key_of(const struct mime_field *field)
{
	char *key = xstrndup(field->name.bytes, field->name.length);

	for (char *p = key; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

/* What there is of each name: {"subject": {"name": "Subject", "values": [...]}}. */
static json_t *
gather(struct mime_span header, bool (*wanted)(const struct mime_field *field))
{
	json_t *fields = json_object(), *known;
	struct mime_field field;

	while (mime_next_field(&header, &field)) {
		char *key;

		if (!wanted(&field))
			continue;
		key = key_of(&field);
		known = json_object_get(fields, key);
		if (known == NULL) {
			known = json_pack("{s:s%, s:[]}", "name", field.name.bytes,
			    field.name.length, "values");
			json_object_set_new(fields, key, known);
		}
		json_array_append_new(
		    json_object_get(known, "values"), compose_raw(field.value));
		free(key);
	}
	return fields;
}

static void
set_property(json_t *object, const char *name, json_t *values)
{
	bool one = json_array_size(values) == 1;
	char *property = xasprintf("header:%s:asRaw%s", name, one ? "" : ":all");

	json_object_set(object, property, one ? json_array_get(values, 0) : values);
	free(property);
}

void
compose_fields(
    struct mime_span header, bool (*wanted)(const struct mime_field *field), json_t *object)
{
	json_t *fields = gather(header, wanted), *known;
	const char *key;

	json_object_foreach (fields, key, known)
		set_property(object, json_string_value(json_object_get(known, "name")),
		    json_object_get(known, "values"));
	json_decref(fields);
}

/* The length of an id with its brackets at the start of text; 0 if there is none. */
static size_t
bracketed(const char *text)
{
	size_t length = 1;

	if (*text != '<')
		return 0;
	while (text[length] > ' ' && text[length] < 0x7f && strchr("<>", text[length]) == NULL)
		length++;
	return text[length] == '>' && length > 1 ? length + 1 : 0;
}

json_t *
compose_id(struct mime_span value)
{
	struct buf line = BUF_INIT;
	size_t length;
	json_t *id = NULL;

	mime_unfold(value, &line);
	length = bracketed(buf_str(&line));
	if (length > 0 && length == line.len)
		id = json_stringn(line.data + 1, length - 2);
	buf_free(&line);
	return id;
}

/* Append all ids that are in a value. */
static void
add_ids(const char *raw, json_t *ids)
{
	struct buf line = BUF_INIT;
	const char *p;

	mime_unfold((struct mime_span){raw, strlen(raw)}, &line);
	for (p = buf_str(&line); (p = strchr(p, '<')) != NULL; p++) {
		size_t length = bracketed(p);

		if (length > 0)
			json_array_append_new(ids, json_stringn(p + 1, length - 2));
	}
	buf_free(&line);
}

static const char *
set_message_id(json_t *email, json_t *values)
{
	const char *raw = json_string_value(json_array_get(values, 0));
	json_t *id = compose_id((struct mime_span){raw, strlen(raw)});

	if (id == NULL || json_array_size(values) != 1) {
		json_decref(id);
		return "its Message-ID is not one <id>";
	}
	json_object_set_new(email, "messageId", json_pack("[o]", id));
	return NULL;
}

/* Its ids, without the phrases that say nothing to a reader (RFC 5322 §4.5.4). */
static const char *
set_in_reply_to(json_t *email, json_t *values)
{
	json_t *ids = json_array(), *value;
	size_t i;

	json_array_foreach (values, i, value)
		add_ids(json_string_value(value), ids);
	if (json_array_size(ids) > 0)
		json_object_set(email, "inReplyTo", ids);
	json_decref(ids);
	return NULL;
}

/* Fields that do not go raw: Cyrus takes no blank before these. */
static const struct {
	const char *key;
	const char *(*set)(json_t *email, json_t *values);
} forms[] = {
    {"message-id", set_message_id},
    {"in-reply-to", set_in_reply_to},
};

static const char *
set_field(json_t *email, const char *key, const json_t *known)
{
	json_t *values = json_object_get(known, "values");

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(key, forms[i].key) == 0)
			return forms[i].set(email, values);
	set_property(email, json_string_value(json_object_get(known, "name")), values);
	return NULL;
}

/* The fields that are the message's, and its readers'. */
static bool
is_message_field(const struct mime_field *field)
{
	static const char *const others[] = {"Bcc", "Resent-Bcc", "MIME-Version"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (mime_field_is(field, others[i]))
			return false;
	return field->name.length < 8 || strncasecmp(field->name.bytes, "Content-", 8) != 0;
}

const char *
compose_message_fields(struct mime_span header, json_t *email)
{
	json_t *fields = gather(header, is_message_field), *known;
	const char *key, *fault = NULL;

	json_object_foreach (fields, key, known) {
		fault = set_field(email, key, known);
		if (fault != NULL)
			break;
	}
	json_decref(fields);
	return fault;
}
