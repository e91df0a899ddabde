/*
 * What keeps us from asking a service that has said that there is no use.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "transport/circuit.h"
#include "transport/stamp.h"

#define FILE_NAME      "circuit.json"
#define FILE_MAX       4096
#define INTERVAL_FIRST 60
#define INTERVAL_MOST  900
#define PAUSE_MOST     3600 /* seconds that a service is not asked because it says so */
#define SECRET_MAX     4096

struct record {
	bool refused;        /* the login was; else it is our rate that is limited */
	bool probing;        /* refused: somebody is asking whether it still is */
	int64_t until;       /* seconds since 1970 */
	int64_t interval;    /* refused: after which it is asked again */
	struct stamp secret; /* refused: which one was; "" if that is not known */
	struct outcome outcome;
};

static char *
file_path(const struct circuit *circuit)
{
	return xasprintf("%s/" FILE_NAME, circuit->account->directory);
}

/* Which key, token or password the account has now.  A command is not run for it. */
static struct stamp
secret_stamp(const struct circuit *circuit)
{
	static const struct stamp domain = {"circuit"};
	struct stamp stamp = {""};
	struct buf secret = BUF_INIT;
	struct outcome o;

	if (circuit->account->secret_file == NULL)
		return stamp;
	o = file_read_secret(circuit->account->secret_file, SECRET_MAX, &secret);
	if (outcome_is_ok(&o))
		o = stamp_recipient(circuit->key, &domain, secret.data, &stamp);
	buf_wipe(&secret);
	return outcome_is_ok(&o) ? stamp : (struct stamp){""};
}

/* The record, false if there is none that can be read. */
static bool
read_record(const struct circuit *circuit, struct record *record)
{
	char *path = file_path(circuit);
	struct buf text = BUF_INIT;
	struct outcome o = file_read(AT_FDCWD, path, FILE_MAX, &text);
	json_t *document = NULL;
	const char *secret, *said;

	*record = (struct record){0};
	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&text), text.len, &document);
	if (outcome_is_ok(&o)) {
		record->refused = json_get_bool(document, "refused", false);
		record->probing = json_get_bool(document, "probing", false);
		record->until = json_get_count(document, "until", 0);
		record->interval = json_get_count(document, "interval", 0);
		secret = json_get_string(document, "secret");
		said = json_get_string(document, "text");
		snprintf(record->secret.text, sizeof(record->secret.text), "%s",
		    secret != NULL ? secret : "");
		record->outcome = record->refused ? outcome_make("auth", "refused", NULL)
		                                  : outcome_make("http", "429", NULL);
		if (said != NULL)
			snprintf(
			    record->outcome.text, sizeof(record->outcome.text), "%s", said);
	}
	json_decref(document);
	buf_free(&text);
	free(path);
	return outcome_is_ok(&o);
}

static void
write_record(const struct circuit *circuit, const struct record *record)
{
	json_t *document = json_pack("{s:b, s:b, s:I, s:I, s:s, s:s}", "refused",
	    record->refused, "probing", record->probing, "until", (json_int_t)record->until,
	    "interval", (json_int_t)record->interval, "secret", record->secret.text, "text",
	    record->outcome.text);
	char *path = file_path(circuit);
	struct buf text = BUF_INIT;
	struct outcome o;

	json_write(document, &text);
	o = file_write_atomic(AT_FDCWD, path, text.data, text.len, 0600);
	if (!outcome_is_ok(&o))
		log_say(LOG_WARNING, "%s", o.text);
	json_decref(document);
	buf_free(&text);
	free(path);
}

static void
remove_record(const struct circuit *circuit)
{
	char *path = file_path(circuit);

	(void)unlink(path);
	free(path);
}

/* The one who is let through when it is time asks for all: the next is let through later. */
static void
let_one_through(const struct circuit *circuit, struct record *record, int64_t now)
{
	record->until = now + record->interval;
	record->probing = true;
	write_record(circuit, record);
}

struct outcome
circuit_check(const struct circuit *circuit, bool *open_r)
{
	int64_t now = clock_wall();
	struct record record;
	struct stamp secret;

	*open_r = false;
	if (!read_record(circuit, &record))
		return outcome_ok();
	*open_r = record.refused;
	/* A clock that was set back must not close us out for long. */
	if (record.until - now > PAUSE_MOST)
		record.until = 0;
	if (record.refused) {
		secret = secret_stamp(circuit);
		if (strcmp(secret.text, record.secret.text) != 0)
			return outcome_ok();
	}
	if (now < record.until) {
		record.outcome.retry_after = (unsigned)(record.until - now);
		record.outcome.alarm = false; /* it was raised when this began */
		return record.outcome;
	}
	if (record.refused)
		let_one_through(circuit, &record, now);
	return outcome_ok();
}

/* Was it the account's key, token or password that was refused? */
static bool
is_refusal(const struct circuit *circuit, const struct outcome *o)
{
	return outcome_is(o, "auth/refused") ||
	       (circuit->account->auth != AUTH_ATOMICMAIL &&
	           (outcome_is(o, "auth/expired") || outcome_is(o, "http/401")));
}

static void
open_circuit(const struct circuit *circuit, const struct outcome *o)
{
	struct record old;
	struct record record = {
	    .refused = true,
	    .interval = INTERVAL_FIRST,
	    .secret = secret_stamp(circuit),
	    .outcome = *o,
	};
	bool again = read_record(circuit, &old) && old.refused &&
	             strcmp(record.secret.text, old.secret.text) == 0;

	/* Of those that were refused together, the first is enough. */
	if (again && !old.probing)
		return;
	if (again && old.interval > 0)
		record.interval =
		    2 * old.interval < INTERVAL_MOST ? 2 * old.interval : INTERVAL_MOST;
	record.until = clock_wall() + record.interval;
	write_record(circuit, &record);
	if (!again)
		log_say(LOG_CRIT,
		    "account %s: its login is refused, all its mail is deferred until that is "
		    "mended: %s",
		    circuit->account->name, o->text);
}

static void
pause_account(const struct circuit *circuit, const struct outcome *o)
{
	unsigned seconds = o->retry_after < PAUSE_MOST ? o->retry_after : PAUSE_MOST;
	struct record record = {.until = clock_wall() + seconds, .outcome = *o}, old;

	/* Companions in a request are all told the same. */
	if (read_record(circuit, &old) && old.until >= record.until - 1)
		return;
	write_record(circuit, &record);
	log_say(LOG_WARNING, "account %s: the service is not asked for %u s: %s",
	    circuit->account->name, seconds, o->text);
}

void
circuit_note(const struct circuit *circuit, const struct outcome *o, bool *open_r)
{
	if (is_refusal(circuit, o)) {
		open_circuit(circuit, o);
		*open_r = true;
	} else if (*open_r && (outcome_is_ok(o) || o->reach <= REACH_MESSAGE)) {
		remove_record(circuit);
		log_say(LOG_NOTICE, "account %s: its login is accepted again",
		    circuit->account->name);
		*open_r = false;
	} else if (o->class == OUTCOME_TEMPORARY && o->retry_after != 0 && !*open_r) {
		pause_account(circuit, o);
	}
}
