/*
 * ferryctl's commands about the journal of ferry-transport: what became of each recipient,
 * and what a person decides where nobody can tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "common/base/clock.h"
#include "ctl/commands.h"
#include "transport/journal.h"

#define KEY_SHOWN 12 /* digits of a key that tell it from all others, as a rule */

const struct ctl_option ctl_journal_list_options[] = {
    {"in-doubt", NULL, "only those of which nobody knows whether they were sent"},
    {NULL, NULL, NULL},
};

const struct ctl_option ctl_journal_prune_options[] = {
    {"older-than", "DAYS", "whose last change is so old (what the configuration keeps)"},
    {NULL, NULL, NULL},
};

/* The journal of the configuration; NULL after an error, with the exit status. */
static struct journal *
open_journal(struct ctl *ctl, int *status)
{
	const struct config *config = ctl_config(ctl, status);
	struct journal_options options = {0};
	struct journal *journal;
	struct outcome o;

	if (config == NULL)
		return NULL;
	options.state_dir = config->state_dir;
	options.busy_max = config->transport.deadline_ms / 1000 + 60;
	o = journal_open(&options, &journal);
	if (!outcome_is_ok(&o))
		*status = ctl_fail(&o);
	return journal;
}

struct listing {
	bool only_doubts, whole;
	json_t *array; /* for --json; else NULL */
	size_t count;
};

static json_t *
to_json(const struct journal_entry *entry)
{
	const struct outcome *o = &entry->outcome;
	bool done = entry->state == JOURNAL_DONE;

	return json_pack(
	    "{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:I, s:s?, s:s?}", "key",
	    entry->recipient.text, "stamp", entry->delivery.text, "state",
	    journal_state_name(entry->state), "account", entry->account, "queueId",
	    entry->queue_id, "messageId", entry->message_id, "sender", entry->sender,
	    "recipient", entry->address, "emailId", entry->email_id, "begun",
	    (json_int_t)entry->begun, "changed", (json_int_t)entry->changed, "dsn",
	    done || !outcome_is_ok(o) ? o->dsn : NULL, "text",
	    done || !outcome_is_ok(o) ? o->text : NULL);
}

static const char *
or_dash(const char *text)
{
	return text != NULL && *text != '\0' ? text : "-";
}

/* What came of it, in a word; "-" before anything did. */
static const char *
result(const struct journal_entry *entry)
{
	static const char *const results[] = {"sent", "deferred", "bounced"};

	if (entry->state != JOURNAL_DONE && outcome_is_ok(&entry->outcome))
		return "-";
	return results[entry->outcome.class];
}

static void
print_time(const char *what, int64_t seconds)
{
	time_t then = (time_t)seconds;
	char text[40];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", localtime_r(&then, &tm));
	printf("  %-11s %s\n", what, text);
}

static void
print_whole(const struct journal_entry *entry)
{
	printf("%s\n", entry->recipient.text);
	printf("  %-11s %s\n", "state", journal_state_name(entry->state));
	printf("  %-11s %s\n", "account", or_dash(entry->account));
	printf("  %-11s %s\n", "queue id", or_dash(entry->queue_id));
	printf("  %-11s %s\n", "message-id", or_dash(entry->message_id));
	printf("  %-11s <%s>\n", "sender", entry->sender != NULL ? entry->sender : "");
	printf("  %-11s <%s>\n", "recipient", entry->address != NULL ? entry->address : "");
	printf("  %-11s %s\n", "stamp", entry->delivery.text);
	printf("  %-11s %s\n", "email", or_dash(entry->email_id));
	print_time("begun", entry->begun);
	print_time("changed", entry->changed);
	if (strcmp(result(entry), "-") != 0)
		printf("  %-11s %s: %s %s\n", "result", result(entry), entry->outcome.dsn,
		    entry->outcome.text);
}

static bool
each(void *arg, const struct journal_entry *entry)
{
	struct listing *listing = arg;

	if (listing->only_doubts && entry->state != JOURNAL_DOUBT)
		return true;
	listing->count++;
	if (listing->array != NULL)
		json_array_append_new(listing->array, to_json(entry));
	else if (listing->whole)
		print_whole(entry);
	else
		printf("%-.*s %-10s %-8s %6lld min  %-18s <%s>\n", KEY_SHOWN,
		    entry->recipient.text, journal_state_name(entry->state), result(entry),
		    (long long)(clock_wall() - entry->changed) / 60, or_dash(entry->queue_id),
		    entry->address != NULL ? entry->address : "");
	return true;
}

/* List what has the name, or all; the exit status. */
static int
list(struct ctl *ctl, const char *name, struct listing *listing)
{
	int status = EX_OK;
	struct journal *journal = open_journal(ctl, &status);
	struct outcome o;

	if (journal == NULL)
		return status;
	listing->array = ctl->json ? json_array() : NULL;
	o = journal_list(journal, name, each, listing);
	journal_close(&journal);
	if (!outcome_is_ok(&o)) {
		json_decref(listing->array);
		return ctl_fail(&o);
	}
	if (listing->array != NULL)
		ctl_print_json(listing->array, false);
	return EX_OK;
}

int
ctl_journal_list(struct ctl *ctl, int argc, char **argv)
{
	struct listing listing = {.only_doubts = ctl_option(ctl, "in-doubt") != NULL};

	(void)argc;
	(void)argv;
	return list(ctl, NULL, &listing);
}

/* Say that nothing has the name. */
static int
none(const char *name, const char *what)
{
	fprintf(stderr, "ferryctl: the journal has nothing %snamed %s\n", what, name);
	return EX_DATAERR;
}

int
ctl_journal_show(struct ctl *ctl, int argc, char **argv)
{
	struct listing listing = {.whole = true};
	int status = list(ctl, argv[0], &listing);

	(void)argc;
	return status == EX_OK && listing.count == 0 ? none(argv[0], "") : status;
}

int
ctl_journal_prune(struct ctl *ctl, int argc, char **argv)
{
	int status = EX_OK;
	struct journal *journal = open_journal(ctl, &status);
	int64_t count = 0;
	struct outcome o;
	long days = 0;

	(void)argc;
	(void)argv;
	if (journal == NULL)
		return status;
	if (!ctl_number(ctl, "older-than", 0, 36500, &days, &status)) {
		journal_close(&journal);
		return status;
	}
	o = journal_prune(journal,
	    ctl_option(ctl, "older-than") != NULL ? (int64_t)days * 86400
	                                          : ctl->config->transport.journal_keep,
	    &count);
	journal_close(&journal);
	if (!outcome_is_ok(&o))
		return ctl_fail(&o);
	if (ctl->json)
		ctl_print_json(json_pack("{s:I}", "removed", (json_int_t)count), false);
	else
		printf("%lld removed\n", (long long)count);
	return EX_OK;
}

/* What a person may decide. */
static const struct {
	const char *word;
	enum journal_state state;
	bool bounced;
} verdicts[] = {
    {"sent", JOURNAL_DONE, false},
    {"send", JOURNAL_BEGUN, false},
    {"bounce", JOURNAL_DONE, true},
};

int
ctl_journal_resolve(struct ctl *ctl, int argc, char **argv)
{
	int status = EX_OK;
	struct journal *journal;
	struct outcome o, verdict;
	int64_t count = 0;
	size_t i = 0;

	(void)argc;
	while (i < sizeof(verdicts) / sizeof(verdicts[0]) &&
	       strcmp(verdicts[i].word, argv[1]) != 0)
		i++;
	if (i == sizeof(verdicts) / sizeof(verdicts[0]))
		return ctl_usage(ctl, "\"%s\" is neither sent nor send nor bounce", argv[1]);
	journal = open_journal(ctl, &status);
	if (journal == NULL)
		return status;
	verdict =
	    verdicts[i].bounced ? outcome_make("local", "unconfirmed", NULL) : outcome_ok();
	o = journal_resolve(journal, argv[0], verdicts[i].state, &verdict, &count);
	journal_close(&journal);
	if (!outcome_is_ok(&o))
		return ctl_fail(&o);
	if (count == 0)
		return none(argv[0], "in doubt ");
	if (ctl->json)
		ctl_print_json(json_pack("{s:I}", "resolved", (json_int_t)count), false);
	else
		printf("%lld resolved; the queue's next try acts on it\n", (long long)count);
	return EX_OK;
}
