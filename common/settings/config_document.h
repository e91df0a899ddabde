/*
 * config_document - ferry.conf as parsed: sections, values, lines, and the first mistake
 *
 * Between the file and struct config.  Each value has been checked by its row of the schema;
 * what takes several options together is up to the reader, who reports it by
 * document_mistake() with the line of the option it concerns.
 */
#ifndef FERRY_CONFIG_DOCUMENT_H
#define FERRY_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/outcome.h"

struct cfg_t; /* libconfuse's section */

/* Where an option stands in the file. */
struct document_place {
	const struct cfg_t *section;
	const char *option;
	int line;
};

struct document {
	const char *path; /* the caller's */
	struct cfg_t *root;
	struct outcome error; /* OK, or the first mistake, local/config */
	struct document_place *places;
	size_t place_count;
	int lines;  /* of the file */
	bool ended; /* the whole text was read */
};

/* Read and parse the file; what went wrong is in error.  document_free() in any case. */
void document_read(struct document *document, const char *path);
void document_free(struct document *document);

/* Report "FILE:LINE: ..." unless there is an earlier mistake. */
void document_mistake(struct document *document, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Does the file set the option in this section? */
bool
document_given(const struct document *document, const struct cfg_t *section, const char *name);

/* The line of an option, or of its section's end where it is not given. */
int
document_line(const struct document *document, const struct cfg_t *section, const char *name);

/* An option's value: what the file says, else the schema's fallback, else NULL. */
const char *
document_value(const struct document *document, struct cfg_t *section, const char *name);

/* The same as what it stands for.  Text is allocated; a path or URL loses the slashes at its
 * end; a list is NULL-terminated, and has the one item fallback (NULL: the schema's) if not
 * given. */
char *document_text(const struct document *document, struct cfg_t *section, const char *name);
char *document_path(const struct document *document, struct cfg_t *section, const char *name);
long document_number(const struct document *document, struct cfg_t *section, const char *name);
int document_word(const struct document *document, struct cfg_t *section, const char *name);
char **document_list(const struct document *document, struct cfg_t *section, const char *name,
    const char *fallback);

#endif
