/*
 * remote - learn from the service what changed, and write it down as the plan
 *
 * Everything here ends in the state's want_ columns and its mailbox table; nothing touches
 * the Maildir.  Messages are looked at in pages, so memory does not grow with the account.
 */
#ifndef FERRY_SYNC_REMOTE_H
#define FERRY_SYNC_REMOTE_H

#include <stdbool.h>

#include "sync/mirror.h"

#define REMOTE_PAGE 500 /* most messages to ask for at once; more is no faster */

/*
 * What changed since the stored states: one request when it is nothing.  *list_r says that
 * the service cannot tell, or tells nonsense, and a full listing is needed.
 */
struct outcome remote_changes(struct mirror *m, bool *list_r);

/* remote_objects.c: what both ways of reading have in common */

/* Send; a response on OK. */
struct outcome
remote_send(struct mirror *m, struct jmap_request *request, struct jmap_response **response_r);

/* Send ahead of the time when the response is wanted, see jmap_ahead_begin(). */
struct jmap_ahead *remote_send_ahead(struct mirror *m, struct jmap_request *request);

/* Properties to ask for: all that is recorded of an Email; what of it may change. */
json_t *remote_email_properties(void);
json_t *remote_changing_properties(void);

/* Was the message here, so that the latter are enough?  Or do they say that it shall be here, and
 * was not? */
bool remote_has_email(struct mirror *m, const char *id);
bool remote_is_stranger(struct mirror *m, const json_t *email);

/* Email/get for these ids (the reference is taken), at most m->page: list and notFound. */
struct outcome remote_get_emails(
    struct mirror *m, json_t *ids, struct jmap_response **response_r, json_t **result_r);

/* The ids that Email/get was asked for, and neither has nor says it does not know. */
json_t *remote_left_out(const json_t *ids, const json_t *result);

/* answer/missing if it left out any. */
struct outcome remote_check_whole(const json_t *ids, const json_t *result);

/* Write down what the service says of an Email: a plan, or that nothing is to do. */
void remote_record_email(struct mirror *m, const json_t *email);

/* The mirrored mailboxes both sides agree that row n of email is in, as text that the caller
 * free()s (see numbers_text()). */
char *remote_base_mailboxes(struct mirror *m, int64_t n);

/* What the service said of a message makes no sense: the next run asks again. */
void remote_doubt(struct mirror *m, const char *id);

/* Ask again for what the runs before could not make sense of. */
struct outcome remote_ask_doubts(struct mirror *m);

/* The service knows the message since it was imported, after the state that is asked from. */
void remote_note_import(struct mirror *m, const char *id);

/* Those that the changes have not told of, and those that were recorded before the state they
 * are of was stored: what came and went between two states is in no list. */
struct outcome remote_ask_imports(struct mirror *m);

/* What was recorded is not ahead any more; in the transaction that stores the state. */
void remote_forget_ahead(struct mirror *m);

/* It is destroyed, for which there is proof. */
void remote_record_destroyed(struct mirror *m, const char *id);

/*
 * Ask for messages by id, a page at a time: found for each that the service knows, gone for
 * each that it says it does not.  sql selects n and id of the rows with n over the first
 * parameter, in that order, as many as the second.
 */
struct outcome remote_prove(struct mirror *m, const char *sql,
    void (*found)(struct mirror *m, const json_t *email),
    void (*gone)(struct mirror *m, const char *id));

/* remote_mailboxes.c: what mailboxes there are */

json_t *remote_mailbox_properties(void);

/*
 * Mailbox/get for these ids, however many: the objects are appended to list, the ids that the
 * service does not know to not_found; either may be NULL.
 */
struct outcome remote_get_mailboxes(struct mirror *m, const json_t *ids,
    const json_t *properties, json_t *list, json_t *not_found);

/* Make sure that every mailbox these Emails are in is known, by asking if need be. */
struct outcome remote_know_mailboxes(struct mirror *m, const json_t *emails);

/* Mailboxes that are missing somewhere: gone, if the service does not know them by id either. */
struct outcome remote_prove_mailboxes(struct mirror *m, const json_t *ids);

/* The service has the mailbox since after the state that is asked from.  As with messages, what
 * comes and goes between two states is told of by no changes: those that they do not tell of
 * are asked for. */
void remote_note_made(struct mirror *m, const char *id);
void remote_forget_made(struct mirror *m, const char *id);
struct outcome remote_ask_made(struct mirror *m);

/* Ask for all mailboxes. */
struct outcome remote_ask_mailboxes(struct mirror *m);

/*
 * The answer to a Mailbox/get for all (ids is null) with remote_mailbox_properties(): the
 * objects, a new reference, and a state from before which none of them changed.  They are asked
 * for in pages where the service says that these are too many at once.
 */
struct outcome remote_read_all_mailboxes(struct mirror *m, const struct jmap_response *response,
    const char *call, json_t **list_r, char **state_r);

/* Take over a list of Mailbox objects whose state this is; those missing in it that the
 * service says it does not know are gone. */
struct outcome
remote_record_all_mailboxes(struct mirror *m, const json_t *list, const char *state);

/* remote_listing.c: the full listing */

struct listing;

/* Begin: mailboxes, and the state from before the first page. */
struct outcome remote_listing_begin(struct mirror *m, struct listing **listing_r);

/* Would remote_listing_page() wait for an answer that is under way? */
bool remote_listing_waits(const struct listing *listing);

/* Read one page more; *end_r when the last one was read. */
struct outcome remote_listing_page(struct mirror *m, struct listing *listing, bool *end_r);

/* After the last page: what was not listed is asked for, what is gone is matched with what
 * is new, and the state is stored. */
struct outcome remote_listing_end(struct mirror *m, struct listing *listing);
void remote_listing_free(struct listing **listing);

#endif
