/*
 * Every option of ferry.conf, as data, and what makes a value acceptable.
 *
 * All scalars are strings to libconfuse: the checks here know more than its types do, and
 * say better what is wrong.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/settings/config_schema.h"
#include "common/wire/http.h"

#define ATOMICMAIL_SALT "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083"

#define TITLE_MAX  64
#define MEMORY_MAX (1L << 20) /* MiB */

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
    {"account", "pow-salt", CONFIG_TEXT, ATOMICMAIL_SALT, 0, 0, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "pow-threads", CONFIG_NUMBER, "0", 0, 1024, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "pow-memory", CONFIG_NUMBER, "0", 0, MEMORY_MAX, NULL, CONFIG_FOR_ATOMICMAIL},
    {"account", "pow-max-difficulty", CONFIG_NUMBER, "24", 1, 64, NULL, CONFIG_FOR_ATOMICMAIL},

    {"transport", "account", CONFIG_ACCOUNT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"transport", "deadline", CONFIG_NUMBER, "900", 1, 86400, NULL, CONFIG_FOR_ALL},

    {"sync", "account", CONFIG_ACCOUNT, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "maildir", CONFIG_PATH, NULL, 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "direction", CONFIG_CHOICE, "pull", 0, 0, "pull push both", CONFIG_FOR_ALL},
    {"sync", "deletions", CONFIG_CHOICE, "trash", 0, 0, "trash expunge destroy never",
        CONFIG_FOR_ALL},
    {"sync", "layout", CONFIG_CHOICE, "maildir++", 0, 0, "maildir++ fs", CONFIG_FOR_ALL},
    {"sync", "mailboxes", CONFIG_LIST, "{\"*\"}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "exclude", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "pull-only", CONFIG_LIST, "{}", 0, 0, NULL, CONFIG_FOR_ALL},
    {"sync", "connections", CONFIG_NUMBER, "0", 0, 64, NULL, CONFIG_FOR_ALL},

    {"log", "to", CONFIG_CHOICE, "syslog", 0, 0, "stderr syslog", CONFIG_FOR_ALL},
    {"log", "facility", CONFIG_FACILITY, "mail", 0, 0, NULL, CONFIG_FOR_ALL},
    {"log", "level", CONFIG_CHOICE, "info", 0, 0,
        "emerg alert crit err warning notice info debug", CONFIG_FOR_ALL},
};

static const struct config_section sections[] = {
    {"account", true},
    {"transport", false},
    {"sync", true},
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
