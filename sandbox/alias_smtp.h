/*
 * alias_smtp - one recipient of a transaction, and what the two phases share
 */
#ifndef SANDBOX_ALIAS_SMTP_H
#define SANDBOX_ALIAS_SMTP_H

#include "sandbox/alias_mail.h"
#include "sandbox/alias_model.h"
#include "sandbox/alias_service.h"
#include "sandbox/mime.h"

/* The answers. */
#define E200 "250 Message accepted for delivery"
#define E201 "250 SL E201"
#define E206 "250 SL E206 Out of office"
#define E207 "250 SL E207 No bounce report"
#define E209 "250 SL E209 Email Loop"
#define E213 "250 SL E213 Unknown email ignored"
#define E214 "250 SL E214 Unauthorized for using reverse alias"
#define E215 "250 SL E215 Handled dmarc policy"
#define E216 "250 SL E216 Handled spf policy"
#define E402 "421 SL E402 Encryption failed - Retry later"
#define E404 "421 SL E404 Unexpected error - Retry later"
#define E501 "550 SL E501"
#define E502 "550 SL E502 Email not exist"
#define E503 "550 SL E503"
#define E504 "550 SL E504 Account disabled"
#define E506 "550 SL E506 Email detected as spam"
#define E515 "550 SL E515 Email not exist"
#define E517 "550 SL E517 unverified mailbox"
#define E518 "550 SL E518 Disabled mailbox"
#define E520 "550 SL E520 Unverified custom domain"
#define E526 "550 SL E526 Too many recipients"

struct alias_mailing {
	struct alias_service *service;
	const struct alias_config *config;
	struct db *db;
	struct faults *faults;
	int64_t now;
	const char *sender; /* MAIL FROM, as it was given; "" is the null sender */
	char *sender_plain; /* lower case */
	char *recipient;    /* RCPT TO, lower case */
	const struct mime_part *message;
	struct alias_post *post;
};

/* What became of a recipient. */
struct alias_verdict {
	const char *reply;
	bool success;   /* counts as one for the transaction's answer */
	bool delivered; /* a message left */
};

/* The two phases; the contact is that of a reverse alias. */
struct alias_verdict alias_reply(struct alias_mailing *m, int64_t contact);
struct alias_verdict alias_forward(struct alias_mailing *m);

/* An alias with its owner, as mail needs them. */
struct alias_row {
	int64_t id;
	char *email;
	char *name; /* "" if none */
	int64_t custom_domain;
	char *domain_name; /* display name of the custom domain, "" if none */
	bool domain_verified;
	bool enabled;
	bool trashed;
	struct alias_user user;
	bool user_leaving; /* delete_on is set */
};

bool alias_row_load(struct alias_mailing *m, int64_t alias, struct alias_row *a);
void alias_row_free(struct alias_row *a);

/* Does SPF fail for the sender?  Is From aligned with it, as DMARC wants? */
bool alias_spf_fails(const struct alias_mailing *m);
bool alias_from_aligned(const struct alias_mailing *m);

/* Is a fault ordered for the way on to an address? */
bool alias_onward_fails(struct alias_mailing *m, const char *recipient);

/* Send a message on; sender is made of the log's number (VERP).  The bytes are taken. */
void alias_send(struct alias_mailing *m, const struct alias_row *a, const char *kind,
    int64_t log, const char *recipient, struct buf *message);

/* What a word of References was, or is to become; a new string, NULL for no other. */
char *alias_id_ours(void *db, const char *original);
char *alias_id_original(void *db, const char *ours);

#endif
