/*
 * own - is an address the writer's?
 *
 * An own address must not become a correspondent: its contact would show it to everybody who
 * reads the header.  Own are those of the envelope's sender and of From, Sender, Reply-To and
 * their Resent- forms; those that the alias section lists as senders, whole domains too; and
 * its mailbox.  An extension ("me+lists@") makes no difference.
 */
#ifndef FERRY_OWN_H
#define FERRY_OWN_H

#include <stdbool.h>

#include "common/service/alias_account.h"
#include "milter/mail.h"

struct own {
	char **keys; /* address.h, without extensions; NULL-terminated */
	size_t count;
};

/* Fields that cannot be read tell nothing. */
void own_find(const struct mail *mail, const struct alias_account *account, struct own *own_r);
void own_free(struct own *own);

bool own_has(const struct own *own, const char *address);

#endif
