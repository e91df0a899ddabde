/*
 * The table of methods: what each is called, what must be in "using", what it takes.
 */
#include <string.h>

#include "sandbox/jmap_changes.h"
#include "sandbox/jmap_get.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_query.h"
#include "sandbox/jmap_set.h"
#include "sandbox/session.h"

static const struct jmap_argument get_arguments[] = {JMAP_GET_ARGUMENTS, {0}};
static const struct jmap_argument changes_arguments[] = {JMAP_CHANGES_ARGUMENTS, {0}};
static const struct jmap_argument query_arguments[] = {JMAP_QUERY_ARGUMENTS, {0}};

static const struct jmap_argument mailbox_query_arguments[] = {JMAP_QUERY_ARGUMENTS,
    {"sortAsTree", JMAP_BOOLEAN, false}, {"filterAsTree", JMAP_BOOLEAN, false}, {0}};
static const struct jmap_argument mailbox_set_arguments[] = {
    JMAP_SET_ARGUMENTS, {"onDestroyRemoveEmails", JMAP_BOOLEAN, false}, {0}};

static const struct jmap_argument email_get_arguments[] = {JMAP_GET_ARGUMENTS,
    {"bodyProperties", JMAP_STRINGS, false}, {"fetchTextBodyValues", JMAP_BOOLEAN, false},
    {"fetchHTMLBodyValues", JMAP_BOOLEAN, false}, {"fetchAllBodyValues", JMAP_BOOLEAN, false},
    {"maxBodyValueBytes", JMAP_UNSIGNED, false}, {0}};
static const struct jmap_argument email_query_arguments[] = {
    JMAP_QUERY_ARGUMENTS, {"collapseThreads", JMAP_BOOLEAN, false}, {0}};
static const struct jmap_argument email_set_arguments[] = {JMAP_SET_ARGUMENTS, {0}};
static const struct jmap_argument email_import_arguments[] = {{"accountId", JMAP_ID, true},
    {"ifInState", JMAP_STRING, false}, {"emails", JMAP_MAP, true}, {0}};

static const struct jmap_argument submission_set_arguments[] = {JMAP_SET_ARGUMENTS,
    {"onSuccessUpdateEmail", JMAP_MAP, false}, {"onSuccessDestroyEmail", JMAP_IDS, false}, {0}};

static const struct jmap_argument blob_upload_arguments[] = {
    {"accountId", JMAP_ID, true}, {"create", JMAP_MAP, true}, {0}};
static const struct jmap_argument blob_get_arguments[] = {JMAP_GET_ARGUMENTS,
    {"offset", JMAP_UNSIGNED, false}, {"length", JMAP_UNSIGNED, false}, {0}};
static const struct jmap_argument blob_lookup_arguments[] = {{"accountId", JMAP_ID, true},
    {"typeNames", JMAP_STRINGS, true}, {"ids", JMAP_IDS, true}, {0}};

static json_t *
core_echo(struct jmap_call *call)
{
	return json_incref(call->arguments);
}

#define CORE       CAPABILITY_CORE
#define MAIL       CAPABILITY_MAIL
#define SUBMISSION CAPABILITY_SUBMISSION
#define BLOB       CAPABILITY_BLOB

static const struct jmap_method methods[] = {
    {"Core/echo", CORE, JMAP_NONE, NULL, core_echo},
    {"Mailbox/get", MAIL, JMAP_READ, get_arguments, mailbox_get},
    {"Mailbox/query", MAIL, JMAP_READ, mailbox_query_arguments, mailbox_query},
    {"Mailbox/changes", MAIL, JMAP_READ, changes_arguments, mailbox_changes},
    {"Mailbox/set", MAIL, JMAP_WRITE, mailbox_set_arguments, mailbox_set},
    {"Email/get", MAIL, JMAP_READ, email_get_arguments, email_get},
    {"Email/query", MAIL, JMAP_READ, email_query_arguments, email_query},
    {"Email/changes", MAIL, JMAP_READ, changes_arguments, email_changes},
    {"Email/set", MAIL, JMAP_WRITE, email_set_arguments, email_set},
    {"Email/import", MAIL, JMAP_WRITE, email_import_arguments, email_import},
    {"Thread/get", MAIL, JMAP_READ, get_arguments, thread_get},
    {"Identity/get", SUBMISSION, JMAP_READ, get_arguments, identity_get},
    {"EmailSubmission/get", SUBMISSION, JMAP_READ, get_arguments, submission_get},
    {"EmailSubmission/query", SUBMISSION, JMAP_READ, query_arguments, submission_query},
    {"EmailSubmission/changes", SUBMISSION, JMAP_READ, changes_arguments, submission_changes},
    {"EmailSubmission/set", SUBMISSION, JMAP_WRITE, submission_set_arguments, submission_set},
    {"Blob/upload", BLOB, JMAP_WRITE, blob_upload_arguments, blob_upload},
    {"Blob/get", BLOB, JMAP_READ, blob_get_arguments, blob_get},
    {"Blob/lookup", BLOB, JMAP_READ, blob_lookup_arguments, blob_lookup},
};

const struct jmap_method *
jmap_method(const struct options *o, const char *name)
{
	if (o->no_import && strcmp(name, "Email/import") == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
