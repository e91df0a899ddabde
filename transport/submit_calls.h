/*
 * submit_calls - the method calls of submitting a message, and what their answers say
 *
 * What submit.c decides with, as JMAP; see RFC 8621 §4.8 (Email/import), §7.5
 * (EmailSubmission/set), §4.2 (Email/get).
 */
#ifndef FERRY_SUBMIT_CALLS_H
#define FERRY_SUBMIT_CALLS_H

#include "common/service/jmap_mail.h"
#include "transport/submit.h"

/* Where things are in the account, from its caches; strings stay the jmap's. */
struct submit_place {
	struct jmap_sending sending;
	const char *identity_id;
};

/* Add Email/import of the blob as a draft that is named "m"; returns the call's id. */
const char *submit_import_call(
    struct jmap_request *request, const char *blob_id, const struct submit_place *place);

/*
 * Add EmailSubmission/set of an Email ("#m": the one imported in this request), with the
 * explicit envelope; on success the Email leaves Drafts for Sent.
 */
const char *submit_submission_call(struct jmap_request *request, const char *email_id,
    const struct submission *s, const struct submit_place *place);

/*
 * What came of the import.  On OK, and on set/alreadyExists, *email_id_r is the Email's id,
 * borrowed from the response; else NULL.
 */
struct outcome submit_import_result(
    const struct jmap_response *response, const char *call, const char **email_id_r);

/* What came of the submission; *unfiled_r tells that the Email could not be moved to Sent. */
struct outcome submit_submission_result(const struct jmap_response *response, const char *call,
    const char *email_id, bool *unfiled_r);

/* What an Email says about the try that made it. */
enum evidence {
	EVIDENCE_SENT,  /* it went out */
	EVIDENCE_DRAFT, /* nothing says that it did */
	EVIDENCE_OTHER, /* it is another message: it lacks our stamp */
	EVIDENCE_NONE,  /* it is not there any more */
};

/* Add Email/get of what tells, and read it. */
const char *submit_evidence_call(struct jmap_request *request, const char *email_id);
struct outcome submit_evidence_result(const struct jmap_response *response, const char *call,
    const struct stamp *stamp, enum evidence *evidence_r);

#endif
