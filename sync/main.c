/*
 * ferry-sync - synchronise JMAP accounts with Maildirs
 *
 * Reads the command line, runs the sections asked for one after the other, and turns what
 * came of them into one exit status, documented in ferry-sync(1).
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/cancel.h"
#include "common/base/secrecy.h"
#include "sync/hook.h"
#include "sync/mirror.h"
#include "sync/watch.h"

#define IDENT "ferry-sync"

#define WATCH_PATIENCE_MS 10000

struct arguments {
	const char *config_path;
	struct mirror_options mirror;
	struct report_style style;
	int verbose;
	bool check;
	bool watch;
	char **names; /* of sections, none for all */
	int count;
};

/* What a section's end means for the exit status.  The first row that fits; of several
 * sections the one highest in this table counts. */
struct exit_row {
	const char *condition; /* of the outcome, "FAMILY/" for all of a family */
	bool alarm;            /* only if a person must act */
	int status;
};
enum {
	EXIT_PARTIAL = 1,
	EXIT_LOCKED = 2,
	EXIT_WRONG_FOLDER = 3,
	EXIT_BRAKE = 4,
	EXIT_SIGNAL = 128
};
static const struct exit_row exit_rows[] = {
    {"local/cancelled", false, EXIT_SIGNAL},
    {"local/config", false, EX_CONFIG},
    {"local/wrong-folder", false, EXIT_WRONG_FOLDER},
    {"local/brake", false, EXIT_BRAKE},
    {"local/database", false, EX_IOERR},
    {"local/damaged", false, EX_IOERR},
    {"local/disk-full", false, EX_IOERR},
    {"local/permission", false, EX_IOERR},
    {"local/io", false, EX_IOERR},
    {"auth/", true, EX_NOPERM},
    {"local/locked", false, EXIT_LOCKED},
    {"", false, EX_TEMPFAIL},
};
#define EXIT_ROWS (sizeof(exit_rows) / sizeof(exit_rows[0]))

static const char help[] =
    "usage: ferry-sync [-c FILE] [-nqv] [--json] [--allow-deletes] [--rebuild] [NAME...]\n"
    "       ferry-sync [-c FILE] [-qv] [--json] --watch [NAME...]\n"
    "\n"
    "Bring the named sync sections, or all, up to date: accounts and their Maildirs.\n"
    "\n"
    "  -c, --config FILE  the configuration, instead of the default\n"
    "  -n, --dry-run      say what would be done, and do nothing\n"
    "      --json         print events and the summary as JSON, one object a line\n"
    "  -q, --quiet        print errors only\n"
    "  -v, --verbose      print what is done with each message; log more\n"
    "      --allow-deletes\n"
    "                     delete, however many messages it is\n"
    "      --rebuild      forget the database: take over the files that are there, and\n"
    "                     download what is missing\n"
    "      --watch        stay, and do so whenever something changes on either side\n"
    "      --check        read the configuration, and stop\n"
    "      --version      print the version\n"
    "      --help         print this help\n";

enum {
	OPTION_JSON = 256,
	OPTION_ALLOW_DELETES,
	OPTION_REBUILD,
	OPTION_WATCH,
	OPTION_CHECK,
	OPTION_VERSION,
	OPTION_HELP
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"dry-run", no_argument, NULL, 'n'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"allow-deletes", no_argument, NULL, OPTION_ALLOW_DELETES},
    {"rebuild", no_argument, NULL, OPTION_REBUILD},
    {"watch", no_argument, NULL, OPTION_WATCH},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* -1 to go on, or the status to exit with. */
static int
take_option(struct arguments *a, int option)
{
	switch (option) {
	case 'c':
		a->config_path = optarg;
		return -1;
	case 'n':
		a->mirror.dry_run = a->style.dry_run = true;
		return -1;
	case 'q':
		a->style.quiet = true;
		return -1;
	case 'v':
		a->verbose++;
		a->style.verbose = true;
		return -1;
	case OPTION_JSON:
		a->style.json = true;
		return -1;
	case OPTION_ALLOW_DELETES:
		a->mirror.allow_deletes = true;
		return -1;
	case OPTION_REBUILD:
		a->mirror.rebuild = true;
		return -1;
	case OPTION_WATCH:
		a->watch = true;
		return -1;
	case OPTION_CHECK:
		a->check = true;
		return -1;
	case OPTION_VERSION:
		puts(IDENT " (Ferry) " PACKAGE_VERSION);
		return EX_OK;
	case OPTION_HELP:
		fputs(help, stdout);
		return EX_OK;
	default:
		fputs("try \"" IDENT " --help\"\n", stderr);
		return EX_USAGE;
	}
}

static int
parse(struct arguments *a, int argc, char **argv)
{
	int option, status = -1;

	while (status < 0 && (option = getopt_long(argc, argv, "c:nqv", options, NULL)) != -1)
		status = take_option(a, option);
	a->names = argv + optind;
	a->count = argc - optind;
	return status;
}

static size_t
exit_row_of(const struct outcome *o)
{
	size_t i = 0;

	for (; i < EXIT_ROWS - 1; i++) {
		const struct exit_row *row = &exit_rows[i];
		size_t length = strlen(row->condition);
		bool family = row->condition[length - 1] == '/';

		if ((!row->alarm || o->alarm) &&
		    (family ? strncmp(o->condition, row->condition, length)
		            : strcmp(o->condition, row->condition)) == 0)
			break;
	}
	return i;
}

/* The worst so far: a row of the table, then partial, then nothing. */
struct verdict {
	size_t row; /* EXIT_ROWS if no section has failed */
	bool partial;
};

static int
exit_status(const struct verdict *v)
{
	int status = v->row < EXIT_ROWS ? exit_rows[v->row].status
	             : v->partial       ? EXIT_PARTIAL
	                                : EX_OK;

	return status == EXIT_SIGNAL ? EXIT_SIGNAL + cancel_signal() : status;
}

/* Where a ferry-sync --watch looks after the section, too, a run waits for its turn. */
static struct outcome
mirror_beside_watch(const struct arguments *a, const struct sync_config *section,
    struct report *report, struct news *news)
{
	struct mirror_options mirror = a->mirror;
	bool watched = watch_is_on(section);
	struct outcome o;

	if (!mirror.dry_run)
		mirror.news = news;
	if (watched && !a->style.quiet)
		fprintf(stderr,
		    IDENT ": %s: a ferry-sync --watch keeps it up to date, too; this run takes "
		          "its turn\n",
		    section->name);
	if (watched)
		mirror.patience_ms = WATCH_PATIENCE_MS;
	o = mirror_run(section, &mirror, report);
	if (watched && outcome_is(&o, "local/locked"))
		outcome_hint(&o, "ferry-sync --watch is at work on it");
	return o;
}

static void
run_section(const struct arguments *a, const struct sync_config *section, struct verdict *v)
{
	struct verdict own = {.row = EXIT_ROWS};
	struct report report;
	struct news news = {0};
	struct outcome o;

	report_begin(&report, section->name, &a->style);
	o = mirror_beside_watch(a, section, &report, &news);
	own.partial = report.errors != 0;
	if (!outcome_is_ok(&o)) {
		report_error(&report, NULL, &o);
		own.row = exit_row_of(&o);
	}
	report_end(&report, &o, exit_status(&own));
	(void)hook_on_new(section, &news, HOOK_MS);
	news_free(&news);
	v->partial = v->partial || own.partial;
	if (own.row < v->row)
		v->row = own.row;
}

/* As run_section() would end. */
static int
status_of(const struct outcome *o, bool partial)
{
	struct verdict v = {
	    .row = outcome_is_ok(o) ? EXIT_ROWS : exit_row_of(o), .partial = partial};

	return exit_status(&v);
}

static int
watch(const struct arguments *a)
{
	struct watch_options how = {
	    .ident = IDENT,
	    .config_path = a->config_path,
	    .verbose = a->verbose,
	    .names = a->names,
	    .count = a->count,
	    .style = a->style,
	    .exit_status = status_of,
	};

	if (a->mirror.dry_run || a->mirror.allow_deletes || a->mirror.rebuild) {
		fputs(IDENT
		    ": --watch goes with none of --dry-run, --allow-deletes, --rebuild\n",
		    stderr);
		return EX_USAGE;
	}
	return watch_serve(&how);
}

static const struct sync_config *
find_section(const struct config *config, const char *name)
{
	const struct sync_config *section = config_sync(config, name);

	if (section == NULL)
		fprintf(stderr, IDENT ": %s has no section sync \"%s\"\n", config->path, name);
	return section;
}

/* All names are looked up before the first section runs. */
static int
run(const struct arguments *a, const struct config *config)
{
	size_t count = a->count > 0 ? (size_t)a->count : config->sync_count;
	struct verdict v = {.row = EXIT_ROWS};

	for (int i = 0; i < a->count; i++)
		if (find_section(config, a->names[i]) == NULL)
			return EX_USAGE;
	if (count == 0) {
		fprintf(stderr, IDENT ": %s has no sync section\n", config->path);
		return EX_CONFIG;
	}
	for (size_t i = 0; i < count && !cancel_requested(); i++)
		run_section(
		    a, a->count > 0 ? config_sync(config, a->names[i]) : &config->syncs[i], &v);
	return exit_status(&v);
}

int
main(int argc, char **argv)
{
	struct arguments a = {.config_path = config_default_path()};
	struct config *config = NULL;
	struct outcome o;
	int status;

	secrecy_protect();
	status = parse(&a, argc, argv);
	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	if (a.watch && !a.check)
		return watch(&a);
	cancel_on_signals();
	o = config_load(a.config_path, &config);
	if (!outcome_is_ok(&o)) {
		fprintf(stderr, IDENT ": %s\n", o.text);
		return EX_CONFIG;
	}
	if (a.check) {
		printf("%s is in order; %zu sync sections\n", config->path, config->sync_count);
		status = EX_OK;
	} else {
		config_open_log(config, IDENT, a.verbose);
		status = run(&a, config);
	}
	config_free(&config);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror(IDENT ": standard output");
		return status == EX_OK ? EX_IOERR : status;
	}
	return status;
}
