/*
 * terminal - asking whoever is at the terminal
 */
#ifndef FERRY_CTL_TERMINAL_H
#define FERRY_CTL_TERMINAL_H

#include <stdbool.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"

/*
 * Read one line, at most 4 KiB, into *line: from the terminal, after "PROMPT: ", without echo
 * if hidden; where standard input is no terminal, its next line instead, for scripts.
 * local/usage if nothing is there.
 */
struct outcome terminal_ask(const char *prompt, bool hidden, struct buf *line);

/* "QUESTION [y/N] " on the terminal; false unless the answer is yes. */
bool terminal_confirm(const char *question);

/* Can somebody be asked? */
bool terminal_is_there(void);

/* Columns of standard output's terminal; 0 if it is none. */
int terminal_width(void);

#endif
