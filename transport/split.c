/*
 * One message for each alias.
 *
 * First everybody is looked up: the recipients, and each mailbox of the fields that name some,
 * in the order they are read in.  Then each part is made by going through the fields again,
 * and dropping who belongs elsewhere.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/wire/recipient_fields.h"
#include "transport/split.h"

#define THREADS_MAX 8          /* of one message */
#define STACK_BYTES (1u << 20) /* what is not touched takes no memory */

/* Fields that name recipients; without any of the first two there is nothing to put there. */
static const struct {
	enum header_kind kind;
	const char *name;
	bool visible;
} kinds[] = {
    {HEADER_TO, "To", true},
    {HEADER_CC, "Cc", true},
    {HEADER_RESENT_TO, "Resent-To", false},
    {HEADER_RESENT_CC, "Resent-Cc", false},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* A field as it came. */
struct field {
	const struct header_field *noted;
	size_t kind;            /* in kinds */
	struct reverse *owners; /* of its mailboxes, in their order */
	size_t count, room;
	const char *fault; /* it cannot be read */
};

struct splitting {
	struct reverse_set *set;
	const struct delivery *delivery;
	struct reverse *owners; /* of the recipients */
	struct field *fields;
	size_t field_count;
	bool any; /* reverse address was met */
	struct outcome outcome;
};

void
split_want(const struct config *config, struct header_filter *f)
{
	for (size_t i = 0; i < KIND_COUNT && config->alias_count != 0; i++)
		header_filter_want(f, kinds[i].kind);
}

/* Looking up. */

static void
look_up(struct splitting *s, const char *address, struct reverse *owner_r)
{
	*owner_r = (struct reverse){0};
	if (outcome_is_ok(&s->outcome))
		s->outcome = reverse_find(s->set, address, owner_r);
	s->any = s->any || owner_r->section != 0;
}

static void
look_recipients_up(struct splitting *s)
{
	const struct delivery *delivery = s->delivery;

	s->owners = xcalloc(delivery->recipient_count + 1, sizeof(*s->owners));
	for (size_t i = 0; i < delivery->recipient_count; i++)
		look_up(s, delivery->recipients[i].address, &s->owners[i]);
}

struct reading {
	struct splitting *s;
	struct field *field;
};

static enum recipient_fate
note_owner(void *arg, const char *address, const char **replacement_r)
{
	struct reading *r = arg;
	struct field *field = r->field;

	(void)replacement_r;
	if (field->count == field->room) {
		field->room = 2 * field->room + 8;
		field->owners =
		    xreallocarray(field->owners, field->room, sizeof(*field->owners));
	}
	look_up(r->s, address, &field->owners[field->count++]);
	return RECIPIENT_KEEP;
}

/* Look up everything in a field that might be an address, though nobody can tell. */
static void
search(struct splitting *s, const struct buf *text)
{
	static const char ends[] = " \t\r\n<>()[],;:\"\\";
	const char *p = buf_str(text), *end = p + text->len;

	while (p < end) {
		size_t length = strcspn(p, ends);
		struct reverse owner;
		char *word;

		if (memchr(p, '@', length) != NULL) {
			word = xstrndup(p, length);
			look_up(s, word, &owner);
			free(owner.address);
			free(word);
		}
		p += length + 1; /* a NUL ends a word as well */
	}
}

static void
read_field(struct splitting *s, struct field *field)
{
	const struct buf *value = &field->noted->value;
	struct reading reading = {s, field};
	struct recipient_field result;
	struct buf unused = BUF_INIT;

	field->fault = recipient_field_rewrite((struct mime_span){buf_str(value), value->len},
	    "\r\n", note_owner, &reading, &unused, &result);
	if (field->fault != NULL)
		search(s, value);
	buf_free(&unused);
}

static void
read_fields(struct splitting *s)
{
	const struct header_filter *f = &s->delivery->message.filter;

	s->fields = xcalloc(f->noted_count + 1, sizeof(*s->fields));
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct header_field *noted = NULL;

		while ((noted = header_filter_noted(f, kinds[i].kind, noted)) != NULL) {
			if (noted->length == 0)
				continue; /* it does not leave */
			s->fields[s->field_count] = (struct field){.noted = noted, .kind = i};
			read_field(s, &s->fields[s->field_count++]);
		}
	}
}

/* Can the header be read as far as it has to be? */
static struct outcome
check_fields(const struct splitting *s)
{
	if (s->delivery->message.filter.overflow)
		return outcome_make("local", "header", "it names too many recipients");
	for (size_t i = 0; i < s->field_count && s->any; i++)
		if (s->fields[i].fault != NULL)
			return outcome_make("local", "header", "the %s field %s",
			    kinds[s->fields[i].kind].name, s->fields[i].fault);
	return outcome_ok();
}

static void
forget(struct splitting *s)
{
	for (size_t i = 0; i < s->delivery->recipient_count; i++)
		free(s->owners[i].address);
	free(s->owners);
	for (size_t i = 0; i < s->field_count; i++) {
		for (size_t k = 0; k < s->fields[i].count; k++)
			free(s->fields[i].owners[k].address);
		free(s->fields[i].owners);
	}
	free(s->fields);
}

/* Making parts. */

/* Do they go in one message? */
static bool
belong_together(const struct reverse *a, const struct reverse *b)
{
	return a->section == b->section && a->alias_id == b->alias_id;
}

struct choosing {
	const struct field *field;
	const struct reverse *owner; /* of the part */
	size_t at;
	bool dropped;
};

static enum recipient_fate
choose(void *arg, const char *address, const char **replacement_r)
{
	struct choosing *c = arg;
	const struct reverse *owner = &c->field->owners[c->at++];

	if (!belong_together(owner, c->owner)) {
		c->dropped = true;
		return RECIPIENT_DROP;
	}
	if (owner->address == NULL || strcmp(owner->address, address) == 0)
		return RECIPIENT_KEEP;
	*replacement_r = owner->address;
	return RECIPIENT_REPLACE;
}

/* What a kind of fields becomes in a part. */
struct rewritten {
	struct buf fields; /* complete */
	size_t left;       /* mailboxes */
	bool changed;
};

/* Add what a field becomes.  One that is sent directly is left alone but for who is dropped: it
 * is no service's, and may be as its sender likes it. */
static struct outcome
rewrite_field(const struct field *field, const struct reverse *owner, struct rewritten *r)
{
	const struct buf *old = &field->noted->value;
	struct choosing choosing = {.field = field, .owner = owner};
	struct recipient_field result;
	struct buf value = BUF_INIT;
	const char *name = kinds[field->kind].name;
	const char *fault = recipient_field_rewrite((struct mime_span){buf_str(old), old->len},
	    "\r\n", choose, &choosing, &value, &result);

	if (result.left != 0)
		buf_addf(&r->fields, "%s: %s\r\n", name, buf_str(&value));
	buf_free(&value);
	r->left += result.left;
	r->changed |= owner->section != 0 ? result.changed : choosing.dropped;
	return fault == NULL ? outcome_ok()
	                     : outcome_make("local", "header", "the %s field %s", name, fault);
}

/* Let a part's header name those alone that belong to it. */
static struct outcome
rewrite_part(const struct splitting *s, const struct reverse *owner, struct message *m)
{
	static const char nobody[] = "To: " RECIPIENT_FIELD_NONE "\r\n";
	struct outcome o = outcome_ok();
	bool changed = false;
	size_t left = 0;

	for (size_t kind = 0; kind < KIND_COUNT && outcome_is_ok(&o); kind++) {
		struct rewritten r = {.fields = BUF_INIT};

		for (size_t i = 0; i < s->field_count && outcome_is_ok(&o); i++)
			if (s->fields[i].kind == kind)
				o = rewrite_field(&s->fields[i], owner, &r);
		if (outcome_is_ok(&o) && r.changed) {
			message_cut(m, kinds[kind].kind);
			message_put_fields(m, buf_str(&r.fields), r.fields.len);
		}
		if (kinds[kind].visible) {
			left += r.left;
			changed |= r.changed;
		}
		buf_free(&r.fields);
	}
	if (outcome_is_ok(&o) && changed && left == 0)
		message_put_fields(m, nobody, strlen(nobody));
	return o;
}

/* Begin a part; its recipients come later. */
static struct outcome
begin_part(const struct splitting *s, const struct reverse *owner, struct delivery *part)
{
	const struct delivery *whole = s->delivery;
	struct outcome o = outcome_ok();

	*part = (struct delivery){
	    .via = whole->via,
	    .queue_id = xstrdup(whole->queue_id),
	    .sender = xstrdup(whole->sender),
	    .mail_from = xstrdup(whole->mail_from),
	    .ret = xstrdup(whole->ret),
	    .envid = xstrdup(whole->envid),
	    .hold_until = whole->hold_until,
	    .account = whole->account,
	    .deadline = whole->deadline,
	    .began = whole->began,
	    .before_sending = whole->before_sending,
	    .arg = whole->arg,
	    .apart = owner->section != 0,
	};
	message_share(&whole->message, &part->message);
	if (owner->section != 0)
		o = reverse_alias(s->set, owner, &part->alias);
	return outcome_is_ok(&o) ? rewrite_part(s, owner, &part->message) : o;
}

static void
add_recipient(struct delivery *part, const struct recipient *recipient)
{
	struct recipient *added = delivery_add_recipient(part, recipient->address);

	added->notify = xstrdup(recipient->notify);
	added->orcpt = xstrdup(recipient->orcpt);
}

/* Put each recipient into the part where it belongs. */
static struct outcome
make_parts(const struct splitting *s, struct split *split)
{
	const struct delivery *whole = s->delivery;
	const struct reverse **owners = xcalloc(whole->recipient_count + 1, sizeof(*owners));
	struct outcome o = outcome_ok();

	split->parts = xcalloc(whole->recipient_count + 1, sizeof(*split->parts));
	split->part_of = xcalloc(whole->recipient_count + 1, sizeof(*split->part_of));
	for (size_t i = 0; i < whole->recipient_count && outcome_is_ok(&o); i++) {
		size_t part = 0;

		while (part < split->count && !belong_together(owners[part], &s->owners[i]))
			part++;
		if (part == split->count) {
			owners[part] = &s->owners[i];
			o = begin_part(s, owners[part], &split->parts[split->count++]);
		}
		split->part_of[i] = part;
		add_recipient(&split->parts[part], &whole->recipients[i]);
	}
	free(owners);
	return o;
}

static void
free_split(struct split *split)
{
	for (size_t i = 0; i < split->count; i++)
		delivery_free(&split->parts[i]);
	free(split->parts);
	free(split->part_of);
	*split = (struct split){0};
}

struct outcome
split_make(struct reverse_maps *maps, const struct delivery *delivery, struct split *split_r)
{
	struct splitting s = {.delivery = delivery};

	*split_r = (struct split){0};
	s.outcome = reverse_maps_take(maps, delivery->message.filter.aliased, &s.set);
	if (!outcome_is_ok(&s.outcome) || s.set == NULL)
		return s.outcome;
	look_recipients_up(&s);
	read_fields(&s);
	if (outcome_is_ok(&s.outcome))
		s.outcome = check_fields(&s);
	if (outcome_is_ok(&s.outcome) && s.any)
		s.outcome = make_parts(&s, split_r);
	if (!outcome_is_ok(&s.outcome))
		free_split(split_r);
	reverse_maps_give(maps, &s.set);
	forget(&s);
	return s.outcome;
}

/* Carrying them. */

struct crew {
	struct split *split;
	split_carry *carry;
	void *arg;
	atomic_size_t next; /* part that nobody has taken */
};

static void *
work(void *arg)
{
	struct crew *crew = arg;
	size_t i;

	while ((i = atomic_fetch_add(&crew->next, 1)) < crew->split->count)
		crew->carry(crew->arg, &crew->split->parts[i]);
	return NULL;
}

/* Parts that are carried at the same time can share requests.  Without threads to be had, one
 * does it all. */
void
split_each(struct split *split, split_carry *carry, void *arg)
{
	struct crew crew = {.split = split, .carry = carry, .arg = arg};
	pthread_t threads[THREADS_MAX - 1];
	pthread_attr_t attributes;
	size_t count = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (count < THREADS_MAX - 1 && count + 1 < split->count &&
	       pthread_create(&threads[count], &attributes, work, &crew) == 0)
		count++;
	pthread_attr_destroy(&attributes);
	(void)work(&crew);
	while (count > 0)
		pthread_join(threads[--count], NULL);
}

void
split_end(struct split *split, struct delivery *delivery)
{
	size_t *next = xcalloc(split->count + 1, sizeof(*next));

	for (size_t i = 0; i < delivery->recipient_count && split->count != 0; i++) {
		size_t part = split->part_of[i];

		delivery->recipients[i].outcome =
		    split->parts[part].recipients[next[part]++].outcome;
	}
	free(next);
	free_split(split);
}
