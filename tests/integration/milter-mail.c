/*
 * A message and its envelope.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/xalloc.h"
#include "tests/integration/milter-mail.h"

/* Read a line without its end; false at the end of the input. */
static bool
read_line(FILE *in, char **line, size_t *room, size_t *length_r)
{
	ssize_t n = getline(line, room, in);

	if (n <= 0)
		return false;
	if ((*line)[n - 1] == '\n')
		n--;
	if (n > 0 && (*line)[n - 1] == '\r')
		n--;
	*length_r = (size_t)n;
	return true;
}

static struct mail_field *
add_field(struct mail *m, size_t at, const char *name, size_t length)
{
	size_t count = m->field_count++;

	/* There may be many: the room doubles where count is a power of two. */
	if ((count & (count - 1)) == 0)
		m->fields =
		    xreallocarray(m->fields, count == 0 ? 1 : 2 * count, sizeof(*m->fields));
	memmove(m->fields + at + 1, m->fields + at, (count - at) * sizeof(*m->fields));
	m->fields[at] = (struct mail_field){.name = xstrndup(name, length)};
	return &m->fields[at];
}

/* Is this line a field, or the continuation of one?  Take it. */
static bool
take_header_line(struct mail *m, const char *line, size_t length)
{
	size_t name = 0;
	struct mail_field *field;

	if (length > 0 && (line[0] == ' ' || line[0] == '\t') && m->field_count > 0) {
		field = &m->fields[m->field_count - 1];
		buf_addc(&field->value, '\n');
		buf_add(&field->value, line, length);
		return true;
	}
	while (name < length && line[name] > ' ' && line[name] < 127 && line[name] != ':')
		name++;
	if (name == 0 || name == length || line[name] != ':')
		return false;
	field = add_field(m, m->field_count, line, name);
	buf_add(&field->value, line + name + 1, length - name - 1);
	return true;
}

void
mail_read(struct mail *m, FILE *in)
{
	char *line = NULL;
	size_t room = 0, length = 0;
	bool header = true;

	while (read_line(in, &line, &room, &length)) {
		if (header && take_header_line(m, line, length))
			continue;
		if (!header || length > 0) {
			buf_add(&m->body, line, length);
			buf_adds(&m->body, "\r\n");
		}
		header = false;
	}
	free(line);
}

static void
free_address(struct mail_address *a)
{
	free(a->address);
	free(a->args);
}

static void
remove_field(struct mail *m, size_t at)
{
	free(m->fields[at].name);
	buf_free(&m->fields[at].value);
	m->field_count--;
	memmove(m->fields + at, m->fields + at + 1, (m->field_count - at) * sizeof(*m->fields));
}

void
mail_free(struct mail *m)
{
	free_address(&m->from);
	for (size_t i = 0; i < m->to_count; i++)
		free_address(&m->to[i]);
	free(m->to);
	while (m->field_count > 0)
		remove_field(m, m->field_count - 1);
	free(m->fields);
	buf_free(&m->body);
}

/* The arguments begin after a blank that is in no quotes. */
static struct mail_address
split(const char *text)
{
	size_t length = 0;
	bool quoted = false;
	const char *start = text, *rest;

	while (text[length] != '\0' && (quoted || text[length] != ' ')) {
		quoted ^= text[length] == '"';
		length++;
	}
	rest = text + length;
	if (length >= 2 && start[0] == '<' && start[length - 1] == '>') {
		start++;
		length -= 2;
	}
	return (struct mail_address){
	    xstrndup(start, length), xstrdup(rest + strspn(rest, " "))};
}

void
mail_set_from(struct mail *m, const char *text)
{
	free_address(&m->from);
	m->from = split(text);
}

void
mail_add_to(struct mail *m, const char *text)
{
	m->to = xreallocarray(m->to, m->to_count + 1, sizeof(*m->to));
	m->to[m->to_count++] = split(text);
}

bool
mail_remove_to(struct mail *m, const char *address)
{
	struct mail_address wanted = split(address);
	size_t left = 0;

	for (size_t i = 0; i < m->to_count; i++) {
		if (strcmp(m->to[i].address, wanted.address) == 0)
			free_address(&m->to[i]);
		else
			m->to[left++] = m->to[i];
	}
	free_address(&wanted);
	if (left == m->to_count)
		return false;
	m->to_count = left;
	return true;
}

/* Where the index-th field of a name is; SIZE_MAX if there are fewer. */
static size_t
find_field(const struct mail *m, unsigned index, const char *name)
{
	for (size_t i = 0; i < m->field_count; i++)
		if (strcasecmp(m->fields[i].name, name) == 0 && --index == 0)
			return i;
	return SIZE_MAX;
}

void
mail_change_field(struct mail *m, unsigned index, const char *name, const char *value)
{
	size_t at = find_field(m, index, name);

	if (at != SIZE_MAX)
		remove_field(m, at);
	else
		at = m->field_count;
	if (*value != '\0')
		buf_adds(&add_field(m, at, name, strlen(name))->value, value);
}

void
mail_insert_field(struct mail *m, unsigned position, const char *name, const char *value)
{
	size_t at = position > 0 ? position - 1 : 0;

	if (at > m->field_count)
		at = m->field_count;
	buf_adds(&add_field(m, at, name, strlen(name))->value, value);
}

void
mail_write(const struct mail *m, FILE *out)
{
	for (size_t i = 0; i < m->field_count; i++) {
		fprintf(out, "%s:", m->fields[i].name);
		fwrite(buf_str(&m->fields[i].value), 1, m->fields[i].value.len, out);
		putc('\n', out);
	}
	putc('\n', out);
	for (size_t i = 0; i < m->body.len; i++)
		if (m->body.data[i] != '\r')
			putc(m->body.data[i], out);
}
