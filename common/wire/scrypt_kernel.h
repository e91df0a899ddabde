/*
 * scrypt_kernel - the kernels themselves; for scrypt.c alone
 */
#ifndef FERRY_SCRYPT_KERNEL_H
#define FERRY_SCRYPT_KERNEL_H

#include "common/wire/scrypt.h"

extern const struct scrypt_kernel scrypt_portable;

#endif
