/*
 * null-milter - the least that a filter on libmilter can do: hear of a message, and let it pass
 *
 * usage: null-milter [-e] SOCKET
 *
 * The yardstick of bench/milter: what Postfix, libmilter and the kernel take of each message.
 * It hears what a filter must that looks at envelope and header, and is asked for no answer
 * before the end.  With -e it makes the edits that ferry-milter makes of a message to one
 * correspondent, whoever it is: what they cost without anything to think about.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libmilter/mfapi.h>

#define LEAVE_OUT (SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NOEOH)
#define EDITS     (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT)
#define NO_ANSWER (SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR)

static unsigned long edits; /* EDITS, or 0 */

static sfsistat
null_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
    unsigned long reserved2, unsigned long reserved3, unsigned long *actions_r,
    unsigned long *steps_r, unsigned long *reserved2_r, unsigned long *reserved3_r)
{
	(void)context;
	(void)actions;
	(void)reserved2;
	(void)reserved3;
	*actions_r = edits;
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

/* The recipient is kept for the end; of several, the last. */
static sfsistat
null_recipient(SMFICTX *context, char **words)
{
	free(smfi_getpriv(context));
	smfi_setpriv(context, strdup(words[0]));
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
	static atomic_uint count;
	char reverse[64]; /* another one each time: MTAs remember what they have just seen */
	static char name[] = "X-Stamp", to[] = "To",
	            stamp[] =
	                "v1 t=1795698284 "
	                "h=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	if (edits == 0)
		return SMFIS_ACCEPT;
	snprintf(reverse, sizeof(reverse), "somebody_at_host_example_%u@sl.example",
	    atomic_fetch_add(&count, 1));
	if (smfi_delrcpt(context, smfi_getpriv(context)) != MI_SUCCESS ||
	    smfi_addrcpt(context, reverse) != MI_SUCCESS ||
	    smfi_chgheader(context, to, 1, reverse) != MI_SUCCESS ||
	    smfi_insheader(context, 1, name, stamp) != MI_SUCCESS)
		return SMFIS_TEMPFAIL;
	return SMFIS_ACCEPT;
}

static sfsistat
null_close(SMFICTX *context)
{
	free(smfi_getpriv(context));
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
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
	    .xxfi_envrcpt = null_recipient,
	    .xxfi_header = null_header,
	    .xxfi_eom = null_end,
	    .xxfi_close = null_close,
	};

	if (argc == 3 && strcmp(argv[1], "-e") == 0)
		filter.xxfi_flags = edits = EDITS;
	else if (argc != 2) {
		fputs("usage: null-milter [-e] SOCKET\n", stderr);
		return EX_USAGE;
	}
	if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(argv[argc - 1]) != MI_SUCCESS)
		return EX_SOFTWARE;
	return smfi_main() == MI_SUCCESS ? 0 : EX_UNAVAILABLE;
}
