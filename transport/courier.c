/*
 * Takes deliveries to the services of their accounts.
 *
 * In courier_deliver(), a delivery to reverse addresses becomes one for each alias (split.h).
 * Each thread asks the journal, decides what is in doubt, uploads what is too large to go
 * inside a request, and joins the group of its account.  What needs none of this is an errand:
 * it is added to the group, and no thread waits for it.  The group carries what has gathered
 * (carry() below).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "transport/courier.h"
#include "transport/letter.h"
#include "transport/rewrite.h"
#include "transport/split.h"

/* Time that is to be left for an answer when a request leaves: at most this, and at most half
 * of what a delivery has.  What is cut off in the middle is in doubt. */
#define ANSWER_MS 60000

/* For drafts that earlier tries left.  All that matters is done by then, but whoever hands
 * over the message waits for the reply. */
#define TIDY_MS 10000

/* More than is added to a message: stamp, Message-ID, another From and Reply-To. */
#define ADDED_MAX 4096

struct courier {
	const struct config *config;
	struct journal *journal;
	struct buf key;      /* of the stamps */
	struct lane **lanes; /* one an account, in the configuration's order */
	struct reverse_maps *maps;
	pthread_mutex_t lock; /* of the counts */
	struct courier_counts counts;
};

static group_carry carry;

struct outcome
courier_open(const struct config *config, struct courier **courier_r)
{
	struct courier *courier = xcalloc(1, sizeof(*courier));
	const struct transport_config *transport = &config->transport;
	const struct journal_options journal = {
	    .state_dir = config->state_dir,
	    .keep = transport->journal_keep,
	    .busy_max = transport->deadline_ms / 1000 + 60,
	    /* Only where a message that is sent twice is in order, and where the account
	     * shows what was sent. */
	    .set_aside =
	        transport->ambiguous == AMBIGUOUS_RESEND && transport->sent == SENT_KEEP,
	};
	struct outcome o;

	*courier_r = NULL;
	courier->config = config;
	pthread_mutex_init(&courier->lock, NULL);
	courier->lanes = xcalloc(config->account_count + 1, sizeof(struct lane *));
	for (size_t i = 0; i < config->account_count; i++)
		courier->lanes[i] =
		    lane_new(&config->accounts[i], transport, &courier->key, carry, courier);
	courier->maps = reverse_maps_new(config);
	o = stamp_key(config->state_dir, &courier->key);
	if (outcome_is_ok(&o))
		o = journal_open(&journal, &courier->journal);
	if (outcome_is_ok(&o))
		*courier_r = courier;
	else
		courier_close(&courier);
	return o;
}

void
courier_close(struct courier **courier_p)
{
	struct courier *courier = *courier_p;

	if (courier == NULL)
		return;
	for (size_t i = 0; i < courier->config->account_count; i++)
		lane_free(&courier->lanes[i]);
	free(courier->lanes);
	journal_close(&courier->journal);
	reverse_maps_free(&courier->maps);
	buf_wipe(&courier->key);
	pthread_mutex_destroy(&courier->lock);
	free(courier);
	*courier_p = NULL;
}

static struct lane *
lane_of(struct courier *courier, const struct account *account)
{
	return courier->lanes[account - courier->config->accounts];
}

/* Carrying. */

static struct letter *
letter_of(struct submission *s)
{
	return (struct letter *)(void *)s;
}

static struct outcome
claim(void *arg, struct submission **items, size_t count)
{
	struct letter **letters = xcalloc(count, sizeof(struct letter *));
	struct outcome o;

	(void)arg;
	for (size_t i = 0; i < count; i++)
		letters[i] = letter_of(items[i]);
	o = letter_claim(letters, count);
	free(letters);
	return o;
}

/* What a batch is carried with. */
struct load {
	struct courier *courier;
	struct lane *lane;
	bool as_usual;
};

/* The outcome that tells most of the service. */
static void
note_service(struct load *load, const struct letter *letter)
{
	for (size_t i = 0; i < letter->submission.count; i++) {
		const struct outcome *o = &letter->submission.addressees[i].recipient->outcome;

		if (o->reach >= REACH_ACCOUNT && !outcome_is_ok(o))
			load->as_usual = false;
		lane_note(load->lane, o);
	}
}

static void
record(void *arg, struct submission **items, size_t count)
{
	struct letter **letters = xcalloc(count, sizeof(struct letter *));

	for (size_t i = 0; i < count; i++) {
		letters[i] = letter_of(items[i]);
		note_service(arg, letters[i]);
	}
	letter_write(letters, count);
	free(letters);
}

static void
settled(void *arg, struct submission **items, size_t count)
{
	struct group_item **through = xcalloc(count, sizeof(struct group_item *));

	(void)arg;
	for (size_t i = 0; i < count; i++)
		through[i] = &letter_of(items[i])->item;
	group_release(through, count);
	free(through);
}

/* Nothing could be carried at all. */
static void
settle_all(struct load *load, struct submit_batch *batch, const struct outcome *o)
{
	for (size_t i = 0; i < batch->count; i++)
		submission_settle(batch->items[i], o);
	record(load, batch->items, batch->count);
	settled(load, batch->items, batch->count);
}

static void
count_group(struct courier *courier, const struct submit_batch *batch)
{
	pthread_mutex_lock(&courier->lock);
	courier->counts.groups++;
	courier->counts.grouped += batch->count;
	courier->counts.requests += batch->requests;
	pthread_mutex_unlock(&courier->lock);
}

/* Carry what has gathered. */
static bool
carry(void *arg, struct group_item **items, size_t count)
{
	struct courier *courier = arg;
	struct submit_batch batch = {
	    .sent = courier->config->transport.sent,
	    .method = courier->config->transport.submit,
	    .deadline = DEADLINE_NEVER,
	    .items = xcalloc(count, sizeof(struct submission *)),
	    .count = count,
	    .claim = claim,
	    .record = record,
	    .settled = settled,
	};
	struct load load = {.courier = courier, .as_usual = true};
	struct outcome o;
	bool lacked;

	for (size_t i = 0; i < count; i++) {
		struct letter *letter =
		    (struct letter *)(void *)((char *)items[i] - offsetof(struct letter, item));

		batch.items[i] = &letter->submission;
		batch.deadline = deadline_min(batch.deadline, letter->delivery->deadline);
		load.lane = letter->lane;
	}
	batch.arg = &load;
	lacked = batch.method == SUBMIT_AUTO && lane_lacks_import(load.lane);
	batch.lacks_import = lacked;
	o = lane_take(load.lane, &batch.jmap);
	if (outcome_is_ok(&o))
		submit(&batch);
	else
		settle_all(&load, &batch, &o);
	lane_give(load.lane, &batch.jmap);
	if (batch.lacks_import && !lacked)
		lane_note_lacks_import(load.lane);
	count_group(courier, &batch);
	free(batch.items);
	return load.as_usual;
}

/* Delivering. */

/* Bring to the account what does not go inside a request. */
static struct outcome
bring(struct letter *letter)
{
	struct submission *s = &letter->submission;
	const struct transport_config *config = &letter->config->transport;
	struct group *group = lane_group(letter->lane);
	struct submit_way way = {
	    .method = config->submit, .deadline = letter->delivery->deadline};
	struct submit_offer offer;
	int64_t size = message_size(&letter->delivery->message);
	struct outcome o = lane_offer(letter->lane, way.deadline, &offer);

	if (!outcome_is_ok(&o))
		return o;
	way.lacks_import = way.method == SUBMIT_AUTO && lane_lacks_import(letter->lane);
	s->fits = size <= config->inline_max && size <= offer.blob_max;
	if (s->email_id != NULL ||
	    (s->fits && way.method != SUBMIT_BY_COMPOSE && !way.lacks_import))
		return o;
	if (!group_take_place(group, GROUP_UPLOAD, way.deadline))
		return outcome_make("local", "deadline", "while waiting to upload");
	o = lane_take(letter->lane, &way.jmap);
	if (outcome_is_ok(&o))
		o = submit_bring(&way, s, &letter->uploads);
	lane_give(letter->lane, &way.jmap);
	group_give_place(group, GROUP_UPLOAD);
	o.ambiguous = false; /* a blob is not a message */
	return o;
}

/* Make it ready for the group. */
static struct group_item *
address_item(struct letter *letter)
{
	const struct delivery *delivery = letter->delivery;
	int64_t left = deadline_left_ms(delivery->deadline);
	int64_t whole = left == INT64_MAX ? left : delivery->deadline.at_ms - delivery->began;
	int64_t answer = whole / 2 < ANSWER_MS ? whole / 2 : ANSWER_MS;

	letter->item.domains = letter->domains;
	letter->item.domain_count = letter->submission.count;
	letter->item.cost = submit_cost(&letter->submission);
	letter->item.latest_ms = left == INT64_MAX ? left : delivery->deadline.at_ms - answer;
	return &letter->item;
}

/* Why it was not taken. */
static struct outcome
left_behind(const struct letter *letter)
{
	return clock_ms() >= letter->item.latest_ms
	           ? outcome_make("local", "deadline", "while waiting to be sent")
	           : outcome_make("local", "cancelled", "while waiting to be sent");
}

/* Join the group, and be carried. */
static struct outcome
join(struct letter *letter)
{
	if (group_join(lane_group(letter->lane), address_item(letter)))
		return outcome_ok();
	return left_behind(letter);
}

/* The way of one letter.  What is returned is for those who have no outcome yet. */
static struct outcome
send_letter(struct letter *letter)
{
	struct outcome o = letter_open(letter, journal_look);

	if (outcome_is_ok(&o) && submission_settled(&letter->submission))
		return o;
	if (outcome_is_ok(&o))
		o = lane_check(letter->lane);
	if (!outcome_is_ok(&o))
		return o;
	o = rewrite_from(letter->delivery);
	if (outcome_is_ok(&o))
		o = letter_settle_doubts(letter);
	if (outcome_is_ok(&o) && submission_settled(&letter->submission))
		return o;
	if (outcome_is_ok(&o))
		o = letter_address(letter);
	if (outcome_is_ok(&o))
		o = bring(letter);
	if (!outcome_is_ok(&o))
		lane_note(letter->lane, &o);
	return outcome_is_ok(&o) ? join(letter) : o;
}

/* What was done, for metrics. */
static void
count(struct courier *courier, const struct delivery *delivery, unsigned earlier,
    unsigned requests)
{
	struct courier_counts *counts = &courier->counts;

	pthread_mutex_lock(&courier->lock);
	counts->messages++;
	counts->bytes += (uint64_t)message_size(&delivery->message);
	counts->earlier += earlier;
	counts->requests += requests;
	for (size_t i = 0; i < delivery->recipient_count; i++) {
		const struct outcome *o = &delivery->recipients[i].outcome;

		counts->sent += o->class == OUTCOME_OK;
		counts->deferred += o->class == OUTCOME_TEMPORARY;
		counts->bounced += o->class == OUTCOME_PERMANENT;
		counts->ambiguous += o->ambiguous;
	}
	pthread_mutex_unlock(&courier->lock);
}

static struct letter
letter_for(struct courier *courier, struct delivery *delivery)
{
	return (struct letter){
	    .submission.part = delivery->apart ? 1 : 0,
	    .delivery = delivery,
	    .lane = lane_of(courier, delivery->account),
	    .config = courier->config,
	    .key = &courier->key,
	    .journal = courier->journal,
	};
}

/* It is over; the outcome is for those who have none yet. */
static void
finish(struct courier *courier, struct letter *letter, const struct outcome *o)
{
	struct delivery *delivery = letter->delivery;

	letter_settle(letter, o);
	letter_tidy(letter, deadline_in_ms(TIDY_MS));
	if (letter->submission.email_id != NULL) {
		free(delivery->told.email_id);
		delivery->told.email_id = xstrdup(letter->submission.email_id);
	}
	delivery->told.group = letter->item.size;
	delivery_log(delivery);
	count(courier, delivery, letter->earlier, letter->uploads);
	letter_close(letter);
}

/* Deliver what goes as one message. */
static void
deliver(void *arg, struct delivery *delivery)
{
	struct courier *courier = arg;
	struct letter letter = letter_for(courier, delivery);
	struct outcome o = send_letter(&letter);

	finish(courier, &letter, &o);
}

void
courier_deliver(struct courier *courier, struct delivery *delivery)
{
	struct split split;
	struct outcome o = split_make(courier->maps, delivery, &split);

	if (!outcome_is_ok(&o)) {
		delivery_settle(delivery, &o);
		delivery_log(delivery);
		count(courier, delivery, 0, 0);
	} else if (split.count == 0) {
		deliver(courier, delivery);
	} else {
		split_each(&split, deliver, courier);
		split_end(&split, delivery);
	}
}

/* Errands. */

struct errand {
	struct letter letter;
	struct courier *courier;
	struct outcome outcome; /* of those who have none yet */
	void (*done)(void *arg);
	void *arg;
};

/* Is all that it needs known and at hand, the journal aside? */
static bool
goes_inside(struct courier *courier, const struct delivery *delivery)
{
	const struct transport_config *config = &courier->config->transport;
	const struct account *account = delivery->account;
	struct lane *lane = lane_of(courier, account);
	int64_t size = message_size(&delivery->message) + ADDED_MAX;
	struct submit_offer offer;

	return delivery->message.spool.fd < 0 &&
	       !reverse_maps_may_tell(courier->maps, delivery->message.filter.aliased) &&
	       lane_known_offer(lane, &offer) && size <= config->inline_max &&
	       size <= offer.blob_max && config->submit != SUBMIT_BY_COMPOSE &&
	       !(config->submit == SUBMIT_AUTO && lane_lacks_import(lane)) &&
	       (account->rewrite_from == REWRITE_NEVER || account->address != NULL);
}

/* Does the journal know of nothing that would have to be looked into? */
static bool
is_to_be_sent(const struct letter *letter)
{
	for (size_t i = 0; i < letter->submission.count; i++)
		if (letter->submission.addressees[i].state != ADDRESSEE_OPEN ||
		    letter->entries[i].state == JOURNAL_DOUBT ||
		    letter->entries[i].state == JOURNAL_IMPORTED)
			return false;
	return true;
}

static void
errand_through(struct group_item *item, bool taken)
{
	struct errand *errand = item->arg;

	if (!taken)
		errand->outcome = left_behind(&errand->letter);
	errand->done(errand->arg);
}

bool
courier_begin(struct courier *courier, struct delivery *delivery, void (*done)(void *arg),
    void *arg, struct errand **errand_r)
{
	struct errand *errand;
	struct letter *letter;
	struct outcome o;

	if (!goes_inside(courier, delivery))
		return false;
	errand = xcalloc(1, sizeof(*errand));
	*errand =
	    (struct errand){letter_for(courier, delivery), courier, outcome_ok(), done, arg};
	letter = &errand->letter;
	o = letter_open(letter, journal_keep_looking);
	if (!outcome_is_ok(&o) || !is_to_be_sent(letter) || lane_is_open(letter->lane)) {
		letter_close(letter);
		free(errand);
		return false;
	}
	*errand_r = errand;
	o = lane_check(letter->lane);
	if (outcome_is_ok(&o))
		o = rewrite_from(delivery);
	if (outcome_is_ok(&o))
		o = letter_address(letter);
	letter->submission.fits = true;
	letter->item.through = errand_through;
	letter->item.arg = errand;
	if (outcome_is_ok(&o)) {
		group_add(lane_group(letter->lane), address_item(letter));
	} else {
		errand->outcome = o;
		done(arg);
	}
	return true;
}

void
courier_rest(struct courier *courier)
{
	journal_rest(courier->journal);
}

void
courier_end(struct errand **errand)
{
	finish((*errand)->courier, &(*errand)->letter, &(*errand)->outcome);
	free(*errand);
	*errand = NULL;
}

/* What is done beside deliveries. */

static void
tend(struct lane *lane, struct deadline d)
{
	struct jmap *jmap = NULL;
	struct outcome o = lane_check(lane);

	if (!outcome_is_ok(&o))
		return;
	o = lane_take(lane, &jmap);
	if (outcome_is_ok(&o))
		o = auth_tend(jmap_auth(jmap), d);
	if (outcome_is_ok(&o))
		o = lane_learn(lane, jmap, d);
	lane_give(lane, &jmap);
	lane_note(lane, &o);
}

void
courier_tend(struct courier *courier)
{
	const struct transport_config *transport = &courier->config->transport;

	for (size_t i = 0; i < courier->config->account_count; i++) {
		struct lane *lane = courier->lanes[i];
		struct submit_offer offer;

		/* An account that nobody sends from is left alone. */
		if (lane_known_offer(lane, &offer) || lane_account(lane) == transport->account)
			tend(lane, deadline_in_ms(transport->deadline_ms));
	}
}

void
courier_offer(struct courier *courier, struct courier_offer *offer_r)
{
	bool any = false;

	*offer_r =
	    (struct courier_offer){.size_max = INT64_MAX, .dsn = true, .hold_max = INT64_MAX};
	for (size_t i = 0; i < courier->config->account_count; i++) {
		struct submit_offer offer;

		if (!lane_known_offer(courier->lanes[i], &offer))
			continue;
		any = true;
		if (offer.size_max < offer_r->size_max)
			offer_r->size_max = offer.size_max;
		if (offer.hold_max < offer_r->hold_max)
			offer_r->hold_max = offer.hold_max;
		offer_r->dsn = offer_r->dsn && offer.dsn;
	}
	if (!any)
		*offer_r = (struct courier_offer){0};
}

void
courier_count(struct courier *courier, struct courier_counts *counts_r)
{
	pthread_mutex_lock(&courier->lock);
	*counts_r = courier->counts;
	pthread_mutex_unlock(&courier->lock);
	for (size_t i = 0; i < courier->config->account_count; i++) {
		unsigned waiting, in_flight;

		group_count(lane_group(courier->lanes[i]), &waiting, &in_flight);
		counts_r->waiting += waiting;
		counts_r->in_flight += in_flight;
		counts_r->circuits_open += lane_is_open(courier->lanes[i]);
	}
}
