/*
 * One line an event, to stderr or syslog.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSLOG_NAMES
#include "common/base/log.h"
#include "common/base/outcome.h"

#define LINE_BYTES 500 /* that a line has, as a rule */

/* Each may change while other threads log: a daemon that reads its configuration again. */
static struct {
	const char *_Atomic ident;
	_Atomic enum log_sink sink;
	atomic_int level;
} settings = {"ferry", LOG_TO_STDERR, LOG_INFO};

void
log_open(const char *ident, enum log_sink sink, int facility, int level)
{
	settings.ident = ident;
	settings.sink = sink;
	settings.level = level;
	if (sink == LOG_TO_SYSLOG)
		openlog(ident, LOG_PID | LOG_NDELAY, facility);
}

bool
log_shown(int priority)
{
	return priority <= settings.level;
}

int
log_facility(const char *name)
{
	for (const CODE *c = facilitynames; c->c_name != NULL; c++)
		if (strcmp(c->c_name, name) == 0)
			return c->c_val;
	return -1;
}

static void
add_label(struct log_line *l, const char *label)
{
	buf_adds(&l->text, label);
	buf_adds(&l->text, ": ");
}

void
log_begin(struct log_line *l, int priority, const char *subject)
{
	*l = (struct log_line){.text = BUF_INIT, .priority = priority};
	buf_reserve(&l->text, LINE_BYTES);
	if (settings.sink == LOG_TO_STDERR)
		add_label(l, settings.ident);
	if (subject != NULL && *subject != '\0')
		add_label(l, subject);
}

void
log_event(struct log_line *l, const char *event)
{
	buf_adds(&l->text, event);
	buf_addc(&l->text, ':');
	l->fields = true;
}

static void
add_key(struct log_line *l, const char *key)
{
	if (l->fields)
		buf_addc(&l->text, ' ');
	l->fields = true;
	buf_adds(&l->text, key);
	buf_addc(&l->text, '=');
}

static bool
plain(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++)
		if ((unsigned char)*value <= ' ' || *value == '"' || *value == '\\' ||
		    *value == '=' || *value == 0x7f)
			return false;
	return true;
}

void
log_str(struct log_line *l, const char *key, const char *value)
{
	if (value == NULL)
		return;
	add_key(l, key);
	if (plain(value)) {
		buf_adds(&l->text, value);
		return;
	}
	buf_addc(&l->text, '"');
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_addf(&l->text, "\\%c", *p);
		else if ((unsigned char)*p < ' ' || *p == 0x7f)
			buf_addf(&l->text, "\\x%02x", (unsigned)(unsigned char)*p);
		else
			buf_addc(&l->text, *p);
	}
	buf_addc(&l->text, '"');
}

void
log_num(struct log_line *l, const char *key, int64_t value)
{
	add_key(l, key);
	buf_addi(&l->text, value);
}

void
log_outcome(struct log_line *l, const struct outcome *o)
{
	log_str(l, "dsn", o->dsn);
	if (outcome_is_ok(o))
		return;
	log_str(l, "condition", o->condition);
	if (o->ambiguous)
		log_str(l, "ambiguous", "yes");
	if (o->retry_after != 0)
		log_num(l, "retry-after", o->retry_after);
	log_str(l, "text", o->text);
	if (o->hint[0] != '\0')
		log_str(l, "hint", o->hint);
}

void
log_end(struct log_line *l)
{
	if (log_shown(l->priority)) {
		if (settings.sink == LOG_TO_SYSLOG) {
			syslog(l->priority, "%s", buf_str(&l->text));
		} else {
			buf_addc(&l->text, '\n');
			/* One write, so that lines of several processes do not mix. */
			if (write(STDERR_FILENO, l->text.data, l->text.len) < 0) {
				/* There is nobody left to tell. */
			}
		}
	}
	buf_free(&l->text);
}

void
log_say(int priority, const char *format, ...)
{
	struct log_line l;
	va_list args;

	if (!log_shown(priority))
		return;
	log_begin(&l, priority, NULL);
	va_start(args, format);
	buf_addv(&l.text, format, args);
	va_end(args);
	log_end(&l);
}
