/*
 * Every option of ferry.conf, as data, and what makes a value acceptable.
 *
 * All scalars are strings to libconfuse: the checks here know more than its types do, and
 * say better what is wrong.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/settings/config_schema.h"
#include "common/wire/endpoint.h"
#include "common/wire/http.h"
#include "common/wire/network.h"

#define ATOMICMAIL_SALT "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083"

#define TITLE_MAX  64
#define MEMORY_MAX (1L << 20) /* MiB */
#define RATE_MAX   (1L << 30) /* kilobytes a second */

/* Columns: section, name, kind, fallback, min, max, words, logins. */
static const struct config_option options[] = {
    {"", "state-dir", CONFIG_PATH, LOCALSTATEDIR "/lib/ferry", 0, 0, NULL, CONFIG_FOR_ALL},

    {"account", "auth", CONFIG_CHOICE, "atomicmail", 0, 0, "atomicmail bearer basic",
        CONFIG_FOR_ALL},
    {"account", "auth-url", CONFIG_URL, "https://auth.atomicmail.ai", 0, 0, NULL,
        CONFIG_FOR_ATOMICMAIL},
    {"account", "api-url", CONFIG_URL, "https://api.atomicmail.ai", 0, 0, NULL, CONFIG_FOR_ALL},
    {"account", "address", CONFIG_ADDRESS, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"account", "default-domain", CONFIG_TEXT, "atomicmail.ai", 0, 0, NULL,
        CONFIG_FOR_ATOMICMAIL},
    {"account", "api-key-file", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "api-key-command", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "token-file", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_BEARER},
    {"account", "token-command", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_BEARER},
    {"account", "user", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_BASIC},
    {"account", "password-file", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_BASIC},
    {"account", "password-command", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_BASIC},
    {"account", "ca-file", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"account", "senders", CONFIG_SENDERS, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"account", "rewrite-from", CONFIG_CHOICE, "never", 0, 0, "never mismatch always",
        CONFIG_FOR_ALL},
    {"account", "pow-salt", CONFIG_TEXT, ATOMICMAIL_SALT, 0, 0, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "pow-threads", CONFIG_NUMBER, "0", 0, 1024, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "pow-memory", CONFIG_NUMBER, "0", 0, MEMORY_MAX, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "pow-max-difficulty", CONFIG_NUMBER, "24", 1, 64, NULL, CONFIG_FOR_ATOMICMAIL},

    {"alias", "api-url", CONFIG_URL, "https://app.simplelogin.io", 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "api-key-file", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "api-key-command", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "ca-file", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "naming", CONFIG_CHOICE, "host", 0, 0, "host word uuid", CONFIG_FOR_ALL},
    {"alias", "domain", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "mailbox", CONFIG_ADDRESS, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "senders", CONFIG_SENDERS, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"alias", "refresh", CONFIG_NUMBER, "86400", 0, 31536000, NULL, CONFIG_FOR_ALL},
    {"alias", "rate-limits", CONFIG_CHOICE, "known", 0, 0, "none known", CONFIG_FOR_ALL},

    {"transport", "account", CONFIG_ACCOUNT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"transport", "deadline", CONFIG_NUMBER, "900", 1, 86400, NULL, CONFIG_FOR_ALL},
    {"transport", "retry-for", CONFIG_NUMBER, "20", 1, 86400, NULL, CONFIG_FOR_ALL},
    {"transport", "submit", CONFIG_CHOICE, "auto", 0, 0, "auto import compose", CONFIG_FOR_ALL},
    {"transport", "inline", CONFIG_NUMBER, "16384", 0, 262144, NULL, CONFIG_FOR_ALL},
    {"transport", "sent", CONFIG_CHOICE, "keep", 0, 0, "keep destroy", CONFIG_FOR_ALL},
    {"transport", "ambiguous", CONFIG_CHOICE, "resend", 0, 0, "resend hold bounce",
        CONFIG_FOR_ALL},
    {"transport", "journal-keep", CONFIG_NUMBER, "6", 1, 366, NULL, CONFIG_FOR_ALL},
    {"transport", "strip", CONFIG_FIELDS,
        "{\"Envelope-To\", \"X-Envelope-*\", \"X-Originating-IP\"}", 0, 0, NULL,
        CONFIG_FOR_ALL},
    {"transport", "domain", CONFIG_DOMAIN, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"transport", "listen", CONFIG_LISTEN, "unix:" TRANSPORT_SOCKET, 0, 0, NULL,
        CONFIG_FOR_ALL},
    {"transport", "listen-mode", CONFIG_MODE, "0660", 0, 0, NULL, CONFIG_FOR_ALL},
    {"transport", "listen-group", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"transport", "user", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"transport", "connections", CONFIG_NUMBER, "100", 1, 10000, NULL, CONFIG_FOR_ALL},
    {"transport", "max-recipients", CONFIG_NUMBER, "100", 1, 10000, NULL, CONFIG_FOR_ALL},
    {"transport", "idle-timeout", CONFIG_NUMBER, "300", 1, 86400, NULL, CONFIG_FOR_ALL},
    {"transport", "monitor", CONFIG_LOOPBACK, NULL, 0, 0, NULL, CONFIG_FOR_ALL},

    {"milter", "listen", CONFIG_LISTEN, "unix:" MILTER_SOCKET, 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "listen-mode", CONFIG_MODE, "0660", 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "listen-group", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "user", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "alias", CONFIG_ACCOUNT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "unlisted", CONFIG_CHOICE, "refuse", 0, 0, "refuse direct", CONFIG_FOR_ALL},
    {"milter", "authenticated", CONFIG_CHOICE, "true", 0, 0, "false true", CONFIG_FOR_ALL},
    {"milter", "local", CONFIG_CHOICE, "true", 0, 0, "false true", CONFIG_FOR_ALL},
    {"milter", "networks", CONFIG_NETWORKS, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "mode", CONFIG_CHOICE, "reverse", 0, 0, "reverse from", CONFIG_FOR_ALL},
    {"milter", "action", CONFIG_CHOICE, "rewrite", 0, 0, "rewrite log-only", CONFIG_FOR_ALL},
    {"milter", "mixed", CONFIG_CHOICE, "split", 0, 0, "split refuse", CONFIG_FOR_ALL},
    {"milter", "rules", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "own-domains", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "group-by", CONFIG_CHOICE, "hostname", 0, 0, "hostname registrable-domain",
        CONFIG_FOR_ALL},
    {"milter", "no-contact", CONFIG_CHOICE, "refuse", 0, 0, "refuse direct", CONFIG_FOR_ALL},
    {"milter", "opt-out", CONFIG_FIELD, "X-No-Alias", 0, 0, NULL, CONFIG_FOR_ALL},
    {"milter", "skip-lists", CONFIG_CHOICE, "true", 0, 0, "false true", CONFIG_FOR_ALL},
    {"milter", "skip-automatic", CONFIG_CHOICE, "false", 0, 0, "false true", CONFIG_FOR_ALL},
    {"milter", "deadline", CONFIG_NUMBER, "20", 1, 240, NULL, CONFIG_FOR_ALL},
    {"milter", "in-flight", CONFIG_NUMBER, "20", 1, 1000, NULL, CONFIG_FOR_ALL},
    {"milter", "monitor", CONFIG_LOOPBACK, NULL, 0, 0, NULL, CONFIG_FOR_ALL},

    {"sync", "account", CONFIG_ACCOUNT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "maildir", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "direction", CONFIG_CHOICE, "pull", 0, 0, "pull push both", CONFIG_FOR_ALL},
    {"sync", "deletions", CONFIG_CHOICE, "trash", 0, 0, "trash expunge destroy never",
        CONFIG_FOR_ALL},
    {"sync", "layout", CONFIG_CHOICE, "maildir++", 0, 0, "maildir++ fs", CONFIG_FOR_ALL},
    {"sync", "mailboxes", CONFIG_LIST, "{\"*\"}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "exclude", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "pull-only", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "push-only", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "max-age", CONFIG_NUMBER, "0", 0, 36525, NULL, CONFIG_FOR_ALL},
    {"sync", "max-size", CONFIG_NUMBER, "0", 0, LONG_MAX, NULL, CONFIG_FOR_ALL},
    {"sync", "subscriptions", CONFIG_CHOICE, "none", 0, 0, "none dovecot", CONFIG_FOR_ALL},
    {"sync", "bandwidth", CONFIG_NUMBER, "0", 0, RATE_MAX, NULL, CONFIG_FOR_ALL},
    {"sync", "connections", CONFIG_NUMBER, "0", 0, 64, NULL, CONFIG_FOR_ALL},
    {"sync", "on-new", CONFIG_TEXT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "poll", CONFIG_NUMBER, "60", 1, 86400, NULL, CONFIG_FOR_ALL},
    {"sync", "ping", CONFIG_NUMBER, "60", 1, 3600, NULL, CONFIG_FOR_ALL},

    {"watch", "monitor", CONFIG_LOOPBACK, NULL, 0, 0, NULL, CONFIG_FOR_ALL},

    {"log", "to", CONFIG_CHOICE, "syslog", 0, 0, "stderr syslog", CONFIG_FOR_ALL},
    {"log", "facility", CONFIG_FACILITY, "mail", 0, 0, NULL, CONFIG_FOR_ALL},
    {"log", "level", CONFIG_CHOICE, "info", 0, 0,
        "emerg alert crit err warning notice info debug", CONFIG_FOR_ALL},
};

static const struct config_section sections[] = {
    {"account", true},
    {"alias", true},
    {"transport", false},
    {"milter", false},
    {"sync", true},
    {"watch", false},
    {"log", false},
};

const struct config_option *
config_schema_option(size_t i)
{
	return i < sizeof(options) / sizeof(options[0]) ? &options[i] : NULL;
}

const struct config_section *
config_schema_section(size_t i)
{
	return i < sizeof(sections) / sizeof(sections[0]) ? &sections[i] : NULL;
}

const struct config_option *
config_schema_find(const char *section, const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].section, section) == 0 &&
		    strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

/* Say why not, and be false. */
static bool
refuse(struct buf *why, const char *text)
{
	buf_adds(why, text);
	return false;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

static bool
accept_path(const char *path, struct buf *why)
{
	if (path[0] != '/')
		return refuse(why, "must be an absolute path");
	for (const char *p = path; (p = strstr(p, "/..")) != NULL; p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return refuse(why, "must not contain \"..\"");
	return true;
}

/* Is this part of the URL there at all? */
static bool
url_has(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static bool
accept_url(const char *text, struct buf *why)
{
	CURLU *url = curl_url();
	bool accepted = false;

	if (url == NULL || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		refuse(why, "is not a URL like \"https://host\"");
	else if (url_has(url, CURLUPART_USER) || url_has(url, CURLUPART_QUERY) ||
	         url_has(url, CURLUPART_FRAGMENT))
		refuse(why, "must be a plain URL, without user, query or fragment");
	else if (strncasecmp(text, "https://", 8) == 0)
		accepted = true;
	else if (strncasecmp(text, "http://", 7) != 0)
		refuse(why, "must start with \"https://\"");
	else if (!http_is_loopback(text))
		refuse(why,
		    "must start with \"https://\": plain http: does not leave this machine");
	else
		accepted = true;
	curl_url_cleanup(url);
	return accepted;
}

static bool
accept_address(const char *address, struct buf *why)
{
	const char *at = strrchr(address, '@');

	if (at == NULL || at == address || at[1] == '\0' || strpbrk(address, " <>,;") != NULL)
		return refuse(why, "must be an address like \"user@example.org\"");
	return true;
}

static bool
accept_domain(const char *domain, struct buf *why)
{
	if (strpbrk(domain, " @<>(),;:\\\"") != NULL || *domain == '.')
		return refuse(why, "must be a domain like \"example.org\"");
	return true;
}

static bool
accept_sender(const char *sender, struct buf *why)
{
	if (*sender == '@' ? accept_domain(sender + 1, why) && sender[1] != '\0'
	                   : accept_address(sender, why))
		return true;
	buf_reset(why);
	return refuse(why, "must hold addresses like \"user@example.org\" or \"@example.org\"");
}

/* Is this what a name, or "name*", of the strip list would take out? */
static bool
strips(const char *pattern, const char *field)
{
	size_t length = strcspn(pattern, "*");

	return strncasecmp(pattern, field, length) == 0 &&
	       (pattern[length] == '*' || field[length] == '\0');
}

/* Without these a message is another message, or none. */
static const char *const kept_fields[] = {"Cc", "Content-Description", "Content-Disposition",
    "Content-ID", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version",
    "Message-ID", "Subject", "To"};

static bool
accept_field(const char *pattern, struct buf *why)
{
	size_t length = strcspn(pattern, "*");

	for (size_t i = 0; i < length; i++)
		if (pattern[i] <= ' ' || pattern[i] >= 0x7f || pattern[i] == ':')
			return refuse(why, "must hold names of header fields");
	if (pattern[length] == '*' && pattern[length + 1] != '\0')
		return refuse(why, "may have a '*' at the end of a name alone");
	for (size_t i = 0; i < sizeof(kept_fields) / sizeof(kept_fields[0]); i++)
		if (strips(pattern, kept_fields[i])) {
			buf_addf(why, "must not take out %s", kept_fields[i]);
			return false;
		}
	return true;
}

static bool
accept_field_name(const char *name, struct buf *why)
{
	if (strchr(name, '*') == NULL && accept_field(name, why))
		return true;
	buf_reset(why);
	return refuse(why, "must be the name of a header field that a message can do without");
}

static bool
accept_number(const struct config_option *option, const char *text, struct buf *why)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 ||
	    number < option->min || number > option->max) {
		buf_addf(why, "must be a number from %ld to %ld", option->min, option->max);
		return false;
	}
	return true;
}

static bool
accept_network(const char *text, struct buf *why)
{
	struct network network;

	if (network_parse(text, &network))
		return true;
	return refuse(why, "must hold networks like \"192.0.2.0/24\" or \"2001:db8::/32\"");
}

static bool
accept_mode(const char *text, struct buf *why)
{
	size_t length = strlen(text);

	if (length >= 3 && length <= 4 && strspn(text, "01234567") == length &&
	    (length == 3 || text[0] == '0'))
		return true;
	return refuse(why, "must be a mode like 0660");
}

int
config_schema_word(const struct config_option *option, const char *word)
{
	size_t length = strlen(word);
	int position = 0;

	if (length == 0 || strchr(word, ' ') != NULL)
		return -1;
	for (const char *p = option->words;; p++, position++) {
		size_t size = strcspn(p, " ");

		if (size == length && strncmp(p, word, length) == 0)
			return position;
		p += size;
		if (*p == '\0')
			return -1;
	}
}

static bool
accept_choice(const struct config_option *option, const char *word, struct buf *why)
{
	if (config_schema_word(option, word) >= 0)
		return true;
	buf_addf(why, "must be one of: %s", option->words);
	return false;
}

bool
config_schema_accepts(const struct config_option *option, const char *value, struct buf *why)
{
	if (*value == '\0')
		return refuse(why, "is empty");
	if (has_control(value))
		return refuse(why, "contains a control character");
	switch (option->kind) {
	case CONFIG_PATH:
		return accept_path(value, why);
	case CONFIG_URL:
		return accept_url(value, why);
	case CONFIG_ADDRESS:
		return accept_address(value, why);
	case CONFIG_NUMBER:
		return accept_number(option, value, why);
	case CONFIG_DOMAIN:
		return accept_domain(value, why);
	case CONFIG_SENDERS:
		return accept_sender(value, why);
	case CONFIG_FIELD:
		return accept_field_name(value, why);
	case CONFIG_FIELDS:
		return accept_field(value, why);
	case CONFIG_LISTEN:
		return endpoint_accepts(value, why);
	case CONFIG_LOOPBACK:
		return endpoint_accepts_inet(value, why);
	case CONFIG_MODE:
		return accept_mode(value, why);
	case CONFIG_NETWORKS:
		return accept_network(value, why);
	case CONFIG_CHOICE:
		return accept_choice(option, value, why);
	case CONFIG_FACILITY:
		return log_facility(value) >= 0
		           ? true
		           : refuse(why, "must be a syslog facility, like mail or local0");
	case CONFIG_TEXT:
	case CONFIG_ACCOUNT:
	case CONFIG_LIST:
		break;
	}
	return true;
}

bool
config_schema_is_list(const struct config_option *option)
{
	return option->kind == CONFIG_LIST || option->kind == CONFIG_SENDERS ||
	       option->kind == CONFIG_FIELDS || option->kind == CONFIG_NETWORKS;
}

bool
config_schema_accepts_title(const char *title, struct buf *why)
{
	if (*title == '\0')
		return refuse(why, "is empty");
	if (strlen(title) > TITLE_MAX)
		return refuse(why, "is longer than 64 bytes");
	if (has_control(title) || strchr(title, '/') != NULL)
		return refuse(why, "contains a '/' or a control character");
	if (*title == '.' || *title == '-')
		return refuse(why, "starts with '.' or '-'");
	return true;
}
