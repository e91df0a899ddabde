/*
 * What is to be changed of a message.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "milter/edits.h"

#define STEP 16 /* items that there is room for at once */

/* The name is one of the list's texts, the value is copied. */
static void
add(struct edits *edits, enum edit_kind kind, char *name, unsigned index, const char *value)
{
	if (edits->count % STEP == 0)
		edits->items =
		    xreallocarray(edits->items, edits->count + STEP, sizeof(edits->items[0]));
	edits->items[edits->count++] = (struct edit){
	    .kind = kind,
	    .name = name,
	    .value = texts_add(&edits->texts, value),
	    .index = index,
	};
}

/* The address in brackets. */
static char *
path_of(struct edits *edits, const char *address)
{
	size_t length = strlen(address);
	char *path = texts_take(&edits->texts, length + sizeof("<>"));

	path[0] = '<';
	memcpy(path + 1, address, length);
	memcpy(path + 1 + length, ">", sizeof(">"));
	return path;
}

void
edits_free(struct edits *edits)
{
	free(edits->items);
	texts_free(&edits->texts);
	*edits = EDITS_INIT;
}

void
edits_delrcpt(struct edits *edits, const char *given)
{
	add(edits, EDIT_DELRCPT, texts_add(&edits->texts, given), 0, NULL);
}

void
edits_addrcpt(struct edits *edits, const char *address, const char *arguments)
{
	add(edits, EDIT_ADDRCPT, path_of(edits, address), 0, arguments);
}

void
edits_chgfrom(struct edits *edits, const char *address, const char *arguments)
{
	add(edits, EDIT_CHGFROM, path_of(edits, address), 0, arguments);
}

void
edits_chgheader(struct edits *edits, const char *name, unsigned index, const char *value)
{
	add(edits, EDIT_CHGHEADER, texts_add(&edits->texts, name), index, value);
}

void
edits_insheader(struct edits *edits, unsigned index, const char *name, const char *value)
{
	add(edits, EDIT_INSHEADER, texts_add(&edits->texts, name), index, value);
}

void
edits_set_value(struct edits *edits, size_t i, const char *value)
{
	edits->items[i].value = texts_add(&edits->texts, value);
}

/* By kind; of header fields the one with the highest number first. */
static bool
comes_before(const struct edit *a, const struct edit *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind;
	return a->kind == EDIT_CHGHEADER && a->index > b->index;
}

/* Equal ones keep their order: merge sort, of runs that double. */
void
edits_sort(struct edits *edits)
{
	struct edit *from = edits->items;
	struct edit *to = xcalloc(edits->count + STEP, sizeof(*to)), *swap;

	for (size_t run = 1; run < edits->count; run *= 2) {
		for (size_t start = 0, k = 0; start < edits->count; start += 2 * run) {
			size_t left = start, right = start + run;
			size_t left_end = right < edits->count ? right : edits->count;
			size_t end = right + run < edits->count ? right + run : edits->count;

			while (left < left_end || right < end)
				if (right >= end ||
				    (left < left_end &&
				        !comes_before(&from[right], &from[left])))
					to[k++] = from[left++];
				else
					to[k++] = from[right++];
		}
		swap = from;
		from = to;
		to = swap;
	}
	edits->items = from;
	free(to);
}

static void
print_value(const char *value, struct buf *text)
{
	for (const char *p = value; *p != '\0'; p++) {
		buf_addc(text, *p);
		if (*p == '\n')
			buf_adds(text, "        ");
	}
}

void
edits_print(const struct edits *edits, struct buf *text)
{
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *e = &edits->items[i];
		const char *blank = e->value != NULL ? " " : "";
		const char *value = e->value != NULL ? e->value : "";

		switch (e->kind) {
		case EDIT_DELRCPT:
			buf_addf(text, "delrcpt %s", e->name);
			break;
		case EDIT_ADDRCPT:
			buf_addf(text, "addrcpt %s%s%s", e->name, blank, value);
			break;
		case EDIT_CHGFROM:
			buf_addf(text, "chgfrom %s%s%s", e->name, blank, value);
			break;
		case EDIT_CHGHEADER:
			buf_addf(text, "%s %u %s%s",
			    e->value != NULL ? "chgheader" : "delheader", e->index, e->name,
			    e->value != NULL ? ": " : "");
			print_value(value, text);
			break;
		case EDIT_INSHEADER:
			buf_addf(text, "insheader %u %s: ", e->index, e->name);
			print_value(value, text);
			break;
		}
		buf_addc(text, '\n');
	}
}
