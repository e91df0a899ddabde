/*
 * One message from pipe(8): received, stamped, submitted, logged.
 *
 * When Postfix is stopped, or its pipe(8) process dies, the message that we are reading ends
 * early, and looks complete: an end of file like any other, and no size to compare it with.
 * What tells is that we have another parent then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "transport/delivery.h"
#include "transport/submit.h"

struct delivery {
	const struct arguments *args;
	const struct config *config;
	const struct account *account;
	pid_t parent;
	int64_t began; /* clock_ms() */
	struct deadline deadline;
	struct message message;
	struct stamp stamp;
	struct submitted submitted;
};

const struct account *
delivery_account(const struct config *config, const struct arguments *args, struct outcome *o)
{
	const struct account *account = args->account != NULL
	                                    ? config_account(config, args->account)
	                                    : config->transport.account;

	*o = outcome_ok();
	if (account != NULL)
		return account;
	if (args->account != NULL)
		*o = outcome_make("local", "config", "there is no account \"%s\" in %s",
		    args->account, config->path);
	else
		*o = outcome_make(
		    "local", "config", "%s names no account for the transport", config->path);
	return NULL;
}

/* Is who gives us the message still there, so that it is whole? */
static struct outcome
check_parent(void *arg)
{
	const struct delivery *delivery = arg;

	if (getppid() == delivery->parent)
		return outcome_ok();
	return outcome_make("local", "truncated", "its sender ended first");
}

static struct outcome
make_stamp(struct delivery *delivery)
{
	const struct arguments *args = delivery->args;
	const struct stamp_source source = {
	    .queue_id = args->queue_id,
	    .sender = args->sender,
	    .recipients = args->recipients,
	    .recipient_count = args->recipient_count,
	    .message = &delivery->message.spool,
	};
	struct buf key = BUF_INIT;
	struct outcome o = stamp_key(delivery->config->state_dir, &key);

	if (outcome_is_ok(&o))
		o = stamp_make(&key, &source, &delivery->stamp);
	if (outcome_is_ok(&o))
		message_stamp(&delivery->message, &delivery->stamp, args->sender);
	buf_wipe(&key);
	return o;
}

static struct outcome
send_message(struct delivery *delivery)
{
	const struct submission submission = {
	    .message = &delivery->message,
	    .stamp = &delivery->stamp,
	    .sender = delivery->args->sender,
	    .recipients = delivery->args->recipients,
	    .recipient_count = delivery->args->recipient_count,
	    .deadline = delivery->deadline,
	    .before_sending = check_parent,
	    .arg = delivery,
	};
	struct jmap *jmap = NULL;
	struct outcome o = jmap_open(delivery->account, NULL, &jmap);

	if (outcome_is_ok(&o))
		o = submit(jmap, &submission, &delivery->submitted);
	jmap_close(&jmap);
	return o;
}

static struct outcome
receive_and_send(struct delivery *delivery, int fd)
{
	struct outcome o = message_receive(&delivery->message, fd, delivery->deadline);

	if (outcome_is_ok(&o))
		o = check_parent(delivery);
	if (outcome_is_ok(&o))
		o = make_stamp(delivery);
	if (outcome_is_ok(&o))
		o = send_message(delivery);
	return o;
}

static void
log_recipients(struct log_line *line, const struct arguments *args)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < args->recipient_count; i++)
		buf_addf(&list, "%s<%s>", i != 0 ? "," : "", args->recipients[i]);
	log_str(line, "rcpt", buf_str(&list));
	buf_free(&list);
}

const char *
delivery_event(const struct outcome *o)
{
	static const char *const events[] = {"sent", "deferred", "bounced"};

	return events[o->class];
}

static void
log_delivery(const struct delivery *delivery, const struct outcome *o)
{
	const struct submitted *submitted = &delivery->submitted;
	const struct arguments *args = delivery->args;
	char *from = xasprintf("<%s>", args->sender);
	struct log_line line;

	log_begin(&line, o->alarm ? LOG_ERR : LOG_INFO, args->queue_id);
	log_event(&line, delivery_event(o));
	log_str(&line, "account", delivery->account->name);
	log_str(&line, "from", from);
	log_recipients(&line, args);
	log_str(&line, "message-id", message_id(&delivery->message));
	log_str(&line, "email", submitted->email_id);
	log_num(&line, "bytes", message_size(&delivery->message));
	log_num(&line, "requests", submitted->requests);
	log_num(&line, "ms", clock_ms() - delivery->began);
	log_str(&line, "via", "pipe");
	if (submitted->earlier)
		log_str(&line, "retry", "sent-earlier");
	else if (submitted->again)
		log_str(&line, "retry", "draft-submitted");
	if (submitted->unfiled)
		log_str(&line, "unfiled", "yes");
	log_outcome(&line, o);
	log_end(&line);
	free(from);
}

/* What the sender's log says of a success. */
static void
describe_success(const struct submitted *submitted, struct outcome *o)
{
	snprintf(o->text, sizeof(o->text), "%s as Email %.*s",
	    submitted->earlier ? "was sent by an earlier try" : "accepted by the service", 128,
	    submitted->email_id != NULL ? submitted->email_id : "");
}

struct outcome
delivery_run(const struct config *config, const struct account *account,
    const struct arguments *args, int fd, pid_t parent)
{
	struct delivery delivery = {
	    .args = args,
	    .config = config,
	    .account = account,
	    .parent = parent,
	    .began = clock_ms(),
	    .deadline = deadline_in_ms(config->transport.deadline_ms),
	};
	char *directory = xasprintf("%s/spool", config->state_dir);
	struct outcome o;

	message_init(&delivery.message, directory);
	o = receive_and_send(&delivery, fd);
	log_delivery(&delivery, &o);
	if (outcome_is_ok(&o))
		describe_success(&delivery.submitted, &o);
	submitted_free(&delivery.submitted);
	message_free(&delivery.message);
	free(directory);
	return o;
}
