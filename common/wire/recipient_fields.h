/*
 * recipient_fields - a To or Cc field with other recipients in it (RFC 5322 §3.4 and §3.6.3)
 *
 * Takes what follows the colon, folds and all, as address_list.h reads it, and asks of each
 * mailbox whether it stays, gets another address, or goes.  Order, display names (quoted,
 * encoded, folded), comments and groups stay; of a mailbox that gets another address, a route
 * and comments inside the old one go with it.  What comes out is one clean list:
 *
 *	- No empty entries, and no groups without members: SimpleLogin reads those as a
 *	  recipient without an address, and drops the message silently.
 *	- A name that needs quotes and had none, as in "bob@x.example <bob@x.example>", gets
 *	  them; other readers would take it for another recipient.
 *	- Lines of 78 bytes where there is a blank to fold at, and never of 998 or more.
 *
 * So a field without a mailbox, "undisclosed-recipients:;" among them, has nothing left, and
 * its caller writes what belongs there: RECIPIENT_FIELD_NONE, or no field.
 *
 * Time and memory are linear in the field's length.  Thread-safe.
 */
#ifndef FERRY_RECIPIENT_FIELDS_H
#define FERRY_RECIPIENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/buf.h"
#include "common/wire/mime.h"

/* More mailboxes in one field are a fault. */
#define RECIPIENT_FIELD_MAX 10000

/* The value of a To field that names nobody, as SimpleLogin demands it. */
#define RECIPIENT_FIELD_NONE "undisclosed-recipients:;"

enum recipient_fate {
	RECIPIENT_KEEP,
	RECIPIENT_REPLACE,
	RECIPIENT_REPLACE_WHOLLY, /* its name and comments go, too */
	RECIPIENT_DROP,
};

/*
 * What becomes of a mailbox.  address is local@domain, or a local part alone, in the case it
 * was written in, free of comments and folds.  To replace it, *replacement_r is the address
 * to put there byte for byte; it must stay until the next call.
 */
typedef enum recipient_fate
recipient_decide(void *arg, const char *address, const char **replacement_r);

struct recipient_field {
	size_t left; /* mailboxes in the new value */
	bool
	    changed; /* it says something else than the old one; else only the folding differs */
};

/*
 * Append the new value to out: without a blank before it and a line end behind it, folded with
 * line_end ("\r\n", or "\n" for smfi_chgheader(3)) and a blank.  Nothing if nobody is left.
 *
 * NULL; or the fault, a static text that completes a sentence ("the To field ..."): then
 * *out is as it was, and *field_r all zeros.  Faults: it is no list of addresses; it has too many
 * of them; a line would be too long; a replacement is no address with a domain.
 */
const char *recipient_field_rewrite(struct mime_span value, const char *line_end,
    recipient_decide *decide, void *arg, struct buf *out, struct recipient_field *field_r);

#endif
