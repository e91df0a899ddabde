/*
 * desk - questions to an alias service, answered by a few clerks
 *
 *	who waits for an answer			clerks: threads
 *
 *	message --+
 *	message --+--> job: alias for x.example ----> clerk --> HTTP --> map
 *	message --+
 *	message -----> job: contact bob@x.example --> clerk --> HTTP --> map
 *
 * Messages that ask the same at the same time share one job: two hundred first messages to one
 * hostname make one alias.  There are at most so many clerks as may ask the service at a time;
 * they come when there is work and leave when there is none.  Ten times as many jobs may wait.
 * Aliases are looked for by one clerk at a time, because processes do that one by one too; so
 * contacts never wait behind the service's limits for new aliases.
 *
 * Who waits does so in a thread of his own, and hears a tick now and then.  If he gives up, and
 * nobody else wants the answer, the job is dropped unless it is under way; what it learns
 * then is in the map for the next one.
 *
 * Three breakers keep jobs from the service: one for the service itself, one for new aliases
 * (limits, quota), one for new contacts (plan).  Jobs that they stop fail at once.
 *
 * Outcomes are the service's, but quota and plan, which are permanent there, are temporary
 * here: they can be mended, and mail must not bounce meanwhile.  local/busy: too many jobs wait.
 * Thread-safe.
 */
#ifndef FERRY_DESK_H
#define FERRY_DESK_H

#include "common/base/clock.h"
#include "common/service/alias_account.h"
#include "common/settings/alias_map.h"

enum job_kind {
	JOB_ALIAS,   /* the alias for a hostname, made if there is none */
	JOB_FIXED,   /* the alias of an address, which has to be there */
	JOB_CONTACT, /* the contact of an alias for an address, made if there is none */
};

struct question {
	enum job_kind kind;
	const char *name; /* the hostname, the alias's address, the correspondent's address */
	int64_t alias_id; /* JOB_CONTACT */
	bool optional;    /* not worth finding out whether a trouble lasts */
};

struct answer {
	struct outcome outcome;
	struct alias_map_alias alias; /* JOB_ALIAS, JOB_FIXED */
	struct alias_map_contact contact;
	bool made;         /* it was not there before, as far as the map knew */
	bool shared;       /* another message asked first: made and requests are told to it */
	unsigned requests; /* that were sent for it */
};
void answer_free(struct answer *answer);

struct desk;

/* The account, which must outlive the desk, and how many clerks there may be. */
struct desk *desk_open(const struct alias_account *account, unsigned clerks);

/* No more jobs; waits for those under way, which are told to stop. */
void desk_close(struct desk **desk);

/*
 * Ask count questions and wait for all the answers, until the deadline: those without one have
 * local/deadline then.  tick(arg), which may be NULL, is called every second or so in the
 * caller's thread.  The caller answer_free()s all.
 */
void desk_ask(struct desk *desk, const struct question *questions, size_t count,
    struct deadline d, void (*tick)(void *arg), void *arg, struct answer *answers_r);

/*
 * Have a question asked some time soon, for what it puts into the map; nobody waits for the
 * answer.  It is forgotten if many jobs wait, or a breaker is open.
 */
void desk_refresh(struct desk *desk, const struct question *question);

/* Numbers, for the monitor. */
struct desk_counts {
	size_t waiting, running;
	unsigned breakers_open;
	const char *trouble; /* what keeps from asking the service itself, or NULL: static */
};
void desk_count(struct desk *desk, struct desk_counts *counts_r);

#endif
