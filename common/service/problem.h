/*
 * problem - what an HTTP service says when it refuses
 *
 * One reader for the shapes of error body our services use: Atomic Mail's
 * {"error": {"message", "hint"}}, problem details (RFC 7807, and RFC 8620 §3.6.1 for JMAP's
 * "urn:ietf:params:jmap:error:" types), OAuth's {"error", "error_description"}, and pages
 * that are no JSON at all.
 */
#ifndef FERRY_PROBLEM_H
#define FERRY_PROBLEM_H

#include "common/base/outcome.h"
#include "common/wire/http.h"

/*
 * The outcome of an answer: OK for 2xx; else by the JMAP error type where there is one, and
 * by the status where not.  What the service says of the cause is added to the text, its hint to
 * the hint, its Retry-After to retry_after.
 */
struct outcome problem_outcome(const struct http_answer *answer);

#endif
