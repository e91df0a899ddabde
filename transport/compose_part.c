/*
 * A part's JSON, with what is below it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "transport/compose_parts.h"

/* Types whose bytes are signed or sealed, and what to say of them. */
static const struct {
	const char *type, *fault;
} sealed[] = {
    {"multipart/signed", "it is signed, and a signature does not outlive being made anew"},
    {"multipart/encrypted", "it is encrypted, and must not be taken apart"},
    {"application/pkcs7-mime", "it is an S/MIME message, and must not be taken apart"},
    {"application/x-pkcs7-mime", "it is an S/MIME message, and must not be taken apart"},
};

static const char *
check_type(const struct mime_part *part)
{
	for (size_t i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++)
		if (strcmp(part->type.text, sealed[i].type) == 0)
			return sealed[i].fault;
	return NULL;
}

/* Content-ID as "cid". */
static bool
set_id(json_t *json, struct mime_span value)
{
	json_t *id = compose_id(value);

	return id != NULL && json_object_set_new(json, "cid", id) == 0;
}

/* Content-Language as "language": tags with commas between them. */
static bool
set_language(json_t *json, struct mime_span value)
{
	static const char tag[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	struct buf line = BUF_INIT;
	json_t *languages = json_array();
	const char *p;
	size_t length;
	bool good;

	mime_unfold(value, &line);
	for (p = buf_str(&line); (length = strspn(p, tag)) > 0; p += strspn(p, " \t")) {
		json_array_append_new(languages, json_stringn(p, length));
		p += length;
		p += strspn(p, " \t");
		if (*p != ',')
			break;
		p++;
	}
	good = *p == '\0' && json_array_size(languages) > 0 && line.data[line.len - 1] != ',';
	if (good)
		json_object_set(json, "language", languages);
	json_decref(languages);
	buf_free(&line);
	return good;
}

/* Content-Location as "location": an address, of which nothing is encoded or folded. */
static bool
set_location(json_t *json, struct mime_span value)
{
	struct buf line = BUF_INIT;
	bool good;

	mime_unfold(value, &line);
	good = line.len > 0 && strstr(line.data, "=?") == NULL;
	for (size_t i = 0; i < line.len; i++)
		good = good && line.data[i] > ' ' && line.data[i] < 0x7f;
	if (good)
		json_object_set_new(json, "location", json_string(line.data));
	buf_free(&line);
	return good;
}

/* Fields with a property of their own; when it cannot say all, the field goes raw. */
static const struct {
	const char *name;
	bool (*set)(json_t *json, struct mime_span value);
} properties[] = {
    {"Content-ID", set_id},
    {"Content-Language", set_language},
    {"Content-Location", set_location},
};

static bool
begins(const struct mime_field *field, const char *start)
{
	return field->name.length >= strlen(start) &&
	       strncasecmp(field->name.bytes, start, strlen(start)) == 0;
}

/* Is it a field that goes raw, whatever it says?  Not those of compose_type() and the table,
 * nor what tells of the encoded form or is the service's to write. */
static bool
is_other(const struct mime_field *field)
{
	static const char *const others[] = {"Content-Type", "Content-Disposition",
	    "Content-ID", "Content-Language", "Content-Location", "Content-Transfer-Encoding",
	    "Content-Length", "Content-MD5", "MIME-Version", "Bcc", "Resent-Bcc"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (mime_field_is(field, others[i]))
			return false;
	return true;
}

static bool
is_other_content(const struct mime_field *field)
{
	return begins(field, "Content-") && is_other(field);
}

/* Content-MD5 is of the decoded bytes (RFC 1864): text is not kept to the byte. */
static bool
is_checksum(const struct mime_field *field)
{
	return mime_field_is(field, "Content-MD5");
}

static void
set_raw(json_t *json, const char *name, struct mime_span value)
{
	char *property = xasprintf("header:%s:asRaw", name);

	json_object_set_new(json, property, compose_raw(value));
	free(property);
}

static const char *
set_properties(const struct mime_part *part, json_t *json)
{
	struct mime_span rest = part->header;
	struct mime_field field;
	bool seen[sizeof(properties) / sizeof(properties[0])] = {false};

	while (mime_next_field(&rest, &field)) {
		for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
			if (!mime_field_is(&field, properties[i].name))
				continue;
			if (seen[i])
				return "a field that describes a part is there twice";
			seen[i] = true;
			if (!properties[i].set(json, field.value))
				set_raw(json, properties[i].name, field.value);
		}
	}
	return NULL;
}

static const char *
add_parts(struct composition *c, const struct mime_part *part, json_t *json)
{
	json_t *parts = json_array(), *child;
	const char *fault = NULL;

	json_object_set_new(json, "subParts", parts);
	for (part = part->parts; fault == NULL && part != NULL; part = part->next) {
		fault = compose_part(c, part, &child);
		if (fault == NULL)
			json_array_append_new(parts, child);
	}
	return fault;
}

/* The content of a leaf, or what is in a multipart; then its type, which depends on it. */
static const char *
describe(struct composition *c, const struct mime_part *part, json_t *json)
{
	bool by_value = !mime_is_multipart(part) && compose_value(c, part, json);
	const char *fault = set_properties(part, json);

	compose_fields(part->header, part == c->root ? is_other_content : is_other, json);
	if (!by_value && !mime_is_multipart(part))
		compose_fields(part->header, is_checksum, json);
	if (fault == NULL)
		fault = compose_type(part, by_value, json);
	if (fault == NULL && mime_is_multipart(part))
		fault = add_parts(c, part, json);
	else if (fault == NULL && !by_value)
		fault = compose_blob(c, part, json);
	return fault;
}

const char *
compose_part(struct composition *c, const struct mime_part *part, json_t **json_r)
{
	const char *fault = check_type(part);

	*json_r = NULL;
	if (fault != NULL)
		return fault;
	*json_r = json_object();
	fault = describe(c, part, *json_r);
	if (fault != NULL) {
		json_decref(*json_r);
		*json_r = NULL;
	}
	return fault;
}
