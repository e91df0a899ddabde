/*
 * Check a proof of work.  The cheap tests come first, so that only a well-formed proof that
 * claims enough zero bits costs a hash.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/base/buf.h"
#include "sandbox/codec.h"
#include "sandbox/proof.h"

#define SCRYPT_N      16384
#define SCRYPT_R      8
#define SCRYPT_P      1
#define SCRYPT_MEMORY (64 * 1024 * 1024) /* a bound for OpenSSL; 128 * N * r are needed */
#define NONCE_DIGITS  20                 /* of the largest 64-bit number */

unsigned
proof_zero_bits(const unsigned char *bytes, size_t length)
{
	unsigned bits = 0;

	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == 0) {
			bits += 8;
			continue;
		}
		for (unsigned mask = 0x80; (bytes[i] & mask) == 0; mask >>= 1)
			bits++;
		break;
	}
	return bits;
}

static bool
all_of(const char *text, const char *characters, size_t min, size_t max)
{
	size_t length = strlen(text);

	return length >= min && length <= max && strspn(text, characters) == length;
}

static bool
hash(const char *challenge, const char *nonce, const char *salt, unsigned char out[PROOF_BYTES])
{
	struct buf password = BUF_INIT;
	int done;

	buf_addf(&password, "%s:%s", challenge, nonce);
	done = EVP_PBE_scrypt(password.data, password.len, (const unsigned char *)salt,
	    strlen(salt), SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY, out, PROOF_BYTES);
	buf_free(&password);
	return done == 1;
}

enum proof_verdict
proof_check(const char *challenge, const char *nonce, const char *pow_hex, const char *salt,
    unsigned difficulty)
{
	unsigned char given[PROOF_BYTES], expected[PROOF_BYTES];

	if (!all_of(nonce, "0123456789", 1, NONCE_DIGITS))
		return PROOF_BAD_NONCE;
	if (!all_of(pow_hex, "0123456789abcdef", 2 * PROOF_BYTES, 2 * PROOF_BYTES) ||
	    !hex_decode(pow_hex, given, PROOF_BYTES))
		return PROOF_BAD_HEX;
	if (proof_zero_bits(given, PROOF_BYTES) < difficulty)
		return PROOF_TOO_EASY;
	if (!hash(challenge, nonce, salt, expected))
		return PROOF_NO_MEMORY;
	return CRYPTO_memcmp(given, expected, PROOF_BYTES) == 0 ? PROOF_GOOD : PROOF_WRONG;
}

const char *
proof_verdict_text(enum proof_verdict v)
{
	static const char *const texts[] = {
	    [PROOF_GOOD] = "the proof of work is good",
	    [PROOF_BAD_NONCE] = "nonce is not a decimal number of at most 20 digits",
	    [PROOF_BAD_HEX] = "powHex is not 128 lower-case hexadecimal digits",
	    [PROOF_WRONG] = "powHex is not the hash of this challenge and nonce",
	    [PROOF_TOO_EASY] = "powHex has fewer leading zero bits than the difficulty asks",
	    [PROOF_NO_MEMORY] = "the hash could not be computed",
	};

	return texts[v];
}
