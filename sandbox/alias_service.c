/*
 * Open and close the alias service; its lock, transactions and clock.
 */
#include <fcntl.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sandbox/alias_schema.h"
#include "sandbox/alias_seed.h"
#include "sandbox/alias_service.h"
#include "sandbox/codec.h"

#define SEED_MAX ((size_t)16 * 1024 * 1024)

/* The seed of the options: a file's, or the built-in one. */
static json_t *
read_seed(const struct options *options, struct outcome *o)
{
	struct buf text = BUF_INIT;
	json_error_t error;
	json_t *seed = NULL;

	*o = outcome_ok();
	if (options->alias_seed == NULL)
		return alias_seed_builtin(options->domain);
	*o = file_read(AT_FDCWD, options->alias_seed, SEED_MAX, &text);
	if (outcome_is_ok(o)) {
		seed = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, &error);
		if (seed == NULL)
			*o = outcome_make("local", "config", "%s:%d: %s", options->alias_seed,
			    error.line, error.text);
	}
	buf_free(&text);
	return seed;
}

/* Take the seed: all of it if the database is new, else its configuration. */
static struct outcome
plant(struct alias_service *s, const struct options *options, const json_t *seed, bool fresh)
{
	const char *name = options->alias_seed != NULL ? options->alias_seed : "seed";
	struct buf why = BUF_INIT;
	struct outcome o = outcome_ok();
	bool taken, stored;

	alias_begin(s);
	taken = alias_seed_take(s, seed, fresh, &why);
	stored = alias_end(s, taken);
	if (!taken)
		o = outcome_make("local", "config", "%s: %s", name, buf_str(&why));
	else if (!stored)
		o = outcome_make("local", "database", "the aliases cannot be stored");
	buf_free(&why);
	return o;
}

struct alias_service *
alias_open(const struct options *options, struct outcome *o)
{
	struct alias_service *s = xcalloc(1, sizeof(*s));
	const char *path = options->alias_store != NULL ? options->alias_store : ":memory:";
	json_t *seed = read_seed(options, o);
	bool fresh = false;

	pthread_mutex_init(&s->lock, NULL);
	alias_config_default(&s->config);
	s->limits = alias_limits_new();
	if (outcome_is_ok(o))
		s->db = db_open(path, o);
	if (s->db != NULL && !alias_schema_make(s->db, s->secret, &fresh))
		*o = outcome_make("local", "database", "%s: not a store of aliases", path);
	if (outcome_is_ok(o))
		*o = plant(s, options, seed, fresh);
	json_decref(seed);
	if (!outcome_is_ok(o))
		alias_close(&s);
	return s;
}

void
alias_close(struct alias_service **service)
{
	struct alias_service *s = *service;

	if (s == NULL)
		return;
	db_close(&s->db);
	alias_limits_free(&s->limits);
	alias_config_free(&s->config);
	pthread_mutex_destroy(&s->lock);
	free(s);
	*service = NULL;
}

void
alias_begin(struct alias_service *s)
{
	pthread_mutex_lock(&s->lock);
	db_begin(s->db, true);
}

bool
alias_end(struct alias_service *s, bool keep)
{
	bool good = true;

	if (keep)
		good = db_commit(s->db, NULL);
	else
		db_rollback(s->db);
	pthread_mutex_unlock(&s->lock);
	return good;
}

int64_t
alias_now(const struct alias_service *s)
{
	return s->stopped_at != 0 ? s->stopped_at : clock_wall() + s->put_forward;
}

void
alias_sign(
    const struct alias_service *s, const char *purpose, const char *text, struct buf *out)
{
	struct buf what = BUF_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	buf_addf(&what, "%s %s", purpose, text);
	HMAC(EVP_sha256(), s->secret, (int)sizeof(s->secret), (const unsigned char *)what.data,
	    what.len, digest, &length);
	base64url_encode(digest, length, out);
	buf_free(&what);
}
