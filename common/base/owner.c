/*
 * Root's way to be the user that Ferry runs as.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/owner.h"

/* As su(1) does: groups, group, user, and an environment to match. */
static struct outcome
become(uid_t uid, gid_t gid)
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL)
		gid = user->pw_gid;
	if ((user != NULL ? initgroups(user->pw_name, gid) : setgroups(0, NULL)) < 0 ||
	    setgid(gid) < 0 || setuid(uid) < 0)
		return outcome_make("local", "permission", "cannot become user %lu: %s",
		    (unsigned long)uid, strerror(errno));
	if (user != NULL) {
		(void)setenv("HOME", user->pw_dir, 1);
		(void)setenv("USER", user->pw_name, 1);
		(void)setenv("LOGNAME", user->pw_name, 1);
	}
	return outcome_ok();
}

struct outcome
owner_become(const char *state_dir)
{
	struct outcome o;
	struct stat st;

	if (geteuid() != 0)
		return outcome_ok();
	if (stat(state_dir, &st) < 0) {
		o = outcome_make(
		    "local", "config", "state-dir %s: %s", state_dir, strerror(errno));
		outcome_hint(&o,
		    "make it for the user that Ferry runs as: install -d -m 700 -o USER %s",
		    state_dir);
		return o;
	}
	return st.st_uid == 0 ? outcome_ok() : become(st.st_uid, st.st_gid);
}
