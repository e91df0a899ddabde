/*
 * A part's type, disposition and name.
 *
 * "type" has no room for parameters, and "charset" and "name" hold only two of them.  Raw, as
 * "header:Content-Type:asRaw", all would have room (RFC 8621 §4.6 does not forbid it), but
 * Cyrus 3.6 writes a second Content-Type beside that one, with another boundary: a message
 * that reads differently for each reader.  So the few parameters that matter little are left
 * out, and a part with any other is refused.
 *
 * A raw Content-Disposition is taken everywhere, if no "name" and "disposition" are given too.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "transport/compose_parts.h"

/* What "name" can carry, decoded if it can be; NULL if it is not there, or cannot be read. */
static char *
readable_name(const struct mime_parameter *parameter)
{
	const char *raw = parameter != NULL ? parameter->value : NULL;
	char *name;

	if (raw == NULL || *raw == '\0')
		return NULL;
	for (const char *p = raw; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return NULL;
	name = mime_decode_words(raw);
	return name != NULL ? name : xstrdup(raw);
}

static bool
is_empty(const struct mime_parameter *parameter)
{
	return parameter->value != NULL && *parameter->value == '\0';
}

static bool
begins(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Is the charset's name one that can stand in a field without quotes? */
static bool
is_plain(const char *charset)
{
	return charset != NULL && *charset != '\0' &&
	       charset[strspn(charset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                               "0123456789-_.+:")] == '\0';
}

/* Does the parameter name the first part, which is the root if none is named (RFC 2387 §3.2)? */
static bool
names_first(const struct mime_part *part, const char *start)
{
	struct mime_span rest = part->parts->header;
	struct mime_field field;
	struct buf id = BUF_INIT;
	bool same;

	while (id.len == 0 && mime_next_field(&rest, &field))
		if (mime_field_is(&field, "Content-ID"))
			mime_unfold(field.value, &id);
	same = start != NULL && strcmp(buf_str(&id), start) == 0;
	buf_free(&id);
	return same;
}

/* Parameters that may be left out, of types that begin so. */
static const struct {
	const char *type, *parameter;
} expendable[] = {
    {"multipart/", "boundary"},               /* the service's own */
    {"multipart/related", "type"},            /* the first part's */
    {"multipart/alternative", "differences"}, /* RFC 1766: nobody reads it */
    {"text/plain", "format"},                 /* RFC 3676 §4: made to be read without */
    {"text/plain", "delsp"}, {"text/csv", "header"},
    {"", "name"}, /* a disposition has it, or will */
};

/* What of a type's parameter is lost, or NULL. */
static const char *
check_parameter(const struct mime_part *part, const struct mime_parameter *p)
{
	if (strcmp(p->name, "charset") == 0)
		return is_plain(p->value) ? NULL : "a part's charset has no proper name";
	if (begins(p->name, "x-"))
		return NULL;
	if (strcmp(part->type.text, "multipart/related") == 0 && strcmp(p->name, "start") == 0)
		return names_first(part, p->value) ? NULL
		                                   : "the parts of a multipart/related begin "
		                                     "with another than the first";
	for (size_t i = 0; i < sizeof(expendable) / sizeof(expendable[0]); i++)
		if (begins(part->type.text, expendable[i].type) &&
		    strcmp(p->name, expendable[i].parameter) == 0)
			return NULL;
	return "a part's type has a parameter that Email/set has no place for,"
	       " as invitations and delivery reports have";
}

/* Can properties alone say the disposition?  A name that only the type has goes before
 * dates and sizes. */
static bool
is_simple(const struct mime_part *part, const char *name)
{
	const struct mime_parameter *filename = mime_parameter(&part->disposition, "filename");

	if (filename == NULL && name != NULL)
		return true;
	return part->disposition.count == 0 ||
	       (part->disposition.count == 1 && filename != NULL && name != NULL);
}

static json_t *
raw_disposition(const struct mime_part *part)
{
	struct mime_span rest = part->header;
	struct mime_field field;

	while (mime_next_field(&rest, &field))
		if (mime_field_is(&field, "Content-Disposition"))
			return compose_raw(field.value);
	return json_null();
}

/* "disposition" and "name".  Without a disposition, a service would take a part with a name for
 * an attachment: inline is what a part is that says nothing. */
static void
set_disposition(const struct mime_part *part, const char *name, json_t *json)
{
	const char *how = part->disposition.text;

	if (how != NULL && !is_simple(part, name)) {
		json_object_set_new(
		    json, "header:Content-Disposition:asRaw", raw_disposition(part));
		return;
	}
	if (how == NULL && name != NULL)
		how = "inline";
	if (how != NULL)
		json_object_set_new(json, "disposition", json_string(how));
	if (name != NULL)
		json_object_set_new(json, "name", json_string(name));
}

const char *
compose_type(const struct mime_part *part, bool by_value, json_t *json)
{
	const struct mime_parameter *charset = mime_parameter(&part->type, "charset");
	const struct mime_parameter *filename = mime_parameter(&part->disposition, "filename");
	const struct mime_parameter *type_name = mime_parameter(&part->type, "name");
	char *name;

	for (size_t i = 0; i < part->type.count; i++) {
		const char *fault = check_parameter(part, &part->type.parameters[i]);

		if (fault != NULL)
			return fault;
	}
	name = readable_name(filename != NULL ? filename : type_name);
	if (name == NULL && filename == NULL && type_name != NULL && !is_empty(type_name))
		return "a part's name cannot be read";
	json_object_set_new(json, "type", json_string(part->type.text));
	if (charset != NULL && !by_value)
		json_object_set_new(json, "charset", json_string(charset->value));
	set_disposition(part, name, json);
	free(name);
	return NULL;
}
