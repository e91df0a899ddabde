/*
 * What follows the address in MAIL and RCPT, and what XFORWARD says.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "transport/address_check.h"
#include "transport/dsn_text.h"
#include "transport/lmtp_parameters.h"
#include "transport/lmtp_syntax.h"

#define ENVID_MAX   100       /* RFC 3461 §4.4 */
#define ORCPT_MAX   500       /* RFC 3461 §4.2 */
#define HOLDFOR_MAX 999999999 /* RFC 4865 §4.2 */

static const char too_large[] = "552 5.3.4 the message is larger than the service takes";
static const char bad_value[] = "501 5.5.4 a parameter's value is wrong";
static const char twice[] = "501 5.5.4 a parameter is there twice";
static const char unknown[] = "555 5.5.4 a parameter is not known";

/* Where a list of parameters is read to. */
struct reading {
	const struct courier_offer *offer;
	struct delivery *delivery;   /* of MAIL */
	struct recipient *recipient; /* of RCPT */
	unsigned seen;               /* rows of the table */
};

static const char *
take_size(struct reading *r, const char *value)
{
	int64_t size;

	if (strlen(value) > 20 || strspn(value, "0123456789") != strlen(value) ||
	    *value == '\0')
		return bad_value;
	if (!lmtp_number(value, INT64_MAX, &size) ||
	    (r->offer->size_max > 0 && size > r->offer->size_max))
		return too_large;
	return NULL;
}

static const char *
take_body(struct reading *r, const char *value)
{
	(void)r;
	return strcasecmp(value, "7BIT") == 0 || strcasecmp(value, "8BITMIME") == 0 ? NULL
	                                                                            : bad_value;
}

static const char *
take_utf8(struct reading *r, const char *value)
{
	(void)r;
	return value == NULL ? NULL : bad_value;
}

static const char *
take_ret(struct reading *r, const char *value)
{
	if (strcasecmp(value, "FULL") != 0 && strcasecmp(value, "HDRS") != 0)
		return bad_value;
	r->delivery->ret = xstrdup(value);
	return NULL;
}

static const char *
take_envid(struct reading *r, const char *value)
{
	if (*value == '\0' || strlen(value) > ENVID_MAX || !dsn_xtext(value, NULL))
		return bad_value;
	r->delivery->envid = xstrdup(value);
	return NULL;
}

/* Until when, if that is not too long, and no other parameter said so. */
static const char *
hold(struct reading *r, int64_t until)
{
	if (r->delivery->hold_until != 0)
		return "501 5.5.4 HOLDFOR and HOLDUNTIL exclude each other";
	if (until > clock_wall() + r->offer->hold_max)
		return "501 5.5.4 it cannot be put off so long";
	r->delivery->hold_until = until;
	return NULL;
}

static const char *
take_hold_for(struct reading *r, const char *value)
{
	int64_t seconds;

	if (!lmtp_number(value, HOLDFOR_MAX, &seconds))
		return bad_value;
	return hold(r, clock_wall() + seconds);
}

static const char *
take_hold_until(struct reading *r, const char *value)
{
	int64_t until;

	if (!lmtp_date(value, &until) || until <= 0)
		return bad_value;
	return hold(r, until);
}

static const char *
take_notify(struct reading *r, const char *value)
{
	static const char *const words[] = {"SUCCESS", "FAILURE", "DELAY"};
	const char *p = value;

	r->recipient->notify = (char *)value;
	if (strcasecmp(value, "NEVER") == 0)
		return NULL;
	for (;; p++) {
		size_t length = strcspn(p, ","), i = 0;

		while (i < 3 &&
		       (strlen(words[i]) != length || strncasecmp(p, words[i], length) != 0))
			i++;
		if (i == 3)
			return bad_value;
		p += length;
		if (*p == '\0')
			return NULL;
	}
}

static const char *
take_orcpt(struct reading *r, const char *value)
{
	if (strlen(value) > ORCPT_MAX || !dsn_original_recipient(value, NULL))
		return bad_value;
	r->recipient->orcpt = (char *)value;
	return NULL;
}

enum extension { ALWAYS, WITH_DSN, WITH_HOLD };

struct parameter {
	const char *key;
	enum extension extension;
	bool valued; /* it has a value, always */
	const char *(*take)(struct reading *r, const char *value);
};

static const struct parameter mail_parameters[] = {
    {"SIZE", ALWAYS, true, take_size},
    {"BODY", ALWAYS, true, take_body},
    {"SMTPUTF8", ALWAYS, false, take_utf8},
    {"RET", WITH_DSN, true, take_ret},
    {"ENVID", WITH_DSN, true, take_envid},
    {"HOLDFOR", WITH_HOLD, true, take_hold_for},
    {"HOLDUNTIL", WITH_HOLD, true, take_hold_until},
    {NULL, ALWAYS, false, NULL},
};

static const struct parameter rcpt_parameters[] = {
    {"NOTIFY", WITH_DSN, true, take_notify},
    {"ORCPT", WITH_DSN, true, take_orcpt},
    {NULL, ALWAYS, false, NULL},
};

static bool
is_offered(const struct courier_offer *offer, enum extension extension)
{
	switch (extension) {
	case WITH_DSN:
		return offer->dsn;
	case WITH_HOLD:
		return offer->hold_max > 0;
	case ALWAYS:
		break;
	}
	return true;
}

static const char *
take_parameter(
    struct reading *r, const struct parameter *table, const struct lmtp_parameter *given)
{
	unsigned row = 0;

	while (table[row].key != NULL && strcasecmp(table[row].key, given->key) != 0)
		row++;
	if (table[row].key == NULL || !is_offered(r->offer, table[row].extension))
		return unknown;
	if ((r->seen & (1u << row)) != 0)
		return twice;
	r->seen |= 1u << row;
	if (table[row].valued && given->value == NULL)
		return bad_value;
	return table[row].take(r, given->value);
}

static const char *
take_list(struct reading *r, const struct parameter *table, char *text)
{
	struct lmtp_parameter given;
	const char *error = NULL;

	while (error == NULL && lmtp_parameter(&text, &given))
		error = take_parameter(r, table, &given);
	return error;
}

const char *
lmtp_mail_parameters(char *text, const struct courier_offer *offer, struct delivery *delivery)
{
	struct reading reading = {.offer = offer, .delivery = delivery};

	return take_list(&reading, mail_parameters, text);
}

const char *
lmtp_rcpt_parameters(char *text, const struct courier_offer *offer, struct recipient *recipient)
{
	struct reading reading = {.offer = offer, .recipient = recipient};

	return take_list(&reading, rcpt_parameters, text);
}

/* "[UNAVAILABLE]" and "[TEMPUNAVAIL]" stand for what the client does not know. */
static bool
is_known_value(const char *value)
{
	return strcasecmp(value, "[UNAVAILABLE]") != 0 &&
	       strcasecmp(value, "[TEMPUNAVAIL]") != 0;
}

static const char *
take_ident(const char *value, char *queue_id, size_t size)
{
	queue_id[0] = '\0';
	if (!is_known_value(value))
		return NULL;
	if (!is_queue_id(value) || strlen(value) >= size)
		return "501 5.5.4 IDENT is no queue id";
	memcpy(queue_id, value, strlen(value) + 1);
	return NULL;
}

static bool
is_attribute(const char *name)
{
	static const char *const names[] = {
	    "NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

const char *
lmtp_xforward(char *text, char *queue_id, size_t size)
{
	struct lmtp_parameter given;
	struct buf value = BUF_INIT;
	const char *error = NULL;
	bool any = false;

	for (; error == NULL && lmtp_parameter(&text, &given); any = true) {
		buf_reset(&value);
		if (!is_attribute(given.key))
			error = "501 5.5.4 an attribute is not known";
		else if (given.value == NULL || !dsn_xtext(given.value, &value))
			error = bad_value;
		else if (strcasecmp(given.key, "IDENT") == 0)
			error = take_ident(buf_str(&value), queue_id, size);
	}
	buf_free(&value);
	return error != NULL || any ? error : "501 5.5.4 XFORWARD needs an attribute";
}
