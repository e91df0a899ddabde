/*
 * A command that is one endpoint of the alias service: what was written becomes parameters by
 * the endpoint's row, and its answer is printed by the row's shape.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/xalloc.h"
#include "common/wire/json.h"
#include "ctl/aliases.h"
#include "ctl/terminal.h"

/* What is the same for each line of standard input. */
struct many {
	const struct simplelogin_endpoint *endpoint;
	const struct simplelogin_parameter *first; /* what a line is */
	json_t *parameters;                        /* the others */
};

static bool
is_argument(const struct simplelogin_parameter *p)
{
	return (p->flags & SL_ARGUMENT) != 0;
}

/* Take the options that were given, and ask for secrets. */
static struct outcome
read_options(struct aliases *a, const struct simplelogin_endpoint *e, json_t *parameters)
{
	struct outcome o = outcome_ok();

	for (const struct simplelogin_parameter *p = e->parameters;
	     p != NULL && p->name != NULL && outcome_is_ok(&o); p++) {
		const char *text = is_argument(p) ? NULL : ctl_option(a->ctl, p->option);
		json_t *value = NULL;

		if (is_argument(p))
			continue;
		if (text != NULL || p->type == OF_SECRET)
			o = aliases_value(a, p, text, &value);
		else if ((p->flags & (SL_REQUIRED | SL_NULLABLE)) ==
		         (SL_REQUIRED | SL_NULLABLE))
			value = json_null();
		if (value != NULL)
			json_object_set_new(parameters, p->name, value);
	}
	return o;
}

/* Take the arguments, of which the first is left out with --stdin. */
static struct outcome
read_arguments(struct aliases *a, const struct simplelogin_endpoint *e, bool without_first,
    char **argv, json_t *parameters)
{
	struct outcome o = outcome_ok();

	for (const struct simplelogin_parameter *p = e->parameters;
	     p != NULL && p->name != NULL && outcome_is_ok(&o); p++) {
		json_t *value = NULL;

		if (!is_argument(p))
			continue;
		if (without_first) {
			without_first = false;
			continue;
		}
		o = aliases_value(a, p, *argv++, &value);
		if (outcome_is_ok(&o))
			json_object_set_new(parameters, p->name, value);
	}
	return o;
}

/* A change of nothing is a mistake; the service would say "request body cannot be empty". */
static bool
changes_nothing(const struct simplelogin_endpoint *e, const json_t *parameters)
{
	bool could = false;

	if (strcmp(e->method, "PATCH") != 0 && strcmp(e->method, "PUT") != 0)
		return false;
	for (const struct simplelogin_parameter *p = e->parameters;
	     p != NULL && p->name != NULL; p++) {
		if (p->place != IN_BODY)
			continue;
		could = true;
		if (json_object_get(parameters, p->name) != NULL)
			return false;
	}
	return could;
}

static bool
write_bytes(void *arg, const char *bytes, size_t length)
{
	(void)arg;
	return fwrite(bytes, 1, length, stdout) == length;
}

static struct outcome
run_bytes(struct aliases *a, const struct simplelogin_endpoint *e, const json_t *parameters)
{
	struct http_sink sink = {.write = write_bytes};

	return simplelogin_stream(a->sl, e, parameters, &sink, a->deadline);
}

static struct outcome
run_list(struct aliases *a, const struct simplelogin_endpoint *e, const json_t *parameters)
{
	struct print *print = print_new(aliases_form(a->ctl), e->columns, terminal_width());
	struct simplelogin_list *list = simplelogin_list(a->sl, e, parameters);
	struct outcome o;
	json_t *item;

	while (simplelogin_next(list, a->deadline, &item, &o)) {
		aliases_learn(a, e, parameters, item);
		aliases_progress_end();
		print_item(print, item);
		aliases_begin(a);
	}
	aliases_progress_end();
	print_end(&print);
	simplelogin_list_free(&list);
	return o;
}

/* {"deleted": true} and its like say no more than that it is done. */
static bool
says_done(const json_t *answer)
{
	static const char *const keys[] = {"ok", "deleted", "updated", "done"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_size(answer) == 1 && json_get_bool(answer, keys[i], false))
			return true;
	return false;
}

static struct outcome
run_object(struct aliases *a, const struct simplelogin_endpoint *e, const json_t *parameters)
{
	json_t *answer = NULL;
	struct outcome o = aliases_call(a, e, parameters, &answer);

	aliases_progress_end();
	if (outcome_is_ok(&o) && !a->ctl->json && says_done(answer))
		puts("done");
	else if (outcome_is_ok(&o))
		print_object(aliases_form(a->ctl), answer);
	json_decref(answer);
	return o;
}

static struct outcome
run_one(struct aliases *a, const struct simplelogin_endpoint *e, const json_t *parameters)
{
	switch (e->shape) {
	case GIVES_OBJECT:
		break;
	case GIVES_LIST:
	case GIVES_PAGES:
		return run_list(a, e, parameters);
	case GIVES_BYTES:
		return run_bytes(a, e, parameters);
	}
	return run_object(a, e, parameters);
}

static struct outcome
show_request(const struct simplelogin_endpoint *e, const json_t *parameters)
{
	struct buf text = BUF_INIT;
	struct outcome o = simplelogin_describe(e, parameters, &text);

	if (outcome_is_ok(&o))
		printf("would send: %s\n", buf_str(&text));
	buf_free(&text);
	return o;
}

static struct outcome
do_line(struct aliases *a, const char *line, void *arg, json_t **result_r)
{
	struct many *many = arg;
	json_t *parameters = json_copy(many->parameters), *value = NULL;
	struct outcome o = aliases_value(a, many->first, line, &value);

	if (outcome_is_ok(&o)) {
		json_object_set_new(parameters, many->first->name, value);
		o = ctl_option(a->ctl, "dry-run") != NULL
		        ? show_request(many->endpoint, parameters)
		        : aliases_call(a, many->endpoint, parameters, result_r);
	}
	json_decref(parameters);
	return o;
}

static int
run_many(struct aliases *a, const struct simplelogin_endpoint *e, json_t *parameters)
{
	struct many many = {.endpoint = e, .first = e->parameters, .parameters = parameters};
	struct buf what = BUF_INIT;
	int status;

	while (!is_argument(many.first))
		many.first++;
	buf_addf(&what, "%s ", e->words);
	json_write(parameters, &what);
	status = aliases_bulk(a, buf_str(&what), do_line, &many);
	buf_free(&what);
	return status;
}

/* What is deleted does not come back: ask, unless told not to.  *status is set if not. */
static bool
may_delete(const struct aliases *a, const struct simplelogin_endpoint *e, int argc, char **argv,
    int *status)
{
	char *question;
	bool yes;

	if ((e->flags & SL_DELETES) == 0 || ctl_option(a->ctl, "yes") != NULL ||
	    ctl_option(a->ctl, "dry-run") != NULL)
		return true;
	if (!terminal_is_there() || ctl_option(a->ctl, "stdin") != NULL) {
		*status = ctl_usage(a->ctl, "%s needs --yes without a terminal", e->words);
		return false;
	}
	question = xasprintf(
	    "%s%s%s: are you sure?", e->words, argc > 0 ? " " : "", argc > 0 ? argv[0] : "");
	yes = terminal_confirm(question);
	free(question);
	if (!yes)
		fputs("ferryctl: nothing was deleted\n", stderr);
	*status = EX_TEMPFAIL;
	return yes;
}

static int
run_once(struct aliases *a, const struct simplelogin_endpoint *e, const json_t *parameters)
{
	struct outcome o = ctl_option(a->ctl, "dry-run") != NULL ? show_request(e, parameters)
	                                                         : run_one(a, e, parameters);

	aliases_progress_end();
	return ctl_fail(&o);
}

static int
run(struct aliases *a, const struct simplelogin_endpoint *e, int argc, char **argv)
{
	bool many = ctl_option(a->ctl, "stdin") != NULL;
	json_t *parameters = json_object();
	struct outcome o;
	int status = EX_OK;

	o = read_options(a, e, parameters);
	if (outcome_is_ok(&o))
		o = read_arguments(a, e, many, argv, parameters);
	if (outcome_is_ok(&o) && changes_nothing(e, parameters))
		o = outcome_make("local", "usage", "%s: nothing is to be changed", e->words);
	if (!outcome_is_ok(&o))
		status = ctl_fail(&o);
	else if (may_delete(a, e, argc, argv, &status))
		status = many ? run_many(a, e, parameters) : run_once(a, e, parameters);
	json_decref(parameters);
	return status;
}

int
ctl_alias_endpoint(struct ctl *ctl, int argc, char **argv)
{
	bool many = ctl_option(ctl, "stdin") != NULL;
	struct aliases *a;
	int status;

	if (argc != ctl->command->max - many)
		return ctl_usage(
		    ctl, "too %s arguments", argc < ctl->command->max - many ? "few" : "many");
	a = aliases_open(ctl, &status);
	if (a == NULL)
		return status;
	status = run(a, ctl->command->endpoint, argc, argv);
	aliases_close(&a);
	return status;
}
