/*
 * What is to be changed of a message.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "milter/edits.h"

static void
add(struct edits *edits, enum edit_kind kind, const char *name, unsigned index,
    const char *value)
{
	edits->items = xreallocarray(edits->items, edits->count + 1, sizeof(edits->items[0]));
	edits->items[edits->count++] = (struct edit){
	    .kind = kind,
	    .name = xstrdup(name),
	    .value = xstrdup(value),
	    .index = index,
	};
}

void
edits_free(struct edits *edits)
{
	for (size_t i = 0; i < edits->count; i++) {
		free(edits->items[i].name);
		free(edits->items[i].value);
	}
	free(edits->items);
	*edits = EDITS_INIT;
}

void
edits_delrcpt(struct edits *edits, const char *given)
{
	add(edits, EDIT_DELRCPT, given, 0, NULL);
}

void
edits_addrcpt(struct edits *edits, const char *address, const char *arguments)
{
	char *path = xasprintf("<%s>", address);

	add(edits, EDIT_ADDRCPT, path, 0, arguments);
	free(path);
}

void
edits_chgfrom(struct edits *edits, const char *address, const char *arguments)
{
	char *path = xasprintf("<%s>", address);

	add(edits, EDIT_CHGFROM, path, 0, arguments);
	free(path);
}

void
edits_chgheader(struct edits *edits, const char *name, unsigned index, const char *value)
{
	add(edits, EDIT_CHGHEADER, name, index, value);
}

void
edits_insheader(struct edits *edits, unsigned index, const char *name, const char *value)
{
	add(edits, EDIT_INSHEADER, name, index, value);
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
	struct edit *to = xcalloc(edits->count + 1, sizeof(*to)), *swap;

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
