/* A message split by alias: no part's header names whom it is not for, and no body is changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_map.h"
#include "common/wire/address_list.h"
#include "tests/fuzz/fuzz.h"
#include "transport/split.h"

#define MAILBOXES_MAX 20000

static char folder[] = "/tmp/ferry-fuzz-split.XXXXXX";
static struct alias_account section = {.directory = folder};
static const struct config config = {.aliases = &section, .alias_count = 1};
static struct reverse_maps *maps;

static void
remove_folder(void)
{
	static const char *const files[] = {"map.db", "map.db-wal", "map.db-shm"};

	reverse_maps_free(&maps);
	for (size_t i = 0; i < 3; i++) {
		char *path = xasprintf("%s/%s", folder, files[i]);

		(void)unlink(path);
		free(path);
	}
	(void)rmdir(folder);
}

/* r1 is of alias 1, r2 of alias 2. */
static void
make_map(void)
{
	char *path;
	struct alias_map *map;
	struct outcome o;

	if (mkdtemp(folder) == NULL)
		abort();
	path = xasprintf("%s/map.db", folder);
	o = alias_map_open(path, &map);
	for (char digit = '1'; digit <= '2' && outcome_is_ok(&o); digit++) {
		char alias[] = "a0@sl", reverse[] = "r0@sl", address[] = "c0@x";
		struct alias_map_alias a = {.id = digit, .address = alias, .enabled = true};
		struct alias_map_contact c = {
		    .id = digit, .alias_id = digit, .address = address, .reverse = reverse};

		alias[1] = reverse[1] = address[1] = digit;
		o = alias_map_put_alias(map, &a);
		if (outcome_is_ok(&o))
			o = alias_map_put_contact(map, &c);
	}
	if (!outcome_is_ok(&o))
		abort();
	alias_map_close(&map);
	free(path);
	maps = reverse_maps_new(&config);
	atexit(remove_folder);
}

static void
receive(const char *bytes, size_t length, struct delivery *delivery)
{
	static const char *const recipients[] = {"r1@sl", "bob@x", "r2@sl"};

	delivery_init(delivery, "fuzz", "/nonexistent");
	delivery->sender = xstrdup("me@x");
	for (size_t i = 0; i < 3; i++)
		(void)delivery_add_recipient(delivery, recipients[i]);
	split_want(&config, &delivery->message.filter);
	if (message_add(&delivery->message, bytes, length).class != OUTCOME_OK ||
	    message_end(&delivery->message).class != OUTCOME_OK)
		abort();
}

/* Does this address belong to this part?  Reverse addresses are known in any case. */
static bool
belongs(const char *address, const struct delivery *part)
{
	const char *its = part->recipients[0].address;
	bool reverse = strcasecmp(address, "r1@sl") == 0 || strcasecmp(address, "r2@sl") == 0;

	return part->apart ? strcmp(address, its) == 0 : !reverse;
}

static void
check_field(const struct header_field *field, const struct delivery *part)
{
	struct address_list list;

	if (!address_list_parse(buf_str(&field->value), field->value.len, MAILBOXES_MAX, &list))
		abort();
	for (size_t i = 0; i < list.count; i++)
		if (!belongs(list.mailboxes[i].address, part))
			abort();
	address_list_free(&list);
}

static void
read_all(struct message *m, struct buf *out)
{
	struct http_source source = message_source(m);
	ssize_t got;

	while ((got = source.read(source.arg, buf_reserve(out, 4096), 4096)) > 0)
		out->len += (size_t)got;
	buf_reserve(out, 0);
	out->data[out->len] = '\0';
	if (got < 0 || (int64_t)out->len != source.size)
		abort();
}

/* The part's header, read anew; and its end, from the empty line on, which is that of the whole. */
static void
check_part(struct delivery *part, const struct buf *whole)
{
	/* Of Resent- fields the topmost count, and others may be that in a part. */
	static const enum header_kind kinds[] = {HEADER_TO, HEADER_CC};
	struct buf text = BUF_INIT, unused = BUF_INIT;
	const char *body = memmem(buf_str(whole), whole->len, "\r\n\r\n", 4);
	struct header_filter f;

	read_all(&part->message, &text);
	header_filter_init(&f);
	split_want(&config, &f);
	header_filter_feed(&f, text.data, text.len, &unused);
	header_filter_end(&f, &unused);
	for (size_t i = 0; i < 2; i++) {
		const struct header_field *field = NULL;

		while ((field = header_filter_noted(&f, kinds[i], field)) != NULL)
			check_field(field, part);
	}
	if (body != NULL) {
		size_t length = whole->len - (size_t)(body + 2 - whole->data);

		if (text.len < length ||
		    memcmp(text.data + text.len - length, body + 2, length) != 0)
			abort();
	}
	header_filter_free(&f);
	buf_free(&unused);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct delivery delivery;
	struct split split;
	struct outcome o;

	if (length > 60000)
		return 0; /* more would want a file */
	if (maps == NULL)
		make_map();
	receive((const char *)bytes, length, &delivery);
	o = split_make(maps, &delivery, &split);
	if (o.class == OUTCOME_TEMPORARY || (outcome_is_ok(&o) && split.count != 3))
		abort();
	if (outcome_is_ok(&o)) {
		struct buf whole = BUF_INIT;

		read_all(&delivery.message, &whole);
		for (size_t i = 0; i < split.count; i++)
			check_part(&split.parts[i], &whole);
		split_end(&split, &delivery);
		buf_free(&whole);
	}
	delivery_free(&delivery);
	return 0;
}
