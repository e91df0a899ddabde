/*
 * compose - a message as the Email object that makes it anew
 *
 * For services that lack Email/import: a message (RFC 5322, RFC 2045 to 2049) becomes the
 * creation object of an Email/set (RFC 8621 §4.6).  The service writes the message from it, so
 * transfer encodings, boundaries and the charset of text are the service's; what a reader is
 * shown, every name, and the raw value of every header field are the sender's.
 *
 *   header fields   "header:NAME:asRaw", with ":all" where a name is repeated, in the order in
 *                   which names first appear.  Bcc and Resent-Bcc are left out, and MIME-Version,
 *                   which is the service's.  Message-ID and In-Reply-To are "messageId" and
 *                   "inReplyTo", since Cyrus refuses them raw (RFC 8621's raw value begins with
 *                   a blank).
 *   multiparts      "bodyStructure", nested as they are.
 *   text            of a charset that converts to UTF-8 without loss, that is no file and not
 *                   long, goes into "bodyValues".
 *   all else        is uploaded, decoded: attachments, images, messages, text that cannot be
 *                   converted, which keeps its charset.
 *   parts' fields   "type", "charset", "name", "disposition", "cid", "language" and "location"
 *                   where they say all there is, raw where they do not.  Content-Type is
 *                   never raw, see compose_type.c.
 *
 * What cannot be made anew without loss is local/unrepresentable: signed and encrypted
 * messages, whose bytes must not change; types with parameters that matter and have no place
 * (invitations, delivery reports); MIME that is broken.  What no reader is shown is lost:
 * preambles and epilogues, format=flowed (text then breaks where its lines do), words in
 * In-Reply-To, and how fields of different names stood between each other.
 *
 * The same bytes always give the same object.  Thread-safe.
 */
#ifndef FERRY_COMPOSE_H
#define FERRY_COMPOSE_H

#include <jansson.h>
#include <stddef.h>

#include "common/base/outcome.h"
#include "common/wire/http.h"

/*
 * Where parts go that are not text of the message.  upload is called for one after the other;
 * the source is rewindable and knows its size, and it and type are the caller's for the
 * call.  On OK, *blob_id_r is the blob's id, which compose_email() free()s.
 */
struct compose_uploader {
	struct outcome (*upload)(
	    void *arg, const struct http_source *source, const char *type, char **blob_id_r);
	void *arg;
};

/*
 * The creation object for length bytes of message (in memory or mapped; they stay the caller's
 * and are only read).  mailboxIds and keywords are left to the caller.
 *
 * OK: *email_r is a new reference.  local/unrepresentable, with what it is in the text, before
 * anything is uploaded; or the first upload's failure.  *email_r is NULL then.
 */
struct outcome compose_email(const char *bytes, size_t length,
    const struct compose_uploader *uploader, json_t **email_r);

/* Whether it could be: the same decision, without uploading. */
struct outcome compose_check(const char *bytes, size_t length);

#endif
