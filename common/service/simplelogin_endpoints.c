/*
 * Every endpoint of SimpleLogin's REST API, as data.
 *
 * The limits are the server's defaults (Flask-Limiter, fixed windows from the first request
 * on).  A window for which the service counts by address, user or key is kept by us as one:
 * that is never less careful.
 */
#include <stdlib.h>
#include <string.h>

#include "common/service/simplelogin_endpoints.h"

#define EMAIL_MAX  256
#define DEVICE_MAX 128
#define HOST_MAX   1024

/* Parameters.  Columns: name, option, place, type, flags, max, words, summary. */
#define END                                                    \
	{                                                      \
		NULL, NULL, IN_PATH, OF_TEXT, 0, 0, NULL, NULL \
	}
#define ALIAS_IN_PATH                                                                       \
	{                                                                                   \
		"alias_id", "alias", IN_PATH, OF_ALIAS, SL_REQUIRED | SL_ARGUMENT, 0, NULL, \
		    "the alias: its id or address"                                          \
	}
#define MAILBOX_IN_PATH                                                                     \
	{                                                                                   \
		"mailbox_id", "mailbox", IN_PATH, OF_MAILBOX, SL_REQUIRED | SL_ARGUMENT, 0, \
		    NULL, "the mailbox: its id or address"                                  \
	}
#define CONTACT_IN_PATH                                                                     \
	{                                                                                   \
		"contact_id", "contact", IN_PATH, OF_CONTACT, SL_REQUIRED | SL_ARGUMENT, 0, \
		    NULL, "the contact: its id, address or reverse alias"                   \
	}
#define DOMAIN_IN_PATH                                                                       \
	{                                                                                    \
		"custom_domain_id", "domain", IN_PATH, OF_DOMAIN, SL_REQUIRED | SL_ARGUMENT, \
		    0, NULL, "the domain: its id or name"                                    \
	}
#define ID_IN_PATH(name, option, summary)                                                     \
	{                                                                                     \
		name, option, IN_PATH, OF_NUMBER, SL_REQUIRED | SL_ARGUMENT, 0, NULL, summary \
	}
#define EMAIL(summary)                                                                    \
	{                                                                                 \
		"email", "email", IN_BODY, OF_TEXT, SL_REQUIRED | SL_ARGUMENT, EMAIL_MAX, \
		    NULL, summary                                                         \
	}
#define PASSWORD                                                                  \
	{                                                                         \
		"password", "password", IN_BODY, OF_SECRET, SL_REQUIRED, 0, NULL, \
		    "the account's password"                                      \
	}
#define DEVICE                                                                               \
	{                                                                                    \
		"device", "device", IN_BODY, OF_TEXT, SL_REQUIRED | SL_NULLABLE, DEVICE_MAX, \
		    NULL, "the API key's name in the list of keys"                           \
	}
#define HOSTNAME                                                              \
	{                                                                     \
		"hostname", "hostname", IN_QUERY, OF_TEXT, 0, HOST_MAX, NULL, \
		    "the site that the alias is for"                          \
	}
#define NOTE                                                            \
	{                                                               \
		"note", "note", IN_BODY, OF_TEXT, SL_NULLABLE, 0, NULL, \
		    "what to remember of it"                            \
	}
#define SEARCH                                                      \
	{                                                           \
		"query", "search", IN_BODY, OF_TEXT, 0, 0, NULL,    \
		    "only those with this in address, name or note" \
	}

static const struct simplelogin_parameter login[] = {
    EMAIL("the account's address"), PASSWORD, DEVICE, END};
static const struct simplelogin_parameter mfa[] = {
    {"mfa_token", "otp", IN_BODY, OF_SECRET, SL_REQUIRED, 0, NULL, "the one-time password"},
    {"mfa_key", "mfa-key", IN_BODY, OF_SECRET, SL_REQUIRED, 0, NULL, "what login answered"},
    DEVICE, END};
static const struct simplelogin_parameter facebook[] = {
    {"facebook_token", "token", IN_BODY, OF_SECRET, SL_REQUIRED, 0, NULL, "Facebook's token"},
    DEVICE, END};
static const struct simplelogin_parameter google[] = {
    {"google_token", "token", IN_BODY, OF_SECRET, SL_REQUIRED, 0, NULL, "Google's token"},
    DEVICE, END};
static const struct simplelogin_parameter registering[] = {EMAIL("the new account's address"),
    {"password", "password", IN_BODY, OF_SECRET, SL_REQUIRED, 100, NULL,
        "its password, 8 to 100 characters"},
    END};
static const struct simplelogin_parameter activate[] = {EMAIL("the account's address"),
    {"code", "code", IN_BODY, OF_TEXT, SL_REQUIRED | SL_ARGUMENT, 64, NULL,
        "the code that was mailed"},
    END};
static const struct simplelogin_parameter email_only[] = {EMAIL("the account's address"), END};
static const struct simplelogin_parameter user_edit[] = {
    {"name", "name", IN_BODY, OF_TEXT, SL_NULLABLE, 128, NULL, "the user's name"},
    {"profile_picture", "picture", IN_BODY, OF_PICTURE, SL_NULLABLE, 0, NULL,
        "the user's picture, from a file"},
    END};
static const struct simplelogin_parameter password_only[] = {PASSWORD, END};
static const struct simplelogin_parameter device_only[] = {DEVICE, END};

static const struct simplelogin_parameter hostname_only[] = {HOSTNAME, END};
static const struct simplelogin_parameter create_v3[] = {
    {"alias_prefix", "prefix", IN_BODY, OF_TEXT, SL_REQUIRED | SL_ARGUMENT, 0, NULL,
        "the address's first part, at most 40 characters"},
    {"signed_suffix", "suffix", IN_BODY, OF_TEXT, SL_REQUIRED, 0, NULL,
        "the rest of the address, or a domain"},
    {"mailbox_ids", "mailbox", IN_BODY, OF_MAILBOXES, SL_REQUIRED, 0, NULL,
        "the mailboxes that get its mail, separated by commas"},
    {"name", "name", IN_BODY, OF_TEXT, SL_NULLABLE, 128, NULL, "the name in From"}, NOTE,
    HOSTNAME, END};
static const struct simplelogin_parameter create_v2[] = {
    {"alias_prefix", "prefix", IN_BODY, OF_TEXT, SL_REQUIRED | SL_ARGUMENT, 0, NULL,
        "the address's first part"},
    {"signed_suffix", "signed-suffix", IN_BODY, OF_TEXT, SL_REQUIRED | SL_ARGUMENT, 0, NULL,
        "a signed suffix of the options"},
    NOTE, HOSTNAME, END};
static const struct simplelogin_parameter create_random[] = {HOSTNAME,
    {"mode", "mode", IN_QUERY, OF_CHOICE, 0, 0, "word uuid", "words or a UUID"}, NOTE, END};
static const struct simplelogin_parameter list_v2[] = {
    {"pinned", "pinned", IN_QUERY, OF_FLAG, 0, 0, NULL, "only pinned aliases"},
    {"disabled", "disabled", IN_QUERY, OF_FLAG, 0, 0, NULL, "only disabled aliases"},
    {"enabled", "enabled", IN_QUERY, OF_FLAG, 0, 0, NULL, "only enabled aliases"}, SEARCH, END};
static const struct simplelogin_parameter list_v1[] = {SEARCH, END};
static const struct simplelogin_parameter alias_only[] = {ALIAS_IN_PATH, END};
static const struct simplelogin_parameter alias_edit[] = {ALIAS_IN_PATH, NOTE,
    {"name", "name", IN_BODY, OF_TEXT, SL_NULLABLE, 128, NULL, "the name in From"},
    {"mailbox_ids", "mailbox", IN_BODY, OF_MAILBOXES, 0, 0, NULL,
        "the mailboxes that get its mail, separated by commas"},
    {"mailbox_id", "only-mailbox", IN_BODY, OF_MAILBOX, 0, 0, NULL,
        "the one mailbox, in the way of old clients"},
    {"disable_pgp", "disable-pgp", IN_BODY, OF_BOOLEAN, 0, 0, NULL,
        "forward unencrypted although mailboxes have keys"},
    {"pinned", "pinned", IN_BODY, OF_BOOLEAN, 0, 0, NULL, "keep it on top of lists"}, END};
static const struct simplelogin_parameter contact_add[] = {ALIAS_IN_PATH,
    {"contact", "contact", IN_BODY, OF_TEXT, SL_REQUIRED | SL_ARGUMENT, 512, NULL,
        "one address, with or without a name"},
    END};
static const struct simplelogin_parameter contact_only[] = {CONTACT_IN_PATH, END};

static const struct simplelogin_parameter mailbox_create[] = {EMAIL("its address"), END};
static const struct simplelogin_parameter mailbox_delete[] = {MAILBOX_IN_PATH,
    {"transfer_aliases_to", "transfer-to", IN_BODY, OF_MAILBOX, 0, 0, NULL,
        "the mailbox that gets its aliases; else they are deleted"},
    END};
static const struct simplelogin_parameter mailbox_edit[] = {MAILBOX_IN_PATH,
    {"default", "default", IN_BODY, OF_BOOLEAN, 0, 0, NULL, "make it the default"},
    {"email", "email", IN_BODY, OF_TEXT, 0, EMAIL_MAX, NULL, "its new address"},
    {"cancel_email_change", "cancel-email-change", IN_BODY, OF_BOOLEAN, 0, 0, NULL,
        "forget the new address"},
    END};

static const struct simplelogin_parameter domain_edit[] = {DOMAIN_IN_PATH,
    {"catch_all", "catch-all", IN_BODY, OF_BOOLEAN, 0, 0, NULL,
        "make an alias of whatever address gets mail"},
    {"random_prefix_generation", "random-prefix", IN_BODY, OF_BOOLEAN, 0, 0, NULL,
        "offer suffixes with a random word"},
    {"name", "name", IN_BODY, OF_TEXT, SL_NULLABLE, 128, NULL, "the name in From"},
    {"mailbox_ids", "mailbox", IN_BODY, OF_MAILBOXES, 0, 0, NULL,
        "the mailboxes of its new aliases, separated by commas"},
    END};
static const struct simplelogin_parameter domain_only[] = {DOMAIN_IN_PATH, END};

static const struct simplelogin_parameter notification_read[] = {
    ID_IN_PATH("notification_id", "notification", "the notification's id"), END};
static const struct simplelogin_parameter setting_edit[] = {
    {"alias_generator", "alias-generator", IN_BODY, OF_CHOICE, 0, 0, "word uuid",
        "what random aliases are made of"},
    {"notification", "notification", IN_BODY, OF_BOOLEAN, 0, 0, NULL, "mail newsletters"},
    {"random_alias_default_domain", "domain", IN_BODY, OF_TEXT, 0, 253, NULL,
        "the domain of random aliases"},
    {"sender_format", "sender-format", IN_BODY, OF_CHOICE, 0, 0,
        "AT A NAME_ONLY AT_ONLY NO_NAME", "how reverse aliases show the sender"},
    {"random_alias_suffix", "suffix", IN_BODY, OF_CHOICE, 0, 0, "word random_string",
        "what suffixes are made of"},
    END};
static const struct simplelogin_parameter apple_payment[] = {
    {"receipt_data", "receipt", IN_BODY, OF_PICTURE, SL_REQUIRED, 0, NULL,
        "the receipt, from a file"},
    {"is_macapp", "macapp", IN_BODY, OF_BOOLEAN, 0, 0, NULL, "it is the Mac application's"},
    END};
static const struct simplelogin_parameter apple_notice[] = {
    {"password", "password", IN_BODY, OF_SECRET, SL_REQUIRED, 0, NULL, "Apple's shared secret"},
    {"unified_receipt", "receipt", IN_BODY, OF_JSON, 0, 0, NULL,
        "the notice's receipt, from a file of JSON"},
    END};
static const struct simplelogin_parameter reservation[] = {
    ID_IN_PATH("reservation_id", "reservation", "the reservation's id"), END};

/* Limits. */
#define DAY  86400
#define HOUR 3600
static const struct simplelogin_limit creation[] = {{5, 60}, {50, HOUR}, {100, DAY}, {0, 0}};
static const struct simplelogin_limit per_minute_2[] = {{2, 60}, {0, 0}};
static const struct simplelogin_limit per_minute_5[] = {{5, 60}, {0, 0}};
static const struct simplelogin_limit per_minute_10[] = {{10, 60}, {0, 0}};
static const struct simplelogin_limit per_minute_30[] = {{30, 60}, {0, 0}};
static const struct simplelogin_limit per_minute_50[] = {{50, 60}, {0, 0}};
static const struct simplelogin_limit per_hour_20[] = {{20, HOUR}, {0, 0}};
static const struct simplelogin_limit per_hour_100[] = {{100, HOUR}, {0, 0}};

#define ALIAS_COLUMNS    "id email enabled nb_forward nb_reply nb_block mailboxes note"
#define ALIAS_COLUMNS_V1 "id email enabled nb_forward nb_reply nb_block note"
#define CONTACT_COLUMNS \
	"id contact reverse_alias_address block_forward last_email_sent_timestamp"
#define MAILBOX_COLUMNS "id email verified default nb_alias creation_timestamp"
#define DOMAIN_COLUMNS  "id domain_name is_verified catch_all nb_alias mailboxes name"
#define MESSAGE_COLUMNS "id from_number created_at body"

#define ONE(method, path, parameters)         method, path, parameters, GIVES_OBJECT, NULL, NULL
#define LIST(path, parameters, key, columns)  "GET", path, parameters, GIVES_LIST, key, columns
#define PAGES(path, parameters, key, columns) "GET", path, parameters, GIVES_PAGES, key, columns

#define ASKS   SL_REPEATABLE
#define LOGIN  (SL_WITHOUT_KEY | SL_REPEATABLE | SL_GIVES_KEY)
#define OPENLY (SL_WITHOUT_KEY | SL_CHANGES)
#define SETS   (SL_CHANGES | SL_REPEATABLE)

/* Columns: words, method, path, parameters, shape, key, columns, flags, limits, page, summary. */
static const struct simplelogin_endpoint endpoints[] = {
    {"alias activities",
        PAGES("/api/aliases/{alias_id}/activities", alias_only, "activities",
            "timestamp action from to"),
        ASKS, per_minute_30, "page_id", "List what an alias forwarded, answered and blocked"},
    {"alias create", ONE("POST", "/api/v3/alias/custom/new", create_v3),
        SL_CHANGES | SL_CREATES, creation, NULL, "Make an alias with a prefix of your choice"},
    {"alias create-v2", ONE("POST", "/api/v2/alias/custom/new", create_v2),
        SL_CHANGES | SL_CREATES, creation, NULL,
        "Make an alias of the default mailbox, in the way of old clients"},
    {"alias delete", ONE("DELETE", "/api/aliases/{alias_id}", alias_only),
        SL_CHANGES | SL_DELETES, NULL, NULL, "Delete an alias"},
    {"alias edit", ONE("PATCH", "/api/aliases/{alias_id}", alias_edit), SETS, NULL, NULL,
        "Change an alias's mailboxes, name, note or flags"},
    {"alias list", PAGES("/api/v2/aliases", list_v2, "aliases", ALIAS_COLUMNS), ASKS,
        per_minute_50, "page_id", "List aliases"},
    {"alias list-v1", PAGES("/api/aliases", list_v1, "aliases", ALIAS_COLUMNS_V1), ASKS,
        per_minute_10, "page_id", "List aliases, newest first, in the way of old clients"},
    {"alias options", ONE("GET", "/api/v5/alias/options", hostname_only), ASKS, NULL, NULL,
        "Show which suffixes a new alias may have, and what is recommended"},
    {"alias options-v4", ONE("GET", "/api/v4/alias/options", hostname_only), ASKS, NULL, NULL,
        "Show the same in the way of old clients"},
    {"alias put", ONE("PUT", "/api/aliases/{alias_id}", alias_edit), SETS, NULL, NULL,
        "Change an alias, by PUT"},
    {"alias random", ONE("POST", "/api/alias/random/new", create_random),
        SL_CHANGES | SL_CREATES, creation, NULL, "Make a random alias"},
    {"alias show", ONE("GET", "/api/aliases/{alias_id}", alias_only), ASKS, NULL, NULL,
        "Show an alias"},
    {"alias toggle", ONE("POST", "/api/aliases/{alias_id}/toggle", alias_only), SL_CHANGES,
        per_hour_100, NULL, "Enable an alias if it is disabled, disable it if not"},

    {"apple notify", ONE("POST", "/api/apple/update_notification", apple_notice), OPENLY, NULL,
        NULL, "Hand on a notice of Apple's about a subscription"},
    {"apple pay", ONE("POST", "/api/apple/process_payment", apple_payment), SL_CHANGES, NULL,
        NULL, "Upgrade by a receipt of Apple's"},

    {"contact add", ONE("POST", "/api/aliases/{alias_id}/contacts", contact_add), SETS, NULL,
        NULL, "Give an alias a contact, with the address to write to it"},
    {"contact delete", ONE("DELETE", "/api/contacts/{contact_id}", contact_only),
        SL_CHANGES | SL_DELETES, NULL, NULL, "Delete a contact, and its reverse alias"},
    {"contact list",
        PAGES("/api/aliases/{alias_id}/contacts", alias_only, "contacts", CONTACT_COLUMNS),
        ASKS, NULL, "page_id", "List an alias's contacts"},
    {"contact toggle", ONE("POST", "/api/contacts/{contact_id}/toggle", contact_only),
        SL_CHANGES, NULL, NULL, "Block a contact that is not blocked, unblock one that is"},

    {"domain edit", ONE("PATCH", "/api/custom_domains/{custom_domain_id}", domain_edit), SETS,
        per_hour_100, NULL, "Change a domain's mailboxes, name or flags"},
    {"domain list", LIST("/api/custom_domains", NULL, "custom_domains", DOMAIN_COLUMNS), ASKS,
        NULL, NULL, "List your own domains"},
    {"domain trash",
        LIST("/api/custom_domains/{custom_domain_id}/trash", domain_only, "aliases",
            "alias deletion_timestamp"),
        ASKS, NULL, NULL, "List a domain's deleted aliases"},

    {"export aliases", "GET", "/api/export/aliases", NULL, GIVES_BYTES, NULL, NULL, ASKS, NULL,
        NULL, "Print all aliases as CSV"},
    {"export data", "GET", "/api/export/data", NULL, GIVES_BYTES, NULL, NULL, ASKS, NULL, NULL,
        "Print the account's data"},

    {"mailbox create", ONE("POST", "/api/mailboxes", mailbox_create), SL_CHANGES, per_hour_20,
        NULL, "Add a mailbox; it gets a mail to confirm it"},
    {"mailbox delete", ONE("DELETE", "/api/mailboxes/{mailbox_id}", mailbox_delete),
        SL_CHANGES | SL_DELETES, per_hour_100, NULL,
        "Delete a mailbox, with its aliases unless they are transferred"},
    {"mailbox edit", ONE("PUT", "/api/mailboxes/{mailbox_id}", mailbox_edit), SL_CHANGES,
        per_hour_100, NULL, "Change a mailbox's address, or make it the default"},
    {"mailbox list", LIST("/api/v2/mailboxes", NULL, "mailboxes", MAILBOX_COLUMNS), ASKS, NULL,
        NULL, "List mailboxes"},
    {"mailbox list-v1", LIST("/api/mailboxes", NULL, "mailboxes", MAILBOX_COLUMNS), ASKS, NULL,
        NULL, "List the verified mailboxes"},

    {"notification list",
        PAGES("/api/notifications", NULL, "notifications", "id read created_at title message"),
        ASKS, NULL, "page", "List notifications"},
    {"notification read",
        ONE("POST", "/api/notifications/{notification_id}/read", notification_read), SETS, NULL,
        NULL, "Mark a notification as read"},

    {"phone messages",
        LIST("/api/phone/reservations/{reservation_id}", reservation, "messages",
            MESSAGE_COLUMNS),
        ASKS, NULL, NULL, "List the messages of a phone reservation"},
    {"phone poll", "POST", "/api/phone/reservations/{reservation_id}", reservation, GIVES_LIST,
        "messages", MESSAGE_COLUMNS, ASKS, NULL, NULL, "List the same, by POST"},

    {"setting domains", LIST("/api/v2/setting/domains", NULL, NULL, "domain is_custom"), ASKS,
        NULL, NULL, "List the domains that random aliases may have"},
    {"setting domains-v1", LIST("/api/setting/domains", NULL, NULL, "is_sl domain"), ASKS, NULL,
        NULL, "List the same in the way of old clients"},
    {"setting edit", ONE("PATCH", "/api/setting", setting_edit), SETS, NULL, NULL,
        "Change the account's settings"},
    {"setting show", ONE("GET", "/api/setting", NULL), ASKS, NULL, NULL,
        "Show the account's settings"},
    {"setting unlink-proton", ONE("DELETE", "/api/setting/unlink_proton_account", NULL),
        SL_CHANGES | SL_DELETES, NULL, NULL, "Unlink the account from its Proton account"},

    {"stats", ONE("GET", "/api/stats", NULL), ASKS, NULL, NULL,
        "Show how many aliases there are and what they did"},

    {"user activate", ONE("POST", "/api/auth/activate", activate), OPENLY, per_minute_10, NULL,
        "Activate a new account"},
    {"user api-key", ONE("POST", "/api/api_key", device_only),
        SL_CHANGES | SL_SUDO | SL_GIVES_KEY, NULL, NULL, "Make another API key and print it"},
    {"user cookie-token", ONE("GET", "/api/user/cookie_token", NULL), SL_GIVES_KEY,
        per_minute_5, NULL, "Print a token that logs a browser in, once"},
    {"user delete", ONE("DELETE", "/api/user", NULL), SL_CHANGES | SL_DELETES | SL_SUDO, NULL,
        NULL, "Delete the whole account"},
    {"user edit", ONE("PATCH", "/api/user_info", user_edit), SETS, NULL, NULL,
        "Change the user's name or picture"},
    {"user facebook", ONE("POST", "/api/auth/facebook", facebook), LOGIN, per_minute_10, NULL,
        "Log in by Facebook and print the API key"},
    {"user forgot-password", ONE("POST", "/api/auth/forgot_password", email_only), OPENLY,
        per_minute_2, NULL, "Have a mail sent to set another password"},
    {"user google", ONE("POST", "/api/auth/google", google), LOGIN, per_minute_10, NULL,
        "Log in by Google and print the API key"},
    {"user info", ONE("GET", "/api/user_info", NULL), ASKS, NULL, NULL, "Show the user"},
    {"user login", ONE("POST", "/api/auth/login", login), LOGIN, per_minute_10, NULL,
        "Log in and print the API key"},
    {"user logout", ONE("GET", "/api/logout", NULL), SETS, NULL, NULL,
        "End the browser's session; the API key stays good"},
    {"user mfa", ONE("POST", "/api/auth/mfa", mfa), SL_WITHOUT_KEY | SL_GIVES_KEY,
        per_minute_10, NULL, "Log in with a one-time password and print the API key"},
    {"user reactivate", ONE("POST", "/api/auth/reactivate", email_only), OPENLY, per_minute_10,
        NULL, "Have another activation code sent"},
    {"user register", ONE("POST", "/api/auth/register", registering), OPENLY, per_minute_10,
        NULL, "Make an account; it gets a mail with a code"},
    {"user sudo", ONE("PATCH", "/api/sudo", password_only), SL_CHANGES, per_minute_5, NULL,
        "Give the password, for five minutes of what needs it"},
};

#define ENDPOINTS (sizeof(endpoints) / sizeof(endpoints[0]))

const struct simplelogin_endpoint *
simplelogin_endpoint_row(size_t i)
{
	return i < ENDPOINTS ? &endpoints[i] : NULL;
}

const struct simplelogin_endpoint *
simplelogin_endpoint(const char *words)
{
	for (size_t i = 0; i < ENDPOINTS; i++)
		if (strcmp(endpoints[i].words, words) == 0)
			return &endpoints[i];
	abort(); /* the words are ours */
}

const struct simplelogin_parameter *
simplelogin_parameter(const struct simplelogin_endpoint *endpoint, const char *name)
{
	for (const struct simplelogin_parameter *p = endpoint->parameters;
	     p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}
