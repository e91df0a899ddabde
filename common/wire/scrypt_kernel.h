/*
 * scrypt_kernel - the kernels themselves; for scrypt.c alone
 */
#ifndef FERRY_SCRYPT_KERNEL_H
#define FERRY_SCRYPT_KERNEL_H

#include "common/wire/scrypt.h"

extern const struct scrypt_kernel scrypt_avx512, scrypt_avx2, scrypt_sse2, scrypt_portable;

#endif
