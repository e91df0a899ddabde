/*
 * ferry.conf as parsed by libconfuse.
 *
 * The grammar is built from the schema's table.  Values are checked while they are parsed,
 * when the parser knows the line, and the lines are remembered for the checks that take
 * several options together; so every message names its line.  The first mistake is the one
 * reported: later ones often follow from it.
 *
 * Two weaknesses of libconfuse are worked around.  Its scanner ends the process on a read
 * error: the file is read into memory first.  It does not mind a file that ends within a
 * section or comment: an option of our own is put behind the text, which has to arrive at
 * the top level.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/settings/config_document.h"
#include "common/settings/config_schema.h"

#define CONFIG_FILE_MAX (1u << 20)
#define END_MARK        "end-of-file"

/* libconfuse's callbacks carry no argument of ours. */
static _Thread_local struct document *reading;

void
document_mistake(struct document *document, int line, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	if (!outcome_is_ok(&document->error))
		return;
	va_start(args, format);
	buf_addv(&text, format, args);
	va_end(args);
	document->error = outcome_make("local", "config", "%s:%d: %s", document->path,
	    line < document->lines ? line : document->lines, buf_str(&text));
	outcome_hint(&document->error, "see ferry.conf(5)");
	buf_free(&text);
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *format, va_list args)
{
	struct buf text = BUF_INIT;

	buf_addv(&text, format, args);
	document_mistake(reading, cfg->line, "%s", buf_str(&text));
	buf_free(&text);
}

static const struct document_place *
place_of(const struct document *document, const cfg_t *section, const char *name)
{
	for (size_t i = 0; i < document->place_count; i++)
		if (document->places[i].section == section &&
		    strcmp(document->places[i].option, name) == 0)
			return &document->places[i];
	return NULL;
}

bool
document_given(const struct document *document, const cfg_t *section, const char *name)
{
	return place_of(document, section, name) != NULL;
}

int
document_line(const struct document *document, const cfg_t *section, const char *name)
{
	const struct document_place *place = place_of(document, section, name);

	return place != NULL ? place->line : section->line;
}

static void
remember(struct document *document, const cfg_t *section, const char *name)
{
	document->places = xreallocarray(
	    document->places, document->place_count + 1, sizeof(*document->places));
	document->places[document->place_count++] =
	    (struct document_place){section, name, section->line};
}

/* The schema's row of an option; libconfuse calls the top level "root". */
static const struct config_option *
row_of(const cfg_t *section, const char *name)
{
	return config_schema_find(
	    strcmp(section->name, "root") == 0 ? "" : section->name, name);
}

/* Called by libconfuse when an option has been given a value (a list: after each value). */
static int
check_option(cfg_t *section, cfg_opt_t *opt)
{
	const struct config_option *option = row_of(section, cfg_opt_name(opt));
	unsigned values = cfg_opt_size(opt);
	struct buf why = BUF_INIT;

	if (!config_schema_is_list(option) && document_given(reading, section, option->name))
		document_mistake(reading, section->line, "%s is given twice", option->name);
	for (unsigned i = 0; i < values && why.len == 0; i++)
		if (!config_schema_accepts(option, cfg_opt_getnstr(opt, i), &why))
			document_mistake(
			    reading, section->line, "%s %s", option->name, buf_str(&why));
	if (!document_given(reading, section, option->name))
		remember(reading, section, option->name);
	buf_free(&why);
	return outcome_is_ok(&reading->error) ? 0 : -1;
}

/* Called by libconfuse at the end mark. */
static int
check_end(cfg_t *section, cfg_opt_t *opt)
{
	(void)opt;
	if (section == reading->root)
		reading->ended = true;
	else
		document_mistake(reading, section->line,
		    "the %s section is not closed with '}'", section->name);
	return outcome_is_ok(&reading->error) ? 0 : -1;
}

/* Called by libconfuse at a section's end. */
static int
check_section(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct buf why = BUF_INIT;

	if (section->title != NULL && !config_schema_accepts_title(section->title, &why))
		document_mistake(reading, cfg->line, "the title of this %s section %s",
		    section->name, buf_str(&why));
	buf_free(&why);
	return outcome_is_ok(&reading->error) ? 0 : -1;
}

/* libconfuse's grammar of one section's own options, with room for extra more; the caller
 * free()s it. */
static cfg_opt_t *
build_options(const char *section, size_t extra, size_t *count_r)
{
	const struct config_option *option;
	cfg_opt_t *opts = NULL;
	size_t count = 0;

	for (size_t i = 0; (option = config_schema_option(i)) != NULL; i++) {
		if (strcmp(option->section, section) != 0)
			continue;
		opts = xreallocarray(opts, count + 3 + extra, sizeof(*opts));
		if (config_schema_is_list(option))
			opts[count] =
			    (cfg_opt_t)CFG_STR_LIST(option->name, NULL, CFGF_NODEFAULT);
		else
			opts[count] = (cfg_opt_t)CFG_STR(option->name, NULL, CFGF_NODEFAULT);
		opts[count++].validcb = check_option;
	}
	opts[count] = (cfg_opt_t)CFG_STR(END_MARK, NULL, CFGF_NODEFAULT);
	opts[count++].validcb = check_end;
	opts[count] = (cfg_opt_t)CFG_END();
	*count_r = count;
	return opts;
}

static cfg_t *
build_grammar(void)
{
	const struct config_section *section;
	size_t count, inner, sections = 0;
	cfg_opt_t *root, *opts;
	cfg_t *cfg;

	while (config_schema_section(sections) != NULL)
		sections++;
	root = build_options("", sections, &count);
	for (size_t i = 0; (section = config_schema_section(i)) != NULL; i++) {
		opts = build_options(section->name, 0, &inner);
		root[count] = (cfg_opt_t)CFG_SEC(section->name, opts,
		    section->titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES
		                    : CFGF_NONE);
		root[count++].validcb = check_section;
	}
	root[count] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(root, CFGF_NONE); /* copies it all */
	for (size_t i = 0; i < count; i++)
		free(root[i].subopts);
	free(root);
	if (cfg != NULL)
		cfg_set_error_function(cfg, on_error);
	return cfg;
}

/* Read the file; one that cannot be read is a mistake in the configuration too. */
static struct outcome
read_text(const char *path, struct buf *text)
{
	struct outcome o = file_read(AT_FDCWD, path, CONFIG_FILE_MAX, text);

	if (!outcome_is_ok(&o))
		return outcome_make("local", "config", "%s: %s", path, strerror(errno));
	if (text->len != strlen(buf_str(text)))
		return outcome_make("local", "config", "%s: contains a NUL byte", path);
	return outcome_ok();
}

static int
count_lines(const char *text)
{
	int lines = 1;

	for (; (text = strchr(text, '\n')) != NULL && text[1] != '\0'; text++)
		lines++;
	return lines;
}

void
document_read(struct document *document, const char *path)
{
	struct buf text = BUF_INIT;

	*document = (struct document){.path = path};
	document->error = read_text(path, &text);
	document->lines = count_lines(buf_str(&text));
	buf_adds(&text, "\n" END_MARK " = here\n");
	reading = document;
	if (outcome_is_ok(&document->error) && (document->root = build_grammar()) == NULL)
		document->error = outcome_make("local", "config", "%s", strerror(errno));
	if (outcome_is_ok(&document->error) &&
	    cfg_parse_buf(document->root, buf_str(&text)) != CFG_SUCCESS)
		document_mistake(document, document->root->line, "cannot be parsed");
	if (outcome_is_ok(&document->error) && !document->ended)
		document_mistake(document, document->lines, "a comment is not closed");
	reading = NULL;
	buf_free(&text);
}

void
document_free(struct document *document)
{
	if (document->root != NULL)
		cfg_free(document->root);
	free(document->places);
	*document = (struct document){0};
}

const char *
document_value(const struct document *document, cfg_t *section, const char *name)
{
	return document_given(document, section, name) ? cfg_getstr(section, name)
	                                               : row_of(section, name)->fallback;
}

char *
document_text(const struct document *document, cfg_t *section, const char *name)
{
	return xstrdup(document_value(document, section, name));
}

char *
document_path(const struct document *document, cfg_t *section, const char *name)
{
	char *text = document_text(document, section, name);
	size_t length = text != NULL ? strlen(text) : 0;

	while (length > 1 && text[length - 1] == '/')
		text[--length] = '\0';
	return text;
}

long
document_number(const struct document *document, cfg_t *section, const char *name)
{
	return strtol(document_value(document, section, name), NULL, 10);
}

int
document_word(const struct document *document, cfg_t *section, const char *name)
{
	return config_schema_word(
	    row_of(section, name), document_value(document, section, name));
}

/* What the schema's "{\"a\", \"b\"}" lists. */
static char **
list_of(const char *text)
{
	char **list = xcalloc(1, sizeof(*list));
	size_t count = 0;

	while (text != NULL && (text = strchr(text, '"')) != NULL) {
		size_t length = strcspn(++text, "\"");

		list = xreallocarray(list, count + 2, sizeof(*list));
		list[count++] = xstrndup(text, length);
		list[count] = NULL;
		text += length + 1;
	}
	return list;
}

char **
document_list(
    const struct document *document, cfg_t *section, const char *name, const char *fallback)
{
	bool given = document_given(document, section, name);
	unsigned count = given ? cfg_size(section, name) : fallback != NULL;
	char **list;

	if (!given && fallback == NULL)
		return list_of(row_of(section, name)->fallback);
	list = xcalloc(count + 1u, sizeof(*list));
	for (unsigned i = 0; i < count; i++)
		list[i] = xstrdup(given ? cfg_getnstr(section, name, i) : fallback);
	return list;
}
