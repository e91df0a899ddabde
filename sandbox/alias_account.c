/*
 * Accounts.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "common/base/xalloc.h"
#include "sandbox/alias_account.h"
#include "sandbox/alias_name.h"

#define KEY_LETTERS 60
#define TRIAL       (INT64_C(7) * 86400)
#define TOTP_STEP   30
#define TOTP_WINDOW 2
#define CODE_TRIES  3

int64_t
alias_account_find(struct db *d, const char *email)
{
	char *plain = alias_canonical(email);
	int64_t user = db_int(d, 0, "SELECT id FROM user WHERE email = ?", "t", plain);

	free(plain);
	return user;
}

void
alias_account_set_password(struct alias_service *s, int64_t user, const char *password)
{
	struct buf proof = BUF_INIT;

	alias_sign(s, "password", password, &proof);
	db_run(s->db, "UPDATE user SET password = ? WHERE id = ?", "ti", buf_str(&proof), user);
	buf_free(&proof);
}

bool
alias_account_password_fits(
    const struct alias_service *s, const struct alias_user *u, const char *password)
{
	struct buf proof = BUF_INIT;
	bool fits;

	alias_sign(s, "password", password, &proof);
	fits = u->password != NULL && strlen(u->password) == proof.len &&
	       CRYPTO_memcmp(u->password, proof.data, proof.len) == 0;
	buf_free(&proof);
	return fits;
}

/* The alias that every new account owns. */
static void
add_newsletter_alias(struct alias_service *s, int64_t user, int64_t now, int64_t mailbox)
{
	json_t *mailboxes = json_pack("[I]", (json_int_t)mailbox);
	struct buf email = BUF_INIT;

	buf_adds(&email, "simplelogin-newsletter.");
	alias_letters(8, &email);
	buf_addf(&email, "@%s", s->config.email_domain);
	(void)alias_add(s->db, user, now, email.data, mailboxes,
	    "This is your first alias. It's used to receive newsletters.", NULL);
	buf_free(&email);
	json_decref(mailboxes);
}

int64_t
alias_account_make(struct alias_service *s, int64_t now, const char *email,
    const char *password, bool activated)
{
	int64_t user, mailbox;

	db_run(s->db,
	    "INSERT INTO user (email, name, activated, plan, trial_end, created)"
	    " VALUES (?, '', ?, 'trial', ?, ?)",
	    "tiii", email, (int64_t)activated, now + TRIAL, now);
	user = db_last_id(s->db);
	if (password != NULL)
		alias_account_set_password(s, user, password);
	db_run(s->db, "INSERT INTO mailbox (user, email, created) VALUES (?, ?, ?)", "iti",
	    user, email, now);
	mailbox = db_last_id(s->db);
	db_run(s->db, "UPDATE user SET mailbox = ? WHERE id = ?", "ii", mailbox, user);
	add_newsletter_alias(s, user, now, mailbox);
	return user;
}

void
alias_account_new_key(
    struct db *d, int64_t user, int64_t now, const char *name, struct buf *code)
{
	size_t start = code->len;

	alias_letters(KEY_LETTERS, code);
	db_run(d, "INSERT INTO api_key (user, code, name, created) VALUES (?, ?, ?, ?)", "itti",
	    user, code->data + start, name, now);
}

void
alias_account_send_code(struct db *d, int64_t user, int64_t now)
{
	char *email = db_text(d, "SELECT email FROM user WHERE id = ?", "i", user);
	struct buf code = BUF_INIT;

	alias_digits(6, &code);
	db_run(d, "UPDATE user SET code = ?, code_tries = ? WHERE id = ?", "tii", code.data,
	    (int64_t)CODE_TRIES, user);
	alias_letter(d, now, email, "Activate your account", code.data);
	buf_free(&code);
	free(email);
}

bool
alias_mailbox_used(struct db *d, const char *email)
{
	return db_int(d, 0,
	           "SELECT 1 FROM user WHERE email = ?1 UNION"
	           " SELECT 1 FROM mailbox WHERE email = ?1",
	           "t", email) == 1;
}

const char *
alias_mailbox_refusal(struct db *d, const struct alias_config *config, const char *email)
{
	const char *at = strrchr(email, '@');
	const char *given = json_text(config->mailbox_refusals, email);

	if (given == NULL && at != NULL)
		given = json_text(config->mailbox_refusals, at + 1);
	if (given != NULL)
		return given;
	if (at == NULL || at == email || at[1] == '\0')
		return "This email address is not valid";
	if (alias_domain_ours(d, config, at + 1))
		return "This email is a SimpleLogin domain";
	if (alias_domain_custom(d, at + 1) != 0)
		return "This email address belongs to a custom domain that has already been "
		       "registered";
	return NULL;
}

/* Undo base32 (RFC 4648 §6), blanks and padding overlooked; false if it is none. */
static bool
base32_decode(const char *text, struct buf *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned bits = 0, count = 0;

	for (; *text != '\0' && *text != '='; text++) {
		const char *p = strchr(alphabet, toupper((unsigned char)*text));

		if (*text == ' ')
			continue;
		if (p == NULL)
			return false;
		bits = (bits << 5 | (unsigned)(p - alphabet)) & 0xfff;
		count += 5;
		if (count >= 8) {
			count -= 8;
			buf_addc(out, (char)(bits >> count));
		}
	}
	return out->len > 0;
}

void
alias_totp(const char *secret, int64_t now, struct buf *out)
{
	struct buf key = BUF_INIT;
	unsigned char counter[8], digest[SHA_DIGEST_LENGTH];
	unsigned offset, number;

	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (unsigned char)((uint64_t)(now / TOTP_STEP) >> (56 - 8 * i));
	if (base32_decode(secret, &key)) {
		HMAC(
		    EVP_sha1(), key.data, (int)key.len, counter, sizeof(counter), digest, NULL);
		offset = digest[SHA_DIGEST_LENGTH - 1] & 0x0f;
		number = (unsigned)(digest[offset] & 0x7f) << 24 |
		         (unsigned)digest[offset + 1] << 16 |
		         (unsigned)digest[offset + 2] << 8 | digest[offset + 3];
		buf_addf(out, "%06u", number % 1000000);
	}
	buf_wipe(&key);
}

bool
alias_totp_fits(const char *secret, const char *token, int64_t now)
{
	bool fits = false;

	for (int step = -TOTP_WINDOW; step <= TOTP_WINDOW; step++) {
		struct buf good = BUF_INIT;

		alias_totp(secret, now + (int64_t)step * TOTP_STEP, &good);
		if (good.len > 0 && strcmp(good.data, token) == 0)
			fits = true;
		buf_free(&good);
	}
	return fits;
}
