/*
 * ferryctl's commands, as a table.
 */
#include "ctl/ctl.h"

/* Columns: name, arguments, fewest and most arguments, summary, options, function. */
static const struct ctl_command commands[] = {
    {0},
};

const struct ctl_command *
ctl_command(size_t i)
{
	return i + 1 < sizeof(commands) / sizeof(commands[0]) ? &commands[i] : NULL;
}
