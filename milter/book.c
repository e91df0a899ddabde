/*
 * The map before the service, for a message's correspondents.
 *
 * Two rounds of two steps.  Aliases first, because a contact is an alias's; in each step the
 * map is read for all of them, and what is missing becomes questions to the desk, all at
 * once.  The second round is for an alias that turned out to be gone while its contacts
 * were asked for.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_find.h"
#include "milter/book.h"
#include "milter/maps.h"

#define ROUNDS      2
#define MAY_FAIL_MS 2000 /* for what a message can do without */

struct book {
	const struct alias_account *account;
	struct maps *maps;
	struct desk *desk;
};

struct book *
book_open(const struct alias_account *account, unsigned clerks)
{
	struct book *book = xcalloc(1, sizeof(*book));
	char *path = alias_map_path(account);

	book->account = account;
	book->maps = maps_new(path, clerks != 0);
	book->desk = desk_open(account, clerks);
	free(path);
	return book;
}

void
book_close(struct book **book)
{
	struct book *b = *book;

	if (b == NULL)
		return;
	desk_close(&b->desk);
	maps_free(&b->maps);
	free(b);
	*book = NULL;
}

const struct alias_account *
book_account(const struct book *book)
{
	return book->account;
}

struct desk *
book_desk(struct book *book)
{
	return book->desk;
}

/* The map, or NULL if there is none. */
static struct outcome
look_at(struct look *look, struct alias_map **map_r)
{
	struct outcome o = outcome_ok();

	if (!look->open) {
		o = maps_take(look->book->maps, &look->map);
		look->open = outcome_is_ok(&o);
		if (look->map != NULL)
			alias_map_begin_reading(look->map);
	}
	*map_r = look->map;
	return o;
}

void
look_end(struct look *look)
{
	if (look->map != NULL)
		alias_map_end_reading(look->map);
	maps_give(look->book->maps, &look->map);
	look->open = false;
}

static void
forget_alias(struct entry *entry)
{
	free(entry->alias);
	free(entry->reverse);
	entry->alias = entry->reverse = NULL;
	entry->alias_id = 0;
}

void
entry_free(struct entry *entry)
{
	forget_alias(entry);
}

static bool
is_old(const struct book *book, int64_t learned_ms)
{
	int64_t age = clock_wall_ms() - learned_ms;

	return age < 0 || age >= book->account->refresh_ms;
}

/* --- what the map says */

/* What a step asks for, and of whom; for most messages it is nothing. */
struct wanted {
	struct question *questions;
	size_t *entries; /* the first entry of each */
	size_t count;
	size_t most;
};

static void
wanted_free(struct wanted *wanted)
{
	free(wanted->questions);
	free(wanted->entries);
}

static void
want(struct wanted *wanted, struct question question, size_t entry)
{
	if (wanted->count == 0) {
		wanted->questions = xcalloc(wanted->most, sizeof(struct question));
		wanted->entries = xcalloc(wanted->most, sizeof(size_t));
	}
	wanted->questions[wanted->count] = question;
	wanted->entries[wanted->count] = entry;
	wanted->count++;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_alias(const struct entry *a, const struct entry *b)
{
	return a->fixed != NULL || b->fixed != NULL ? same_text(a->fixed, b->fixed)
	                                            : same_text(a->group, b->group);
}

/* An earlier entry of the same alias, or the entry itself. */
static size_t
first_of_alias(const struct book_query *query, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_alias(&query->entries[j], &query->entries[i]))
			return j;
	return i;
}

/* Its address becomes the entry's. */
static void
take_alias(struct entry *entry, struct alias_map_alias *alias)
{
	free(entry->alias);
	entry->alias_id = alias->id;
	entry->alias = alias->address;
	alias->address = NULL;
}

/* Give every entry the alias of the first one that has the same. */
static void
spread_aliases(struct book_query *query)
{
	for (size_t i = 0; i < query->count; i++) {
		const struct entry *first = &query->entries[first_of_alias(query, i)];

		if (first == &query->entries[i] || first->alias_id == 0)
			continue;
		free(query->entries[i].alias);
		query->entries[i].alias_id = first->alias_id;
		query->entries[i].alias = xstrdup(first->alias);
	}
}

static struct outcome
read_alias(struct book *book, struct alias_map *map, struct book_query *query, size_t i,
    struct wanted *wanted)
{
	struct entry *entry = &query->entries[i];
	bool fixed = entry->fixed != NULL;
	struct alias_map_alias alias;
	struct outcome o = fixed ? alias_map_find_address(map, entry->fixed, &alias)
	                         : alias_map_find_host(map, entry->group, &alias);
	struct question question = {
	    .kind = fixed ? JOB_FIXED : JOB_ALIAS, .name = fixed ? entry->fixed : entry->group};
	/* A disabled alias would send, but no answer would come by it. */
	bool usable =
	    outcome_is_ok(&o) && alias.id != 0 && !alias.trashed && (alias.enabled || fixed);

	if (usable)
		take_alias(entry, &alias);
	if (outcome_is_ok(&o) && !usable)
		want(wanted, question, i);
	else if (usable && query->ask && is_old(book, alias.learned_ms))
		desk_refresh(book->desk, &question);
	alias_map_alias_free(&alias);
	return o;
}

/* What the map says of aliases; what it does not know is in *wanted. */
static struct outcome
read_aliases(
    struct book *book, struct alias_map *map, struct book_query *query, struct wanted *wanted)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < query->count && outcome_is_ok(&o); i++)
		if (query->entries[i].alias_id == 0 && first_of_alias(query, i) == i)
			o = read_alias(book, map, query, i, wanted);
	spread_aliases(query);
	return o;
}

/* Its reverse address becomes the entry's. */
static void
take_reverse(struct entry *entry, struct alias_map_contact *contact)
{
	free(entry->reverse);
	entry->reverse = contact->reverse;
	contact->reverse = NULL;
}

static struct outcome
read_contacts(
    struct book *book, struct alias_map *map, struct book_query *query, struct wanted *wanted)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < query->count && outcome_is_ok(&o); i++) {
		struct entry *entry = &query->entries[i];
		struct question question = {
		    JOB_CONTACT, entry->address, entry->alias_id, entry->may_fail};
		struct alias_map_contact contact;

		if (entry->alias_id == 0 || entry->reverse != NULL)
			continue;
		o = alias_map_find_contact(map, entry->alias_id, entry->address, &contact);
		if (outcome_is_ok(&o) && contact.id == 0)
			want(wanted, question, i);
		else if (outcome_is_ok(&o))
			take_reverse(entry, &contact);
		if (entry->reverse != NULL && query->ask && is_old(book, contact.learned_ms))
			desk_refresh(book->desk, &question);
		alias_map_contact_free(&contact);
	}
	return o;
}

/* --- what the service says */

static void
add_work(struct book_work *work, const struct answer *answer, bool alias)
{
	if (answer->shared)
		return;
	work->requests += answer->requests;
	if (answer->made && alias)
		work->aliases++;
	else if (answer->made)
		work->contacts++;
}

static void
take_answer(struct entry *entry, struct answer *answer, enum job_kind kind)
{
	if (kind != JOB_CONTACT) {
		take_alias(entry, &answer->alias);
		return;
	}
	take_reverse(entry, &answer->contact);
}

/* All that is the alias's is to be looked for anew. */
static void
forget_gone(struct book_query *query, int64_t alias_id)
{
	for (size_t i = 0; i < query->count; i++)
		if (query->entries[i].alias_id == alias_id)
			forget_alias(&query->entries[i]);
}

/* Could it be that the alias of a contact is no more? */
static bool
alias_is_gone(const struct answer *answer, enum job_kind kind)
{
	return kind == JOB_CONTACT && (outcome_is(&answer->outcome, "alias/forbidden") ||
	                                  outcome_is(&answer->outcome, "alias/missing"));
}

/* First what the message cannot do without; then, for a short time, the rest. */
static void
ask_desk(struct desk *desk, const struct book_query *query, const struct wanted *wanted,
    struct answer *answers)
{
	size_t needed = 0;

	while (needed < wanted->count && !query->entries[wanted->entries[needed]].may_fail)
		needed++;
	desk_ask(
	    desk, wanted->questions, needed, query->deadline, query->tick, query->arg, answers);
	desk_ask(desk, wanted->questions + needed, wanted->count - needed,
	    deadline_min(query->deadline, deadline_in_ms(MAY_FAIL_MS)), query->tick, query->arg,
	    answers + needed);
}

/* Ask; the worst outcome of what is needed.  *again_r: aliases have to be looked for anew. */
static struct outcome
ask(struct book *book, struct book_query *query, const struct wanted *wanted, bool *again_r)
{
	struct answer *answers = xcalloc(wanted->count + 1, sizeof(*answers));
	struct outcome worst = outcome_ok();

	ask_desk(book->desk, query, wanted, answers);
	for (size_t i = 0; i < wanted->count; i++) {
		struct entry *entry = &query->entries[wanted->entries[i]];
		enum job_kind kind = wanted->questions[i].kind;

		add_work(&query->work, &answers[i], kind == JOB_ALIAS);
		if (outcome_is_ok(&answers[i].outcome)) {
			take_answer(entry, &answers[i], kind);
		} else if (alias_is_gone(&answers[i], kind)) {
			forget_gone(query, wanted->questions[i].alias_id);
			*again_r = true;
		}
		if (!outcome_is_ok(&answers[i].outcome) && !entry->may_fail)
			worst = outcome_worse(worst, answers[i].outcome);
		answer_free(&answers[i]);
	}
	free(answers);
	return worst;
}

/* One step: read the map, then ask for what is missing. */
static struct outcome
step(struct look *look, struct book_query *query,
    struct outcome (*read)(
        struct book *, struct alias_map *, struct book_query *, struct wanted *),
    bool *again_r)
{
	struct wanted wanted = {.most = query->count};
	struct alias_map *map;
	struct outcome o = look_at(look, &map);

	if (map != NULL)
		o = read(look->book, map, query, &wanted);
	if (outcome_is_ok(&o) && query->ask && wanted.count != 0) {
		look_end(look);
		o = ask(look->book, query, &wanted, again_r);
	}
	wanted_free(&wanted);
	return o;
}

struct outcome
book_find(struct look *look, struct book_query *query)
{
	struct outcome o = outcome_ok();
	bool again = true;

	for (int round = 0; round < ROUNDS && again; round++) {
		again = false;
		o = step(look, query, read_aliases, &again);
		if (!outcome_is_ok(&o))
			return o;
		spread_aliases(query);
		if (query->contacts)
			o = step(look, query, read_contacts, &again);
	}
	return o;
}

/* --- addresses that are aliases' already */

static char *
in_lower_case(const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

struct outcome
book_reverse(struct look *look, const char *address, char **exact_r, int64_t *alias_id_r)
{
	struct alias_map_contact contact = {0};
	struct alias_map *map;
	struct outcome o = look_at(look, &map);
	char *lower;

	*exact_r = NULL;
	*alias_id_r = 0;
	if (map == NULL)
		return o;
	o = alias_map_find_reverse(map, address, &contact);
	if (outcome_is_ok(&o) && contact.id == 0) {
		lower = in_lower_case(address);
		if (strcmp(lower, address) != 0)
			o = alias_map_find_reverse(map, lower, &contact);
		free(lower);
	}
	if (outcome_is_ok(&o) && contact.id != 0) {
		*exact_r = contact.reverse;
		*alias_id_r = contact.alias_id;
		contact.reverse = NULL;
	}
	alias_map_contact_free(&contact);
	return o;
}

struct outcome
book_has_alias(struct look *look, const char *address, bool *has_r)
{
	struct alias_map_alias alias = {0};
	struct alias_map *map;
	struct outcome o = look_at(look, &map);

	*has_r = false;
	if (map == NULL)
		return o;
	o = alias_map_find_address(map, address, &alias);
	*has_r = outcome_is_ok(&o) && alias.id != 0;
	alias_map_alias_free(&alias);
	return o;
}
