/*
 * A delivery on its way through the courier, and the journal's rows of it.
 *
 * An Email stands for exactly those recipients that its stamp is made of.  So whoever is to
 * be sent to, after all that is known already has been taken out, gets a stamp of their own;
 * and a draft of an earlier try is submitted again only if it was made for the same.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "transport/letter.h"
#include "transport/submit_doubt.h"

/* Setting up. */

/* An earlier try left a draft that nobody is sent any more. */
static void
note_draft(
    struct letter *letter, const char *email_id, const struct journal_entry *entry, bool sent)
{
	for (size_t i = 0; i < letter->draft_count; i++)
		if (strcmp(letter->drafts[i].email_id, email_id) == 0) {
			letter->drafts[i].sent |= sent;
			return;
		}
	letter->drafts =
	    xreallocarray(letter->drafts, letter->draft_count + 1, sizeof(*letter->drafts));
	letter->drafts[letter->draft_count++] = (struct left_draft){
	    .email_id = xstrdup(email_id),
	    .stamp = entry->delivery,
	    .changed = entry->changed,
	    .sent = sent,
	};
}

static bool
is_named_before(const struct letter *letter, const char *address)
{
	for (size_t i = 0; i < letter->submission.count; i++)
		if (strcmp(letter->submission.addressees[i].recipient->address, address) == 0)
			return true;
	return false;
}

static void
name_addressees(struct letter *letter)
{
	struct delivery *delivery = letter->delivery;
	size_t most = delivery->recipient_count;
	struct submission *s = &letter->submission;

	s->addressees = xcalloc(most + 1, sizeof(*s->addressees));
	letter->entries = xcalloc(most + 1, sizeof(*letter->entries));
	letter->written = xcalloc(most + 1, sizeof(*letter->written));
	letter->domains = xcalloc(most + 1, sizeof(*letter->domains));
	for (size_t i = 0; i < most; i++) {
		struct recipient *recipient = &delivery->recipients[i];

		if (is_named_before(letter, recipient->address))
			continue;
		letter->domains[s->count] = group_domain(recipient->address);
		s->addressees[s->count++] = (struct addressee){.recipient = recipient};
	}
}

static struct outcome
name_message(struct letter *letter)
{
	const struct delivery *delivery = letter->delivery;
	const struct stamp_source source = {
	    .queue_id = delivery->queue_id,
	    .sender = delivery->sender,
	    .received = buf_str(&delivery->message.filter.received),
	    .message = &delivery->message.spool,
	};

	return stamp_message(letter->key, &source, &letter->message);
}

static struct outcome
fill_entry(struct letter *letter, size_t i)
{
	const struct delivery *delivery = letter->delivery;
	struct journal_entry *entry = &letter->entries[i];

	entry->address = xstrdup(letter->submission.addressees[i].recipient->address);
	entry->sender = xstrdup(delivery->sender);
	entry->queue_id = xstrdup(delivery->queue_id);
	entry->account = xstrdup(delivery->account->name);
	entry->message_id = xstrdup(message_id(&delivery->message));
	entry->outcome = outcome_ok();
	return stamp_recipient(
	    letter->key, &letter->message, entry->address, &entry->recipient);
}

static void
settle_one(struct letter *letter, size_t i, const struct outcome *o)
{
	letter->submission.addressees[i].recipient->outcome = *o;
	letter->submission.addressees[i].state = ADDRESSEE_SETTLED;
}

/* The journal knows what came of it: an earlier try was through. */
static void
answer_again(struct letter *letter, size_t i)
{
	struct journal_entry *entry = &letter->entries[i];
	struct outcome o = entry->outcome;

	if (outcome_is_ok(&o)) {
		struct submission was = {.email_id = entry->email_id};

		o = submission_success(&was, true);
		letter->earlier++;
		letter->delivery->told.earlier = true;
	}
	if (letter->submission.email_id == NULL && entry->email_id != NULL &&
	    letter->delivery->told.email_id == NULL)
		letter->delivery->told.email_id = xstrdup(entry->email_id);
	settle_one(letter, i, &o);
	letter->written[i] = true;
}

static void
answer_what_is_known(struct letter *letter)
{
	for (size_t i = 0; i < letter->submission.count; i++) {
		if (letter->entries[i].state == JOURNAL_DONE) {
			answer_again(letter, i);
		} else if (letter->entries[i].state == JOURNAL_SUBMITTING) {
			struct outcome o = outcome_make("local", "another-try", NULL);

			settle_one(letter, i, &o);
			letter->written[i] = true;
		}
	}
}

struct outcome
letter_open(struct letter *letter, letter_look *look)
{
	struct journal_entry **rows;
	struct outcome o;

	letter->submission.delivery = letter->delivery;
	name_addressees(letter);
	rows = xcalloc(letter->submission.count + 1, sizeof(*rows));
	o = name_message(letter);
	for (size_t i = 0; i < letter->submission.count && outcome_is_ok(&o); i++) {
		o = fill_entry(letter, i);
		rows[i] = &letter->entries[i];
	}
	if (outcome_is_ok(&o))
		o = look(letter->journal, rows, letter->submission.count);
	if (outcome_is_ok(&o))
		answer_what_is_known(letter);
	free(rows);
	return o;
}

void
letter_close(struct letter *letter)
{
	for (size_t i = 0; i < letter->submission.count; i++)
		journal_entry_clear(&letter->entries[i]);
	for (size_t i = 0; i < letter->draft_count; i++)
		free(letter->drafts[i].email_id);
	free(letter->drafts);
	free(letter->entries);
	free(letter->written);
	free(letter->domains);
	free(letter->submission.addressees);
	free(letter->submission.blob_id);
	free(letter->submission.email_id);
	json_decref(letter->submission.composed);
}

void
letter_settle(struct letter *letter, const struct outcome *o)
{
	struct delivery *delivery = letter->delivery;

	submission_settle(&letter->submission, o);
	/* Whoever is named twice has what came of the first time. */
	for (size_t i = 0; i < delivery->recipient_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(delivery->recipients[i].address,
			        delivery->recipients[k].address) == 0) {
				delivery->recipients[i].outcome =
				    delivery->recipients[k].outcome;
				break;
			}
}

/* Doubts. */

/* Nobody can tell: the policy decides. */
static void
apply_policy(struct letter *letter, size_t i, const struct doubt_answer *answer)
{
	struct journal_entry *entry = &letter->entries[i];
	struct outcome o;

	switch (letter->config->transport.ambiguous) {
	case AMBIGUOUS_RESEND:
		log_say(LOG_WARNING,
		    "%s: nobody knows whether an earlier try sent it to <%s>: it is sent "
		    "again, with the same Message-ID %s",
		    entry->queue_id != NULL ? entry->queue_id : entry->recipient.text,
		    entry->address, entry->message_id);
		letter->delivery->told.again = true;
		entry->state = answer->draft ? JOURNAL_IMPORTED : JOURNAL_BEGUN;
		return;
	case AMBIGUOUS_HOLD:
		o = outcome_make("local", "ambiguous", NULL);
		outcome_hint(&o, "ferryctl journal resolve %s sent | send | bounce",
		    entry->queue_id != NULL ? entry->queue_id : entry->recipient.text);
		letter->written[i] = true; /* the row stays as it is */
		break;
	case AMBIGUOUS_BOUNCE:
	default:
		o = outcome_make("local", "unconfirmed", NULL);
		break;
	}
	settle_one(letter, i, &o);
}

static void
apply_verdict(
    struct letter *letter, size_t i, enum doubt verdict, const struct doubt_answer *answer)
{
	struct journal_entry *entry = &letter->entries[i];
	struct outcome o;

	if (answer->email_id != NULL) {
		free(entry->email_id);
		entry->email_id = xstrdup(answer->email_id);
	}
	switch (verdict) {
	case DOUBT_SENT: {
		struct submission was = {.email_id = entry->email_id};

		o = submission_success(&was, true);
		settle_one(letter, i, &o);
		letter->earlier++;
		letter->delivery->told.earlier = true;
		if (answer->draft)
			note_draft(letter, answer->email_id, entry, true);
		break;
	}
	case DOUBT_UNSENT:
		entry->state = answer->draft ? JOURNAL_IMPORTED : JOURNAL_BEGUN;
		letter->delivery->told.again = answer->draft;
		break;
	case DOUBT_UNKNOWN:
	default:
		apply_policy(letter, i, answer);
		if (entry->state == JOURNAL_IMPORTED)
			note_draft(letter, answer->email_id, entry, true);
		break;
	}
}

/* Is it what a service says, and not what happens to a connection to it? */
static bool
is_answer(const struct outcome *o)
{
	return strncmp(o->condition, "method/", 7) == 0 ||
	       strncmp(o->condition, "set/", 4) == 0;
}

/* Ask about those rows in doubt that belong to the same Email as the first of them. */
static struct outcome
ask(struct letter *letter, struct jmap *jmap, size_t first)
{
	struct submission *s = &letter->submission;
	const struct journal_entry *about = &letter->entries[first];
	const char **recipients = xcalloc(s->count, sizeof(*recipients));
	size_t *rows = xcalloc(s->count, sizeof(*rows));
	struct doubt_answer answer = {.verdicts = xcalloc(s->count, sizeof(enum doubt))};
	struct doubt_question question = {
	    .stamp = about->delivery,
	    .email_id = about->email_id,
	    .message_id = message_id(&letter->delivery->message),
	    .asked = about->changed,
	    .answered = is_answer(&about->outcome),
	    .sent = letter->config->transport.sent,
	    .recipients = recipients,
	    .deadline = letter->delivery->deadline,
	};
	struct outcome o;

	for (size_t i = first; i < s->count; i++)
		if (letter->entries[i].state == JOURNAL_DOUBT &&
		    s->addressees[i].state == ADDRESSEE_OPEN &&
		    strcmp(letter->entries[i].delivery.text, question.stamp.text) == 0) {
			rows[question.count] = i;
			recipients[question.count++] = letter->entries[i].address;
		}
	o = submit_doubt(jmap, &question, &answer);
	letter->delivery->told.requests += answer.requests;
	for (size_t k = 0; k < question.count && outcome_is_ok(&o); k++)
		apply_verdict(letter, rows[k], answer.verdicts[k], &answer);
	free(answer.email_id);
	free(answer.verdicts);
	free(rows);
	free(recipients);
	return o;
}

static size_t
next_doubt(const struct letter *letter)
{
	size_t i = 0;

	while (i < letter->submission.count &&
	       (letter->entries[i].state != JOURNAL_DOUBT ||
	           letter->submission.addressees[i].state != ADDRESSEE_OPEN))
		i++;
	return i;
}

struct outcome
letter_settle_doubts(struct letter *letter)
{
	struct delivery *delivery = letter->delivery;
	struct group *group = lane_group(letter->lane);
	struct jmap *jmap = NULL;
	struct outcome o;
	size_t i;

	if (next_doubt(letter) == letter->submission.count)
		return outcome_ok();
	if (!group_take_place(group, GROUP_REQUEST, delivery->deadline))
		return outcome_make(
		    "local", "deadline", "while waiting to ask for an earlier try");
	o = lane_take(letter->lane, &jmap);
	while (outcome_is_ok(&o) && (i = next_doubt(letter)) < letter->submission.count)
		o = ask(letter, jmap, i);
	lane_give(letter->lane, &jmap);
	group_give_place(group, GROUP_REQUEST);
	letter_write(&letter, 1);
	return o;
}

/* Addressing. */

/* Do the rows of all who are left speak of a draft that stands for exactly them? */
static const char *
common_draft(const struct letter *letter, const struct stamp *stamp)
{
	const char *email_id = NULL;

	for (size_t i = 0; i < letter->submission.count; i++) {
		const struct journal_entry *entry = &letter->entries[i];

		if (letter->submission.addressees[i].state != ADDRESSEE_OPEN)
			continue;
		if (entry->state != JOURNAL_IMPORTED || entry->email_id == NULL ||
		    strcmp(entry->delivery.text, stamp->text) != 0 ||
		    (email_id != NULL && strcmp(email_id, entry->email_id) != 0))
			return NULL;
		email_id = entry->email_id;
	}
	return email_id;
}

/* What else the rows speak of is nobody's any more. */
static void
note_other_drafts(struct letter *letter)
{
	const char *kept = letter->submission.email_id;

	for (size_t i = 0; i < letter->submission.count; i++) {
		const struct journal_entry *entry = &letter->entries[i];

		if (letter->submission.addressees[i].state == ADDRESSEE_OPEN &&
		    entry->state == JOURNAL_IMPORTED && entry->email_id != NULL &&
		    (kept == NULL || strcmp(entry->email_id, kept) != 0))
			note_draft(letter, entry->email_id, entry, false);
	}
}

struct outcome
letter_address(struct letter *letter)
{
	struct submission *s = &letter->submission;
	char **left = xcalloc(s->count + 1, sizeof(*left));
	size_t count = 0;
	struct outcome o;

	for (size_t i = 0; i < s->count; i++)
		if (s->addressees[i].state == ADDRESSEE_OPEN)
			left[count++] = s->addressees[i].recipient->address;
	o = stamp_delivery(letter->key, &letter->message, left, count, &s->stamp);
	if (outcome_is_ok(&o)) {
		message_stamp(&letter->delivery->message, &s->stamp, &letter->message,
		    delivery_mail_from(letter->delivery));
		s->email_id = xstrdup(common_draft(letter, &s->stamp));
		if (s->email_id != NULL)
			letter->delivery->told.again = true;
		note_other_drafts(letter);
	}
	free(left);
	return o;
}

/* The journal. */

struct rows {
	struct journal_entry **entries;
	struct letter **letters; /* of each */
	size_t *positions;       /* of each in its letter */
	size_t count;
};

static struct rows
rows_new(struct letter *const *letters, size_t count)
{
	size_t most = 1;

	for (size_t i = 0; i < count; i++)
		most += letters[i]->submission.count;
	return (struct rows){xcalloc(most, sizeof(struct journal_entry *)),
	    xcalloc(most, sizeof(struct letter *)), xcalloc(most, sizeof(size_t)), 0};
}

static void
rows_add(struct rows *rows, struct letter *letter, size_t i)
{
	rows->entries[rows->count] = &letter->entries[i];
	rows->letters[rows->count] = letter;
	rows->positions[rows->count++] = i;
}

static void
rows_free(struct rows *rows)
{
	free(rows->entries);
	free(rows->letters);
	free(rows->positions);
}

/* What the row is to say of an outcome. */
static void
conclude(struct letter *letter, size_t i)
{
	struct journal_entry *entry = &letter->entries[i];
	const struct submission *s = &letter->submission;

	entry->outcome = s->addressees[i].recipient->outcome;
	if (s->email_id != NULL) {
		free(entry->email_id);
		entry->email_id = xstrdup(s->email_id);
	}
	/* Without a queue, whoever gives a refused message once more means it. */
	if (outcome_is_ok(&entry->outcome) ||
	    (entry->outcome.class == OUTCOME_PERMANENT && letter->delivery->queue_id != NULL))
		entry->state = JOURNAL_DONE;
	else if (entry->outcome.class == OUTCOME_TEMPORARY && entry->outcome.ambiguous)
		entry->state = JOURNAL_DOUBT;
	else if (entry->outcome.class == OUTCOME_TEMPORARY && s->email_id != NULL)
		entry->state = JOURNAL_IMPORTED;
	else
		entry->state = JOURNAL_BEGUN;
}

/* Does nothing but the journal know that it was sent?  The Email does not tell while it is to be
 * sent to others. */
static bool
must_last(const struct letter *letter, size_t i)
{
	return outcome_is_ok(&letter->submission.addressees[i].recipient->outcome) &&
	       (letter->config->transport.sent == SENT_DESTROY ||
	           letter->delivery->told.unfiled || letter->draft_count != 0 ||
	           !submission_settled(&letter->submission));
}

void
letter_write(struct letter *const *letters, size_t count)
{
	struct rows rows = rows_new(letters, count);
	bool lasting = false;
	struct outcome o;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < letters[i]->submission.count; k++) {
			if (letters[i]->written[k] ||
			    letters[i]->submission.addressees[k].state != ADDRESSEE_SETTLED)
				continue;
			conclude(letters[i], k);
			lasting = lasting || must_last(letters[i], k);
			letters[i]->written[k] = true;
			rows_add(&rows, letters[i], k);
		}
	if (rows.count != 0) {
		o = journal_write(letters[0]->journal, rows.entries, rows.count, lasting);
		if (!outcome_is_ok(&o))
			log_say(LOG_ERR,
			    "what came of %zu recipients is not in the journal: %s", rows.count,
			    o.text);
	}
	rows_free(&rows);
}

/* Give up a letter of which another process has a row: it has more to say. */
static void
yield_letter(struct letter *letter)
{
	struct outcome o = outcome_make("local", "another-try", NULL);

	submission_settle(&letter->submission, &o);
}

/* Those rows that could not be claimed tell what became of them meanwhile. */
static void
yield_unclaimed(const struct rows *rows, const bool *taken)
{
	for (size_t r = 0; r < rows->count; r++) {
		struct letter *letter = rows->letters[r];
		size_t i = rows->positions[r];

		if (taken[r])
			continue;
		if (letter->entries[i].state == JOURNAL_DONE) {
			answer_again(letter, i);
		} else {
			struct outcome o = outcome_make("local", "another-try", NULL);

			settle_one(letter, i, &o);
			letter->written[i] = true;
		}
	}
	for (size_t r = 0; r < rows->count; r++)
		if (!taken[r])
			yield_letter(rows->letters[r]);
}

struct outcome
letter_claim(struct letter *const *letters, size_t count)
{
	struct rows rows = rows_new(letters, count);
	bool *taken;
	struct outcome o;

	/* Who was refused is no longer among those that the Email stands for: that is known
	 * before it goes out to the others. */
	letter_write(letters, count);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < letters[i]->submission.count; k++) {
			struct journal_entry *entry = &letters[i]->entries[k];
			const char *email_id = letters[i]->submission.email_id;

			if (letters[i]->submission.addressees[k].state != ADDRESSEE_SENDING)
				continue;
			entry->delivery = letters[i]->submission.stamp;
			entry->outcome = outcome_ok(); /* there is none yet */
			free(entry->email_id);
			entry->email_id = xstrdup(email_id);
			rows_add(&rows, letters[i], k);
		}
	taken = xcalloc(rows.count + 1, sizeof(*taken));
	o = journal_claim(letters[0]->journal, rows.entries, rows.count, taken);
	if (outcome_is_ok(&o))
		yield_unclaimed(&rows, taken);
	free(taken);
	rows_free(&rows);
	return o;
}
