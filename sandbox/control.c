/*
 * What a test asks of the service itself.
 */
#include "sandbox/control.h"
#include "sandbox/fault.h"
#include "sandbox/hold.h"

void
control_counters(const struct request *r, struct reply *reply)
{
	reply_json(reply, 200, counters_json(&r->sandbox->counters));
}

void
control_faults_list(const struct request *r, struct reply *reply)
{
	reply_json(reply, 200, faults_list(r->sandbox->faults));
}

void
control_faults_order(const struct request *r, struct reply *reply)
{
	json_t *orders = json_loadb(r->body, r->body_length, 0, NULL);
	const char *why = "the body is not JSON";

	if (orders == NULL || !faults_order(r->sandbox->faults, orders, &why))
		reply_error(reply, 400, why, "ferry-sandbox(8) describes faults");
	else
		reply_json(reply, 200, faults_list(r->sandbox->faults));
	json_decref(orders);
}

void
control_faults_clear(const struct request *r, struct reply *reply)
{
	faults_clear(r->sandbox->faults);
	reply_json(reply, 200, json_array());
}

void
control_release(const struct request *r, struct reply *reply)
{
	reply_json(
	    reply, 200, json_pack("{s:I}", "released", hold_send(r->sandbox, INT64_MAX)));
}
