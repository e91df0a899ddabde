/*
 * The command line of sendmail(1), mailq(1) and newaliases(1).
 */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "transport/sendmail_arguments.h"

#define ENVID_MAX 100

enum { OPTION_VERSION = 256, OPTION_HELP };

static const struct option long_options[] = {
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/*
 * What take_option() does not know is ignored: -A (which configuration of sendmail's), -B (body
 * type), -D and -d (debugging), -e (how errors are told), -G (a gateway calls), -h (hop count),
 * -L (log tag), -m (me too), -n (no aliases), -O (option), -p (protocol), -s, -U (initial
 * submission), -X and -x (traffic log).
 */
static const char short_options[] = ":A:B:C:D:F:GIL:N:O:R:UV:X:b:d::e:f:h:imno:p:q::r:stvx";

const char sendmail_help[] =
    "usage: sendmail [-itv] [-C FILE] [-f SENDER] [-F NAME] [-N NOTIFY] [-R RETURN]\n"
    "                [-V ENVID] [--] [RECIPIENT...]\n"
    "       mailq | newaliases\n"
    "\n"
    "Submit the message on standard input to a JMAP service.\n"
    "\n"
    "  -t          take recipients from To, Cc and Bcc too\n"
    "  -i          do not end the message at a line with a dot alone\n"
    "  -f SENDER   the envelope sender; '' is the null sender\n"
    "  -F NAME     the sender's name, for a message without From\n"
    "  -C FILE     the configuration, instead of the user's or the system's\n"
    "  -N NOTIFY   reports wanted: never, or some of success,failure,delay\n"
    "  -R RETURN   what a report returns: full or hdrs\n"
    "  -V ENVID    the envelope's name in reports\n"
    "  -v          log to the terminal\n"
    "\n"
    "Other options of sendmail(1) are accepted where the message is sent the same\n"
    "without them; see ferry-sendmail(8).\n";

/* The modes of -b that are not refused. */
static const struct {
	char mode;
	enum sendmail_action action;
} modes[] = {
    {'m', SENDMAIL_DELIVER},
    {'p', SENDMAIL_LIST_QUEUE},
    {'i', SENDMAIL_ALIASES},
};

/* Those that are asked for most, with what to do instead. */
static const struct {
	char mode;
	const char *why;
} refused_modes[] = {
    {'s', "-bs: SMTP is not spoken; give the message on standard input, and its recipients "
          "as arguments or with -t"},
    {'d', "-bd: there is no SMTP daemon; a mail system like Postfix can be put in front"},
};

/* Say why not, and be false. */
static bool
refuse(struct buf *why, const char *format, const char *detail)
{
	buf_adds(why, format);
	if (detail != NULL)
		buf_addf(why, " \"%s\"", detail);
	return false;
}

static bool
take_mode(struct sendmail_arguments *args, const char *mode, struct buf *why)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (mode[0] == modes[i].mode && mode[1] == '\0') {
			args->action = modes[i].action;
			return true;
		}
	for (size_t i = 0; i < sizeof(refused_modes) / sizeof(refused_modes[0]); i++)
		if (mode[0] == refused_modes[i].mode && mode[1] == '\0')
			return refuse(why, refused_modes[i].why, NULL);
	return refuse(why, "-b: no such mode", mode);
}

/* -N: NEVER, or a list of the others (RFC 3461 §4.1). */
static bool
take_notify(struct sendmail_arguments *args, const char *list, struct buf *why)
{
	static const char *const words[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};
	struct buf notify = BUF_INIT;
	bool never = false, good = true;

	for (const char *p = list; good; p++) {
		size_t length = strcspn(p, ","), i = 0;

		while (i < 4 &&
		       (strncasecmp(p, words[i], length) != 0 || words[i][length] != '\0'))
			i++;
		good = i < 4 && !never && (i != 0 || notify.len == 0);
		if (!good)
			break;
		never = i == 0;
		buf_addf(&notify, "%s%s", notify.len != 0 ? "," : "", words[i]);
		p += length;
		if (*p == '\0')
			break;
	}
	free(args->notify);
	args->notify = buf_steal(&notify);
	return good ||
	       refuse(why, "-N: must be never, or some of success,failure,delay, not", list);
}

static bool
take_return(struct sendmail_arguments *args, const char *word, struct buf *why)
{
	args->ret = strcasecmp(word, "full") == 0   ? "FULL"
	            : strcasecmp(word, "hdrs") == 0 ? "HDRS"
	                                            : NULL;
	return args->ret != NULL || refuse(why, "-R: must be full or hdrs, not", word);
}

static bool
take_envid(struct sendmail_arguments *args, const char *envid, struct buf *why)
{
	size_t length = strlen(envid);

	for (const char *p = envid; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p) && *p != ' ')
			length = 0;
	if (length == 0 || length > ENVID_MAX)
		return refuse(why, "-V: must be 1 to 100 printable characters", NULL);
	args->envid = envid;
	return true;
}

/* What an option says; false if that cannot be. */
static bool
take_option(struct sendmail_arguments *args, int option, struct buf *why)
{
	switch (option) {
	case 'C':
		args->config_path = optarg;
		return true;
	case 'F':
		args->full_name = optarg;
		return true;
	case 'I':
		args->action = SENDMAIL_ALIASES;
		return true;
	case 'N':
		return take_notify(args, optarg, why);
	case 'R':
		return take_return(args, optarg, why);
	case 'V':
		return take_envid(args, optarg, why);
	case 'b':
		return take_mode(args, optarg, why);
	case 'f':
	case 'r':
		args->sender = optarg;
		return true;
	case 'i':
		args->dots = true;
		return true;
	case 'o':
		args->dots |= strcmp(optarg, "i") == 0;
		return true;
	case 'q':
		args->action = SENDMAIL_RUN_QUEUE;
		return true;
	case 't':
		args->from_header = true;
		return true;
	case 'v':
		args->verbose++;
		return true;
	case OPTION_VERSION:
		args->action = SENDMAIL_VERSION;
		return true;
	case OPTION_HELP:
		args->action = SENDMAIL_HELP;
		return true;
	default:
		return true;
	}
}

const char *
sendmail_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static enum sendmail_action
action_of_name(const char *path)
{
	const char *name = sendmail_basename(path);

	if (strcmp(name, "mailq") == 0)
		return SENDMAIL_LIST_QUEUE;
	return strcmp(name, "newaliases") == 0 ? SENDMAIL_ALIASES : SENDMAIL_DELIVER;
}

/* The option that getopt stopped at, as it was written. */
static bool
refuse_option(int option, char **argv, struct buf *why)
{
	char letter[3] = {'-', (char)optopt, '\0'};
	const char *written = optopt > 0 && optopt < 256 ? letter : argv[optind - 1];

	return refuse(why, option == ':' ? "no value for option" : "unknown option", written);
}

bool
sendmail_arguments_parse(
    int argc, char **argv, struct sendmail_arguments *args_r, struct buf *why)
{
	bool good = true;
	int option;

	*args_r = (struct sendmail_arguments){.action = action_of_name(argv[0])};
	opterr = 0;
	optind = 0;
	while (
	    good && (option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
		good = option == ':' || option == '?' ? refuse_option(option, argv, why)
		                                      : take_option(args_r, option, why);
	if (!good)
		return false;
	args_r->recipients = argv + optind;
	args_r->recipient_count = (size_t)(argc - optind);
	if (args_r->action == SENDMAIL_DELIVER && args_r->recipient_count == 0 &&
	    !args_r->from_header)
		return refuse(why, "no recipient is named, and -t is not given", NULL);
	return true;
}

void
sendmail_arguments_free(struct sendmail_arguments *args)
{
	free(args->notify);
	args->notify = NULL;
}
