/*
 * Header fields in the forms of RFC 8621 §4.1.2.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/header_form.h"
#include "sandbox/json.h"
#include "sandbox/mime_address.h"
#include "sandbox/mime_field.h"

static const struct {
	const char *name;
	enum header_form form;
} forms[] = {
    {"asRaw", FORM_RAW},
    {"asText", FORM_TEXT},
    {"asAddresses", FORM_ADDRESSES},
    {"asGroupedAddresses", FORM_GROUPED_ADDRESSES},
    {"asMessageIds", FORM_MESSAGE_IDS},
    {"asDate", FORM_DATE},
    {"asURLs", FORM_URLS},
};

static const struct {
	const char *property, *header;
	enum header_form form;
} shorts[] = {
    {"messageId", "Message-ID", FORM_MESSAGE_IDS},
    {"inReplyTo", "In-Reply-To", FORM_MESSAGE_IDS},
    {"references", "References", FORM_MESSAGE_IDS},
    {"sender", "Sender", FORM_ADDRESSES},
    {"from", "From", FORM_ADDRESSES},
    {"to", "To", FORM_ADDRESSES},
    {"cc", "Cc", FORM_ADDRESSES},
    {"bcc", "Bcc", FORM_ADDRESSES},
    {"replyTo", "Reply-To", FORM_ADDRESSES},
    {"subject", "Subject", FORM_TEXT},
    {"sentAt", "Date", FORM_DATE},
};

static bool
find_form(const char *name, size_t length, enum header_form *form_r)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strlen(forms[i].name) == length &&
		    strncmp(forms[i].name, name, length) == 0) {
			*form_r = forms[i].form;
			return true;
		}
	}
	return false;
}

bool
header_property_parse(const char *property, struct header_property *h)
{
	const char *name = property + 7;
	size_t length;
	const char *rest;

	if (strncmp(property, "header:", 7) != 0)
		return false;
	*h = (struct header_property){.form = FORM_RAW};
	length = strcspn(name, ":");
	if (length == 0 || length >= sizeof(h->name))
		return false;
	for (size_t i = 0; i < length; i++)
		if (name[i] < '!' || name[i] > '~')
			return false;
	memcpy(h->name, name, length);
	rest = name + length;
	if (strncmp(rest, ":as", 3) == 0) {
		size_t form_length = strcspn(rest + 1, ":");

		if (!find_form(rest + 1, form_length, &h->form))
			return false;
		rest += 1 + form_length;
	}
	if (strcmp(rest, ":all") == 0) {
		h->all = true;
		return true;
	}
	return *rest == '\0';
}

bool
header_property_short(const char *property, struct header_property *h)
{
	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		if (strcmp(shorts[i].property, property) != 0)
			continue;
		*h = (struct header_property){.form = shorts[i].form};
		snprintf(h->name, sizeof(h->name), "%s", shorts[i].header);
		return true;
	}
	return false;
}

/* What stands between '<' and '>', each time; null if it never does. */
static json_t *
bracketed(const char *p, size_t length)
{
	const char *end = p + length;
	json_t *list = json_array();

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		const char *close = memchr(p, '>', (size_t)(end - p));
		struct buf text = BUF_INIT;

		if (close == NULL)
			break;
		for (p++; p < close; p++)
			if (strchr(" \t\r\n", *p) == NULL)
				buf_addc(&text, *p);
		json_array_append_new(list, json_from_buf(&text));
	}
	if (json_array_size(list) > 0)
		return list;
	json_decref(list);
	return json_null();
}

json_t *
header_value(const struct mime_header *field, enum header_form form)
{
	struct buf text = BUF_INIT;
	int64_t seconds;
	int zone;

	switch (form) {
	case FORM_RAW:
		return json_clean(field->value, field->value_length);
	case FORM_TEXT:
		field_text(field->value, field->value_length, &text);
		return json_from_buf(&text);
	case FORM_ADDRESSES:
		return address_list(field->value, field->value_length);
	case FORM_GROUPED_ADDRESSES:
		return address_groups(field->value, field->value_length);
	case FORM_MESSAGE_IDS:
	case FORM_URLS:
		return bracketed(field->value, field->value_length);
	case FORM_DATE:
		if (!field_date(field->value, field->value_length, &seconds, &zone))
			return json_null();
		return json_zone_date(seconds, zone);
	}
	return json_null();
}

json_t *
header_property_value(const struct mime_part *part, const struct header_property *h)
{
	const struct mime_header *last = mime_header(part, h->name);
	json_t *all;

	if (!h->all)
		return last == NULL ? json_null() : header_value(last, h->form);
	all = json_array();
	for (size_t i = 0; i < part->header_count; i++)
		if (mime_header_is(&part->headers[i], h->name))
			json_array_append_new(all, header_value(&part->headers[i], h->form));
	return all;
}

json_t *
header_list(const struct mime_part *part)
{
	json_t *list = json_array();

	for (size_t i = 0; i < part->header_count; i++) {
		const struct mime_header *h = &part->headers[i];

		json_array_append_new(
		    list, json_pack("{s:o, s:o}", "name", json_clean(h->name, h->name_length),
		              "value", header_value(h, FORM_RAW)));
	}
	return list;
}
