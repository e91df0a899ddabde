/*
 * simplelogin - a client of SimpleLogin's REST API
 *
 * Every endpoint of simplelogin_endpoints.h can be called; what our own programs use has
 * structs and functions.  The manners, whatever is called:
 *
 *  - The API key goes into the header "Authentication", and no cookie is kept: with one, a
 *    revoked key would look like a broken server.  A body is JSON and is announced as such;
 *    without a body there is no Content-Type, which the service would take for a broken one.
 *  - Limits are kept before the service says so: the windows it counts by are remembered in
 *    the account's directory, for all processes.  An answer 429 says not how long to wait;
 *    the wait is then taken from the same windows, longer with each refusal in a row.  A wait
 *    that the deadline does not leave room for is alias/rate at once, with retry_after set.
 *  - Aliases are made one at a time, under a lock: the service refuses a second request.
 *  - A request that makes something and whose answer was lost is not sent again blindly: what
 *    it made is looked for (simplelogin_lost.c).
 *  - Refusals become outcomes of family "alias", with what the service says in the text.
 *
 * A struct simplelogin belongs to one thread; any number of them, in any processes, may be
 * open for the same account.
 */
#ifndef FERRY_SIMPLELOGIN_H
#define FERRY_SIMPLELOGIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/outcome.h"
#include "common/service/alias_account.h"
#include "common/service/simplelogin_endpoints.h"
#include "common/wire/http.h"

#define SIMPLELOGIN_KEY_MAX 4096

struct simplelogin;

/* Open the account, and make its directory (0700) if it is missing.  Nothing is asked.  With
 * options NULL the usual ones; the account's authorities are added. */
struct outcome simplelogin_open(const struct alias_account *account,
    const struct http_options *options, struct simplelogin **sl_r);
void simplelogin_close(struct simplelogin **sl);

const struct alias_account *simplelogin_account(const struct simplelogin *sl);

/* How many requests were sent since it was opened, those tried again among them. */
unsigned simplelogin_requests(const struct simplelogin *sl);

/* Be told of every wait for a limit, before it: seconds, and which endpoint's. */
void simplelogin_on_wait(struct simplelogin *sl,
    void (*wait)(void *arg, unsigned seconds, const char *words), void *arg);

/*
 * Call an endpoint.  parameters is an object with the API's names, borrowed, or NULL; a value
 * of the wrong type or too long, a missing or an unknown one is local/usage, and nothing is
 * sent.  *answer_r (may be NULL) is a new reference to the JSON the service answered with, or
 * NULL if the outcome is not OK.
 */
struct outcome
simplelogin_call(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, struct deadline d, json_t **answer_r);

/* The same for GIVES_BYTES: the body goes to sink. */
struct outcome
simplelogin_stream(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters, const struct http_sink *sink, struct deadline d);

/* What would be sent, for people: "POST /api/aliases/3/toggle" and a body, if there is one.
 * Secrets are left out.  local/usage as above. */
struct outcome simplelogin_describe(
    const struct simplelogin_endpoint *endpoint, const json_t *parameters, struct buf *text);

/*
 * Go through a list, in pages or not, of any length, in memory for one page.  An item that
 * moved to the next page meanwhile is given once.
 *
 *	struct simplelogin_list *list = simplelogin_list(sl, endpoint, parameters);
 *	while (simplelogin_next(list, d, &item, &o))
 *		...
 *	simplelogin_list_free(&list);
 */
struct simplelogin_list;

struct simplelogin_list *simplelogin_list(struct simplelogin *sl,
    const struct simplelogin_endpoint *endpoint, const json_t *parameters);

/* The next item, borrowed until the next call.  False at the end, or if *o_r is not OK. */
bool simplelogin_next(
    struct simplelogin_list *list, struct deadline d, json_t **item_r, struct outcome *o_r);
void simplelogin_list_free(struct simplelogin_list **list);

/* What our own programs use. */

struct simplelogin_alias {
	int64_t id; /* 0: there is none */
	char *address;
	bool enabled;
};

void simplelogin_alias_free(struct simplelogin_alias *alias);

/* Of an alias object; answer/missing if it lacks what we need. */
struct outcome simplelogin_alias_read(const json_t *object, struct simplelogin_alias *alias_r);

/* By id; alias/missing if there is none.  A trashed one is found too, and is not enabled. */
struct outcome simplelogin_alias_get(
    struct simplelogin *sl, int64_t id, struct deadline d, struct simplelogin_alias *alias_r);

/* By address, in any case of letters.  OK with id 0 if it is not in the list of aliases:
 * unknown, another's, or trashed. */
struct outcome simplelogin_alias_find(struct simplelogin *sl, const char *address,
    struct deadline d, struct simplelogin_alias *alias_r);

struct simplelogin_contact {
	int64_t id;
	char *address; /* as the service has it: the local part's case counts */
	char *reverse; /* the envelope's and header's address for it, in exact case */
};

void simplelogin_contact_free(struct simplelogin_contact *contact);
struct outcome
simplelogin_contact_read(const json_t *object, struct simplelogin_contact *contact_r);

/* The contact of an alias for an address, made if there is none. */
struct outcome simplelogin_contact_add(struct simplelogin *sl, int64_t alias_id,
    const char *address, struct deadline d, struct simplelogin_contact *contact_r);

struct simplelogin_suffix {
	char *text;      /* ".word@sl.example" */
	char *signature; /* signed_suffix: good for ten minutes */
};

struct simplelogin_options {
	bool can_create;
	char *recommended; /* the alias used last for this hostname, enabled or not; or NULL */
	struct simplelogin_suffix *suffixes;
	size_t suffix_count;
};

void simplelogin_options_free(struct simplelogin_options *options);
struct outcome
simplelogin_options_read(const json_t *object, struct simplelogin_options *options_r);
struct outcome simplelogin_options_get(struct simplelogin *sl, const char *hostname,
    struct deadline d, struct simplelogin_options *options_r);

/* The suffix that is wanted, else the first that ends with it ("@domain", "domain"); NULL
 * wants the first.  Borrowed; NULL if there is none. */
const struct simplelogin_suffix *
simplelogin_suffix_choose(const struct simplelogin_options *options, const char *wanted);

/*
 * Make the alias prefix + suffix.  suffix is one of the options', or starts one ("@domain"
 * finds ".word@domain" too, if nothing fits better); NULL takes the first.  mailboxes is an
 * array of ids, NULL for the account's mailbox.  An expired suffix is fetched again, once.
 * An answer that was lost is found again.  *answer_r is the service's alias object.
 */
struct simplelogin_wish {
	const char *prefix, *suffix, *hostname, *name, *note;
	const json_t *mailboxes;
};
struct outcome simplelogin_create(struct simplelogin *sl, const struct simplelogin_wish *wish,
    struct deadline d, json_t **answer_r);

/* The id of the mailbox with this address; NULL is the default one.  local/usage if there is
 * none. */
struct outcome simplelogin_mailbox_find(
    struct simplelogin *sl, const char *address, struct deadline d, int64_t *id_r);

/* Is the domain one of the account's own, and has the service verified that its mail comes
 * there?  local/config, with what to do in the hint, if not. */
struct outcome
simplelogin_domain_check(struct simplelogin *sl, const char *domain, struct deadline d);

/*
 * The service's alias for a (normalised) hostname, found or made, as the account says.  See
 * simplelogin_find.c for how.  disabled_too: an alias that is disabled will do.
 * *made_r says whether it is new.
 */
struct outcome simplelogin_find(struct simplelogin *sl, const char *hostname, bool disabled_too,
    struct deadline d, struct simplelogin_alias *alias_r, bool *made_r);

/* Is there a key, in its file or by its command? */
struct outcome simplelogin_have_key(struct simplelogin *sl);

/* Store, or remove, the API key in secret_file: 0600, whole or not at all. */
struct outcome simplelogin_store_key(struct simplelogin *sl, const char *key);
struct outcome simplelogin_forget_key(struct simplelogin *sl);

#endif
