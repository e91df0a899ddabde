/*
 * outgoing - a file of the Maildir as it goes to the service
 *
 * On the wire every line ends in CRLF.  A file with bare line feeds gets the carriage
 * returns while it is read, which undoes what line_ends.h did; what has them stays as it is.
 * The file is opened once, and what it is called later does not matter.
 */
#ifndef FERRY_SYNC_OUTGOING_H
#define FERRY_SYNC_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base/outcome.h"
#include "common/wire/http.h"

struct outgoing {
	int fd;
	struct stat st;   /* when it was opened */
	int64_t size;     /* on the wire */
	int64_t core;     /* ... without the header fields that other programs add */
	char *message_id; /* of its Message-ID field, without < and >; NULL if it has none */
	bool last_cr;     /* while it is read: the byte before was a CR */
	bool owes_lf;     /* ... a CR was given, its LF not yet */
};

/*
 * Open a regular file, relative to root, and read through it once.  local/io, with errno
 * ENOENT left set, if it is not there.  outgoing_close() in any case.
 */
struct outcome outgoing_open(struct outgoing *out, int root, const char *file);
void outgoing_close(struct outgoing *out);

/* Give it as the body of a request, from the start; out has to live as long. */
struct http_source outgoing_source(struct outgoing *out);

/* Is it still what it was when it was opened? */
bool outgoing_is_same(const struct outgoing *out);

/*
 * How many bytes of a header are fields that other programs put into files of their own accord
 * (Content-Length, Lines, Status, X-Status, X-TUID, X-OfflineIMAP), when every line ends in
 * CRLF.
 */
int64_t outgoing_added(const char *header, size_t length);

/* The first msg-id of a Message-ID field in a header of length bytes (RFC 5322 §3.6.4),
 * without < and >; NULL if there is none.  The caller free()s it. */
char *outgoing_message_id(const char *header, size_t length);

#endif
