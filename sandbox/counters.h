/*
 * counters - how often what happened, for tests to look at
 */
#ifndef SANDBOX_COUNTERS_H
#define SANDBOX_COUNTERS_H

#include <stdatomic.h>

#include <jansson.h>

/* Field, and its name in the JSON. */
#define SANDBOX_COUNTERS(X)                          \
	X(requests, "requests")                      \
	X(challenges, "challenges")                  \
	X(sessions, "sessions")                      \
	X(registrations, "registrations")            \
	X(capabilities, "capabilities")              \
	X(refused_logins, "refusedLogins")           \
	X(refused_tokens, "refusedTokens")           \
	X(jmap_sessions, "jmapSessions")             \
	X(jmap_requests, "jmapRequests")             \
	X(jmap_calls, "jmapCalls")                   \
	X(uploads, "uploads")                        \
	X(downloads, "downloads")                    \
	X(imports, "imports")                        \
	X(submissions, "submissions")                \
	X(deliveries, "deliveries")                  \
	X(refused_submissions, "refusedSubmissions") \
	X(held_submissions, "heldSubmissions")       \
	X(canceled, "canceledSubmissions")           \
	X(sent, "sent")                              \
	X(streams, "streams")                        \
	X(events, "events")                          \
	X(faults_applied, "faultsApplied")

struct counters {
#define SANDBOX_COUNTER_FIELD(field, name) atomic_llong field;
	SANDBOX_COUNTERS(SANDBOX_COUNTER_FIELD)
#undef SANDBOX_COUNTER_FIELD
};

#define count_one(counter) \
	((void)atomic_fetch_add_explicit(&(counter), 1, memory_order_relaxed))
#define count_many(counter, n) \
	((void)atomic_fetch_add_explicit(&(counter), (n), memory_order_relaxed))

/* A new object of all of them. */
json_t *counters_json(struct counters *c);

#endif
