/*
 * Logging in to the alias service: address, password and one-time password become an API
 * key, which is kept.  Nothing of it is an argument or is printed.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "ctl/aliases.h"
#include "ctl/terminal.h"

#define DEVICE_MAX 128

/* "ferry@HOST": the service gives the same key for the same name. */
static void
default_device(char device[DEVICE_MAX + 1])
{
	char host[65] = "localhost";

	(void)gethostname(host, sizeof(host) - 1);
	host[64] = '\0';
	snprintf(device, DEVICE_MAX + 1, "ferry@%s", host);
}

static struct outcome
ask(const char *prompt, bool hidden, json_t *parameters, const char *key)
{
	struct buf line = BUF_INIT;
	struct outcome o = terminal_ask(prompt, hidden, &line);
	json_t *value = NULL;

	if (outcome_is_ok(&o)) {
		value = json_string(buf_str(&line));
		if (value == NULL)
			o = outcome_make("local", "usage", "%s is not UTF-8", prompt);
		else
			json_object_set_new(parameters, key, value);
	}
	buf_wipe(&line);
	return o;
}

static struct outcome
call_login(struct aliases *a, json_t **answer_r)
{
	const char *email = ctl_option(a->ctl, "email");
	const char *device = ctl_option(a->ctl, "device");
	json_t *parameters = json_object();
	char fallback[DEVICE_MAX + 1];
	struct outcome o = outcome_ok();

	default_device(fallback);
	json_object_set_new(
	    parameters, "device", json_string(device != NULL ? device : fallback));
	if (email != NULL)
		json_object_set_new(parameters, "email", json_string(email));
	else
		o = ask("E-mail", false, parameters, "email");
	if (outcome_is_ok(&o))
		o = ask("Password", true, parameters, "password");
	if (outcome_is_ok(&o)) {
		aliases_begin(a); /* typing may have taken long */
		o = simplelogin_call(a->sl, simplelogin_endpoint("user login"), parameters,
		    a->deadline, answer_r);
	}
	json_decref(parameters);
	return o;
}

/* The account wants a one-time password, too: *answer_r is replaced by that call's. */
static struct outcome
call_mfa(struct aliases *a, json_t **answer_r)
{
	const char *device = ctl_option(a->ctl, "device");
	char fallback[DEVICE_MAX + 1];
	json_t *parameters, *answer = NULL;
	struct outcome o;

	default_device(fallback);
	parameters = json_pack("{s:s, s:s?}", "device", device != NULL ? device : fallback,
	    "mfa_key", json_get_string(*answer_r, "mfa_key"));
	o = ask("One-time password", true, parameters, "mfa_token");
	if (outcome_is_ok(&o)) {
		aliases_begin(a);
		o = simplelogin_call(
		    a->sl, simplelogin_endpoint("user mfa"), parameters, a->deadline, &answer);
	}
	json_decref(*answer_r);
	*answer_r = answer;
	json_decref(parameters);
	return o;
}

static void
print_login(const struct aliases *a, const json_t *answer)
{
	const char *email = json_get_string(answer, "email");
	struct buf clean = BUF_INIT;

	if (a->ctl->json) {
		ctl_print_json(json_pack("{s:s, s:s?, s:s}", "service", a->account->name,
		                   "email", email, "apiKeyFile", a->account->secret_file),
		    false);
		return;
	}
	print_clean(email != NULL ? email : "", 0, &clean);
	printf("logged in to %s as %s\nThe API key is in %s.\n", a->account->api_url,
	    buf_str(&clean), a->account->secret_file);
	buf_free(&clean);
}

static struct outcome
log_in(struct aliases *a)
{
	json_t *answer = NULL;
	struct outcome o;
	const char *key;

	if (a->account->secret_file == NULL)
		return simplelogin_store_key(a->sl, ""); /* which says why that cannot be */
	o = call_login(a, &answer);
	if (outcome_is_ok(&o) && json_get_bool(answer, "mfa_enabled", false))
		o = call_mfa(a, &answer);
	key = json_get_string(answer, "api_key");
	if (outcome_is_ok(&o) && (key == NULL || *key == '\0' || strpbrk(key, "\r\n") != NULL))
		o = outcome_make("answer", "missing", "no API key in it");
	if (outcome_is_ok(&o))
		o = simplelogin_store_key(a->sl, key);
	aliases_progress_end();
	if (outcome_is_ok(&o))
		print_login(a, answer);
	json_decref(answer);
	return o;
}

int
ctl_login(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return aliases_run(ctl, log_in);
}

static struct outcome
log_out(struct aliases *a)
{
	struct outcome told = simplelogin_call(
	    a->sl, simplelogin_endpoint("user logout"), NULL, a->deadline, NULL);
	struct outcome o = simplelogin_forget_key(a->sl);

	if (outcome_is_ok(&o) && a->ctl->json)
		ctl_print_json(json_pack("{s:s, s:b}", "service", a->account->name, "told",
		                   outcome_is_ok(&told)),
		    false);
	else if (outcome_is_ok(&o))
		printf("forgot the API key of alias \"%s\"\n"
		       "It stays good until it is deleted on the service's web pages.\n",
		    a->account->name);
	return o;
}

int
ctl_logout(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return aliases_run(ctl, log_out);
}
