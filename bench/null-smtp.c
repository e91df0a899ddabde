/*
 * null-smtp - the least that a sendmail -bs can do: take messages, and keep none
 *
 * Speaks SMTP on standard input and output.  Cyrus hands what is submitted by JMAP to it in
 * bench/transport.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool
is_command(const char *line, const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

static void
say(const char *reply)
{
	puts(reply);
	fflush(stdout);
}

static void
take_message(char *line, int size)
{
	say("354 go on\r");
	while (fgets(line, size, stdin) != NULL && strcmp(line, ".\r\n") != 0)
		continue;
	say("250 2.0.0 ok\r");
}

int
main(void)
{
	char line[4096];

	say("220 null-smtp ESMTP\r");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (is_command(line, "DATA")) {
			take_message(line, sizeof(line));
		} else if (is_command(line, "QUIT")) {
			say("221 2.0.0 bye\r");
			return 0;
		} else {
			say("250 2.0.0 ok\r");
		}
	}
	return 0;
}
