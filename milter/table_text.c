/*
 * A text table: rules from a file, read anew when it changes.
 *
 * What is read becomes a generation, which never changes and is freed when the last thread
 * that looks something up in it has done so.  The lock is held to take a generation and to put
 * another in its place, never while a file is read.
 */
#include <pthread.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "milter/table_file.h"
#include "milter/table_lines.h"
#include "milter/table_parts.h"
#include "milter/table_rules.h"

struct generation {
	struct table_rules *rules;
	unsigned holds; /* under the table's lock */
};

struct text_table {
	char *path;
	pthread_mutex_t lock;
	struct generation *current;
	struct table_file seen; /* the file as it was last tried */
	int64_t looked_ms;      /* when it was last looked at */
	bool looking;           /* somebody does, or reads it */
};

static struct outcome
read_rules(const char *path, const struct buf *bytes, struct table_rules *rules)
{
	struct table_lines lines;
	struct outcome o = outcome_ok();
	const char *fault = NULL;

	table_lines_init(&lines, buf_str(bytes), bytes->len);
	while (fault == NULL && table_lines_next(&lines))
		fault = table_rules_add(rules, lines.line.data);
	if (fault == NULL)
		fault = lines.fault;
	if (fault != NULL)
		o = outcome_make("local", "config", "%s:%lu: %s", path, lines.number, fault);
	table_lines_free(&lines);
	return o;
}

/* Read the file; *file_r says which, as far as it got. */
static struct outcome
read_generation(const char *path, struct table_file *file_r, struct generation **generation_r)
{
	struct table_rules *rules = table_rules_new();
	struct buf bytes = BUF_INIT;
	struct outcome o = table_file_read(path, TABLE_BYTES_MAX, &bytes, file_r);

	if (outcome_is_ok(&o))
		o = read_rules(path, &bytes, rules);
	buf_free(&bytes);
	*generation_r = NULL;
	if (outcome_is_ok(&o)) {
		*generation_r = xcalloc(1, sizeof(**generation_r));
		**generation_r = (struct generation){rules, 1};
	} else {
		table_rules_free(&rules);
	}
	return o;
}

/* Let go of it; under the lock. */
static void
let_go(struct generation *generation)
{
	if (--generation->holds > 0)
		return;
	table_rules_free(&generation->rules);
	free(generation);
}

static struct outcome
open_text(const char *path, void **table_r)
{
	struct text_table *table = xcalloc(1, sizeof(*table));
	struct outcome o = read_generation(path, &table->seen, &table->current);

	if (!outcome_is_ok(&o)) {
		free(table);
		return o;
	}
	table->path = xstrdup(path);
	table->looked_ms = clock_ms();
	pthread_mutex_init(&table->lock, NULL);
	*table_r = table;
	return o;
}

static void
close_text(void *of_kind)
{
	struct text_table *table = of_kind;

	let_go(table->current);
	pthread_mutex_destroy(&table->lock);
	free(table->path);
	free(table);
}

/* Is it this thread's turn to look at the file? */
static bool
take_turn(struct text_table *table)
{
	int64_t now = clock_ms();
	bool turn;

	pthread_mutex_lock(&table->lock);
	turn = !table->looking && now - table->looked_ms >= TABLE_LOOK_MS;
	if (turn) {
		table->looking = true;
		table->looked_ms = now;
	}
	pthread_mutex_unlock(&table->lock);
	return turn;
}

static void
say(const struct text_table *table, const struct outcome *o)
{
	struct log_line l;

	log_begin(&l, outcome_is_ok(o) ? LOG_NOTICE : LOG_ERR, table->path);
	log_event(
	    &l, outcome_is_ok(o) ? "read anew" : "cannot be read anew, the old rules stay");
	if (!outcome_is_ok(o))
		log_outcome(&l, o);
	log_end(&l);
}

/* Read the file anew if it is another than the one that was tried last. */
static void
look(struct text_table *table)
{
	struct table_file file = table_file_look(table->path);
	struct generation *fresh = NULL;
	struct outcome o;

	if (!table_file_same(&file, &table->seen) &&
	    table_file_settled(&file, clock_wall_ms())) {
		o = read_generation(table->path, &file, &fresh);
		say(table, &o);
		table->seen = file;
	}
	pthread_mutex_lock(&table->lock);
	if (fresh != NULL) {
		let_go(table->current);
		table->current = fresh;
	}
	table->looking = false;
	pthread_mutex_unlock(&table->lock);
}

static struct outcome
find_text(void *of_kind, const char *key, struct policy_rule *rule_r, bool *found_r)
{
	struct text_table *table = of_kind;
	struct generation *generation;

	if (take_turn(table))
		look(table);
	pthread_mutex_lock(&table->lock);
	generation = table->current;
	generation->holds++;
	pthread_mutex_unlock(&table->lock);
	*found_r = table_rules_find(generation->rules, key, rule_r);
	pthread_mutex_lock(&table->lock);
	let_go(generation);
	pthread_mutex_unlock(&table->lock);
	return outcome_ok();
}

const struct table_kind table_text = {
    .prefix = "text:",
    .open = open_text,
    .find = find_text,
    .close = close_text,
};
