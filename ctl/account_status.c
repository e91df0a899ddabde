/*
 * ferryctl account status: what is on disk of each account, without asking the service.
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/service/auth.h"
#include "common/service/credentials.h"
#include "ctl/account.h"

struct status {
	const struct account *account;
	char address[256]; /* "" if it is not known */
	bool secret;       /* there is a key, token or password, or a command for it */
	int64_t session, capability;
};

static const char *const auth_names[] = {"atomicmail", "bearer", "basic"};

static struct outcome
read_status(const struct account *account, struct status *status)
{
	struct credentials *credentials;
	struct outcome o = credentials_open(account, &credentials);
	const char *address;
	struct auth *auth;

	*status = (struct status){.account = account};
	if (!outcome_is_ok(&o))
		return o;
	auth = auth_new(account, credentials, NULL);
	address = auth_address(auth);
	snprintf(
	    status->address, sizeof(status->address), "%s", address != NULL ? address : "");
	status->secret = credentials_have_api_key(credentials);
	auth_status(auth, &status->session, &status->capability);
	auth_free(&auth);
	credentials_close(&credentials);
	return o;
}

/* Seconds as "59 min" or "40 s"; "-" for none. */
static const char *
life_text(int64_t seconds, char text[24])
{
	if (seconds <= 0)
		return "-";
	snprintf(text, 24, seconds >= 120 ? "%lld min" : "%lld s",
	    (long long)(seconds >= 120 ? seconds / 60 : seconds));
	return text;
}

static void
print_row(const struct status *s)
{
	char session[24], capability[24];

	printf("%-12s %-11s %-32s %-6s %-8s %s\n", s->account->name,
	    auth_names[s->account->auth], s->address[0] != '\0' ? s->address : "-",
	    s->secret ? "yes" : "no", life_text(s->session, session),
	    life_text(s->capability, capability));
}

static json_t *
to_json(const struct status *s)
{
	return json_pack("{s:s, s:s, s:s?, s:s, s:b, s:I, s:I}", "account", s->account->name,
	    "auth", auth_names[s->account->auth], "address",
	    s->address[0] != '\0' ? s->address : NULL, "apiUrl", s->account->api_url, "secret",
	    s->secret, "sessionSeconds", (json_int_t)s->session, "capabilitySeconds",
	    (json_int_t)s->capability);
}

/* Show count accounts; the exit status is that of the last one that cannot be read. */
static int
show(const struct ctl *ctl, const struct account *accounts, size_t count)
{
	json_t *list = json_array();
	struct status status;
	struct outcome o;
	int result = EX_OK;

	if (!ctl->json)
		printf("%-12s %-11s %-32s %-6s %-8s %s\n", "ACCOUNT", "AUTH", "ADDRESS",
		    "SECRET", "SESSION", "CAPABILITY");
	for (size_t i = 0; i < count; i++) {
		o = read_status(&accounts[i], &status);
		if (!outcome_is_ok(&o))
			result = ctl_fail(&o);
		else if (ctl->json)
			json_array_append_new(list, to_json(&status));
		else
			print_row(&status);
	}
	if (ctl->json)
		ctl_print_json(list, false);
	else
		json_decref(list);
	return result;
}

int
ctl_account_status(struct ctl *ctl, int argc, char **argv)
{
	const struct config *config;
	const struct account *account;
	int status;

	if (argc == 1) {
		account = ctl_account(ctl, argv[0], &status);
		return account != NULL ? show(ctl, account, 1) : status;
	}
	config = ctl_config(ctl, &status);
	return config != NULL ? show(ctl, config->accounts, config->account_count) : status;
}
