/*
 * The filter, as libmilter calls it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>

#include "common/base/xalloc.h"
#include "milter/apply.h"
#include "milter/filter.h"

#define NAME "ferry-milter"

/* Postfix shows header fields of up to 100 kB (header_size_limit); libmilter takes 64. */
#define PACKET_MAX (2u << 20)

#define ACTIONS                                                                              \
	(SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT | \
	    SMFIF_CHGFROM)

/* What we need not hear of, and what need not be waited for. */
#define SPARED                                                                        \
	(SMFIP_NOHELO | SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | \
	    SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR)

struct session {
	struct mail mail;
	unsigned long spared; /* of SPARED, what this MTA agreed to */
};

/* Macros.  libmilter's functions take no names that are constants. */
static char of_queue_id[] = "i", of_login[] = "{auth_authen}", of_mailer[] = "{mail_mailer}";

/* libmilter has no argument for its callbacks. */
static struct filter *the_filter;

/* The answer to an event that needs none, if the MTA knows that. */
static sfsistat
go_on(const struct session *session, unsigned long no_reply)
{
	return session == NULL || (session->spared & no_reply) == 0 ? SMFIS_CONTINUE
	                                                            : SMFIS_NOREPLY;
}

/* The macros that are read: others would be looked up and sent for each message. */
static void
ask_for_macros(SMFICTX *ctx)
{
	static const int others[] = {
	    SMFIM_CONNECT, SMFIM_HELO, SMFIM_ENVRCPT, SMFIM_DATA, SMFIM_EOH, SMFIM_EOM};
	static char of_sender[] = "i {auth_authen} {mail_mailer}";

	(void)smfi_setsymlist(ctx, SMFIM_ENVFROM, of_sender);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		(void)smfi_setsymlist(ctx, others[i], of_queue_id); /* it cannot be empty */
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long unused1,
    unsigned long unused2, unsigned long *actions_r, unsigned long *steps_r,
    unsigned long *unused1_r, unsigned long *unused2_r)
{
	struct session *session = xcalloc(1, sizeof(*session));

	(void)unused1;
	(void)unused2;
	if ((actions & ACTIONS) != ACTIONS) {
		log_say(LOG_ERR, "the MTA lacks what the filter needs: it offers actions %#lx",
		    actions);
		free(session);
		return SMFIS_REJECT;
	}
	mail_init(&session->mail);
	session->spared = steps & SPARED;
	*actions_r = ACTIONS;
	*steps_r = session->spared;
	*unused1_r = *unused2_r = 0;
	if ((actions & SMFIF_SETSYMLIST) != 0)
		ask_for_macros(ctx);
	if (smfi_setpriv(ctx, session) != MI_SUCCESS) {
		free(session);
		return SMFIS_REJECT;
	}
	the_filter->counts.sessions++;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct session *session = smfi_getpriv(ctx);

	(void)name;
	if (session == NULL)
		return SMFIS_TEMPFAIL;
	if (address != NULL)
		memcpy(&session->mail.client, address,
		    address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
		                                   : sizeof(struct sockaddr_in));
	return go_on(session, SMFIP_NR_CONN);
}

/* The macro's value, libmilter's; or NULL if it has none. */
static const char *
macro(SMFICTX *ctx, char *name)
{
	const char *value = smfi_getsymval(ctx, name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/*
 * By sendmail(1)?  cleanup(8) then plays the MTA: it has a queue id before MAIL, and no mailer,
 * which smtpd(8) always knows, and says that the client is 127.0.0.1.  What a client says has
 * no part in it.
 */
static bool
is_submitted(SMFICTX *ctx, const struct mail *mail)
{
	const struct sockaddr_in *client = (const struct sockaddr_in *)&mail->client;

	return macro(ctx, of_mailer) == NULL && mail->queue_id != NULL && mail->login == NULL &&
	       client->sin_family == AF_INET &&
	       client->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
}

static sfsistat
on_sender(SMFICTX *ctx, char **arguments)
{
	struct session *session = smfi_getpriv(ctx);
	struct mail *mail;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	mail = &session->mail;
	mail_reset(mail);
	mail->queue_id = xstrdup(macro(ctx, of_queue_id));
	mail->login = xstrdup(macro(ctx, of_login));
	mail->submitted = is_submitted(ctx, mail);
	mail_sender(mail, arguments[0], arguments + 1);
	return go_on(session, SMFIP_NR_MAIL);
}

static sfsistat
on_recipient(SMFICTX *ctx, char **arguments)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	mail_recipient(&session->mail, arguments[0], arguments + 1);
	return go_on(session, SMFIP_NR_RCPT);
}

static sfsistat
on_field(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	mail_field(&session->mail, name, value);
	return go_on(session, SMFIP_NR_HDR);
}

static void
count(struct filter_counts *counts, const struct mail *mail, const struct verdict *verdict,
    int64_t ms)
{
	counts->events[verdict->event]++;
	counts->recipients += mail->recipient_count;
	counts->aliases += verdict->work.aliases;
	counts->contacts += verdict->work.contacts;
	counts->requests += verdict->work.requests;
	monitor_observe(&counts->latency, ms);
}

static void
log_verdict(const struct mail *mail, const struct verdict *verdict, int64_t ms)
{
	bool turned_down = !outcome_is_ok(&verdict->outcome);
	struct log_line line;

	log_begin(&line, turned_down ? LOG_WARNING : LOG_INFO, NULL);
	log_str(&line, "event", verdict_name(verdict->event));
	log_str(&line, "queue_id", mail->queue_id != NULL ? mail->queue_id : "NOQUEUE");
	log_str(&line, "sender", mail->sender.address != NULL ? mail->sender.address : "");
	log_num(&line, "recipients", (int64_t)mail->recipient_count);
	log_num(&line, "aliases", (int64_t)verdict->aliases);
	log_num(&line, "aliases_made", verdict->work.aliases);
	log_num(&line, "contacts_made", verdict->work.contacts);
	log_num(&line, "api_calls", verdict->work.requests);
	log_num(&line, "ms", ms);
	log_str(&line, "reason", verdict->reason[0] != '\0' ? verdict->reason : NULL);
	if (turned_down)
		log_outcome(&line, &verdict->outcome);
	log_end(&line);
}

static void
keep_waiting(void *arg)
{
	(void)smfi_progress(arg);
}

static sfsistat
on_end(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);
	int64_t begun = clock_ms();
	struct milter_setup *setup;
	struct judge_wishes wishes = {.tick = keep_waiting, .arg = ctx};
	struct verdict verdict;
	sfsistat answer;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	if (session->mail.queue_id == NULL)
		session->mail.queue_id = xstrdup(macro(ctx, of_queue_id));
	the_filter->counts.working++;
	setup = milter_setup_hold(&the_filter->setups);
	wishes.deadline = deadline_in_ms(setup->config->milter.deadline_ms);
	judge(setup, &session->mail, &wishes, &verdict);
	milter_setup_release(&the_filter->setups, &setup);
	answer = apply_verdict(ctx, &verdict);
	log_verdict(&session->mail, &verdict, clock_ms() - begun);
	count(&the_filter->counts, &session->mail, &verdict, clock_ms() - begun);
	verdict_free(&verdict);
	mail_reset(&session->mail);
	the_filter->counts.working--;
	return answer;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		mail_reset(&session->mail);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return SMFIS_CONTINUE;
	(void)smfi_setpriv(ctx, NULL);
	mail_free(&session->mail);
	free(session);
	the_filter->counts.sessions--;
	return SMFIS_CONTINUE;
}

struct outcome
filter_register(struct filter *filter)
{
	static char name[] = NAME;
	struct smfiDesc description = {
	    .xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = ACTIONS,
	    .xxfi_connect = on_connect,
	    .xxfi_envfrom = on_sender,
	    .xxfi_envrcpt = on_recipient,
	    .xxfi_header = on_field,
	    .xxfi_eom = on_end,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	    .xxfi_negotiate = on_negotiate,
	};

	the_filter = filter;
	(void)smfi_setmaxdatasize(PACKET_MAX);
	if (smfi_register(description) != MI_SUCCESS)
		return outcome_make("local", "io", "libmilter does not take the filter");
	return outcome_ok();
}
