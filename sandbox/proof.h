/*
 * proof - check a proof of work
 *
 * scrypt(password = "CHALLENGE:NONCE", salt, N = 16384, r = 8, p = 1, 64 bytes) must be the
 * powHex given and start with as many zero bits as the difficulty, the most significant bit
 * of the first byte first.  The salt is taken as text, also where it looks like hexadecimal.
 */
#ifndef SANDBOX_PROOF_H
#define SANDBOX_PROOF_H

#include <stddef.h>

#define PROOF_BYTES 64

enum proof_verdict {
	PROOF_GOOD,
	PROOF_BAD_NONCE, /* not a decimal number of 1 to 20 digits */
	PROOF_BAD_HEX,   /* powHex is not 128 lower-case hexadecimal digits */
	PROOF_WRONG,     /* powHex is not the hash of this challenge and nonce */
	PROOF_TOO_EASY,  /* the hash has too few leading zero bits */
	PROOF_NO_MEMORY, /* scrypt could not run */
};

enum proof_verdict proof_check(const char *challenge, const char *nonce, const char *pow_hex,
    const char *salt, unsigned difficulty);

/* How many zero bits the bytes start with. */
unsigned proof_zero_bits(const unsigned char *bytes, size_t length);

/* The verdict in words, for the message of an error. */
const char *proof_verdict_text(enum proof_verdict v);

#endif
