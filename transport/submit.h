/*
 * submit - a batch of messages to a JMAP service (RFC 8621 §4.8, §7)
 *
 * The core that every dress of the transport shares.  Small messages go inside the request
 * where the service offers that (RFC 9404), others are uploaded before; then one request makes
 * all of them drafts, submits each, and, once the service has taken it, files or destroys it.
 * What the account's session, mailboxes and identities are comes from the caches on disk.
 *
 * Each message has its own result, and each of its recipients: what is wrong with one does
 * not touch its companions.  A request that was refused as a whole, for what one of them may
 * have caused, is made again for each alone, if it cannot have been acted upon.
 *
 * A delivery may be tried again after any failure, from another process too: the same stamp
 * makes the same bytes, for which most services name the Email they have already.  That
 * Email is the evidence: without $draft it went out to all that its stamp stands for; with
 * $draft it did not, as far as anyone knows, and is submitted.
 */
#ifndef FERRY_SUBMIT_H
#define FERRY_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/service/jmap.h"
#include "common/settings/config.h"
#include "transport/delivery.h"
#include "transport/stamp.h"

enum addressee_state {
	ADDRESSEE_OPEN,
	ADDRESSEE_SENDING, /* named by the submission that is about to leave, or under way */
	ADDRESSEE_SETTLED, /* the recipient has its outcome */
};

struct addressee {
	struct recipient *recipient;
	enum addressee_state state;
	bool ours; /* submit's own: it had no outcome when the batch began */
};

enum submit_todo { SUBMIT_IMPORT, SUBMIT_EXISTING, SUBMIT_ASK, SUBMIT_NOTHING };

/* A message, and those it is to be submitted for. */
struct submission {
	struct delivery *delivery; /* received and stamped; its envelope, deadline and so on */
	struct stamp stamp;        /* of these addressees */
	struct addressee *addressees;
	size_t count;
	char *blob_id;    /* that was uploaded; or NULL: it goes inline, or is to be uploaded */
	char *email_id;   /* a draft that an earlier try left, or NULL; then the Email's */
	json_t *composed; /* the Email to be made of it, or NULL: it is imported */
	bool fits;        /* it is small enough to go inline */

	/* submit's own. */
	enum submit_todo todo;
	size_t part;        /* at most so many addressees a submission; 0: all */
	bool renewed;       /* caches were asked anew for its sake, once */
	bool alone;         /* it is to have a request of its own */
	bool never_inline;  /* the service did not take it so */
	bool never_compose; /* it cannot be made anew, for this reason: */
	struct outcome uncomposed;
	bool filed;            /* its Email was to be filed with the last that was sent */
	unsigned rounds;       /* requests that were to submit it */
	struct outcome exists; /* what the service said when it had it already */
};

struct submit_batch {
	struct jmap *jmap;
	enum sent_policy sent;
	enum submit_method method;
	bool lacks_import; /* the service lacks Email/import, as is known; may be learnt */
	struct deadline deadline;  /* the earliest of theirs */
	struct submission **items; /* each NULL once it was given to settled() */
	size_t count;

	/*
	 * Asked right before each request that submits: what is about to be done is to be
	 * recorded.  It may settle addressees itself, by submission_settle(), and then their
	 * submission is left out.  If it fails, nothing of the request is done.
	 */
	struct outcome (*claim)(void *arg, struct submission **items, size_t count);

	/*
	 * All addressees of these have their outcomes, which are to be written down: what
	 * follows, that Emails are filed or removed, would say something else to who asks
	 * the service what came of each of them.
	 */
	void (*record)(void *arg, struct submission **items, size_t count);

	/* That is done, too.  From now on they are the caller's. */
	void (*settled)(void *arg, struct submission **items, size_t count);
	void *arg;

	unsigned requests; /* made, uploads included */
	json_t *refused;   /* submit's own: Emails to be removed */
};

/* Submit all of them; when it returns, each was given to settled(). */
void submit(struct submit_batch *batch);

/* How messages are brought to the service. */
struct submit_way {
	struct jmap *jmap;
	enum submit_method method;
	bool lacks_import;
	struct deadline deadline;
};

/*
 * Have what a message needs before a request can submit it: its blob, if it does not go
 * inside, or those of its parts.  *requests counts what was made.
 */
struct outcome
submit_bring(const struct submit_way *way, struct submission *s, unsigned *requests);

/* A draft that is not submitted any more: file it as what was sent, if it was and the policy keeps
 * that, or remove it. */
struct outcome submit_put_away(struct jmap *jmap, const char *email_id, bool was_sent,
    enum sent_policy policy, struct deadline d);

/* About how many bytes of a request it takes. */
int64_t submit_cost(const struct submission *s);

/* Those who have no outcome yet have this one. */
void submission_settle(struct submission *s, const struct outcome *o);

/* Does everybody have an outcome? */
bool submission_settled(const struct submission *s);

/* The outcome of one that was sent; earlier: by another try. */
struct outcome submission_success(const struct submission *s, bool earlier);

#endif
