/*
 * The command line, as one table: name, kind of value, where it goes, and its line of help.
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "sandbox/options.h"

#define PUBLIC_SALT "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083"

enum kind { TEXT, CHOICE, NUMBER, FLAG };

struct row {
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t min, max;
	const char *value; /* what it is called in the help; of a CHOICE, A|B, the choice */
	const char *help;
};

#define AT(field) offsetof(struct options, field)
#define BIG       INT64_C(1000000000000)

static const struct row rows[] = {
    {"listen", TEXT, AT(listen), 0, 0, "ADDRESS:PORT",
        "where to listen; port 0 is any free one"},
    {"dir", TEXT, AT(dir), 0, 0, "DIRECTORY", "where everything is kept (required)"},
    {"domain", TEXT, AT(domain), 0, 0, "DOMAIN", "domain of the inboxes"},
    {"send-as", TEXT, AT(send_as), 0, 0, "DOMAIN",
        "let inboxes send as any address of this domain, too"},
    {"difficulty", NUMBER, AT(difficulty), 0, 64, "BITS", "zero bits of a proof of work"},
    {"salt", TEXT, AT(salt), 0, 0, "TEXT", "salt of the proof of work"},
    {"challenge-ttl", NUMBER, AT(challenge_ttl), 1, BIG, "SECONDS", "life of a challenge"},
    {"session-ttl", NUMBER, AT(session_ttl), 1, BIG, "SECONDS", "life of a session token"},
    {"capability-ttl", NUMBER, AT(capability_ttl), 1, BIG, "SECONDS",
        "life of a capability token"},
    {"threads", NUMBER, AT(threads), 0, 256, "N", "threads that serve; 0 is automatic"},
    {"outbox", CHOICE, AT(outbox), 0, 0, "files|none", "file what is sent in a folder, or not"},
    {"submissions", CHOICE, AT(submissions), 0, 0, "keep|vanish",
        "keep EmailSubmissions after sending, or not, as Cyrus"},
    {"duplicates", CHOICE, AT(duplicates), 0, 0, "refuse|allow",
        "refuse to import a message twice, as Cyrus, or not"},
    {"max-delayed-send", NUMBER, AT(max_delayed_send), 0, BIG, "SECONDS",
        "how long a message can be held; 0 is not at all"},
    {"max-recipients", NUMBER, AT(max_recipients), 1, BIG, "N", "limit of recipients"},
    {"max-size-message", NUMBER, AT(max_size_message), 1, BIG, "BYTES",
        "limit of a message that is sent"},
    {"quota", NUMBER, AT(quota), 0, BIG, "BYTES", "limit of an account's Emails; 0 is none"},
    {"no-blob", FLAG, AT(no_blob), 0, 0, NULL, "do without RFC 9404, as Cyrus"},
    {"no-import", FLAG, AT(no_import), 0, 0, NULL, "do without Email/import"},
    {"no-dsn", FLAG, AT(no_dsn), 0, 0, NULL, "do without the extension DSN of SMTP"},
    {"no-push", FLAG, AT(no_push), 0, 0, NULL, "answer 204 for events, as Cyrus does"},
    {"max-streams", NUMBER, AT(max_streams), 0, 1000, "N", "limit of open event streams"},
    {"absolute-urls", FLAG, AT(absolute_urls), 0, 0, NULL,
        "give absolute URLs in the JMAP session"},
    {"redirect", FLAG, AT(redirect), 0, 0, NULL,
        "redirect /.well-known/jmap to the session, as Cyrus does"},
    {"max-size-upload", NUMBER, AT(limits.size_upload), 1, BIG, "BYTES", "limit of an upload"},
    {"max-size-request", NUMBER, AT(limits.size_request), 1, BIG, "BYTES",
        "limit of a JMAP request"},
    {"max-calls-in-request", NUMBER, AT(limits.calls_in_request), 1, BIG, "N",
        "limit of method calls"},
    {"max-objects-in-get", NUMBER, AT(limits.objects_in_get), 1, BIG, "N",
        "limit of objects in a /get"},
    {"max-objects-in-set", NUMBER, AT(limits.objects_in_set), 1, BIG, "N",
        "limit of objects in a /set"},
    {"max-size-blob-set", NUMBER, AT(limits.size_blob_set), 1, BIG, "BYTES",
        "limit of a Blob/upload"},
    {"max-query", NUMBER, AT(limits.query), 0, BIG, "N", "limit of ids in a query; 0 is none"},
    {"aliases", FLAG, AT(aliases), 0, 0, NULL, "be an alias service, too"},
    {"alias-seed", TEXT, AT(alias_seed), 0, 0, "FILE",
        "what accounts and domains it has; without, a few"},
    {"alias-store", TEXT, AT(alias_store), 0, 0, "FILE",
        "where it keeps them; without, in memory"},
    {"jmap-upstream", TEXT, AT(upstream), 0, 0, "URL",
        "stand in front of this JMAP server instead"},
    {"upstream-ca", TEXT, AT(upstream_ca), 0, 0, "FILE", "certificates to trust it by"},
    {"upstream-users", TEXT, AT(upstream_users), 0, 0, "FILE",
        "lines USERNAME USER PASSWORD: who is who there"},
    {"verbose", FLAG, AT(verbose), 0, 0, NULL, "log every request on stderr; -v for short"},
    {"help", FLAG, 0, 0, 0, NULL, "print this and exit"},
    {"version", FLAG, 0, 0, 0, NULL, "print the version and exit"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void die(const char *what, const char *about) __attribute__((noreturn));

static void
die(const char *what, const char *about)
{
	fprintf(stderr, "ferry-sandbox: %s%s (--help lists the options)\n", what, about);
	exit(EX_USAGE);
}

static void
print_help(void)
{
	puts("usage: ferry-sandbox --dir DIRECTORY [OPTION]...\n"
	     "A mail and alias service of one's own, to try things on.\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", rows[i].name,
		    rows[i].value != NULL ? rows[i].value : "");
		printf("  %-32s %s\n", left, rows[i].help);
	}
}

/* Is it one of the words between the bars? */
static bool
is_choice(const char *choices, const char *word)
{
	size_t length;

	for (const char *p = choices; *p != '\0'; p += length + (p[length] == '|')) {
		length = strcspn(p, "|");
		if (strlen(word) == length && strncmp(p, word, length) == 0)
			return true;
	}
	return false;
}

static void
take(struct options *o, const struct row *row, const char *value)
{
	void *field = (char *)o + row->offset;
	long long number;
	char *end;

	if (row->kind == FLAG) {
		*(bool *)field = true;
		return;
	}
	if (row->kind == CHOICE && !is_choice(row->value, value)) {
		fprintf(stderr, "ferry-sandbox: --%s takes %s, not '%s'\n", row->name,
		    row->value, value);
		exit(EX_USAGE);
	}
	if (row->kind == TEXT || row->kind == CHOICE) {
		*(const char **)field = value;
		return;
	}
	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || number < row->min ||
	    number > row->max) {
		fprintf(stderr,
		    "ferry-sandbox: --%s takes a number from %lld to %lld, not '%s'\n",
		    row->name, (long long)row->min, (long long)row->max, value);
		exit(EX_USAGE);
	}
	*(int64_t *)field = number;
}

static void
check(const struct options *o)
{
	if (o->dir == NULL)
		die("--dir is required", "");
	if (strrchr(o->listen, ':') == NULL)
		die("--listen takes ADDRESS:PORT, not ", o->listen);
	if ((o->upstream == NULL) != (o->upstream_users == NULL))
		die("--jmap-upstream and --upstream-users go together", "");
	if (!o->aliases && (o->alias_seed != NULL || o->alias_store != NULL))
		die("--alias-seed and --alias-store are of use with --aliases only", "");
	if (o->upstream == NULL && o->upstream_ca != NULL)
		die("--upstream-ca is of use with --jmap-upstream only", "");
}

struct options
options_read(int argc, char **argv)
{
	struct options o = {
	    .listen = "127.0.0.1:0",
	    .domain = "sandbox.test",
	    .salt = PUBLIC_SALT,
	    .outbox = "files",
	    .submissions = "keep",
	    .duplicates = "refuse",
	    .max_delayed_send = 44236800,
	    .max_recipients = 1000,
	    .max_size_message = 50000000,
	    .max_streams = 64,
	    .difficulty = 4,
	    .challenge_ttl = 600,
	    .session_ttl = 3600,
	    .capability_ttl = 120,
	    .limits = {50000000, 5, 10485760, 5, 50, 4096, 4096, 7499488, 100, 0},
	};
	struct option table[ROWS + 1] = {0};
	int chosen;

	for (size_t i = 0; i < ROWS; i++) {
		table[i] = (struct option){rows[i].name,
		    rows[i].kind == FLAG ? no_argument : required_argument, NULL, (int)i};
	}
	opterr = 0;
	while ((chosen = getopt_long(argc, argv, ":v", table, NULL)) != -1) {
		if (chosen == 'v') {
			o.verbose = true;
		} else if (chosen == '?') {
			die("unknown option ", argv[optind - 1]);
		} else if (chosen == ':') {
			die("a value is missing after ", argv[optind - 1]);
		} else if (strcmp(rows[chosen].name, "help") == 0) {
			print_help();
			exit(EX_OK);
		} else if (strcmp(rows[chosen].name, "version") == 0) {
			puts("ferry-sandbox " PACKAGE_VERSION);
			exit(EX_OK);
		} else {
			take(&o, &rows[chosen], optarg);
		}
	}
	if (optind < argc)
		die("unexpected argument ", argv[optind]);
	check(&o);
	return o;
}
