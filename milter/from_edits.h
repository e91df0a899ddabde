/*
 * from_edits - a message's header in from mode: as if the alias had written it
 *
 * In from mode nobody makes the message over after us, so everything that could tell who
 * wrote it has to go here.  What stays is an allow-list, the one that SimpleLogin has:
 *
 *	From, Sender, Reply-To		the alias's address alone
 *	To, Cc				as they are, but own addresses, and the names
 *					that they have, become the alias
 *	Subject				as it is, but own addresses become the alias
 *	Date				the same moment in UTC: the zone says where one lives
 *	Message-ID			a new one at the alias's domain
 *	References, In-Reply-To		the identifiers; own ones as they were when they left
 *	MIME-Version			"1.0", without a comment that names the program
 *	Content-Type, Content-Transfer-Encoding, Content-Disposition
 *
 * All else is deleted, what exempt_removals() names among it, and all but the first of each
 * of these.  From, Date and Message-ID are added if they are missing.
 *
 * Own addresses (own.h) are found with any extension ("me+lists@"), and in a text in any case,
 * in encoded words too, behind backslashes, and in parameters as RFC 2231 has them.
 *
 * The envelope's sender becomes the alias, and its identifier (ENVID) a new one, since programs
 * make those of their user's address, too.
 *
 * The new Message-ID is a keyed hash of the old one and the alias.  So an answer to an own
 * message names the one that the correspondent got; a retry gives the same bytes; and two
 * correspondents who know the writer by two aliases cannot find out by it.  An identifier is own
 *
 *	- if its domain is, or is below, one of the own domains, that of the envelope's sender,
 *	  From or Sender, or that of this message's old Message-ID: a program makes all alike;
 *	- if it has no domain of several parts: that is a machine's own name;
 *	- if an own address stands in it;
 *	- if it is at the alias's domain, but was not made here for this alias.
 *
 * One that is taken for own wrongly breaks a correspondent's thread; nothing worse.
 *
 * What a header's edits cannot reach is the body: signatures, quotes, attachments, the headers
 * of parts, and a boundary, which stands in Content-Type too.  And Postfix's own Received.
 *
 * Thread-safe.
 */
#ifndef FERRY_FROM_EDITS_H
#define FERRY_FROM_EDITS_H

#include <stdint.h>

#include "common/base/buf.h"
#include "common/base/outcome.h"
#include "milter/edits.h"
#include "milter/mail.h"
#include "milter/own.h"

struct from_options {
	const char *alias;     /* local@domain: what From becomes */
	const struct own *own; /* with domains, and without the alias */
	const struct buf *key; /* of alias_stamp_key() */
	int64_t now;           /* seconds since 1970, for a Date that cannot be read */
};

/*
 * Add the edits that make the mail's header the alias's, and the envelope's sender too.
 *
 * local/header, PERMANENT, and no edits, if To or Cc cannot be read, or an own address stands
 * where it cannot be replaced: in an encoded or quoted word in To or Cc, or in a Content-Type or another
 * field that belongs to the body.
 */
struct outcome
from_edits(const struct from_options *options, const struct mail *mail, struct edits *edits);

/* Append what a Message-ID, "<local@domain>", becomes in mail in the alias's name. */
void from_edits_message_id(
    const struct buf *key, const char *alias, const char *message_id, struct buf *out);

#endif
