/*
 * exchange - one request from its first byte to the end of its answer
 */
#ifndef SANDBOX_EXCHANGE_H
#define SANDBOX_EXCHANGE_H

#include <stdbool.h>

#include <microhttpd.h>

#include "sandbox/delay.h"
#include "sandbox/sandbox.h"

struct exchange;

/* The request line is there: the URI as it was sent. */
struct exchange *exchange_new(struct sandbox *s, struct delays *delays, const char *uri);

/* Was exchange_begin() called? */
bool exchange_begun(const struct exchange *x);

/* The head is there; more of the body; the body is whole (called again after a delay). */
enum MHD_Result exchange_begin(struct exchange *x, struct MHD_Connection *connection,
    const char *method, const char *path);
enum MHD_Result exchange_receive(struct exchange *x, const char *bytes, size_t *length);
enum MHD_Result exchange_finish(struct exchange *x);

void exchange_free(struct exchange **x);

#endif
