/*
 * null-milter - the least that a filter on libmilter can do: hear of a message, and let it pass
 *
 * usage: null-milter SOCKET
 *
 * The yardstick of bench/milter: what Postfix, libmilter and the kernel take of each message.
 * It hears what a filter must that looks at envelope and header, and is asked for no answer
 * before the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libmilter/mfapi.h>

#define LEAVE_OUT (SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NOEOH)
#define NO_ANSWER (SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR)

static sfsistat
null_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
    unsigned long reserved2, unsigned long reserved3, unsigned long *actions_r,
    unsigned long *steps_r, unsigned long *reserved2_r, unsigned long *reserved3_r)
{
	(void)context;
	(void)actions;
	(void)reserved2;
	(void)reserved3;
	*actions_r = 0;
	*steps_r = steps & (LEAVE_OUT | NO_ANSWER);
	*reserved2_r = *reserved3_r = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
null_envelope(SMFICTX *context, char **words)
{
	(void)context;
	(void)words;
	return SMFIS_NOREPLY;
}

static sfsistat
null_header(SMFICTX *context, char *name, char *value)
{
	(void)context;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat
null_end(SMFICTX *context)
{
	(void)context;
	return SMFIS_ACCEPT;
}

int
main(int argc, char **argv)
{
	char name[] = "null-milter";
	struct smfiDesc filter = {
	    .xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_negotiate = null_negotiate,
	    .xxfi_envfrom = null_envelope,
	    .xxfi_envrcpt = null_envelope,
	    .xxfi_header = null_header,
	    .xxfi_eom = null_end,
	};

	if (argc != 2) {
		fputs("usage: null-milter SOCKET\n", stderr);
		return EX_USAGE;
	}
	if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(argv[1]) != MI_SUCCESS)
		return EX_SOFTWARE;
	return smfi_main() == MI_SUCCESS ? 0 : EX_UNAVAILABLE;
}
