/* Answers of the alias service: aliases, contacts, options, and refusals. */
#include <stdlib.h>
#include <string.h>

#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"
#include "tests/fuzz/fuzz.h"

/* What is taken for an address goes into envelopes and headers. */
static void
check_address(const char *address)
{
	for (const char *p = address; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || strchr("<>,;:\"\\", *p) != NULL)
			abort();
	if (strchr(address, '@') == NULL)
		abort();
}

static void
read_objects(const json_t *object)
{
	struct simplelogin_alias alias;
	struct simplelogin_contact contact;
	struct simplelogin_options options;
	struct outcome o = simplelogin_alias_read(object, &alias);

	if (outcome_is_ok(&o) != (alias.id > 0))
		abort();
	if (alias.id != 0)
		check_address(alias.address);
	simplelogin_alias_free(&alias);
	o = simplelogin_contact_read(object, &contact);
	if (outcome_is_ok(&o)) {
		check_address(contact.address);
		check_address(contact.reverse);
	}
	simplelogin_contact_free(&contact);
	o = simplelogin_options_read(object, &options);
	if (outcome_is_ok(&o) && options.recommended != NULL)
		check_address(options.recommended);
	for (size_t i = 0; i < options.suffix_count; i++)
		if (strchr(options.suffixes[i].text, '@') == NULL)
			abort();
	simplelogin_options_free(&options);
}

/* The same bytes as the body of a refusal. */
static void
read_refusal(const uint8_t *bytes, size_t length)
{
	static const int statuses[] = {
	    302, 400, 401, 403, 404, 409, 412, 422, 429, 440, 500, 599};
	static char name[] = "main";
	struct alias_account account = {.name = name};
	struct http_answer answer = {.body = BUF_INIT};

	buf_add(&answer.body, bytes, length);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct outcome o;

		answer.status = statuses[i];
		o = simplelogin_refusal(
		    &account, simplelogin_endpoint("alias create"), &answer);
		if (outcome_is_ok(&o) || strpbrk(o.text, "\r\n") != NULL)
			abort();
	}
	http_answer_free(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	json_t *document, *item;
	struct outcome o = json_parse((const char *)bytes, length, &document);
	size_t i;

	if (outcome_is_ok(&o)) {
		read_objects(document);
		json_array_foreach (json_get_array(document, "aliases"), i, item)
			read_objects(item);
		json_array_foreach (json_get_array(document, "contacts"), i, item)
			read_objects(item);
	}
	json_decref(document);
	read_refusal(bytes, length);
	return 0;
}
