/*
 * hostname - the one spelling of a site's or mail domain's name
 *
 * An alias service keeps hostnames as they are sent: "www.x.com", "x.com", "X.com" and
 * "https://x.com/" are four sites to it.  Here they are one.
 */
#ifndef FERRY_HOSTNAME_H
#define FERRY_HOSTNAME_H

#include "common/base/buf.h"
#include "common/base/outcome.h"

/*
 * Append the normal form of text, a hostname, a URL or a mail address, to *name:
 *
 *  - without scheme, user, port, path, and the dot at its end;
 *  - with A-labels for what is not ASCII, and in lower case (UTS #46, non-transitional);
 *  - without a leading "www.", if what follows is itself a name that somebody can register
 *    (by the public suffix list: www.example.com is example.com; www.com, www.co.uk and
 *    www.example, whose rest is nobody's, stay).
 *
 * local/address, with what is wrong, if it is none: empty, a public suffix such as co.uk, an
 * IP address, longer than 253 bytes, or with characters that no hostname has.  Thread-safe.
 */
struct outcome hostname_normalise(const char *text, struct buf *name);

#endif
