/*
 * A message made one that its account may send.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/service/jmap.h"
#include "common/wire/address.h"
#include "transport/from_rewrite.h"
#include "transport/rewrite.h"
#include "transport/sender.h"

static bool
may_send(const struct account *account, const char *own_address, const char *address)
{
	return account->rewrite_from == REWRITE_MISMATCH
	           ? sender_is_own(account, own_address, address)
	           : address_same(own_address, address);
}

bool
rewrite_wants_sender(const struct account *account, const char *own_address, const char *sender)
{
	return account->rewrite_from != REWRITE_NEVER && *sender != '\0' &&
	       !may_send(account, own_address, sender);
}

/* Are all mailboxes of the message's one From such as the account may send? */
static bool
from_is_good(const struct message *m, const struct account *account, const char *own_address)
{
	const struct header_field *field = header_filter_noted(&m->filter, HEADER_FROM, NULL);
	const struct buf *from = message_from(m);
	struct address_list list;
	bool good;

	if (field != NULL && from == &field->value &&
	    header_filter_noted(&m->filter, HEADER_FROM, field) != NULL)
		return false;
	from_parse(buf_str(from), from->len, &list);
	good = list.count != 0;
	for (size_t i = 0; i < list.count; i++)
		good = good && may_send(account, own_address, list.mailboxes[i].address);
	address_list_free(&list);
	return good;
}

static void
replace_from(struct message *m, const char *own_address)
{
	const struct buf *old = message_from(m);
	struct buf from = BUF_INIT, reply_to = BUF_INIT;

	from_make(buf_str(old), old->len, own_address, &from);
	if (header_filter_noted(&m->filter, HEADER_REPLY_TO, NULL) == NULL &&
	    from_reply_to(buf_str(old), old->len, &reply_to))
		buf_addf(&m->added, "Reply-To: %s\r\n", buf_str(&reply_to));
	message_put_from(m, &from);
	message_cut(m, HEADER_SENDER);
	buf_free(&from);
	buf_free(&reply_to);
}

struct outcome
rewrite_message(struct message *m, const struct account *account, const char *own_address)
{
	if (account->rewrite_from == REWRITE_NEVER)
		return outcome_ok();
	if (m->filter.overflow)
		return outcome_make(
		    "local", "header", "its From, Sender or Reply-To is too long");
	if (!from_is_good(m, account, own_address))
		replace_from(m, own_address);
	return outcome_ok();
}

/* The address that an earlier login taught, or NULL. */
static char *
remembered_address(const struct account *account)
{
	struct credentials *credentials = NULL;
	struct outcome o = credentials_open(account, &credentials);
	struct buf address = BUF_INIT;

	if (outcome_is_ok(&o) && !credentials_load_address(credentials, &address))
		buf_free(&address);
	credentials_close(&credentials);
	return address.len != 0 ? buf_steal(&address) : NULL;
}

/* The account's address, to be free()d. */
static struct outcome
find_address(const struct account *account, struct deadline d, char **address_r)
{
	const struct jmap_session *session;
	struct jmap *jmap = NULL;
	struct outcome o;

	*address_r =
	    account->address != NULL ? xstrdup(account->address) : remembered_address(account);
	if (*address_r != NULL)
		return outcome_ok();
	o = jmap_open(account, NULL, &jmap);
	if (outcome_is_ok(&o))
		o = jmap_session(jmap, d, &session);
	if (outcome_is_ok(&o))
		*address_r = xstrdup(auth_address(jmap_auth(jmap)));
	if (outcome_is_ok(&o) && *address_r == NULL)
		o = outcome_make("local", "config",
		    "account \"%s\": rewrite-from needs address", account->name);
	jmap_close(&jmap);
	return o;
}

struct outcome
rewrite_from(struct delivery *delivery)
{
	const struct account *account = delivery->account;
	char *own_address = NULL;
	struct outcome o;

	if (account->rewrite_from == REWRITE_NEVER)
		return outcome_ok();
	o = find_address(account, delivery->deadline, &own_address);
	if (outcome_is_ok(&o))
		o = rewrite_message(&delivery->message, account, own_address);
	if (outcome_is_ok(&o) && rewrite_wants_sender(account, own_address, delivery->sender))
		delivery->mail_from = xstrdup(own_address);
	free(own_address);
	return o;
}
