/*
 * Keywords as letters, and the dovecot-keywords file.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "sync/dovecot.h"
#include "sync/letters.h"

#define FILE_MAX 65536

void
letters_free(struct letters *l)
{
	for (size_t i = 0; i < LETTERS_MAX; i++)
		free(l->keyword[i]);
	*l = (struct letters){0};
}

static void
set(struct letters *l, size_t i, const char *keyword)
{
	free(l->keyword[i]);
	l->keyword[i] = xstrdup(keyword);
	for (char *p = l->keyword[i]; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* "INDEX KEYWORD"; another index of the same keyword gives way. */
static void
parse_line(struct letters *l, const char *line)
{
	char *keyword;
	unsigned long index = strtoul(line, &keyword, 10);
	char old;

	if (!isdigit((unsigned char)*line) || *keyword != ' ' || keyword[1] == '\0' ||
	    index >= LETTERS_MAX)
		return;
	old = letters_find(l, keyword + 1);
	if (old != '\0') {
		free(l->keyword[old - 'a']);
		l->keyword[old - 'a'] = NULL;
	}
	set(l, index, keyword + 1);
}

void
letters_parse(struct letters *l, const char *text)
{
	char *copy = xstrdup(text), *rest = copy;

	while (rest != NULL)
		parse_line(l, strsep(&rest, "\r\n"));
	free(copy);
}

char
letters_find(const struct letters *l, const char *keyword)
{
	for (size_t i = 0; i < LETTERS_MAX; i++)
		if (l->keyword[i] != NULL && strcasecmp(l->keyword[i], keyword) == 0)
			return (char)('a' + i);
	return '\0';
}

char
letters_give(struct letters *l, const char *keyword, bool *new_r)
{
	char letter = letters_find(l, keyword);

	*new_r = false;
	for (size_t i = 0; letter == '\0' && i < LETTERS_MAX; i++) {
		if (l->keyword[i] == NULL) {
			set(l, i, keyword);
			letter = (char)('a' + i);
			*new_r = true;
		}
	}
	return letter;
}

bool
letters_left(const struct letters *l)
{
	bool left = false;

	for (size_t i = 0; i < LETTERS_MAX; i++)
		left = left || l->keyword[i] == NULL;
	return left;
}

static char *
file_of(const char *path)
{
	return xasprintf("%s%sdovecot-keywords", path, *path != '\0' ? "/" : "");
}

struct outcome
letters_load(struct letters *l, struct store *store, int64_t n, int root, const char *path)
{
	struct outcome o = outcome_ok();
	struct buf text = BUF_INIT;
	char *file;
	sqlite3_stmt *q;

	if (l->known)
		return o;
	q = store_query(
	    store, "SELECT letter, keyword FROM kwletter WHERE mailbox = ?", "i", n);
	while (store_row(store, q)) {
		int64_t letter = sqlite3_column_int64(q, 0);

		if (letter >= 0 && letter < LETTERS_MAX)
			set(l, (size_t)letter, (const char *)sqlite3_column_text(q, 1));
	}
	file = file_of(path);
	if (faccessat(root, file, F_OK, 0) == 0)
		o = file_read(root, file, FILE_MAX, &text);
	if (outcome_is_ok(&o)) {
		letters_parse(l, buf_str(&text));
		l->known = true;
	}
	free(file);
	buf_free(&text);
	return o;
}

static struct outcome
write_file(const struct letters *l, int root, const char *path)
{
	struct buf text = BUF_INIT;
	char *file = file_of(path);
	struct outcome o;

	for (size_t i = 0; i < LETTERS_MAX; i++)
		if (l->keyword[i] != NULL)
			buf_addf(&text, "%zu %s\n", i, l->keyword[i]);
	o = file_write_atomic(root, file, buf_str(&text), text.len, 0600);
	buf_free(&text);
	free(file);
	return o;
}

struct outcome
letters_save(const struct letters *l, struct store *store, int64_t n, int root,
    const char *path, bool locked)
{
	struct outcome o = outcome_ok();
	bool lock = !locked && dovecot_uses(root, path);

	if (lock)
		o = dovecot_lock(root, path);
	if (outcome_is_ok(&o)) {
		o = write_file(l, root, path);
		if (lock)
			dovecot_unlock(root, path);
	}
	if (!outcome_is_ok(&o))
		return o;
	store_run(store, "DELETE FROM kwletter WHERE mailbox = ?", "i", n);
	for (size_t i = 0; i < LETTERS_MAX; i++)
		if (l->keyword[i] != NULL)
			store_run(store, "INSERT INTO kwletter VALUES(?, ?, ?)", "iit", n,
			    (int64_t)i, l->keyword[i]);
	return store_error(store);
}
