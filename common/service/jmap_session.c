/*
 * The JMAP session: discovered, checked, kept on disk.
 *
 * The document is kept whole with the URL that answered it, so that a process which finds it
 * on disk needs no request before its first real one.  It is fetched again when a response
 * carries another sessionState.  A server whose responses never agree with the session it
 * serves would make us fetch it for ever: when the session is fresh, the response's word is
 * taken for its state.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "common/service/jmap_parts.h"
#include "common/wire/json.h"

#define SESSION_FILE "session.json"
#define SESSION_MAX  (4u << 20)
#define LIMIT_MAX    (INT64_C(1) << 40)

/*
 * The limits, and what is taken where a server leaves one out or says 0: the values RFC 8620
 * §2 suggests as minimum.
 */
static const struct {
	const char *key;
	size_t offset;
	int64_t fallback;
} limits[] = {
    {"maxCallsInRequest", offsetof(struct jmap_session, max_calls_in_request), 16},
    {"maxObjectsInGet", offsetof(struct jmap_session, max_objects_in_get), 500},
    {"maxObjectsInSet", offsetof(struct jmap_session, max_objects_in_set), 500},
    {"maxSizeRequest", offsetof(struct jmap_session, max_size_request), 10000000},
    {"maxSizeUpload", offsetof(struct jmap_session, max_size_upload), 50000000},
    {"maxConcurrentRequests", offsetof(struct jmap_session, max_concurrent_requests), 4},
    {"maxConcurrentUpload", offsetof(struct jmap_session, max_concurrent_upload), 4},
};

static void
read_limits(const json_t *core, struct jmap_session *session)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int64_t value = json_get_count(core, limits[i].key, 0);

		if (value == 0)
			value = limits[i].fallback;
		if (value > LIMIT_MAX)
			value = LIMIT_MAX;
		*(int64_t *)((char *)session + limits[i].offset) = value;
	}
}

/* Does it say anything but what a URL is made of? */
static bool
printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static bool
is_https(const char *url)
{
	return strncasecmp(url, "https:", 6) == 0;
}

/*
 * The absolute form of a URL, or URI template, of the session; NULL if there is none that is
 * fit for our credentials: they go by TLS, or nowhere beyond this machine, and a session
 * that came by TLS does not lead away from it.  What stands before a template's first
 * variable is resolved, the rest is kept as it is.
 */
static char *
read_url(const json_t *document, const char *key, const char *base)
{
	const char *text = json_get_string(document, key);
	char *start, *resolved, *url;
	size_t fixed;

	if (text == NULL || *text == '\0' || !printable(text))
		return NULL;
	fixed = strcspn(text, "{");
	start = xstrndup(text, fixed);
	resolved = http_resolve(base, start);
	free(start);
	if (resolved == NULL)
		return NULL;
	if (!is_https(resolved) && (is_https(base) || !http_is_loopback(resolved))) {
		free(resolved);
		return NULL;
	}
	url = xasprintf("%s%s", resolved, text + fixed);
	free(resolved);
	return url;
}

static char *
read_primary_account(const json_t *document, const char *capability)
{
	const json_t *primary = json_get_object(document, "primaryAccounts");

	return xstrdup(json_get_id(primary, capability));
}

bool
jmap_session_has(const struct jmap_session *session, const char *capability)
{
	const json_t *accounts = json_get_object(session->document, "accounts");
	const json_t *account = json_get_object(accounts, session->account_id);
	const json_t *offered = json_get_object(account, "accountCapabilities");

	return json_get_object(offered, capability) != NULL;
}

static struct outcome
check_session(const struct jmap_session *session)
{
	const char *missing = NULL;

	if (session->account_id == NULL)
		missing = "primaryAccounts[\"" JMAP_MAIL "\"]";
	else if (session->api_url == NULL)
		missing = "apiUrl";
	else if (session->upload_url == NULL)
		missing = "uploadUrl";
	else if (session->download_url == NULL)
		missing = "downloadUrl";
	if (missing != NULL)
		return outcome_make("answer", "session", "%s is missing or wrong", missing);
	return outcome_ok();
}

struct outcome
jmap_session_parse(json_t *document, const char *url, struct jmap_session *session_r)
{
	const json_t *capabilities = json_get_object(document, "capabilities");
	const char *state = json_get_string(document, "state");
	struct outcome o;

	*session_r = (struct jmap_session){0};
	if (capabilities == NULL)
		return outcome_make("answer", "session", "it has no capabilities");
	read_limits(json_get_object(capabilities, JMAP_CORE), session_r);
	session_r->document = json_incref(document);
	session_r->account_id = read_primary_account(document, JMAP_MAIL);
	session_r->submission_id = read_primary_account(document, JMAP_SUBMISSION);
	session_r->username = xstrdup(json_get_string(document, "username"));
	session_r->state = xstrdup(state != NULL ? state : "");
	session_r->api_url = read_url(document, "apiUrl", url);
	session_r->upload_url = read_url(document, "uploadUrl", url);
	session_r->download_url = read_url(document, "downloadUrl", url);
	session_r->event_source_url = read_url(document, "eventSourceUrl", url);
	o = check_session(session_r);
	if (!outcome_is_ok(&o)) {
		jmap_session_clear(session_r);
		return o;
	}
	session_r->has_blob = jmap_session_has(session_r, JMAP_BLOB);
	return o;
}

void
jmap_session_clear(struct jmap_session *session)
{
	free(session->account_id);
	free(session->submission_id);
	free(session->username);
	free(session->state);
	free(session->api_url);
	free(session->upload_url);
	free(session->download_url);
	free(session->event_source_url);
	json_decref(session->document);
	*session = (struct jmap_session){0};
}

/* Where the session is discovered (RFC 8620 §2.2).  The caller free()s. */
static char *
discovery_url(const struct jmap *jmap)
{
	return xasprintf("%s/.well-known/jmap", jmap->account->api_url);
}

/* Whose session it is: the account's name may get another server, or another user. */
static char *
provenance(const struct jmap *jmap)
{
	const char *user = jmap->account->user;

	return xasprintf("%s %s", jmap->account->api_url, user != NULL ? user : "");
}

/* Keep the session for the processes that come after us.  Failing to is no harm. */
static void
keep_session(struct jmap *jmap, const char *answered)
{
	char *from = provenance(jmap);
	json_t *kept = json_pack("{s:s, s:s, s:O}", "from", from, "answered", answered,
	    "document", jmap->session.document);
	struct buf text = BUF_INIT;

	json_object_set_new(kept, "state", json_string(jmap->session.state));
	json_write(kept, &text);
	(void)credentials_write_file(jmap->credentials, SESSION_FILE, text.data, text.len);
	buf_free(&text);
	json_decref(kept);
	free(from);
}

/* Take the kept session if there is one and it came from where ours would. */
static bool
recall_session(struct jmap *jmap)
{
	struct buf text = BUF_INIT;
	struct outcome o =
	    credentials_read_file(jmap->credentials, SESSION_FILE, SESSION_MAX, &text);
	char *from = provenance(jmap);
	json_t *kept = NULL;
	bool good = false;

	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&text), text.len, &kept);
	if (outcome_is_ok(&o)) {
		const char *kept_from = json_get_string(kept, "from");
		const char *answered = json_get_string(kept, "answered");
		const char *state = json_get_string(kept, "state");

		if (kept_from != NULL && answered != NULL && state != NULL &&
		    strcmp(kept_from, from) == 0) {
			o = jmap_session_parse(
			    json_get_object(kept, "document"), answered, &jmap->session);
			good = outcome_is_ok(&o);
		}
		if (good) {
			free(jmap->session.state);
			jmap->session.state = xstrdup(state);
		}
	}
	json_decref(kept);
	free(from);
	buf_free(&text);
	return good;
}

static struct outcome
fetch_session(struct jmap *jmap, struct deadline d)
{
	char *url = discovery_url(jmap);
	struct http_request request = {
	    .method = "GET",
	    .url = url,
	    .accept = "application/json",
	    .answer_max = SESSION_MAX,
	    .compressed = true,
	    .idempotent = true,
	    .deadline = d,
	};
	struct http_answer answer;
	struct outcome o = jmap_perform(jmap, &request, &answer);
	json_t *document = NULL;

	if (outcome_is_ok(&o))
		o = jmap_answer_outcome(&answer);
	if (outcome_is_ok(&o)) {
		o = json_parse(buf_str(&answer.body), answer.body.len, &document);
		if (!outcome_is_ok(&o))
			o = outcome_make("answer", "session", "%s did not answer JSON",
			    answer.url != NULL ? answer.url : url);
	}
	if (outcome_is_ok(&o))
		o = jmap_session_parse(
		    document, answer.url != NULL ? answer.url : url, &jmap->session);
	if (outcome_is_ok(&o)) {
		jmap->session_is_new = true;
		auth_confirm_address(jmap->auth, jmap->session.account_id);
		keep_session(jmap, answer.url != NULL ? answer.url : url);
	}
	json_decref(document);
	http_answer_free(&answer);
	free(url);
	return o;
}

static struct outcome
check_kept_account(const struct jmap *jmap)
{
	if (jmap->kept_account == NULL ||
	    strcmp(jmap->kept_account, jmap->session.account_id) == 0)
		return outcome_ok();
	return outcome_make("answer", "session", "it is of the account %s, and was of %s",
	    jmap->session.account_id, jmap->kept_account);
}

void
jmap_keep_account(struct jmap *jmap)
{
	free(jmap->kept_account);
	jmap->kept_account = xstrdup(jmap->session.account_id);
}

struct outcome
jmap_session(struct jmap *jmap, struct deadline d, const struct jmap_session **session_r)
{
	struct outcome o = outcome_ok();

	*session_r = NULL;
	if (!jmap->have_session) {
		jmap->session_is_new = false;
		if (!recall_session(jmap))
			o = fetch_session(jmap, d);
		if (outcome_is_ok(&o))
			o = check_kept_account(jmap);
		jmap->have_session = outcome_is_ok(&o);
		if (!jmap->have_session)
			jmap_session_forget(jmap);
	}
	if (jmap->have_session)
		*session_r = &jmap->session;
	return o;
}

void
jmap_session_forget(struct jmap *jmap)
{
	jmap_session_clear(&jmap->session);
	jmap->have_session = false;
	credentials_remove_file(jmap->credentials, SESSION_FILE);
}

void
jmap_session_check_state(struct jmap *jmap, const char *state)
{
	if (!jmap->have_session || state == NULL || strcmp(state, jmap->session.state) == 0)
		return;
	if (!jmap->session_is_new) {
		jmap_session_forget(jmap);
		return;
	}
	free(jmap->session.state);
	jmap->session.state = xstrdup(state);
	/* From now on a difference is a change. */
	jmap->session_is_new = false;
}
