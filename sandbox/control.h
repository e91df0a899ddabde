/*
 * control - /sandbox/: what a test asks of the service itself
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "sandbox/http.h"

void control_counters(const struct request *r, struct reply *reply);
void control_faults_list(const struct request *r, struct reply *reply);
void control_faults_order(const struct request *r, struct reply *reply);
void control_faults_clear(const struct request *r, struct reply *reply);

/* Send what is held, as if its time had come. */
void control_release(const struct request *r, struct reply *reply);

/* What was sent: a list, what was sent more than once, and one message. */
void control_outbox_list(const struct request *r, struct reply *reply);
void control_outbox_repeated(const struct request *r, struct reply *reply);
void control_outbox_message(const struct request *r, struct reply *reply);

#endif
