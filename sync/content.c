/*
 * Digests of files, as they are or as they would be sent.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/content.h"
#include "sync/outgoing.h"

#define BLOCK 65536

static size_t
digest_size(enum content_digest kind)
{
	return kind == DIGEST_SHA1 ? 20 : kind == DIGEST_SHA256 ? 32 : 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
content_of_blob_id(struct content *c, const char *id)
{
	size_t size = digest_size(DIGEST_SHA1);

	c->digest = DIGEST_NONE;
	if (*id != 'G' || strlen(id) != 1 + 2 * size)
		return;
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(id[1 + 2 * i]), low = hex_value(id[2 + 2 * i]);

		if (high < 0 || low < 0)
			return;
		c->hash[i] = (unsigned char)(high << 4 | low);
	}
	c->digest = DIGEST_SHA1;
}

bool
content_from_base64(struct content *c, enum content_digest kind, const char *text)
{
	unsigned char bytes[3 * ((DIGEST_MAX + 2) / 3)];
	size_t size = digest_size(kind), length = 4 * ((size + 2) / 3);

	c->digest = DIGEST_NONE;
	if (text == NULL || size == 0 || strlen(text) != length ||
	    EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length) < 0)
		return false;
	memcpy(c->hash, bytes, size);
	c->digest = kind;
	return true;
}

static bool
matches(const struct content *c, EVP_MD_CTX *context)
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	return EVP_DigestFinal_ex(context, hash, NULL) == 1 &&
	       memcmp(hash, c->hash, digest_size(c->digest)) == 0;
}

static ssize_t
read_as_it_is(void *arg, char *bytes, size_t size)
{
	const struct outgoing *out = arg;

	return read(out->fd, bytes, size);
}

/* Hash what the source gives, to its end. */
static struct outcome
compare_hash(const struct content *c, const struct http_source *source, const char *file,
    enum content_verdict *verdict_r)
{
	const EVP_MD *kind = c->digest == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct outcome o = outcome_ok();
	char *block = xmalloc(BLOCK);
	ssize_t n = -1;

	if (context != NULL && EVP_DigestInit_ex(context, kind, NULL) == 1)
		while ((n = source->read(source->arg, block, BLOCK)) > 0)
			if (EVP_DigestUpdate(context, block, (size_t)n) != 1)
				break;
	if (n != 0)
		o = file_error("cannot read", file);
	else
		*verdict_r = matches(c, context) ? CONTENT_SAME : CONTENT_OTHER;
	EVP_MD_CTX_free(context);
	free(block);
	return o;
}

static struct outcome
compare_opened(const struct content *c, struct outgoing *out, const char *file,
    enum content_verdict *verdict_r)
{
	struct http_source source = outgoing_source(out);
	bool as_it_is = (int64_t)out->st.st_size == c->size;

	*verdict_r = CONTENT_SAME_SIZE;
	if (!as_it_is && out->size != c->size) {
		if (out->core != c->size)
			*verdict_r = CONTENT_OTHER_SIZE;
		return outcome_ok();
	}
	if (c->digest == DIGEST_NONE)
		return outcome_ok();
	if (as_it_is)
		source.read = read_as_it_is;
	return compare_hash(c, &source, file, verdict_r);
}

struct outcome
content_compare(
    const struct content *c, int root, const char *file, enum content_verdict *verdict_r)
{
	struct outgoing out;
	struct outcome o = outgoing_open(&out, root, file);

	if (outcome_is_ok(&o))
		o = compare_opened(c, &out, file, verdict_r);
	outgoing_close(&out);
	return o;
}
