/*
 * header_form - header fields in the forms of RFC 8621 §4.1.2
 */
#ifndef SANDBOX_HEADER_FORM_H
#define SANDBOX_HEADER_FORM_H

#include <stdbool.h>

#include <jansson.h>

#include "sandbox/mime.h"

enum header_form {
	FORM_RAW,
	FORM_TEXT,
	FORM_ADDRESSES,
	FORM_GROUPED_ADDRESSES,
	FORM_MESSAGE_IDS,
	FORM_DATE,
	FORM_URLS,
};

/* "header:NAME[:asFORM][:all]" taken apart. */
struct header_property {
	char name[128];
	enum header_form form;
	bool all;
};

/* Take a property's name apart; false if it is not of this kind. */
bool header_property_parse(const char *property, struct header_property *h);

/* The property that RFC 8621 §4.1.3 names for short ("from", "sentAt"); false if none. */
bool header_property_short(const char *property, struct header_property *h);

/* The value of such a property: of the last field of the name (null if there is none), or
 * with :all, of all in an array. */
json_t *header_property_value(const struct mime_part *part, const struct header_property *h);

/* The value of one field in a form. */
json_t *header_value(const struct mime_header *field, enum header_form form);

/* All fields as they stand: [{"name", "value"}]. */
json_t *header_list(const struct mime_part *part);

#endif
