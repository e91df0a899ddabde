/*
 * alias_control - /sandbox/aliases: what a test asks of the alias service itself
 *
 * Without the alias service all of them answer 404.
 */
#ifndef SANDBOX_ALIAS_CONTROL_H
#define SANDBOX_ALIAS_CONTROL_H

#include "sandbox/http.h"

/* The configuration in force; take a seed. */
void alias_control_config(const struct request *r, struct reply *reply);
void alias_control_seed(const struct request *r, struct reply *reply);

/* {"stop": true}: let the clock stand still; {"advance": SECONDS}: put it forward; its time. */
void alias_control_clock(const struct request *r, struct reply *reply);

/* What the service wrote to its users; what it did with mail. */
void alias_control_letters(const struct request *r, struct reply *reply);
void alias_control_mail(const struct request *r, struct reply *reply);

/* Hand the service a message, the body, from ?from= to each ?to=; its SMTP answer. */
void alias_control_send(const struct request *r, struct reply *reply);

#endif
