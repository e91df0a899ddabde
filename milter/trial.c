/*
 * What would be done, without doing it: nobody is asked, and nothing is made.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/owner.h"
#include "common/base/xalloc.h"
#include "common/wire/mime.h"
#include "common/wire/network.h"
#include "milter/judge.h"
#include "milter/trial.h"

#define MESSAGE_MAX (64u << 20)

static int
complain(const char *ident, const struct outcome *o)
{
	fprintf(stderr, "%s: %s\n", ident, o->text);
	if (outcome_is(o, "local/config"))
		return EX_CONFIG;
	return outcome_is(o, "local/usage") ? EX_USAGE : EX_TEMPFAIL;
}

/* The setup, opened to be looked at. */
static struct outcome
open_setup(struct milter_setups *setups, struct milter_setup **setup_r)
{
	struct outcome o = milter_setup_load(setups, setup_r);

	if (outcome_is_ok(&o))
		o = owner_become((*setup_r)->config->state_dir);
	if (outcome_is_ok(&o))
		o = milter_setup_open(*setup_r, true);
	return o;
}

static const char *
config_path(const struct milter_arguments *args)
{
	return args->config_path != NULL ? args->config_path : config_default_path();
}

int
trial_check(const struct milter_arguments *args, const char *ident)
{
	struct milter_setup *setup = NULL;
	struct milter_setups setups;
	struct outcome o;

	milter_setups_init(&setups, config_path(args));
	o = milter_setup_load(&setups, &setup);
	if (outcome_is_ok(&o))
		o = milter_setup_open(setup, true);
	if (outcome_is_ok(&o))
		printf("%s is in order\n", setups.path);
	milter_setup_free(&setup);
	milter_setups_free(&setups);
	return outcome_is_ok(&o) ? EX_OK : complain(ident, &o);
}

static struct outcome
read_message(const char *path, struct buf *message)
{
	if (strcmp(path, "-") == 0)
		return file_read_fd(STDIN_FILENO, "standard input", MESSAGE_MAX, message);
	return file_read(AT_FDCWD, path, MESSAGE_MAX, message);
}

/* The header's fields, as an MTA would show them. */
static void
take_fields(const struct buf *message, struct mail *mail)
{
	struct mime_span all = {buf_str(message), message->len}, header, body;
	struct mime_field field;

	mime_split(all, &header, &body);
	while (mime_next_field(&header, &field)) {
		size_t length = field.value.length;
		char *name = xstrndup(field.name.bytes, field.name.length), *value;

		while (length > 0 && strchr("\r\n", field.value.bytes[length - 1]) != NULL)
			length--;
		value = xstrndup(field.value.bytes, length);
		mail_field(mail, name, value);
		free(name);
		free(value);
	}
}

/* Somebody whose mail is ours to change. */
static void
take_client(const struct milter_config *config, struct mail *mail)
{
	const struct network *network = config->networks;

	if (config->authenticated) {
		mail->login = xstrdup("test");
	} else if (config->local) {
		mail->submitted = true;
	} else if (config->network_count != 0 && network->family == AF_INET) {
		struct sockaddr_in *four = (struct sockaddr_in *)&mail->client;

		four->sin_family = AF_INET;
		memcpy(&four->sin_addr, network->bytes, sizeof(four->sin_addr));
	} else if (config->network_count != 0) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&mail->client;

		six->sin6_family = AF_INET6;
		memcpy(&six->sin6_addr, network->bytes, sizeof(six->sin6_addr));
	}
}

static void
take_envelope(const struct milter_arguments *args, struct mail *mail)
{
	mail_sender(mail, args->sender, NULL);
	for (size_t i = 0; i < args->recipient_count; i++) {
		char *given = *args->recipients[i] == '<'
		                  ? xstrdup(args->recipients[i])
		                  : xasprintf("<%s>", args->recipients[i]);

		mail_recipient(mail, given, NULL);
		free(given);
	}
}

static int
print_verdict(const struct verdict *verdict)
{
	const struct outcome *o = &verdict->outcome;
	struct buf text = BUF_INIT;

	printf("decision: %s%s%s%s\n", verdict_name(verdict->event),
	    verdict->reason[0] != '\0' ? " (" : "", verdict->reason,
	    verdict->reason[0] != '\0' ? ")" : "");
	if (!outcome_is_ok(o)) {
		printf("answer: %d %s %s\n", o->smtp, o->dsn, o->text);
		return verdict->event == VERDICT_REFUSED ? EX_NOPERM : EX_TEMPFAIL;
	}
	if (verdict->aliases != 0)
		printf("aliases: %zu\n", verdict->aliases);
	if (verdict->unknown != 0)
		printf("new correspondents: %zu, whose addresses are yet to be made\n",
		    verdict->unknown);
	edits_print(&verdict->edits, &text);
	fputs(buf_str(&text), stdout);
	buf_free(&text);
	return EX_OK;
}

static int
test(struct milter_setup *setup, const struct milter_arguments *args, const struct buf *message)
{
	struct judge_wishes wishes = {.dry = true, .deadline = DEADLINE_NEVER};
	struct verdict verdict;
	struct mail mail;
	int status;

	mail_init(&mail);
	take_client(&setup->config->milter, &mail);
	take_envelope(args, &mail);
	take_fields(message, &mail);
	judge(setup, &mail, &wishes, &verdict);
	status = print_verdict(&verdict);
	verdict_free(&verdict);
	mail_free(&mail);
	return status;
}

int
trial_test(const struct milter_arguments *args, const char *ident)
{
	struct milter_setup *setup = NULL;
	struct milter_setups setups;
	struct buf message = BUF_INIT;
	struct outcome o = read_message(args->message, &message);
	int status;

	milter_setups_init(&setups, config_path(args));
	if (outcome_is_ok(&o))
		o = open_setup(&setups, &setup);
	if (outcome_is_ok(&o))
		status = test(setup, args, &message);
	else
		status = complain(ident, &o);
	milter_setup_free(&setup);
	milter_setups_free(&setups);
	buf_free(&message);
	return status;
}
