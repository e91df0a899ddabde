/*
 * edits - what is to be changed of a message, as plain data
 *
 * All of it is worked out before any of it is applied, so that a message is changed as a whole
 * or not at all.  The filter hands the edits to the MTA at the end of the message, once
 * edits_sort() has put them in order; ferry-milter --test prints them.  Thread-safe on
 * different lists.
 */
#ifndef FERRY_EDITS_H
#define FERRY_EDITS_H

#include <stddef.h>

#include "common/base/buf.h"
#include "common/base/texts.h"

enum edit_kind {
	EDIT_DELRCPT,   /* take a recipient out of the envelope */
	EDIT_ADDRCPT,   /* put one in */
	EDIT_CHGFROM,   /* another envelope sender */
	EDIT_CHGHEADER, /* another value for a header field, or none: the field goes */
	EDIT_INSHEADER, /* one more header field */
};

struct edit {
	enum edit_kind kind;
	char *name;     /* the address, as it goes to the MTA; or the field's name */
	char *value;    /* of a field, lines ended by LF, without the blank after the colon; or
	                 * ESMTP arguments of an address, "NOTIFY=NEVER ORCPT=..."; or NULL */
	unsigned index; /* EDIT_CHGHEADER: which of the fields of that name (in any case of
	                 * letters), from 1; EDIT_INSHEADER: where, 0 is above all others */
};

struct edits {
	struct edit *items;
	size_t count;
	struct texts texts; /* of the items */
};

#define EDITS_INIT ((struct edits){0})

/* Where a field is inserted: below the Received that Postfix adds itself. */
#define EDITS_BELOW_RECEIVED 1

void edits_free(struct edits *edits);

/* Add one.  Texts are copied. */

/* given: exactly the bytes by which the MTA named the recipient, brackets and all.  It compares
 * them, case and all, and says nothing if it finds no such recipient. */
void edits_delrcpt(struct edits *edits, const char *given);

/* address: local@domain.  arguments: NOTIFY and ORCPT for it, or NULL. */
void edits_addrcpt(struct edits *edits, const char *address, const char *arguments);

/* address: "" is the null sender.  arguments: RET and ENVID, or NULL: an MTA takes no others. */
void edits_chgfrom(struct edits *edits, const char *address, const char *arguments);

/* value NULL takes the field out.  The number is the one the field had when the message came. */
void edits_chgheader(struct edits *edits, const char *name, unsigned index, const char *value);
void edits_insheader(struct edits *edits, unsigned index, const char *name, const char *value);

/* Give one that is there another value, which is copied. */
void edits_set_value(struct edits *edits, size_t i, const char *value);

/*
 * Put them in the order in which they are to be applied: recipients go before others come, so
 * that what is cut short has too few of them and never one too many; and of the fields of one
 * name the last is changed first, because an MTA may count those that are left.
 */
void edits_sort(struct edits *edits);

/* Append the list for people: one edit a line, further lines of a value set off by blanks. */
void edits_print(const struct edits *edits, struct buf *text);

#endif
