/*
 * transfer - upload and download of blobs (RFC 8620 §6.1 and §6.2)
 */
#ifndef SANDBOX_TRANSFER_H
#define SANDBOX_TRANSFER_H

#include "sandbox/http.h"

void transfer_upload(const struct request *r, struct reply *reply);
void transfer_download(const struct request *r, struct reply *reply);

#endif
