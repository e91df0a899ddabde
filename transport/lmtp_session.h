/*
 * lmtp_session - one client's conversation in LMTP (RFC 2033)
 *
 * Bytes that the client sent go in, in pieces of any size; the bytes to answer come out; and
 * what the client wants done is asked of a host: its struct of functions, which are called
 * from lmtp_session_feed().  There are no sockets here and there is no clock but the one that
 * tells what HOLDFOR means.
 *
 * Extensions: PIPELINING 8BITMIME SMTPUTF8 SIZE ENHANCEDSTATUSCODES XFORWARD, and, where the
 * host offers them, DSN (RFC 3461) and FUTURERELEASE (RFC 4865).  Of XFORWARD
 * (Postfix's XFORWARD_README) IDENT is kept, for one transaction: it is the queue id.
 *
 * Line ends.  A command ends with CRLF and nothing else; one that has a bare CR or LF, a NUL
 * or another control character in it is refused as a whole.  The message's end is CRLF "."
 * CRLF and nothing else (lmtp_data.h); bare CRs, bare LFs and NULs inside are handed on as
 * they are.  So nothing that any client's message contains can become a command.
 *
 * Limits: commands of LMTP_LINE_MAX bytes (a longer one is refused and the session goes on),
 * recipients of a transaction, and mistakes and idle commands between two messages, after
 * which the session ends with 421.  Lines of a message have no limit: they are not kept.
 */
#ifndef FERRY_LMTP_SESSION_H
#define FERRY_LMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "transport/courier.h"
#include "transport/lmtp_data.h"

#define LMTP_LINE_MAX   4096 /* bytes of a command, its CRLF among them */
#define LMTP_ERRORS_MAX 20   /* mistakes before the session ends */
#define LMTP_IDLE_MAX   100  /* commands that do nothing, between two messages */

struct lmtp_host {
	/* What LHLO may announce. */
	void (*offer)(void *arg, struct courier_offer *offer_r);

	/* MAIL: sender, queue id, and what came with them are set; the host completes the
	 * delivery (account, deadline, spool).  Not OK: nobody sends for this sender. */
	struct outcome (*begin)(void *arg, struct delivery *delivery);

	/* The message comes, all recipients are known. */
	void (*data)(void *arg, struct delivery *delivery);
	struct outcome (*write)(
	    void *arg, struct delivery *delivery, const char *bytes, size_t length);

	/*
	 * The message is whole: deliver it, and set each recipient's outcome.  False if that is
	 * still to come: then lmtp_session_delivered() follows, and nothing else before it.
	 */
	bool (*deliver)(void *arg, struct delivery *delivery);

	/* Follows each begin that was OK, whatever became of it; then the delivery is freed. */
	void (*end)(void *arg, struct delivery *delivery);

	void *arg;
	const char *name;      /* of this machine, for the greeting */
	size_t recipients_max; /* of a transaction */
};

struct lmtp_session {
	const struct lmtp_host *host;
	struct courier_offer offer; /* as announced */
	struct buf *out;            /* while it is being fed */

	struct buf line; /* the command so far */
	bool overlong;   /* of which there was too much to be kept */
	char last;       /* byte of it */

	bool greeted;          /* LHLO was said */
	bool in_mail;          /* a transaction is open */
	bool refused;          /* the last MAIL was not accepted */
	bool in_data;          /* the message is coming */
	bool delivering;       /* it has come, and what comes of it is not known yet */
	bool closing;          /* the last reply was given */
	unsigned errors, idle; /* since the last message */

	char queue_id[65]; /* by XFORWARD, or "" */
	struct delivery delivery;
	enum lmtp_data_state data;
	struct outcome received; /* OK as long as the message can be taken */
	int64_t size;            /* of it so far */
	struct buf text;         /* of the piece at hand */
	struct buf ahead;        /* what the client sent behind it already */
};

/* Begin, with the greeting appended to *out.  The host must outlive the session. */
void lmtp_session_init(struct lmtp_session *s, const struct lmtp_host *host, struct buf *out);

/* The client is gone, or not wanted any more; what is not complete is dropped. */
void lmtp_session_free(struct lmtp_session *s);

/* Take what it sent, and append the replies to *out.  False if they are the last. */
bool
lmtp_session_feed(struct lmtp_session *s, const char *bytes, size_t length, struct buf *out);

/* The delivery under way has its outcomes.  Append the replies, and go on.  As feed. */
bool lmtp_session_delivered(struct lmtp_session *s, struct buf *out);

/* Is nothing under way that a goodbye would interrupt? */
bool lmtp_session_is_between(const struct lmtp_session *s);

/* Append the reply to a client that is sent away for the moment: 421, "4.3.2", why. */
void lmtp_goodbye(struct buf *out, const char *dsn, const char *why);

#endif
