/*
 * Lines of names.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sync/mailbox_path.h"
#include "sync/subscription_file.h"

#define HEADER "V\t2\n\n"

void
subscription_file_parse(struct subscription_file *f, const char *text, size_t length)
{
	size_t header = strlen(HEADER);
	const char *nul = length != 0 ? memchr(text, '\0', length) : NULL;

	*f = (struct subscription_file){.version2 = true};
	if (nul != NULL)
		length = (size_t)(nul - text);
	f->there = length != 0;
	if (!f->there)
		return;
	f->version2 = length >= header && memcmp(text, HEADER, header) == 0;
	if (f->version2)
		buf_add(&f->text, text + header, length - header);
	else
		buf_add(&f->text, text, length);
	if (f->text.len != 0 && f->text.data[f->text.len - 1] != '\n')
		buf_addc(&f->text, '\n');
}

void
subscription_file_free(struct subscription_file *f)
{
	buf_free(&f->text);
	*f = (struct subscription_file){0};
}

/* The line of a folder. */
static char *
line_of(const struct subscription_file *f, enum maildir_layout layout, const char *path)
{
	char separator = layout == LAYOUT_FS ? '/' : '.';
	char *line;

	if (strcmp(path, mailbox_path_inbox(layout)) == 0)
		return xstrdup("INBOX\n");
	line = xasprintf("%s\n", layout == LAYOUT_FS ? path : path + 1);
	for (char *p = line; f->version2 && (p = strchr(p, separator)) != NULL;)
		*p = '\t';
	return line;
}

/* Where the line begins, or NULL. */
static char *
find(const struct subscription_file *f, const char *line)
{
	size_t length = strlen(line);
	char *p = f->text.data, *end = p != NULL ? p + f->text.len : NULL;

	while (p != end) {
		if ((size_t)(end - p) >= length && memcmp(p, line, length) == 0)
			return p;
		p = (char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	}
	return NULL;
}

bool
subscription_file_has(
    const struct subscription_file *f, enum maildir_layout layout, const char *path)
{
	char *line = line_of(f, layout, path);
	bool has = find(f, line) != NULL;

	free(line);
	return has;
}

void
subscription_file_set(
    struct subscription_file *f, enum maildir_layout layout, const char *path, bool subscribed)
{
	char *line = line_of(f, layout, path), *at = find(f, line);
	size_t length = strlen(line);

	if (subscribed && at == NULL)
		buf_adds(&f->text, line);
	/* Somebody may have written it twice. */
	for (; !subscribed && at != NULL; at = find(f, line)) {
		size_t rest = f->text.len - (size_t)(at - f->text.data) - length;

		memmove(at, at + length, rest);
		buf_truncate(&f->text, f->text.len - length);
	}
	free(line);
}

void
subscription_file_print(const struct subscription_file *f, struct buf *text)
{
	if (f->version2)
		buf_adds(text, HEADER);
	buf_add(text, buf_str(&f->text), f->text.len);
}
