/*
 * Lists, whole or in pages.
 *
 * The service gives 20 items a page and no total; where it does not say that there is more,
 * a list ends with the page that is shorter than the first one, or empty.  While we read,
 * items may move: one that a newer item pushes over the edge comes again at the head of the
 * next page, so what the page before had is left out.  A server that gives the same page for ever is stopped by the same rule.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/service/simplelogin_parts.h"
#include "common/wire/json.h"

#define PAGES_MAX 1000000
#define STALE_MAX 3 /* pages in a row without anything new */

struct simplelogin_list {
	struct simplelogin *sl;
	const struct simplelogin_endpoint *endpoint;
	json_t *parameters;
	json_t *answer, *items; /* the page we are in; items is borrowed from answer */
	json_t *previous;       /* the ids, or items, of the page before */
	size_t at, page, first_size, stale;
	bool more; /* there may be another page */
};

struct simplelogin_list *
simplelogin_list(struct simplelogin *sl, const struct simplelogin_endpoint *endpoint,
    const json_t *parameters)
{
	struct simplelogin_list *list = xcalloc(1, sizeof(*list));

	list->sl = sl;
	list->endpoint = endpoint;
	list->parameters = json_deep_copy(parameters);
	list->more = true;
	return list;
}

void
simplelogin_list_free(struct simplelogin_list **list)
{
	if (*list == NULL)
		return;
	json_decref((*list)->parameters);
	json_decref((*list)->answer);
	json_decref((*list)->previous);
	free(*list);
	*list = NULL;
}

static json_t *
items_of(const struct simplelogin_endpoint *endpoint, json_t *answer)
{
	return endpoint->key != NULL ? json_object_get(answer, endpoint->key) : answer;
}

/* What makes an item the same as another: its id, or all of it. */
static json_t *
identity(json_t *item)
{
	json_t *id = json_object_get(item, "id");

	return json_is_integer(id) ? id : item;
}

static bool
was_before(const struct simplelogin_list *list, json_t *item)
{
	json_t *old;
	size_t i;

	json_array_foreach (list->previous, i, old)
		if (json_equal(old, identity(item)))
			return true;
	return false;
}

static void
remember_page(struct simplelogin_list *list)
{
	json_t *item;
	size_t i;

	json_decref(list->previous);
	list->previous = json_array();
	json_array_foreach (list->items, i, item)
		json_array_append(list->previous, identity(item));
}

static struct outcome
call_page(struct simplelogin_list *list, struct deadline d, json_t **answer_r)
{
	const struct simplelogin_endpoint *endpoint = list->endpoint;
	struct simplelogin_request request;
	struct buf body = BUF_INIT;
	struct outcome o;
	char number[24];

	o = simplelogin_request_make(endpoint, list->parameters, &request);
	if (outcome_is_ok(&o)) {
		snprintf(number, sizeof(number), "%zu", list->page);
		simplelogin_query_add(&request.path, endpoint->page, number);
		o = simplelogin_send(list->sl, endpoint, &request, NULL, d, &body);
	}
	if (outcome_is_ok(&o))
		o = json_parse(buf_str(&body), body.len, answer_r);
	if (outcome_is_ok(&o) && !json_is_array(items_of(endpoint, *answer_r))) {
		o = outcome_make(
		    "answer", "missing", "%s: no list %s", endpoint->words, endpoint->key);
		json_decref(*answer_r);
		*answer_r = NULL;
	}
	simplelogin_request_free(&request);
	buf_free(&body);
	return o;
}

/* Is the page we have got the last one? */
static bool
is_last(const struct simplelogin_list *list)
{
	const json_t *more = json_object_get(list->answer, "more");
	size_t size = json_array_size(list->items);

	if (json_is_boolean(more))
		return json_is_false(more);
	return size == 0 || size < list->first_size || list->page >= PAGES_MAX;
}

static struct outcome
fetch(struct simplelogin_list *list, struct deadline d)
{
	json_t *answer = NULL;
	struct outcome o;

	if (list->endpoint->shape == GIVES_PAGES)
		o = call_page(list, d, &answer);
	else
		o = simplelogin_call(list->sl, list->endpoint, list->parameters, d, &answer);
	if (!outcome_is_ok(&o))
		return o;
	remember_page(list);
	json_decref(list->answer);
	list->answer = answer;
	list->items = items_of(list->endpoint, answer);
	list->at = 0;
	if (list->page++ == 0)
		list->first_size = json_array_size(list->items);
	list->more = list->endpoint->shape == GIVES_PAGES && !is_last(list);
	return o;
}

/* The next item of this page that was not in the one before, or NULL. */
static json_t *
take(struct simplelogin_list *list)
{
	json_t *item;

	while ((item = json_array_get(list->items, list->at)) != NULL) {
		list->at++;
		if (!was_before(list, item))
			return item;
	}
	return NULL;
}

bool
simplelogin_next(
    struct simplelogin_list *list, struct deadline d, json_t **item_r, struct outcome *o_r)
{
	*o_r = outcome_ok();
	*item_r = take(list);
	list->stale = 0;
	while (*item_r == NULL && list->more && list->stale < STALE_MAX) {
		*o_r = fetch(list, d);
		if (!outcome_is_ok(o_r))
			return false;
		*item_r = take(list);
		list->stale++;
	}
	return *item_r != NULL;
}
