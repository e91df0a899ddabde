/*
 * One message from pipe(8).
 *
 * When Postfix is stopped, or its pipe(8) process dies, the message that we are reading ends
 * early, and looks complete: an end of file like any other, and no size to compare it with.
 * What tells is that we have another parent then.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "transport/courier.h"
#include "transport/pipe.h"
#include "transport/sender.h"
#include "transport/split.h"

const struct account *
pipe_account(const struct config *config, const struct arguments *args, struct outcome *o)
{
	const struct account *account;

	if (args->account == NULL)
		return sender_account(config, args->sender != NULL ? args->sender : "", o);
	account = config_account(config, args->account);
	*o = account != NULL
	         ? outcome_ok()
	         : outcome_make("local", "config", "there is no account \"%s\" in %s",
	               args->account, config->path);
	return account;
}

/* Is who gives us the message still there, so that it is whole? */
static struct outcome
check_parent(void *arg)
{
	const pid_t *parent = arg;

	if (getppid() == *parent)
		return outcome_ok();
	return outcome_make("local", "truncated", "its sender ended first");
}

static void
address_delivery(struct delivery *delivery, const struct arguments *args)
{
	delivery->queue_id = xstrdup(args->queue_id);
	delivery->sender = xstrdup(args->sender);
	for (size_t i = 0; i < args->recipient_count; i++)
		(void)delivery_add_recipient(delivery, args->recipients[i]);
}

/* Receive it and have it taken; what comes of it is in the recipients. */
static void
receive_and_send(const struct config *config, struct delivery *delivery, int fd)
{
	struct courier *courier = NULL;
	struct outcome o = message_receive(&delivery->message, fd, delivery->deadline);

	if (outcome_is_ok(&o))
		o = check_parent(delivery->arg);
	if (outcome_is_ok(&o))
		o = courier_open(config, &courier);
	if (outcome_is_ok(&o)) {
		courier_deliver(courier, delivery);
		courier_close(&courier);
	} else {
		delivery_settle(delivery, &o);
		delivery_log(delivery);
	}
}

/* One result for all: those who were sent to must not be told that they were not. */
static struct outcome
common_outcome(const struct delivery *delivery)
{
	struct outcome o = delivery_outcome(delivery);
	struct buf refused = BUF_INIT;
	bool sent = false;

	for (size_t i = 0; i < delivery->recipient_count; i++) {
		const struct recipient *recipient = &delivery->recipients[i];

		sent = sent || outcome_is_ok(&recipient->outcome);
		if (recipient->outcome.class == OUTCOME_PERMANENT)
			buf_addf(&refused, " <%s>", recipient->address);
	}
	if (o.class == OUTCOME_PERMANENT && sent)
		o = outcome_make(
		    "local", "mixed", "sent, but not to those refused:%s", buf_str(&refused));
	buf_free(&refused);
	return o;
}

struct outcome
pipe_deliver(const struct config *config, const struct account *account,
    const struct arguments *args, int fd, pid_t parent)
{
	char *directory = xasprintf("%s/spool", config->state_dir);
	struct delivery delivery;
	struct outcome o;

	delivery_init(&delivery, "pipe", directory);
	header_filter_strip(&delivery.message.filter, config->transport.strip);
	split_want(config, &delivery.message.filter);
	address_delivery(&delivery, args);
	delivery.account = account;
	delivery.deadline = deadline_in_ms(config->transport.deadline_ms);
	delivery.before_sending = check_parent;
	delivery.arg = &parent;
	receive_and_send(config, &delivery, fd);
	o = common_outcome(&delivery);
	delivery_free(&delivery);
	free(directory);
	return o;
}

int
pipe_report(const struct outcome *o)
{
	struct buf line = BUF_INIT;

	outcome_pipe_line(o, &line);
	if (file_write_full(STDOUT_FILENO, line.data, line.len) < 0) {
		/* The exit status says enough. */
	}
	buf_free(&line);
	return o->exit;
}
