/*
 * Takes deliveries to the services of their accounts.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "transport/courier.h"
#include "transport/submit.h"

struct courier {
	const struct config *config;
	pthread_mutex_t lock; /* of the counts */
	struct courier_counts counts;
};

struct outcome
courier_open(const struct config *config, struct courier **courier_r)
{
	struct courier *courier = xcalloc(1, sizeof(*courier));

	courier->config = config;
	pthread_mutex_init(&courier->lock, NULL);
	*courier_r = courier;
	return outcome_ok();
}

void
courier_close(struct courier **courier)
{
	if (*courier == NULL)
		return;
	pthread_mutex_destroy(&(*courier)->lock);
	free(*courier);
	*courier = NULL;
}

/* The recipients' addresses as a list, to be free()d. */
static char **
addresses(const struct delivery *delivery)
{
	char **list = xreallocarray(NULL, delivery->recipient_count + 1, sizeof(*list));

	for (size_t i = 0; i < delivery->recipient_count; i++)
		list[i] = delivery->recipients[i].address;
	return list;
}

static struct outcome
make_stamp(
    struct courier *courier, struct delivery *delivery, char **recipients, struct stamp *stamp)
{
	const struct stamp_source source = {
	    .queue_id = delivery->queue_id,
	    .sender = delivery->sender,
	    .received = buf_str(&delivery->message.filter.received),
	    .message = &delivery->message.spool,
	};
	struct buf key = BUF_INIT;
	struct stamp message;
	struct outcome o = stamp_key(courier->config->state_dir, &key);

	if (outcome_is_ok(&o))
		o = stamp_message(&key, &source, &message);
	if (outcome_is_ok(&o))
		o = stamp_delivery(
		    &key, &message, recipients, delivery->recipient_count, stamp);
	if (outcome_is_ok(&o))
		message_stamp(&delivery->message, stamp, &message, delivery->sender);
	buf_wipe(&key);
	return o;
}

static struct outcome
nothing_to_ask(void *arg)
{
	(void)arg;
	return outcome_ok();
}

static struct outcome
send_message(struct delivery *delivery, const struct stamp *stamp, char **recipients,
    struct submitted *submitted)
{
	const struct submission submission = {
	    .message = &delivery->message,
	    .stamp = stamp,
	    .sender = delivery->sender,
	    .recipients = recipients,
	    .recipient_count = delivery->recipient_count,
	    .deadline = delivery->deadline,
	    .before_sending =
	        delivery->before_sending != NULL ? delivery->before_sending : nothing_to_ask,
	    .arg = delivery->arg,
	};
	struct jmap *jmap = NULL;
	struct outcome o = jmap_open(delivery->account, NULL, &jmap);

	if (outcome_is_ok(&o))
		o = submit(jmap, &submission, submitted);
	jmap_close(&jmap);
	return o;
}

/* What the sender's log says of a success. */
static void
describe_success(const struct submitted *submitted, struct outcome *o)
{
	snprintf(o->text, sizeof(o->text), "%s as Email %.*s",
	    submitted->earlier ? "was sent by an earlier try" : "accepted by the service", 128,
	    submitted->email_id != NULL ? submitted->email_id : "");
}

/* What was done, for metrics. */
static void
count(struct courier *courier, const struct delivery *delivery, const struct outcome *o)
{
	struct courier_counts *counts = &courier->counts;

	pthread_mutex_lock(&courier->lock);
	counts->messages++;
	counts->bytes += (uint64_t)message_size(&delivery->message);
	counts->requests += delivery->told.requests;
	counts->ambiguous += o->ambiguous;
	if (delivery->told.earlier)
		counts->earlier += delivery->recipient_count;
	*(o->class == OUTCOME_OK            ? &counts->sent
	    : o->class == OUTCOME_PERMANENT ? &counts->bounced
	                                    : &counts->deferred) += delivery->recipient_count;
	pthread_mutex_unlock(&courier->lock);
}

void
courier_deliver(struct courier *courier, struct delivery *delivery)
{
	char **recipients = addresses(delivery);
	struct submitted submitted = {0};
	struct stamp stamp;
	struct outcome o = make_stamp(courier, delivery, recipients, &stamp);

	if (outcome_is_ok(&o))
		o = send_message(delivery, &stamp, recipients, &submitted);
	delivery->told = (struct told){
	    .email_id = submitted.email_id,
	    .requests = submitted.requests,
	    .earlier = submitted.earlier,
	    .again = submitted.again,
	    .unfiled = submitted.unfiled,
	};
	if (outcome_is_ok(&o))
		describe_success(&submitted, &o);
	delivery_settle(delivery, &o);
	delivery_log(delivery);
	count(courier, delivery, &o);
	free(recipients);
}

void
courier_tend(struct courier *courier)
{
	(void)courier; /* each delivery asks for what it needs */
}

void
courier_offer(struct courier *courier, struct courier_offer *offer_r)
{
	(void)courier;
	*offer_r = (struct courier_offer){0};
}

void
courier_count(struct courier *courier, struct courier_counts *counts_r)
{
	pthread_mutex_lock(&courier->lock);
	*counts_r = courier->counts;
	pthread_mutex_unlock(&courier->lock);
}
