/*
 * How a server of ours starts.
 */
#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/secrecy.h"
#include "common/wire/daemon.h"
#include "common/wire/supervisor.h"

#define ALLOC_BLOCK  (1u << 20) /* larger allocations are given back to the system at once */
#define ALLOC_ARENAS 2

void
daemon_limit_memory(void)
{
	mallopt(M_ARENA_MAX, ALLOC_ARENAS);
	mallopt(M_MMAP_THRESHOLD, ALLOC_BLOCK);
	mallopt(M_TRIM_THRESHOLD, ALLOC_BLOCK);
}

void
daemon_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void
daemon_note_place(const struct daemon_place *before, const struct daemon_place *now)
{
	if (same_text(before->user, now->user) && same_text(before->listen, now->listen) &&
	    before->mode == now->mode && same_text(before->group, now->group) &&
	    same_text(before->monitor, now->monitor))
		return;
	log_say(LOG_WARNING, "what the configuration says of listen, user and monitor takes "
	                     "effect at the next start");
}

struct outcome
daemon_user(const struct daemon_place *place, const struct passwd **user_r)
{
	*user_r = NULL;
	if (geteuid() != 0)
		return outcome_ok();
	if (place->user == NULL)
		return outcome_make("local", "config",
		    "started as root: set user in the %s section, or User= in systemd",
		    place->section);
	*user_r = getpwnam(place->user);
	if (*user_r == NULL || (*user_r)->pw_uid == 0)
		return outcome_make("local", "config", "user %s %s", place->user,
		    *user_r == NULL ? "does not exist" : "is root");
	return outcome_ok();
}

struct outcome
daemon_listen(const struct daemon_place *place, const struct passwd *user,
    struct endpoint_socket *socket_r, bool *passed_r)
{
	struct endpoint_access access = {
	    .mode = place->mode,
	    .owner = user != NULL ? user->pw_uid : (uid_t)-1,
	    .group = user != NULL ? user->pw_gid : (gid_t)-1,
	};
	struct outcome o;

	*socket_r = ENDPOINT_CLOSED;
	o = supervisor_socket(&socket_r->fd);
	*passed_r = socket_r->fd >= 0;
	if (!outcome_is_ok(&o) || *passed_r)
		return o;
	if (place->group != NULL) {
		const struct group *group = getgrnam(place->group);

		if (group == NULL)
			return outcome_make(
			    "local", "config", "group %s does not exist", place->group);
		access.group = group->gr_gid;
	}
	return endpoint_listen(place->listen, &access, socket_r);
}

struct outcome
daemon_become(const struct passwd *user)
{
	if (user == NULL)
		return outcome_ok();
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return outcome_make(
		    "local", "permission", "become %s: %s", user->pw_name, strerror(errno));
	secrecy_protect(); /* another user may be traced again */
	return outcome_ok();
}
