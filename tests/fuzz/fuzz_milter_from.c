/* A header in from mode: whatever was there, nothing of the writer's is there afterwards. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "milter/from_parts.h"
#include "tests/fuzz/fuzz.h"

#define ALIAS "shop.x1@sl.example"
#define ME    "me@own.example"

static const char *const allowed[] = {"From", "Sender", "Reply-To", "To", "Cc", "Subject",
    "Date", "Message-ID", "References", "In-Reply-To", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Content-Disposition"};

static char *
copy(struct mime_span span)
{
	return xstrndup(span.bytes, span.length);
}

static void
read_mail(const uint8_t *bytes, size_t length, struct mail *mail)
{
	struct mime_span header = {(const char *)bytes, length};
	struct mime_field field;

	mail_init(mail);
	mail_sender(mail, "<" ME ">", NULL);
	while (mime_next_field(&header, &field)) {
		char *name = copy(field.name), *value = copy(field.value);

		mail_field(mail, name, value);
		free(name);
		free(value);
	}
}

/* The value may be put into a header: it cannot end there, nor does a line of it get too long. */
static void
check_lines(const char *value)
{
	for (const char *p = value;; p++) {
		size_t line = strcspn(p, "\n");

		if (line >= 998)
			abort();
		p += line;
		if (*p == '\0')
			break;
		if (p[1] != ' ' && p[1] != '\t')
			abort();
	}
}

static void
check_value(const struct own *own, const char *value)
{
	struct buf seen = BUF_INIT;

	from_seen(value, &seen);
	if (own_in(own, buf_str(&seen)))
		abort();
	buf_free(&seen);
}

/* What a field leaves with, or NULL. */
static const char *
value_of(const struct mail_field *field, const struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		if (edits->items[i].kind == EDIT_CHGHEADER &&
		    edits->items[i].index == field->index &&
		    strcasecmp(edits->items[i].name, field->name) == 0)
			return edits->items[i].value;
	return field->value;
}

static void
check_field(const struct own *own, const struct mail_field *field, const struct edits *edits)
{
	const char *value = value_of(field, edits);
	bool known = false;

	if (value == NULL)
		return;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		known |= strcasecmp(field->name, allowed[i]) == 0;
	if (!known || field->index != 1)
		abort();
	check_value(own, value);
	if (value != field->value)
		check_lines(value);
	if (strcasecmp(field->name, "From") == 0 && strcmp(value, ALIAS) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char key_bytes[] = "key", host[] = "laptop.lan";
	const struct buf key = {key_bytes, 3, 4};
	char *const domains[] = {host, NULL};
	const struct alias_account account = {.name = NULL};
	struct own own;
	const struct from_options options = {
	    .alias = ALIAS, .own = &own, .key = &key, .now = 1795698284};
	struct edits edits = EDITS_INIT;
	struct outcome o;
	struct mail mail;

	read_mail(bytes, length, &mail);
	own_find(&mail, &account, domains, &own);
	own_forget(&own, ALIAS);
	o = from_edits(&options, &mail, &edits);
	if (!outcome_is_ok(&o) && edits.count != 0)
		abort();
	for (size_t i = 0; i < mail.field_count && outcome_is_ok(&o); i++)
		check_field(&own, &mail.fields[i], &edits);
	edits_free(&edits);
	own_free(&own);
	mail_free(&mail);
	return 0;
}
