/*
 * extensions - the SMTP extensions that a submission may use (RFC 8621 §1.3.2)
 *
 * They are told in the capability urn:ietf:params:jmap:submission; each brings parameters that
 * the addresses of an envelope may have, and none is taken of an extension that is not offered.
 */
#ifndef SANDBOX_EXTENSIONS_H
#define SANDBOX_EXTENSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sandbox/options.h"

/* {EHLO-NAME: [EHLO-ARGUMENT]}, a new object. */
json_t *extensions_json(const struct options *o, int64_t now);

/*
 * What is wrong with the parameters of the sender, or of a recipient: a new string that names
 * the parameter, or NULL.
 */
char *extensions_mistake(
    const struct options *o, const json_t *parameters, bool of_sender, int64_t now);

/* When the parameters of the sender want the message to be sent (RFC 4865): now, or later. */
int64_t extensions_send_at(const json_t *parameters, int64_t now);

#endif
