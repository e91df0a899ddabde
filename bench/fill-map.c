/*
 * fill-map - make an alias map of many correspondents
 *
 * usage: fill-map FILE HOSTS CONTACTS
 *
 * The correspondents "you@hostH.example" and "Nyou@hostH.example", N and H from 1, CONTACTS at
 * each of HOSTS hosts: smtp-source(1) -N names the first in To, and sends to the others.  All are as fresh as if the service had just told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/base/xalloc.h"
#include "common/settings/alias_map.h"

static struct outcome
put_host(struct alias_map *map, int64_t host)
{
	char *name = xasprintf("host%lld.example", (long long)host);
	char *address = xasprintf("host%lld.abcdef@sl.example", (long long)host);
	struct alias_map_alias alias = {.id = host, .address = address, .enabled = true};
	struct outcome o = alias_map_put_host(map, name, &alias);

	free(name);
	free(address);
	return o;
}

static struct outcome
put_contact(struct alias_map *map, int64_t host, int64_t number, int64_t id)
{
	char *name = number == 0 ? xstrdup("you") : xasprintf("%lldyou", (long long)number);
	char *address = xasprintf("%s@host%lld.example", name, (long long)host);
	char *reverse = xasprintf("%s_at_host%lld_example_%llx@sl.example", name,
	    (long long)host, (unsigned long long)id * 2654435761u % 1000003);
	struct alias_map_contact contact = {
	    .id = id, .alias_id = host, .address = address, .reverse = reverse};
	struct outcome o = alias_map_put_contact(map, &contact);

	free(name);
	free(address);
	free(reverse);
	return o;
}

static struct outcome
fill(struct alias_map *map, int64_t hosts, int64_t contacts)
{
	struct outcome o = outcome_ok();
	int64_t id = 0;

	for (int64_t host = 1; outcome_is_ok(&o) && host <= hosts; host++) {
		o = put_host(map, host);
		for (int64_t n = 0; outcome_is_ok(&o) && n < contacts; n++)
			o = put_contact(map, host, n, ++id);
	}
	return o;
}

int
main(int argc, char **argv)
{
	struct alias_map *map = NULL;
	struct outcome o;

	if (argc != 4) {
		fputs("usage: fill-map FILE HOSTS CONTACTS\n", stderr);
		return EX_USAGE;
	}
	o = alias_map_open(argv[1], &map);
	if (outcome_is_ok(&o))
		o = fill(map, atoll(argv[2]), atoll(argv[3]));
	alias_map_close(&map);
	if (!outcome_is_ok(&o)) {
		fprintf(stderr, "fill-map: %s: %s\n", argv[1], o.text);
		return EX_CANTCREAT;
	}
	return EX_OK;
}
