/*
 * log - one line an event, to stderr or syslog
 *
 * A line is a subject, an event, and key=value fields:
 *
 *	log_begin(&l, LOG_INFO, queue_id);	// 4bXzYd2l1Kz: sent: account=agent bytes=18233
 *	log_event(&l, "sent");
 *	log_str(&l, "account", account->name);
 *	log_num(&l, "bytes", bytes);
 *	log_end(&l);
 *
 * A value with blanks, quotes, '=' or controls is put in double quotes with \" \\ \xNN, so
 * that a line cannot be forged by what a message or a server says.  Values never hold
 * secrets: that is the caller's duty.  log_end() may be called from any thread; lines do
 * not mix.  On stderr each line starts with "ident: "; syslog adds its own.
 */
#ifndef FERRY_LOG_H
#define FERRY_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#include "common/base/buf.h"

struct outcome;

enum log_sink { LOG_TO_STDERR, LOG_TO_SYSLOG };

/* Say who we are and where lines go; level is the least urgent syslog(3) priority shown.  May
 * be said again while other threads log. */
void log_open(const char *ident, enum log_sink sink, int facility, int level);

/* Is a line of this priority shown?  Lets callers skip the work of building it. */
bool log_shown(int priority);

/* The facility named ("mail", "daemon", "local0", ...), or -1. */
int log_facility(const char *name);

struct log_line {
	struct buf text;
	int priority;
	bool fields; /* a field was added: the next is set off by a blank */
};

/* Start a line; subject (queue id, mailbox, account) may be NULL. */
void log_begin(struct log_line *l, int priority, const char *subject);

/* What happened, in a word or three: "sent", "deferred", "login". */
void log_event(struct log_line *l, const char *event);

/* Fields.  A NULL string leaves the field out. */
void log_str(struct log_line *l, const char *key, const char *value);
void log_num(struct log_line *l, const char *key, int64_t value);

/* dsn=, status text and hint of an outcome that is not OK; dsn alone if it is. */
void log_outcome(struct log_line *l, const struct outcome *o);

/* Write the line and free it. */
void log_end(struct log_line *l);

/* A whole line of plain words, for what has no fields. */
void log_say(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
