/*
 * outcome - what came of an operation that can fail for a reason outside the process
 *
 * Every such operation returns a struct outcome by value.  It owns nothing and is copied
 * freely.  What failed is a condition, "FAMILY/NAME"; one table (outcome.c) says of each
 * condition whether trying again can help, whom it concerns, and its codes for SMTP and
 * sysexits.  The table's content follows RFC 8620 §3.6 and §5.3, RFC 8621 §7.5, RFC 3463
 * and how Cyrus and Postfix behave.  The rule behind it: in doubt, temporary, because a
 * permanent failure bounces somebody's mail while Postfix's queue bounces in its own time.
 *
 * Families, and where their names come from:
 *
 *   net      what happened below HTTP: resolve, connect, tls, certificate, timeout, cut, ...
 *   auth     what happened while logging in
 *   http     the status code in three digits, "429"
 *   request  JMAP request-level errors without their URN prefix; limits as "limit/NAME"
 *   method   JMAP method-level errors
 *   set      JMAP SetErrors
 *   answer   what a server said cannot be used
 *   local    this machine: configuration, disk, locks, cancellation
 *   pow      the proof of work
 *   alias    what the alias service says (SimpleLogin's REST API)
 *
 * A name the table does not know takes the family's row "*", which is always temporary.
 */
#ifndef FERRY_OUTCOME_H
#define FERRY_OUTCOME_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf;

enum outcome_class {
	OUTCOME_OK = 0,
	OUTCOME_TEMPORARY,
	OUTCOME_PERMANENT,
};

/* How far the trouble reaches: what else is not worth trying now. */
enum outcome_reach {
	REACH_RECIPIENT, /* this recipient; another may do */
	REACH_MESSAGE,   /* this message; the next may do */
	REACH_ACCOUNT,   /* this account; another may do */
	REACH_HOST,      /* this machine or its way to the service */
};

#define OUTCOME_TEXT_MAX 256

struct outcome {
	enum outcome_class class;
	enum outcome_reach reach;
	bool ambiguous;        /* it may have happened all the same */
	bool alarm;            /* a person must act; waiting will not mend it */
	short smtp;            /* reply code, 250 on OK */
	short exit;            /* sysexits(3) for pipe(8): 0 on OK, 75 if temporary */
	char dsn[12];          /* enhanced status code (RFC 3463), "2.0.0" on OK */
	unsigned retry_after;  /* seconds the service asked us to wait; 0: it said nothing */
	const char *condition; /* the table's key, static; "ok" on OK */
	char text
	    [OUTCOME_TEXT_MAX]; /* for the sender: one printable line, UTF-8, cut at a character */
	char hint[OUTCOME_TEXT_MAX]; /* for the operator: what to do; "" if nothing is known */
};

/* Nearly every call ends with it, so it is here, and leaves alone what nobody reads of texts. */
static inline struct outcome
outcome_ok(void)
{
	struct outcome o;

	o.class = OUTCOME_OK;
	o.reach = REACH_RECIPIENT;
	o.ambiguous = o.alarm = false;
	o.smtp = 250;
	o.exit = 0;
	memcpy(o.dsn, "2.0.0", sizeof("2.0.0"));
	o.retry_after = 0;
	o.condition = "ok";
	memcpy(o.text, "ok", sizeof("ok"));
	o.hint[0] = '\0';
	return o;
}

static inline bool
outcome_is_ok(const struct outcome *o)
{
	return o->class == OUTCOME_OK;
}

/* Is this the condition (e.g. "set/alreadyExists")? */
bool outcome_is(const struct outcome *o, const char *condition);

/*
 * The outcome of condition FAMILY/NAME.  The text is the table's, then ": " and the
 * formatted detail; a NULL format, or an empty result, adds nothing.  Bytes that are not
 * printable UTF-8 become '?': details come from hostile servers.
 */
struct outcome outcome_make(const char *family, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The outcome of an HTTP status; 2xx is OK, an unknown one takes its class's row ("4xx"). */
struct outcome outcome_http(int status, const char *detail);

/*
 * The outcome of a SetError (RFC 8620 §5.3).  Cyrus puts the SMTP reply it got into the
 * description and picks the type by the last digits alone, so for the types where that
 * happens a description that starts with "4yz", "5yz", "4.x.y" or "5.x.y" decides class and
 * code.  description may be NULL.
 */
struct outcome outcome_set_error(const char *type, const char *description);

/* Set, or extend with "; ", the hint. */
void
outcome_hint(struct outcome *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same outcome, known to have come after the service may have acted. */
struct outcome outcome_ambiguous(struct outcome o);

/* The worse of two: permanent over temporary over OK; the first on a tie. */
struct outcome outcome_worse(struct outcome a, struct outcome b);

/* "temporary", "permanent", "ok": for logs. */
const char *outcome_class_name(const struct outcome *o);

/*
 * Renderings.  pipe(8): the process exits with .exit and its output is one line that starts
 * with the code, "4.4.1 text (hint)", newline included; Postfix logs it and may send it
 * to the sender.  LMTP: one reply line "451 4.4.1 text", CRLF included, at most 512 bytes
 * (RFC 5321 §4.5.3.1.5).
 */
void outcome_pipe_line(const struct outcome *o, struct buf *line);
void outcome_lmtp_reply(const struct outcome *o, struct buf *reply);

/* What a milter answers: continue, or a reply for smfi_setreply(3) and its verdict. */
enum milter_verdict { MILTER_CONTINUE, MILTER_TEMPFAIL, MILTER_REJECT };
struct milter_answer {
	enum milter_verdict verdict;
	char code[8];                /* "451" */
	char dsn[12];                /* "4.7.1" */
	char text[OUTCOME_TEXT_MAX]; /* no '%': smfi_setreply takes none */
};
struct milter_answer outcome_milter_answer(const struct outcome *o);

/* The table itself, for tests and documentation: row i, or NULL past the end. */
struct outcome_row {
	const char *condition;
	enum outcome_class class;
	bool ambiguous;
	bool alarm;
	enum outcome_reach reach;
	const char *dsn;
	short smtp;
	short exit;
	const char *text;
};
const struct outcome_row *outcome_table_row(size_t i);

#endif
