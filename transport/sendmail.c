/*
 * ferry-transport's dress as sendmail(1).
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/cancel.h"
#include "common/base/xalloc.h"
#include "transport/courier.h"
#include "transport/sender.h"
#include "transport/sendmail.h"
#include "transport/sendmail_arguments.h"
#include "transport/sendmail_envelope.h"
#include "transport/sendmail_input.h"
#include "transport/split.h"

#define IDENT    "sendmail"
#define FLAG     "--sendmail"
#define CONF     "ferry/ferry.conf"
#define NO_QUEUE "There is no queue: messages are sent while their senders wait."

bool
sendmail_is_called(int argc, char **argv)
{
	static const char *const names[] = {"sendmail", "mailq", "newaliases"};

	for (size_t i = 0; argc > 0 && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(sendmail_basename(argv[0]), names[i]) == 0)
			return true;
	return argc > 1 && strcmp(argv[1], FLAG) == 0;
}

/* The user's own configuration, if there is one and he is not root; to be free()d. */
static char *
user_config(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const struct passwd *user = getpwuid(getuid());
	char *path = NULL;

	if (home == NULL && user != NULL)
		home = user->pw_dir;
	if (base != NULL && *base == '/')
		path = xasprintf("%s/" CONF, base);
	else if (home != NULL)
		path = xasprintf("%s/.config/" CONF, home);
	if (path != NULL && (getuid() == 0 || access(path, F_OK) < 0)) {
		free(path);
		path = NULL;
	}
	return path;
}

static struct outcome
load(const struct sendmail_arguments *args, struct config **config_r)
{
	char *users = args->config_path == NULL ? user_config() : NULL;
	const char *path = args->config_path != NULL ? args->config_path
	                   : users != NULL           ? users
	                                             : config_default_path();
	struct outcome o = config_load(path, config_r);

	free(users);
	return o;
}

/* No two messages share it, so each is sent, even if it is like another. */
static char *
make_queue_id(void)
{
	uint64_t chance;

	if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		chance = (uint64_t)clock_ns() << 16 ^ (uint64_t)getpid();
	return xasprintf("%" PRIx64 "-%016" PRIx64, (uint64_t)clock_wall_ms(), chance);
}

/* As RFC 3461 §4 has it: what is not plain becomes "+XX". */
static char *
xtext(const char *text)
{
	struct buf out = BUF_INIT;

	for (; *text != '\0'; text++)
		if (*text > ' ' && *text < 0x7f && *text != '+' && *text != '=')
			buf_addc(&out, *text);
		else
			buf_addf(&out, "+%02X", (unsigned char)*text);
	return buf_steal(&out);
}

static struct outcome
add_all_recipients(
    struct delivery *delivery, const struct sendmail_arguments *args, const char *domain)
{
	struct outcome o = outcome_ok();

	for (size_t i = 0; i < args->recipient_count && outcome_is_ok(&o); i++)
		o = sendmail_add_recipients(
		    delivery, args->recipients[i], strlen(args->recipients[i]), domain);
	if (outcome_is_ok(&o) && args->from_header)
		o = sendmail_header_recipients(delivery, domain);
	if (outcome_is_ok(&o) && delivery->recipient_count == 0)
		o = outcome_make("set", "noRecipients", NULL);
	for (size_t i = 0; i < delivery->recipient_count; i++)
		delivery->recipients[i].notify = xstrdup(args->notify);
	return o;
}

/* Make the delivery of what is read from standard input. */
static struct outcome
prepare(const struct config *config, const struct sendmail_arguments *args, const char *domain,
    struct delivery *delivery)
{
	char *user = NULL;
	struct outcome o = sendmail_sender(args->sender, domain, &delivery->sender);

	if (outcome_is_ok(&o))
		o = sendmail_receive(&delivery->message, STDIN_FILENO, args->dots);
	if (outcome_is_ok(&o))
		o = add_all_recipients(delivery, args, domain);
	if (!outcome_is_ok(&o))
		return o;
	user = sendmail_user_address(domain);
	sendmail_complete(&delivery->message,
	    *delivery->sender != '\0' ? delivery->sender : user, args->full_name, domain);
	free(user);
	delivery->queue_id = make_queue_id();
	delivery->ret = xstrdup(args->ret);
	delivery->envid = args->envid != NULL ? xtext(args->envid) : NULL;
	delivery->account = sender_account(config, delivery->sender, &o);
	delivery->deadline = deadline_in_ms(config->transport.deadline_ms);
	return o;
}

/* Tell the caller of what was not sent. */
static void
complain(const char *address, const struct outcome *o)
{
	struct buf line = BUF_INIT;

	outcome_pipe_line(o, &line);
	if (address != NULL)
		fprintf(stderr, IDENT ": <%s>: %s", address, buf_str(&line));
	else
		fprintf(stderr, IDENT ": %s", buf_str(&line));
	buf_free(&line);
}

static void
complain_of_recipients(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->recipient_count; i++)
		if (!outcome_is_ok(&delivery->recipients[i].outcome))
			complain(
			    delivery->recipients[i].address, &delivery->recipients[i].outcome);
}

/* Have it taken by the courier. */
static struct outcome
hand_over(const struct config *config, struct delivery *delivery)
{
	struct courier *courier = NULL;
	struct outcome o = courier_open(config, &courier);

	if (!outcome_is_ok(&o))
		return o;
	courier_deliver(courier, delivery);
	courier_close(&courier);
	complain_of_recipients(delivery);
	return delivery_outcome(delivery);
}

/* Receive and send; what fails before there are recipients to tell of is told in one line. */
static struct outcome
send_message(const struct config *config, const struct sendmail_arguments *args)
{
	char *directory = xasprintf("%s/spool", config->state_dir);
	char *domain = sendmail_domain(config->transport.domain);
	struct delivery delivery;
	struct outcome o;

	delivery_init(&delivery, "sendmail", directory);
	header_filter_strip(&delivery.message.filter, config->transport.strip);
	split_want(config, &delivery.message.filter);
	sendmail_want(&delivery.message.filter);
	o = prepare(config, args, domain, &delivery);
	if (outcome_is_ok(&o)) {
		o = hand_over(config, &delivery);
	} else {
		delivery_settle(&delivery, &o);
		if (delivery.sender != NULL)
			delivery_log(&delivery);
		complain(NULL, &o);
	}
	delivery_free(&delivery);
	free(domain);
	free(directory);
	return o;
}

static int
deliver(const struct sendmail_arguments *args)
{
	struct config *config = NULL;
	struct outcome o = load(args, &config);

	cancel_on_signals();
	if (outcome_is_ok(&o)) {
		config_open_log(config, "ferry-transport", args->verbose);
		o = send_message(config, args);
	} else {
		complain(NULL, &o);
	}
	config_free(&config);
	return o.exit;
}

static int
act(const struct sendmail_arguments *args)
{
	switch (args->action) {
	case SENDMAIL_LIST_QUEUE:
		puts(NO_QUEUE);
		return EX_OK;
	case SENDMAIL_RUN_QUEUE: /* all that was there was sent */
	case SENDMAIL_ALIASES:   /* all that are there are in use */
		return EX_OK;
	case SENDMAIL_VERSION:
		puts(IDENT " (Ferry) " PACKAGE_VERSION);
		return EX_OK;
	case SENDMAIL_HELP:
		fputs(sendmail_help, stdout);
		return EX_OK;
	case SENDMAIL_DELIVER:
		break;
	}
	return deliver(args);
}

int
sendmail_main(int argc, char **argv)
{
	struct sendmail_arguments args;
	struct buf why = BUF_INIT;
	int status = EX_USAGE;

	if (argc > 1 && strcmp(argv[1], FLAG) == 0) {
		argc--;
		argv++;
	}
	if (sendmail_arguments_parse(argc, argv, &args, &why))
		status = act(&args);
	else
		fprintf(stderr, IDENT ": %s\n", buf_str(&why));
	sendmail_arguments_free(&args);
	buf_free(&why);
	return status;
}
