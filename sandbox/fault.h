/*
 * fault - trouble that a test orders beforehand
 *
 * A fault waits for a request whose path starts with its path, whose body calls its JMAP
 * method, and submits something to its recipient, as far as it names these.  It lets "skip" of
 * these pass, spoils the next "count", or all with "forever", and is gone.  Of several that
 * fit, the oldest that is ripe spoils the request; but delays come on top.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS,     /* answer with this status, headers and body; act not */
	FAULT_DELAY,      /* wait "ms", then act; or "when" is "after": act, then wait */
	FAULT_CUT_BEFORE, /* act not, close the connection */
	FAULT_CUT_AFTER,  /* act, then close the connection without an answer */
	FAULT_TRUNCATE,   /* act, announce the whole body, send half of it, close */
	FAULT_HALF,       /* act, send half of the body as if it were the whole */
	FAULT_DIFFICULTY, /* a challenge asks for so many "bits" */
	FAULT_MUTE,       /* a stream of events says nothing */
	FAULT_METHOD_ERROR,
	FAULT_SET_ERROR,
	FAULT_WRONG_STATE,
	FAULT_CANNOT_CALCULATE,
	FAULT_CLAMP_LIMIT,
};

/* What strikes now: a copy of the order, if it is more than delays. */
struct fault {
	enum fault_kind kind;
	json_t *order;
	int64_t ms_before, ms_after; /* of delays */
	unsigned orders;             /* that strike together */
};

void fault_release(struct fault *f);

/* Does it change calls and answers of JMAP rather than the HTTP around them? */
bool fault_in_jmap(const struct fault *f);

/* Does something that a method call creates name a recipient in its envelope? */
bool fault_names_recipient(const json_t *object, const char *recipient);

/* Is a fault in JMAP about this method call (an array of three)? */
bool fault_concerns(const struct fault *f, const json_t *call);

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults **f);

/* Order one fault (object) or several (array).  False, and *why_r a static text, if there is
 * a mistake in one of them: then none is ordered. */
bool faults_order(struct faults *f, const json_t *orders, const char **why_r);

/* A new array of what is still to come, with what is left of "skip" and "count". */
json_t *faults_list(struct faults *f);
void faults_clear(struct faults *f);

/* Might a fault strike this path, and does it need to look at the body to know? */
bool faults_need_body(struct faults *f, const char *path);

/*
 * Take what strikes a request; body is its JSON, or NULL if it is not JMAP.  kind is
 * FAULT_NONE if there is nothing but delays, if that.  The caller fault_release()s it.
 */
struct fault faults_take(struct faults *f, const char *path, const json_t *body);

/*
 * A fault in JMAP is worked by rewriting, so that it works the same before our own server and
 * before any other.  fault_rewrite_request() changes the request that the server gets;
 * what it puts in *memo_r goes to fault_rewrite_response(), which is given the request too.
 *
 *   method-error, cannotCalculateChanges, wrong-state of a /set: the call becomes Core/echo,
 *     its response the error; if "when" is "after", only the response does
 *   set-error: the "creation"-th create, else all that name the recipient, else the first, is
 *     taken out, its SetError put into the response
 *   wrong-state of others: the states in the response become ones that nobody knows; without
 *     a method, sessionState does
 *   clamp-limit: the limit of a query is lowered, and told in the response
 */
void fault_rewrite_request(const struct fault *f, json_t *request, json_t **memo_r);
void fault_rewrite_response(const struct fault *f, const json_t *memo, json_t *response);

#endif
