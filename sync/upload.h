/*
 * upload - bring messages that somebody put into the Maildir to the service, once
 */
#ifndef FERRY_SYNC_UPLOAD_H
#define FERRY_SYNC_UPLOAD_H

#include "sync/mirror.h"

/*
 * Upload and import the strays that are nobody's.  One that the service has already becomes
 * another file of that message, for push_changes() to tell.  What the service will never
 * take is reported once and left aside; other trouble of one message is reported, and it is
 * tried again by the next run.
 */
struct outcome upload_strays(struct mirror *m);

#endif
