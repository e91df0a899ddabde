/*
 * sendmail - ferry-transport's dress as sendmail(1), for machines without a mail system
 *
 * One message from standard input to the service, while the caller waits: there is no queue.
 * What comes of it is said by the exit status (sysexits(3)) and, where it was not sent, on
 * standard error, a line for each recipient.
 */
#ifndef FERRY_SENDMAIL_H
#define FERRY_SENDMAIL_H

#include <stdbool.h>

/* Is it called as sendmail, mailq or newaliases, or with --sendmail as its first argument? */
bool sendmail_is_called(int argc, char **argv);

/* The program from there on; returns the exit status. */
int sendmail_main(int argc, char **argv);

#endif
