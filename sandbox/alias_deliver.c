/*
 * Hand mail to the alias service, and deliver what comes out.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_deliver.h"
#include "sandbox/alias_mail.h"
#include "sandbox/deliver.h"
#include "sandbox/json.h"
#include "sandbox/outbox.h"

json_t *
alias_deliver_split(struct sandbox *s, const json_t *envelope, json_t **theirs_r)
{
	json_t *rest;
	size_t i;
	json_t *recipient;

	*theirs_r = json_array();
	if (s->aliases == NULL)
		return json_incref((json_t *)(uintptr_t)envelope);
	rest = json_array();
	json_array_foreach (json_object_get(envelope, "rcptTo"), i, recipient) {
		const char *email = json_text(recipient, "email");

		if (alias_mail_takes(s->aliases, email))
			json_array_append(*theirs_r, json_object_get(recipient, "email"));
		else
			json_array_append(rest, recipient);
	}
	return json_pack(
	    "{s:O, s:o}", "mailFrom", json_object_get(envelope, "mailFrom"), "rcptTo", rest);
}

/* File one message that leaves, and deliver it if it is local; false if it cannot be. */
static bool
deliver_one(struct jmap_request *r, const struct alias_letter_out *out, json_t *numbers)
{
	json_t *envelope = json_pack("{s:{s:s, s:{}}, s:[{s:s, s:{}}]}", "mailFrom", "email",
	    out->sender, "parameters", "rcptTo", "email", out->recipient, "parameters");
	struct blob message = {.bytes = out->message.data, .length = out->message.len};
	int64_t number =
	    outbox_put(r->sandbox->outbox, envelope, out->message.data, out->message.len);
	bool good = number != 0;

	json_array_append_new(numbers, json_integer(number));
	if (good && deliver_is_local(r, out->recipient))
		good = deliver_locally(r, envelope, out->recipient, number, &message);
	json_decref(envelope);
	return good;
}

char *
alias_deliver(struct jmap_request *r, const char *sender, const json_t *recipients,
    const char *bytes, size_t length, json_t *numbers)
{
	struct alias_post post;
	char *reply = NULL;
	bool good = alias_mail(
	    r->sandbox->aliases, r->sandbox->faults, sender, recipients, bytes, length, &post);

	for (size_t i = 0; good && i < post.count; i++)
		good = deliver_one(r, &post.out[i], numbers);
	if (good)
		reply = xstrdup(post.reply);
	alias_post_free(&post);
	return reply;
}

void
alias_deliver_status(const json_t *recipients, const char *reply, json_t *status)
{
	/* Whoever hands a message over cannot know whether it was dropped. */
	const char *delivered = reply[0] == '2' ? "unknown" : reply[0] == '4' ? "queued" : "no";
	size_t i;
	const json_t *recipient;

	json_array_foreach (recipients, i, recipient)
		json_object_set_new(status, json_string_value(recipient),
		    json_pack("{s:s, s:s, s:s}", "smtpReply", reply, "delivered", delivered,
		        "displayed", "unknown"));
}

json_t *
alias_deliver_foreign(struct sandbox *s, const char *sender, const json_t *recipients,
    const char *bytes, size_t length)
{
	struct jmap_request r = {.sandbox = s, .db = store_begin_write(s->store)};
	json_t *numbers = json_array(), *answer = NULL;
	char *reply;

	r.account.inbox = xstrdup(""); /* nobody's, so that none counts as the sender's own */
	reply = alias_deliver(&r, sender, recipients, bytes, length, numbers);
	if (reply == NULL)
		store_rollback(s->store, r.db);
	else if (store_commit(s->store, r.db, NULL))
		answer = json_pack("{s:s, s:O}", "reply", reply, "outbox", numbers);
	account_free(&r.account);
	json_decref(numbers);
	free(reply);
	return answer;
}
