/* Mailbox names: three levels of any bytes, in both layouts, stay inside the Maildir. */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "sync/mailbox_path.h"
#include "tests/fuzz/fuzz.h"

#define COMPONENT_MAX 255

/* One component of a path: visible, and no longer than a file system takes. */
static void
check_component(enum maildir_layout layout, const char *start, size_t length)
{
	if (length == 0 || length > COMPONENT_MAX - 12 ||
	    (layout == LAYOUT_FS) != (*start != '.'))
		abort();
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)start[i] < ' ' || start[i] == 0x7f)
			abort();
}

static void
check_path(enum maildir_layout layout, const char *path)
{
	const char *start = path, *slash;

	while ((slash = strchr(start, '/')) != NULL) {
		if (layout == LAYOUT_MAILDIRPP)
			abort();
		check_component(layout, start, (size_t)(slash - start));
		start = slash + 1;
	}
	check_component(layout, start, strlen(start));
}

static void
check_levels(enum maildir_layout layout, const char *names)
{
	char *copy = xstrdup(names), *rest = copy, *path = NULL;

	for (int level = 0; rest != NULL && level < 3; level++) {
		char *below = mailbox_path(layout, path, strsep(&rest, "\n"));

		check_path(layout, below);
		free(path);
		path = below;
	}
	free(path);
	free(copy);
}

/* Any folder is read as a mailbox that would get this folder, or as none. */
static void
check_reading(enum maildir_layout layout, const char *path)
{
	char *parent, *name, *again;
	const char *above;

	if (!mailbox_path_parse(layout, path, &parent, &name))
		return;
	above = parent != NULL && strcmp(parent, mailbox_path_inbox(layout)) == 0
	            ? mailbox_path_below_inbox(layout)
	            : parent;
	again = mailbox_path(layout, above, name);
	if (strcmp(again, path) != 0)
		abort();
	free(again);
	free(parent);
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *names = xstrndup((const char *)bytes, length);

	check_levels(LAYOUT_MAILDIRPP, names);
	check_levels(LAYOUT_FS, names);
	check_reading(LAYOUT_MAILDIRPP, names);
	check_reading(LAYOUT_FS, names);
	free(names);
	return 0;
}
