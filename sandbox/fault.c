/*
 * The list of ordered faults, and who gets which.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sandbox/fault.h"
#include "sandbox/json.h"

struct kind_name {
	const char *name;
	enum fault_kind kind;
	const char *needs; /* a member without which it makes no sense, or NULL */
	json_type type;
};

static const struct kind_name kinds[] = {
    {"status", FAULT_STATUS, "status", JSON_INTEGER},
    {"delay", FAULT_DELAY, "ms", JSON_INTEGER},
    {"cut-before", FAULT_CUT_BEFORE, NULL, JSON_NULL},
    {"cut-after", FAULT_CUT_AFTER, NULL, JSON_NULL},
    {"truncate", FAULT_TRUNCATE, NULL, JSON_NULL},
    {"half", FAULT_HALF, NULL, JSON_NULL},
    {"difficulty", FAULT_DIFFICULTY, "bits", JSON_INTEGER},
    {"mute", FAULT_MUTE, NULL, JSON_NULL},
    {"method-error", FAULT_METHOD_ERROR, "type", JSON_STRING},
    {"set-error", FAULT_SET_ERROR, "type", JSON_STRING},
    {"wrong-state", FAULT_WRONG_STATE, NULL, JSON_NULL},
    {"cannotCalculateChanges", FAULT_CANNOT_CALCULATE, NULL, JSON_NULL},
    {"clamp-limit", FAULT_CLAMP_LIMIT, "limit", JSON_INTEGER},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct faults {
	pthread_mutex_t lock;
	json_t *orders; /* array, oldest first */
};

void
fault_release(struct fault *f)
{
	json_decref(f->order);
	*f = (struct fault){0};
}

bool
fault_in_jmap(const struct fault *f)
{
	return f->kind >= FAULT_METHOD_ERROR;
}

struct faults *
faults_new(void)
{
	struct faults *f = xcalloc(1, sizeof(*f));

	pthread_mutex_init(&f->lock, NULL);
	f->orders = json_array();
	return f;
}

void
faults_free(struct faults **f)
{
	if (*f == NULL)
		return;
	pthread_mutex_destroy(&(*f)->lock);
	json_decref((*f)->orders);
	free(*f);
	*f = NULL;
}

static const struct kind_name *
kind_of(const json_t *order)
{
	const char *name = json_text(order, "do");

	for (size_t i = 0; name != NULL && i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* What is wrong with the members that all kinds have, or NULL. */
static const char *
mistake_of_any(const json_t *order)
{
	static const struct {
		const char *name;
		json_type type;
		const char *mistake;
	} members[] = {
	    {"path", JSON_STRING, "\"path\" is the start of a path"},
	    {"method", JSON_STRING, "\"method\" is the name of a JMAP method"},
	    {"recipient", JSON_STRING, "\"recipient\" is an address"},
	    {"when", JSON_STRING, "\"when\" is \"before\" or \"after\""},
	    {"creation", JSON_INTEGER, "\"creation\" is a number from 1 on"},
	    {"more", JSON_OBJECT, "\"more\" is an object"},
	};
	const char *when = json_text(order, "when");

	if (!json_is_object(order))
		return "a fault is an object";
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *member = json_object_get(order, members[i].name);

		if (member != NULL && json_typeof(member) != members[i].type)
			return members[i].mistake;
	}
	if (json_text(order, "path") == NULL && json_text(order, "method") == NULL &&
	    json_text(order, "recipient") == NULL)
		return "a fault needs \"path\", \"method\" or \"recipient\"";
	if (json_number(order, "skip", 0) < 0 || json_number(order, "count", 1) < 1)
		return "\"skip\" is 0 or more, \"count\" 1 or more";
	if (when != NULL && strcmp(when, "before") != 0 && strcmp(when, "after") != 0)
		return "\"when\" is \"before\" or \"after\"";
	if (json_number(order, "creation", 1) < 1)
		return "\"creation\" is a number from 1 on";
	return NULL;
}

/* What is wrong with an order, or NULL. */
static const char *
mistake(const json_t *order)
{
	const struct kind_name *kind = kind_of(order);
	const char *why = mistake_of_any(order);
	const json_t *needed;

	if (why != NULL)
		return why;
	if (kind == NULL)
		return "\"do\" is not a kind of fault";
	needed = kind->needs == NULL ? NULL : json_object_get(order, kind->needs);
	if (kind->needs != NULL && (needed == NULL || json_typeof(needed) != kind->type))
		return "the kind of fault lacks its \"status\", \"ms\", \"bits\", \"type\" or "
		       "\"limit\"";
	if (json_is_integer(needed) &&
	    (json_integer_value(needed) < 0 || json_integer_value(needed) > 3600000))
		return "a number is negative or far too large";
	if (kind->kind == FAULT_STATUS &&
	    (json_number(order, "status", 0) < 200 || json_number(order, "status", 0) > 599))
		return "\"status\" is from 200 to 599";
	return NULL;
}

bool
faults_order(struct faults *f, const json_t *orders, const char **why_r)
{
	json_t *all = json_is_array(orders) ? json_deep_copy(orders)
	                                    : json_pack("[o]", json_deep_copy(orders));
	size_t i;
	json_t *order;

	*why_r = NULL;
	json_array_foreach (all, i, order) {
		*why_r = mistake(order);
		if (*why_r != NULL)
			break;
		json_object_set_new(order, "skip", json_integer(json_number(order, "skip", 0)));
		json_object_set_new(
		    order, "count", json_integer(json_number(order, "count", 1)));
	}
	if (*why_r == NULL) {
		pthread_mutex_lock(&f->lock);
		json_array_extend(f->orders, all);
		pthread_mutex_unlock(&f->lock);
	}
	json_decref(all);
	return *why_r == NULL;
}

json_t *
faults_list(struct faults *f)
{
	json_t *copy;

	pthread_mutex_lock(&f->lock);
	copy = json_deep_copy(f->orders);
	pthread_mutex_unlock(&f->lock);
	return copy;
}

void
faults_clear(struct faults *f)
{
	pthread_mutex_lock(&f->lock);
	json_array_clear(f->orders);
	pthread_mutex_unlock(&f->lock);
}

static bool
path_fits(const json_t *order, const char *path)
{
	const char *prefix = json_text(order, "path");

	return prefix == NULL || strncmp(path, prefix, strlen(prefix)) == 0;
}

/* Does the body submit something to the recipient? */
static bool
recipient_fits(const json_t *order, const json_t *body)
{
	const char *recipient = json_text(order, "recipient");
	const json_t *call;
	size_t i;

	if (recipient == NULL)
		return true;
	json_array_foreach (json_object_get(body, "methodCalls"), i, call) {
		const char *id;
		json_t *object;

		json_object_foreach (
		    json_object_get(json_array_get(call, 1), "create"), id, object)
			if (fault_names_recipient(object, recipient))
				return true;
	}
	return false;
}

/* Does the body call the method, or something that a fault in JMAP is about? */
static bool
method_fits(const struct fault *f, const json_t *body)
{
	const char *wanted = json_text(f->order, "method");
	const json_t *call;
	size_t i;

	if (fault_in_jmap(f) && !json_is_object(body))
		return false;
	if (wanted == NULL && (!fault_in_jmap(f) || f->kind == FAULT_WRONG_STATE))
		return true;
	json_array_foreach (json_object_get(body, "methodCalls"), i, call) {
		const char *name = json_string_value(json_array_get(call, 0));

		if (wanted != NULL ? name != NULL && strcmp(name, wanted) == 0
		                   : fault_concerns(f, call))
			return true;
	}
	return false;
}

bool
faults_need_body(struct faults *f, const char *path)
{
	bool need = false;
	size_t i;
	const json_t *order;

	pthread_mutex_lock(&f->lock);
	json_array_foreach (f->orders, i, order) {
		struct fault fault = {.kind = kind_of(order)->kind};

		if (path_fits(order, path) &&
		    (json_object_get(order, "method") != NULL ||
		        json_object_get(order, "recipient") != NULL || fault_in_jmap(&fault)))
			need = true;
	}
	pthread_mutex_unlock(&f->lock);
	return need;
}

/* Lower a number of an order; false if it was 0. */
static bool
use_up(json_t *order, const char *key)
{
	json_t *number = json_object_get(order, key);

	if (json_integer_value(number) == 0)
		return false;
	json_integer_set(number, json_integer_value(number) - 1);
	return true;
}

/* Is an order for this request, and ripe?  If it is not ripe yet, it is a step nearer. */
static bool
strikes(const struct fault *fault, const char *path, const json_t *body)
{
	return path_fits(fault->order, path) && method_fits(fault, body) &&
	       recipient_fits(fault->order, body) && !use_up(fault->order, "skip");
}

static void
add_delay(struct fault *taken, const json_t *order)
{
	const char *when = json_text(order, "when");
	int64_t ms = json_number(order, "ms", 0);

	if (when != NULL && strcmp(when, "after") == 0)
		taken->ms_after += ms;
	else
		taken->ms_before += ms;
}

struct fault
faults_take(struct faults *f, const char *path, const json_t *body)
{
	struct fault taken = {0};

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < json_array_size(f->orders);) {
		json_t *order = json_array_get(f->orders, i);
		struct fault fault = {.kind = kind_of(order)->kind, .order = order};
		bool delay = fault.kind == FAULT_DELAY;

		i++;
		if ((!delay && taken.kind != FAULT_NONE) || !strikes(&fault, path, body))
			continue;
		taken.orders++;
		if (delay) {
			add_delay(&taken, order);
		} else {
			taken.kind = fault.kind;
			taken.order = json_deep_copy(order);
		}
		if (json_bool(order, "forever"))
			continue;
		use_up(order, "count");
		if (json_number(order, "count", 0) == 0)
			json_array_remove(f->orders, --i);
	}
	pthread_mutex_unlock(&f->lock);
	return taken;
}
