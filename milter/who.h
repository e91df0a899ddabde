/*
 * who - whose mail is ours to change
 *
 * That of clients that authenticated themselves, of sendmail(1) on this machine, and of clients
 * from configured networks; each of it if the configuration says so.  Mail from the rest of the
 * world is not.
 */
#ifndef FERRY_WHO_H
#define FERRY_WHO_H

#include "common/settings/config.h"
#include "milter/mail.h"

/* Why it is: "authenticated", "local", "network"; NULL if it is not. */
const char *who_is_ours(const struct milter_config *config, const struct mail *mail);

#endif
