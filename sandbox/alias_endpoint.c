/*
 * Every endpoint of the API, one a row.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/alias_acts.h"
#include "sandbox/alias_endpoint.h"

#define NEW_ALIAS "100/day;50/hour;5/minute"
#define CREATION  "alias_creation"

static const struct alias_endpoint endpoints[] = {
    /* Account */
    {"POST", "/api/auth/login", act_login, AUTH_NONE, LIMIT_BEFORE, "10/minute", NULL},
    {"POST", "/api/auth/mfa", act_mfa, AUTH_NONE, LIMIT_BEFORE, "10/minute", "mfa_auth"},
    {"POST", "/api/auth/facebook", act_facebook, AUTH_NONE, LIMIT_BEFORE, "10/minute", NULL},
    {"POST", "/api/auth/google", act_google, AUTH_NONE, LIMIT_BEFORE, "10/minute", NULL},
    {"POST", "/api/auth/register", act_register, AUTH_NONE, LIMIT_BEFORE, "10/minute", NULL},
    {"POST", "/api/auth/activate", act_activate, AUTH_NONE, LIMIT_BEFORE, "10/minute", NULL},
    {"POST", "/api/auth/reactivate", act_reactivate, AUTH_NONE, LIMIT_BEFORE, "10/minute",
        NULL},
    {"POST", "/api/auth/forgot_password", act_forgot_password, AUTH_NONE, LIMIT_BEFORE,
        "2/minute", NULL},
    {"GET", "/api/user_info", act_user_info, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"PATCH", "/api/user_info", act_user_info_patch, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"GET", "/api/stats", act_stats, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"PATCH", "/api/sudo", act_sudo, AUTH_KEY, LIMIT_BEFORE, "5/minute", NULL},
    {"DELETE", "/api/user", act_user_delete, AUTH_SUDO, LIMIT_NONE, "", NULL},
    {"GET", "/api/user/cookie_token", act_cookie_token, AUTH_KEY, LIMIT_AFTER, "5/minute",
        NULL},
    {"POST", "/api/api_key", act_api_key, AUTH_SUDO, LIMIT_NONE, "", NULL},
    {"GET", "/api/logout", act_logout, AUTH_KEY, LIMIT_NONE, "", NULL},

    /* Aliases */
    {"GET", "/api/v5/alias/options", act_options_v5, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"GET", "/api/v4/alias/options", act_options_v4, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/v3/alias/custom/new", act_custom_v3, AUTH_KEY, LIMIT_AFTER, NEW_ALIAS,
        CREATION},
    {"POST", "/api/v2/alias/custom/new", act_custom_v2, AUTH_KEY, LIMIT_AFTER, NEW_ALIAS,
        CREATION},
    {"POST", "/api/alias/random/new", act_random, AUTH_KEY, LIMIT_AFTER, NEW_ALIAS, CREATION},
    {"GET POST", "/api/aliases", act_aliases_v1, AUTH_KEY, LIMIT_USER, "10/minute", NULL},
    {"GET POST", "/api/v2/aliases", act_aliases_v2, AUTH_KEY, LIMIT_USER, "50/minute", NULL},
    {"GET", "/api/aliases/:id", act_alias_get, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"DELETE", "/api/aliases/:id", act_alias_delete, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"PATCH PUT", "/api/aliases/:id", act_alias_patch, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/aliases/:id/toggle", act_alias_toggle, AUTH_KEY, LIMIT_AFTER, "100/hour",
        NULL},
    {"GET", "/api/aliases/:id/activities", act_activities, AUTH_KEY, LIMIT_AFTER, "30/minute",
        NULL},
    {"GET", "/api/aliases/:id/contacts", act_contacts, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/aliases/:id/contacts", act_contact_create, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"DELETE", "/api/contacts/:id", act_contact_delete, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/contacts/:id/toggle", act_contact_toggle, AUTH_KEY, LIMIT_NONE, "", NULL},

    /* Mailboxes and domains */
    {"GET", "/api/mailboxes", act_mailboxes_v1, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"GET", "/api/v2/mailboxes", act_mailboxes_v2, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/mailboxes", act_mailbox_create, AUTH_KEY, LIMIT_BEFORE, "20/hour", NULL},
    {"DELETE", "/api/mailboxes/:id", act_mailbox_delete, AUTH_KEY, LIMIT_BEFORE, "100/hour",
        NULL},
    {"PUT", "/api/mailboxes/:id", act_mailbox_update, AUTH_KEY, LIMIT_AFTER, "100/hour", NULL},
    {"GET", "/api/custom_domains", act_domains, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"PATCH", "/api/custom_domains/:id", act_domain_patch, AUTH_KEY, LIMIT_AFTER, "100/hour",
        NULL},
    {"GET", "/api/custom_domains/:id/trash", act_domain_trash, AUTH_KEY, LIMIT_NONE, "", NULL},

    /* The rest */
    {"GET", "/api/notifications", act_notifications, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/notifications/:id/read", act_notification_read, AUTH_KEY, LIMIT_NONE, "",
        NULL},
    {"GET", "/api/setting", act_setting, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"PATCH", "/api/setting", act_setting_patch, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"GET", "/api/setting/domains", act_setting_domains_v1, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"GET", "/api/v2/setting/domains", act_setting_domains_v2, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"DELETE", "/api/setting/unlink_proton_account", act_unlink_proton, AUTH_KEY, LIMIT_NONE,
        "", NULL},
    {"GET", "/api/export/data", act_export_data, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"GET", "/api/export/aliases", act_export_aliases, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/apple/process_payment", act_apple_payment, AUTH_KEY, LIMIT_NONE, "", NULL},
    {"POST", "/api/apple/update_notification", act_apple_notification, AUTH_NONE, LIMIT_NONE,
        "", NULL},
    {"GET POST", "/api/phone/reservations/:id", act_phone, AUTH_KEY, LIMIT_NONE, "", NULL},

    /* Two pages of the website that the API and its letters lead to. */
    {"GET", "/auth/api_to_cookie", act_api_to_cookie, AUTH_NONE, LIMIT_NONE, "", NULL},
    {"GET", "/dashboard/mailbox_verify", act_mailbox_verify, AUTH_NONE, LIMIT_NONE, "", NULL},
};

#define ENDPOINTS (sizeof(endpoints) / sizeof(endpoints[0]))

/* Read digits up to a slash or the end; what PostgreSQL's integer cannot hold is -1. */
static bool
read_id(const char **path, int64_t *id_r)
{
	int64_t id = 0;

	if (!isdigit((unsigned char)**path))
		return false;
	for (; isdigit((unsigned char)**path); (*path)++)
		id = id > INT32_MAX ? id : id * 10 + (**path - '0');
	*id_r = id > INT32_MAX ? -1 : id;
	return **path == '\0' || **path == '/';
}

static bool
path_fits(const char *pattern, const char *path, int64_t *id_r)
{
	for (; *pattern != '\0'; pattern++) {
		if (strncmp(pattern, ":id", 3) == 0) {
			if (!read_id(&path, id_r))
				return false;
			pattern += 2;
		} else if (*pattern != *path++) {
			return false;
		}
	}
	return *path == '\0' || strcmp(path, "/") == 0;
}

static bool
takes_method(const char *methods, const char *method)
{
	size_t length = strlen(method);

	for (const char *p = methods; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == length && strncmp(p, method, n) == 0)
			return true;
		p += n;
	}
	return false;
}

const struct alias_endpoint *
alias_endpoint_find(const char *method, const char *path, int64_t *id_r, int *status_r)
{
	*status_r = 404;
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t i = 0; i < ENDPOINTS; i++) {
		int64_t id = 0;

		if (!path_fits(endpoints[i].path, path, &id))
			continue;
		if (takes_method(endpoints[i].methods, method)) {
			*id_r = id;
			*status_r = 0;
			return &endpoints[i];
		}
		*status_r = 405;
	}
	return NULL;
}

bool
alias_serves(const char *path)
{
	int64_t id;
	int status;

	return strncmp(path, "/api/", 5) == 0 || strcmp(path, "/api") == 0 ||
	       alias_endpoint_find("GET", path, &id, &status) != NULL;
}

const struct alias_endpoint *
alias_endpoint_row(size_t i)
{
	return i < ENDPOINTS ? &endpoints[i] : NULL;
}
