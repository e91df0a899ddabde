/*
 * What every fuzz target includes and defines (https://llvm.org/docs/LibFuzzer.html).
 */
#ifndef FERRY_FUZZ_H
#define FERRY_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feed the bytes to what is tested; it must neither crash nor leak.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
