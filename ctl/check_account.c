/*
 * What ferryctl check finds of an account: its secret, its login, and what the service offers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_mail.h"
#include "common/wire/json.h"
#include "ctl/check.h"

#define DEADLINE_MS 600000 /* a login may take a proof of work */

struct account_check {
	struct check *check;
	const char *subject;
	struct jmap *jmap;
	struct deadline deadline;
};

static bool
check_secret(const struct account_check *c)
{
	struct buf secret = BUF_INIT;
	struct outcome o = credentials_secret(jmap_credentials(c->jmap), &secret);
	const struct account *account = jmap_account(c->jmap);

	buf_wipe(&secret);
	if (!outcome_is_ok(&o)) {
		check_outcome(c->check, c->subject, &o);
		return false;
	}
	check_finding(c->check, FINDING_OK, c->subject, "", "the secret %s%s is there",
	    account->secret_command != NULL ? "that its command prints" : "in ",
	    account->secret_command != NULL ? "" : account->secret_file);
	return true;
}

static bool
check_login(const struct account_check *c)
{
	const struct jmap_session *session;
	const char *address;
	struct outcome o;

	jmap_session_forget(c->jmap);
	jmap_sending_forget(c->jmap);
	o = jmap_session(c->jmap, c->deadline, &session);
	if (!outcome_is_ok(&o)) {
		check_outcome(c->check, c->subject, &o);
		return false;
	}
	address = auth_address(jmap_auth(c->jmap));
	check_finding(c->check, FINDING_OK, c->subject, "", "logged in to %s as %s",
	    jmap_account(c->jmap)->api_url, address != NULL ? address : session->account_id);
	return true;
}

static double
mebibytes(int64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static void
check_session(const struct account_check *c)
{
	const struct jmap_session *session;
	struct outcome o = jmap_session(c->jmap, c->deadline, &session);

	if (!outcome_is_ok(&o)) {
		check_outcome(c->check, c->subject, &o);
		return;
	}
	if (session->submission_id == NULL)
		check_finding(c->check, FINDING_ERROR, c->subject,
		    "ask the service: it offers no " JMAP_SUBMISSION " here",
		    "the account cannot send");
	else
		check_finding(c->check, FINDING_OK, c->subject, "", "the account can send%s",
		    session->has_blob ? ", small messages in one request" : "");
	check_finding(c->check, FINDING_OK, c->subject, "",
	    "limits: %.3g MiB a message, %lld calls and %.3g MiB a request, %lld objects read "
	    "and %lld changed at once, %lld requests and %lld uploads side by side",
	    mebibytes(session->max_size_upload), (long long)session->max_calls_in_request,
	    mebibytes(session->max_size_request), (long long)session->max_objects_in_get,
	    (long long)session->max_objects_in_set, (long long)session->max_concurrent_requests,
	    (long long)session->max_concurrent_upload);
}

/* The identities' addresses, and whether the account's own is among them. */
static void
check_identities(const struct account_check *c, const json_t *identities)
{
	const char *address = auth_address(jmap_auth(c->jmap));
	struct buf list = BUF_INIT;
	bool own = address == NULL;
	json_t *identity;
	size_t i;

	json_array_foreach (identities, i, identity) {
		const char *email = json_get_string(identity, "email");

		if (email == NULL)
			continue;
		buf_addf(&list, "%s%s", list.len != 0 ? ", " : "", email);
		own = own || strcasecmp(email, address) == 0 || email[0] == '*';
	}
	if (json_array_size(identities) == 0)
		check_finding(c->check, FINDING_ERROR, c->subject,
		    "make one with the service: nothing can be sent without",
		    "there is no identity");
	else if (!own)
		check_finding(c->check, FINDING_WARNING, c->subject,
		    "set the account's address to one of them",
		    "identities: %s; %s is not among them", buf_str(&list), address);
	else
		check_finding(
		    c->check, FINDING_OK, c->subject, "", "identities: %s", buf_str(&list));
	buf_free(&list);
}

/* The name of the mailbox with the role, or NULL; the caller free()s it. */
static struct outcome
find_mailbox(const struct account_check *c, const char *role, char **name_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	const char *query = jmap_mailbox_role_call(request, role), *get;
	json_t *args = json_pack("{s:[s]}", "properties", "name"), *result, *mailbox;
	const char *name;
	struct outcome o;

	*name_r = NULL;
	jmap_refer(args, "ids", query, "Mailbox/query", "/ids");
	get = jmap_call(request, "Mailbox/get", args);
	o = jmap_send(c->jmap, request, true, c->deadline, &response);
	if (outcome_is_ok(&o))
		o = jmap_result(response, get, NULL, &result);
	if (outcome_is_ok(&o)) {
		mailbox = json_array_get(json_get_array(result, "list"), 0);
		name = json_get_string(mailbox, "name");
		if (mailbox != NULL)
			*name_r = xstrdup(name != NULL ? name : "");
	}
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

/* Which mailboxes have the roles that Ferry asks for, and what it does without. */
static struct outcome
check_mailboxes(const struct account_check *c)
{
	static const struct {
		const char *role;
		enum finding_level level; /* if no mailbox has it */
		const char *advice, *without;
	} roles[] = {
	    {"inbox", FINDING_ERROR, "ask the service", "mail has nowhere to arrive"},
	    {"drafts", FINDING_WARNING, "give a mailbox that role",
	        "messages being sent are kept in the inbox"},
	    {"sent", FINDING_WARNING, "give a mailbox that role",
	        "what was sent stays where drafts are"},
	};
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]) && outcome_is_ok(&o); i++) {
		char *name;

		o = find_mailbox(c, roles[i].role, &name);
		if (name != NULL)
			check_finding(c->check, FINDING_OK, c->subject, "", "%s is \"%s\"",
			    roles[i].role, name);
		else if (outcome_is_ok(&o))
			check_finding(c->check, roles[i].level, c->subject, roles[i].advice,
			    "no mailbox has role %s: %s", roles[i].role, roles[i].without);
		free(name);
	}
	return o;
}

static void
check_contents(const struct account_check *c)
{
	struct jmap_request *request = jmap_request_new(JMAP_USING_SUBMISSION);
	const char *identity_call = jmap_identity_get_call(request);
	const json_t *identities = NULL;
	struct jmap_response *response = NULL;
	struct outcome o = check_mailboxes(c);

	if (outcome_is_ok(&o))
		o = jmap_send(c->jmap, request, true, c->deadline, &response);
	if (outcome_is_ok(&o))
		o = jmap_identity_result(response, identity_call, &identities);
	if (outcome_is_ok(&o))
		check_identities(c, identities);
	else
		check_outcome(c->check, c->subject, &o);
	jmap_response_free(&response);
	jmap_request_free(&request);
}

void
check_account(struct check *check, const struct account *account, bool offline)
{
	char *subject = xasprintf("account %s", account->name);
	struct account_check c = {
	    .check = check, .subject = subject, .deadline = deadline_in_ms(DEADLINE_MS)};
	struct outcome o = jmap_open(account, &check_patience, &c.jmap);

	if (!outcome_is_ok(&o)) {
		check_outcome(check, subject, &o);
	} else if (check_secret(&c) && !offline && check_login(&c)) {
		check_session(&c);
		check_contents(&c);
	}
	jmap_close(&c.jmap);
	free(subject);
}
