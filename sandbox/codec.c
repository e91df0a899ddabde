/*
 * The small encodings.  One decoder serves both base64 alphabets: a table maps each
 * character to its six bits.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/base/ascii.h"
#include "common/base/log.h"
#include "common/base/utf8.h"
#include "sandbox/codec.h"

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode(
    const char *alphabet, bool padding, const unsigned char *p, size_t length, struct buf *out)
{
	char *to = buf_reserve(out, (length + 2) / 3 * 4);
	const char *start = to;

	for (; length >= 3; length -= 3, p += 3) {
		*to++ = alphabet[p[0] >> 2];
		*to++ = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
		*to++ = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
		*to++ = alphabet[p[2] & 63];
	}
	if (length != 0) {
		unsigned char second = length == 2 ? p[1] : 0;

		*to++ = alphabet[p[0] >> 2];
		*to++ = alphabet[(p[0] & 3) << 4 | second >> 4];
		if (length == 2)
			*to++ = alphabet[(second & 15) << 2];
		else if (padding)
			*to++ = '=';
		if (padding)
			*to++ = '=';
	}
	out->len += (size_t)(to - start);
	out->data[out->len] = '\0';
}

void
base64_encode(const void *bytes, size_t length, struct buf *out)
{
	encode(standard, true, bytes, length, out);
}

void
base64url_encode(const void *bytes, size_t length, struct buf *out)
{
	encode(url_safe, false, bytes, length, out);
}

/* The six bits of a character, or -1. */
static int
six_bits(char c, char c62, char c63)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == c62 ? 62 : c == c63 ? 63 : -1;
}

/* Decode up to the first '=' or foreign character; returns how far it came. */
static size_t
decode(const char *text, size_t length, bool skip_blanks, char c62, char c63, unsigned *rest_r,
    struct buf *out)
{
	char *to = buf_reserve(out, length / 4 * 3 + 3);
	const char *start = to;
	uint32_t bits = 0;
	unsigned count = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		int value = six_bits(text[i], c62, c63);

		if (value < 0 && skip_blanks && strchr(" \t\r\n", text[i]) != NULL &&
		    text[i] != 0)
			continue;
		if (value < 0)
			break;
		bits = bits << 6 | (uint32_t)value;
		if (++count % 4 == 0) {
			*to++ = (char)(bits >> 16);
			*to++ = (char)(bits >> 8);
			*to++ = (char)bits;
		}
	}
	if (count % 4 == 2)
		*to++ = (char)(bits >> 4);
	if (count % 4 == 3) {
		*to++ = (char)(bits >> 10);
		*to++ = (char)(bits >> 2);
	}
	out->len += (size_t)(to - start);
	out->data[out->len] = '\0';
	*rest_r = count % 4;
	return i;
}

bool
base64_decode(const char *text, size_t length, struct buf *out)
{
	unsigned rest;
	size_t i = decode(text, length, true, '+', '/', &rest, out);
	unsigned padding = 0;

	for (; i < length; i++) {
		if (text[i] == '=')
			padding++;
		else if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	}
	return padding == (4 - rest) % 4 && rest != 1;
}

bool
base64url_decode(const char *text, size_t length, struct buf *out)
{
	unsigned rest;

	return decode(text, length, false, '-', '_', &rest, out) == length && rest != 1;
}

void
hex_encode(const void *bytes, size_t length, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;
	char *to = buf_reserve(out, length * 2);

	for (size_t i = 0; i < length; i++) {
		*to++ = digits[p[i] >> 4];
		*to++ = digits[p[i] & 15];
	}
	out->len += length * 2;
	out->data[out->len] = '\0';
}

bool
hex_decode(const char *text, void *bytes, size_t length)
{
	unsigned char *to = bytes;

	for (size_t i = 0; i < length; i++) {
		int high = ascii_hex_value(text[2 * i]);
		int low = high < 0 ? -1 : ascii_hex_value(text[2 * i + 1]);

		if (low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

bool
utf8_valid(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t n = utf8_length(bytes + i, length - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

void
utf8_clean(const char *bytes, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length;) {
		size_t n = bytes[i] == '\0' ? 0 : utf8_length(bytes + i, length - i);

		if (n == 0)
			buf_add(out, "\xef\xbf\xbd", 3);
		else
			buf_add(out, bytes + i, n);
		i += n != 0 ? n : 1;
	}
}

static EVP_MD *sha1_algorithm;

static void
fetch_sha1(void)
{
	sha1_algorithm = EVP_MD_fetch(NULL, "SHA1", NULL);
}

void
sha1(const void *bytes, size_t length, unsigned char hash_r[SHA1_BYTES])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_sha1);
	if (EVP_Digest(bytes, length, hash_r, NULL, sha1_algorithm, NULL) != 1) {
		log_say(LOG_ERR, "OpenSSL has no SHA-1");
		exit(EX_OSERR);
	}
}

void
random_bytes(void *bytes, size_t length)
{
	if (RAND_bytes(bytes, (int)length) != 1) {
		log_say(LOG_ERR, "the system has no random bytes to give");
		exit(EX_OSERR);
	}
}
