/*
 * submit_calls - the method calls of submitting a batch, and what their answers say
 *
 * What submit.c decides with, as JMAP; see RFC 9404 §4.1 (Blob/upload), RFC 8621 §4.8
 * (Email/import), §7.5 (EmailSubmission/set), §4.2 (Email/get).
 */
#ifndef FERRY_SUBMIT_CALLS_H
#define FERRY_SUBMIT_CALLS_H

#include "common/service/jmap_mail.h"
#include "transport/submit.h"

/* Where a message goes in the account, from its caches; strings stay the jmap's. */
struct submit_place {
	struct jmap_sending sending;
	const char *identity_id;
};

/* One request that submits: the items are named in it by their position. */
struct submit_round {
	struct submission **items;
	struct submit_place *places;
	size_t count;
	struct jmap_request *request;
	/* NULL: there is none */
	const char *blob_call, *import_call, *compose_call, *submission_call;
};

/* Does the item go inside the request? */
bool submit_is_inline(const struct submission *s);

/* Write the change to an Email once it is sent: no draft any more, and in Sent if there is one. */
void submit_write_filing(struct buf *text, const char *key, const struct jmap_sending *sending);

/* Make the request.  On failure (a message that cannot be read) it is not to be sent. */
struct outcome submit_round_make(
    struct submit_round *round, enum sent_policy sent, const struct jmap_session *session);

/* What the answer says of one item. */
struct submit_answer {
	struct outcome outcome;
	const char *email_id; /* of the Email there is now, or was already; or NULL */
	const json_t *error;  /* the SetError, or NULL */
	bool blob;            /* it is the blob that was refused */
	bool lacks_import;    /* the service does not know Email/import */
	bool unfiled;         /* sent, but the Email could not be filed */
};
void submit_round_read(const struct submit_round *round, size_t i,
    const struct jmap_response *response, enum sent_policy sent, struct submit_answer *answer);

/* What an Email says about the try that made it. */
enum evidence {
	EVIDENCE_SENT,  /* it went out */
	EVIDENCE_DRAFT, /* nothing says that it did */
	EVIDENCE_OTHER, /* it is another message: it lacks our stamp */
	EVIDENCE_NONE,  /* it is not there any more */
};

/* The properties that tell, for Email/get; a new reference. */
json_t *submit_evidence_properties(void);

/* What the Email of an Email/get list tells; NULL is one that is not there. */
enum evidence submit_evidence(const json_t *email, const struct stamp *stamp);

#endif
