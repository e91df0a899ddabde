/*
 * milter-wire - the MTA's end of a connection to a filter: packets, and what was agreed upon
 *
 * Version 6 of the protocol, as Sendmail and Postfix speak it: a length of four bytes in
 * network order, a letter, and data, in which strings end with a NUL.  Made apart from
 * libmilter, so that it can disagree with it.  All functions end the process, with a line on
 * standard error, where a filter does not keep to the protocol.
 */
#ifndef TEST_MILTER_WIRE_H
#define TEST_MILTER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"

/* Stages that macros belong to, by their number in SMFIR_SETSYMLIST. */
enum stage {
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_EOM,
	STAGE_EOH,
	STAGE_COUNT
};

struct wire {
	int fd;
	int seconds; /* to wait for an answer */
	uint32_t
	    leave_out; /* SMFIP_*: what the filter wants no word of, or gives no answer to */
	char *macros[STAGE_COUNT]; /* names, separated by blanks, that the filter is told */
};

/* Connect to a path or, for digits, a port of the loopback interface, and agree. */
void wire_open(struct wire *w, const char *address, int seconds);
void wire_close(struct wire *w);

/* End the process: the filter did what the protocol does not have. */
void wire_broken(const char *what) __attribute__((noreturn));

/* Send a packet. */
void wire_send(struct wire *w, char command, const char *data, size_t length);

/*
 * Wait for a packet; its letter, and what follows in *data (emptied first).  '\0' if the filter
 * closed the connection or did not answer in time, *data then says which.
 */
char wire_receive(struct wire *w, struct buf *data);

/* The letter of a stage's command: 'C' for STAGE_CONNECT. */
char wire_letter(enum stage stage);

/* Does the filter want to hear of this (SMFIP_NO...), and does it answer (SMFIP_NR_...)? */
bool wire_wants(const struct wire *w, uint32_t flag);

/*
 * Tell the macros of a stage that the filter asked for, as far as value() has them: it returns
 * NULL for one that is not defined.
 */
void wire_macros(struct wire *w, enum stage stage,
    const char *(*value)(void *arg, const char *name), void *arg);

#endif
