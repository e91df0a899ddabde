/*
 * The counters as JSON.
 */
#include "sandbox/counters.h"

json_t *
counters_json(struct counters *c)
{
	json_t *object = json_object();

#define SANDBOX_COUNTER_SET(field, name) \
	json_object_set_new(object, name, json_integer((json_int_t)atomic_load(&c->field)));
	SANDBOX_COUNTERS(SANDBOX_COUNTER_SET)
#undef SANDBOX_COUNTER_SET
	return object;
}
