/*
 * The tokens of an account, on disk, shared by every process.
 *
 * A token's file has two lines: the token, and when it ends by this machine's clock with how
 * long it lives, both in milliseconds.  The end is reckoned from the token's own "iat" and
 * "exp", so that a clock that is wrong by an hour does not make every token look expired,
 * and every message cost a login.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/credentials.h"
#include "common/service/secret_command.h"
#include "common/wire/jwt.h"

#define SECRET_MAX     4096
#define TOKEN_FILE_MAX (JWT_MAX + 64)
#define ADDRESS_MAX    1024
#define LIFE_MAX       (INT64_C(30) * 24 * 3600) /* seconds; a longer life is a mistake */

#define API_KEY_FILE "api-key"
#define ADDRESS_FILE "inbox"
#define LOCK_FILE    "lock"

struct credentials {
	const struct account *account;
	int dir;
	int lock; /* -1 unless held */
};

/* Each token's file, and its life in seconds if it does not say (as the service documents). */
static const struct {
	const char *file;
	int64_t life;
} tokens[] = {
    [CREDENTIAL_SESSION] = {"session", 3600},
    [CREDENTIAL_CAPABILITY] = {"capability", 120},
};

/* A directory that others may enter could be made to hold their token. */
static struct outcome
check_directory(int dir, const char *path)
{
	struct outcome o;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return file_error("cannot stat", path);
	if (st.st_uid != geteuid() && geteuid() != 0) {
		o = outcome_make("local", "permission", "%s belongs to another user", path);
		outcome_hint(&o, "run as that user, or chown %s", path);
		return o;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		o = outcome_make("local", "permission", "%s is open to others", path);
		outcome_hint(&o, "chmod 700 %s", path);
		return o;
	}
	return outcome_ok();
}

struct outcome
credentials_open(const struct account *account, struct credentials **c_r)
{
	struct outcome o;
	int dir;

	*c_r = NULL;
	dir = open(account->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 && errno == ENOENT) {
		o = file_make_dirs(account->directory, 0700);
		if (!outcome_is_ok(&o))
			return o;
		dir = open(account->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (dir < 0)
		return file_error("cannot open", account->directory);
	o = check_directory(dir, account->directory);
	if (!outcome_is_ok(&o)) {
		close(dir);
		return o;
	}
	*c_r = xcalloc(1, sizeof(**c_r));
	**c_r = (struct credentials){.account = account, .dir = dir, .lock = -1};
	return o;
}

void
credentials_close(struct credentials **c)
{
	if (*c == NULL)
		return;
	credentials_unlock(*c);
	close((*c)->dir);
	free(*c);
	*c = NULL;
}

/* Read a token's file; false unless it holds a token that is good for some time yet. */
static bool
read_token(struct credentials *c, enum credential which, struct buf *token, int64_t *left_ms_r,
    int64_t *life_ms_r)
{
	struct outcome o = file_read(c->dir, tokens[which].file, TOKEN_FILE_MAX, token);
	long long end, life;
	char *newline;

	if (!outcome_is_ok(&o) || token->len == 0)
		return false;
	newline = strchr(token->data, '\n');
	if (newline == NULL || newline == token->data ||
	    sscanf(newline, "\n%lld %lld", &end, &life) != 2)
		return false;
	buf_truncate(token, (size_t)(newline - token->data));
	*left_ms_r = end - clock_wall_ms();
	*life_ms_r = life;
	/* A clock set back makes it look better than it can be. */
	return *left_ms_r > 0 && *left_ms_r <= life;
}

bool
credentials_load(
    struct credentials *c, enum credential which, int64_t margin, struct buf *token)
{
	int64_t left, life;

	buf_reset(token);
	if (read_token(c, which, token, &left, &life)) {
		if (margin * 1000 > life / 5)
			margin = life / 5;
		else
			margin *= 1000;
		if (left >= margin)
			return true;
	}
	buf_wipe(token);
	return false;
}

int64_t
credentials_left_ms(struct credentials *c, enum credential which)
{
	struct buf token = BUF_INIT;
	int64_t left, life;

	if (!read_token(c, which, &token, &left, &life))
		left = 0;
	buf_wipe(&token);
	return left;
}

/* How many seconds a token lives from now on, by its claims. */
static int64_t
token_life(const char *token, int64_t fallback)
{
	json_t *claims = NULL;
	struct outcome o = jwt_claims(token, &claims);
	int64_t expiry = 0, issued = 0, life;

	if (outcome_is_ok(&o)) {
		json_t *iat = json_object_get(claims, "iat");

		expiry = jwt_expiry(claims);
		issued = json_is_integer(iat) ? (int64_t)json_integer_value(iat) : clock_wall();
	}
	json_decref(claims);
	if (expiry == 0 || __builtin_sub_overflow(expiry, issued, &life) || life <= 0 ||
	    life > LIFE_MAX)
		return fallback;
	return life;
}

struct outcome
credentials_store(struct credentials *c, enum credential which, const char *token)
{
	int64_t life = token_life(token, tokens[which].life) * 1000;
	struct buf text = BUF_INIT;
	struct outcome o;

	buf_addf(&text, "%s\n%lld %lld\n", token, (long long)(clock_wall_ms() + life),
	    (long long)life);
	o = file_write_atomic(c->dir, tokens[which].file, text.data, text.len, 0600);
	buf_wipe(&text);
	return o;
}

void
credentials_drop(struct credentials *c, enum credential which, const char *token)
{
	struct buf stored = BUF_INIT;
	int64_t left, life;

	(void)read_token(c, which, &stored, &left, &life);
	if (stored.len != 0 && strcmp(stored.data, token) == 0)
		(void)unlinkat(c->dir, tokens[which].file, 0);
	buf_wipe(&stored);
}

struct outcome
credentials_lock(struct credentials *c, struct deadline d)
{
	return file_lock(c->dir, LOCK_FILE, d, &c->lock);
}

void
credentials_unlock(struct credentials *c)
{
	if (c->lock >= 0)
		close(c->lock);
	c->lock = -1;
}

struct outcome
credentials_secret(struct credentials *c, struct buf *secret)
{
	const struct account *account = c->account;
	struct outcome o;

	buf_reset(secret);
	if (account->secret_command != NULL)
		return secret_command(account->secret_command, SECRET_MAX, secret);
	if (account->auth == AUTH_ATOMICMAIL && !credentials_have_api_key(c)) {
		o = outcome_make("auth", "unregistered", "%s", account->secret_file);
		outcome_hint(&o, "ferryctl account register %s --username NAME", account->name);
		return o;
	}
	return file_read_secret(account->secret_file, SECRET_MAX, secret);
}

bool
credentials_have_api_key(struct credentials *c)
{
	return c->account->secret_command != NULL ||
	       access(c->account->secret_file, F_OK) == 0 || errno != ENOENT;
}

struct outcome
credentials_reserve_api_key(struct credentials *c)
{
	static const char blank[SECRET_MAX];
	const struct account *account = c->account;
	struct outcome o;
	char *reserved;

	if (credentials_have_api_key(c)) {
		o = outcome_make("auth", "registered", "%s",
		    account->secret_command != NULL ? account->secret_command
		                                    : account->secret_file);
		outcome_hint(
		    &o, "it is the only access to its inbox: move it away to sign up anew");
		return o;
	}
	reserved = xasprintf("%s.new", account->secret_file);
	o = file_write_atomic(AT_FDCWD, reserved, blank, sizeof(blank), 0600);
	free(reserved);
	return o;
}

/* Overwrite the reserved file, so that no space is needed, and give it its name. */
static struct outcome
fill_reserved(const char *reserved, const char *path, const char *key)
{
	int fd = open(reserved, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(key);
	struct outcome o = outcome_ok();

	if (fd < 0)
		return file_error("cannot open", reserved);
	if (file_write_full(fd, key, length) < 0 || file_write_full(fd, "\n", 1) < 0 ||
	    ftruncate(fd, (off_t)length + 1) < 0 || fsync(fd) < 0)
		o = file_error("cannot write", reserved);
	close(fd);
	/* link, not rename: a key that appeared meanwhile is not replaced. */
	if (outcome_is_ok(&o) && link(reserved, path) < 0)
		o = file_error("cannot store the API key as", path);
	if (outcome_is_ok(&o) && unlink(reserved) < 0)
		o = file_error("cannot remove", reserved);
	return o;
}

struct outcome
credentials_store_api_key(struct credentials *c, const char *key)
{
	const char *path = c->account->secret_file;
	char *reserved = xasprintf("%s.new", path);
	struct outcome o = fill_reserved(reserved, path, key);

	if (!outcome_is_ok(&o))
		outcome_hint(&o, "the API key may be in %s: keep that file", reserved);
	else
		o = file_sync_parent(AT_FDCWD, path);
	free(reserved);
	return o;
}

void
credentials_release_api_key(struct credentials *c)
{
	char *reserved = xasprintf("%s.new", c->account->secret_file);

	(void)unlink(reserved);
	free(reserved);
}

bool
credentials_load_address(struct credentials *c, struct buf *address)
{
	struct outcome o;

	buf_reset(address);
	o = file_read(c->dir, ADDRESS_FILE, ADDRESS_MAX, address);
	while (address->len != 0 && address->data[address->len - 1] == '\n')
		buf_truncate(address, address->len - 1);
	return outcome_is_ok(&o) && address->len != 0;
}

struct outcome
credentials_store_address(struct credentials *c, const char *address)
{
	char *line = xasprintf("%s\n", address);
	struct outcome o = file_write_atomic(c->dir, ADDRESS_FILE, line, strlen(line), 0600);

	free(line);
	return o;
}

struct outcome
credentials_forget(struct credentials *c, bool with_key)
{
	static const char *const files[] = {
	    "session", "capability", "session.json", "sending.json"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (unlinkat(c->dir, files[i], 0) < 0 && errno != ENOENT)
			return file_error("cannot remove", files[i]);
	if (!with_key)
		return outcome_ok();
	if (unlinkat(c->dir, ADDRESS_FILE, 0) < 0 && errno != ENOENT)
		return file_error("cannot remove", ADDRESS_FILE);
	if (c->account->secret_file != NULL && unlink(c->account->secret_file) < 0 &&
	    errno != ENOENT)
		return file_error("cannot remove", c->account->secret_file);
	return outcome_ok();
}

struct outcome
credentials_read_file(struct credentials *c, const char *name, size_t max, struct buf *b)
{
	return file_read(c->dir, name, max, b);
}

struct outcome
credentials_write_file(
    struct credentials *c, const char *name, const void *bytes, size_t length)
{
	return file_write_atomic(c->dir, name, bytes, length, 0600);
}

void
credentials_remove_file(struct credentials *c, const char *name)
{
	(void)unlinkat(c->dir, name, 0);
}
