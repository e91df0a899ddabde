/*
 * One message on its way: its envelope, its bytes, and what came of it.
 */
#include <stdlib.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "transport/delivery.h"

void
delivery_init(struct delivery *delivery, const char *via, const char *spool_directory)
{
	*delivery = (struct delivery){
	    .via = via,
	    .deadline = DEADLINE_NEVER,
	    .began = clock_ms(),
	};
	message_init(&delivery->message, spool_directory);
}

void
delivery_free(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->recipient_count; i++) {
		free(delivery->recipients[i].address);
		free(delivery->recipients[i].notify);
		free(delivery->recipients[i].orcpt);
	}
	free(delivery->recipients);
	free(delivery->queue_id);
	free(delivery->sender);
	free(delivery->mail_from);
	free(delivery->ret);
	free(delivery->envid);
	free(delivery->alias);
	free(delivery->told.email_id);
	message_free(&delivery->message);
	*delivery = (struct delivery){0};
}

struct recipient *
delivery_add_recipient(struct delivery *delivery, const char *address)
{
	struct recipient *recipient;

	delivery->recipients = xreallocarray(
	    delivery->recipients, delivery->recipient_count + 1, sizeof(*delivery->recipients));
	recipient = &delivery->recipients[delivery->recipient_count++];
	*recipient = (struct recipient){
	    .address = xstrdup(address),
	    .outcome = outcome_make("local", "io", "it was not delivered"),
	};
	return recipient;
}

const char *
delivery_mail_from(const struct delivery *delivery)
{
	return delivery->mail_from != NULL ? delivery->mail_from : delivery->sender;
}

void
delivery_settle(struct delivery *delivery, const struct outcome *o)
{
	for (size_t i = 0; i < delivery->recipient_count; i++)
		delivery->recipients[i].outcome = *o;
}

struct outcome
delivery_outcome(const struct delivery *delivery)
{
	static const int weight[] = {
	    [OUTCOME_OK] = 0, [OUTCOME_PERMANENT] = 1, [OUTCOME_TEMPORARY] = 2};
	const struct outcome *worst = NULL;

	for (size_t i = 0; i < delivery->recipient_count; i++) {
		const struct outcome *o = &delivery->recipients[i].outcome;

		if (worst == NULL || weight[o->class] > weight[worst->class])
			worst = o;
	}
	return worst != NULL ? *worst : outcome_make("local", "usage", "no recipient is named");
}

const char *
delivery_event(const struct outcome *o)
{
	static const char *const events[] = {"sent", "deferred", "bounced"};

	return events[o->class];
}

static void
log_recipients(struct log_line *line, const struct delivery *delivery)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < delivery->recipient_count; i++)
		buf_addf(&list, "%s<%s>", i != 0 ? "," : "", delivery->recipients[i].address);
	log_str(line, "rcpt", buf_str(&list));
	buf_free(&list);
}

/* How many recipients fared how, where they did not fare alike. */
static void
log_classes(struct log_line *line, const struct delivery *delivery)
{
	int64_t counts[3] = {0};

	for (size_t i = 0; i < delivery->recipient_count; i++)
		counts[delivery->recipients[i].outcome.class]++;
	for (enum outcome_class class = OUTCOME_OK; class <= OUTCOME_PERMANENT; class ++)
		if (counts[class] != 0 && counts[class] != (int64_t)delivery->recipient_count)
			log_num(line, delivery_event(&(struct outcome){.class = class}),
			    counts[class]);
}

static void
log_way(struct log_line *line, const struct told *told)
{
	if (told->earlier)
		log_str(line, "retry", "sent-earlier");
	else if (told->again)
		log_str(line, "retry", "draft-submitted");
	if (told->unfiled)
		log_str(line, "unfiled", "yes");
}

void
delivery_log(const struct delivery *delivery)
{
	struct outcome o = delivery_outcome(delivery);
	char *from = xasprintf("<%s>", delivery->sender);
	struct log_line line;

	log_begin(&line, o.alarm ? LOG_ERR : LOG_INFO, delivery->queue_id);
	log_event(&line, delivery_event(&o));
	log_str(&line, "account", delivery->account != NULL ? delivery->account->name : NULL);
	log_str(&line, "from", from);
	log_str(&line, "mail-from", delivery->mail_from);
	log_str(&line, "alias", delivery->alias);
	log_recipients(&line, delivery);
	log_classes(&line, delivery);
	log_str(&line, "message-id", message_id(&delivery->message));
	log_str(&line, "email", delivery->told.email_id);
	log_num(&line, "bytes", message_size(&delivery->message));
	log_num(&line, "requests", delivery->told.requests);
	log_num(&line, "group", delivery->told.group);
	log_num(&line, "ms", clock_ms() - delivery->began);
	log_str(&line, "via", delivery->via);
	log_way(&line, &delivery->told);
	if (delivery->hold_until > clock_wall())
		log_str(&line, "held-until", clock_date(delivery->hold_until).text);
	log_outcome(&line, &o);
	log_end(&line);
	free(from);
}
