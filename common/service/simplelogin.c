/*
 * An account at SimpleLogin: its directory, its key.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "common/service/secret_command.h"
#include "common/service/simplelogin_parts.h"

static struct outcome
open_directory(const char *path, int *dir_r)
{
	struct outcome o = file_make_dirs(path, 0700);
	struct stat st;

	if (!outcome_is_ok(&o))
		return o;
	*dir_r = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir_r < 0 || fstat(*dir_r, &st) < 0)
		return file_error("cannot open", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return o;
	o = outcome_make("local", "permission", "%s is open to others", path);
	outcome_hint(&o, "chmod 700 %s", path);
	return o;
}

struct outcome
simplelogin_open(const struct alias_account *account, const struct http_options *options,
    struct simplelogin **sl_r)
{
	struct http_options http = options != NULL ? *options : (struct http_options){0};
	struct simplelogin *sl = xcalloc(1, sizeof(*sl));
	struct outcome o;

	sl->account = account;
	sl->dir = -1;
	if (http.ca_file == NULL)
		http.ca_file = account->ca_file;
	sl->http = http_new(&http);
	o = open_directory(account->directory, &sl->dir);
	if (!outcome_is_ok(&o))
		simplelogin_close(&sl);
	*sl_r = sl;
	return o;
}

void
simplelogin_close(struct simplelogin **sl)
{
	if (*sl == NULL)
		return;
	http_free(&(*sl)->http);
	buf_wipe(&(*sl)->key);
	if ((*sl)->dir >= 0)
		close((*sl)->dir);
	free(*sl);
	*sl = NULL;
}

const struct alias_account *
simplelogin_account(const struct simplelogin *sl)
{
	return sl->account;
}

unsigned
simplelogin_requests(const struct simplelogin *sl)
{
	return sl->requests;
}

void
simplelogin_on_wait(struct simplelogin *sl,
    void (*wait)(void *arg, unsigned seconds, const char *words), void *arg)
{
	sl->wait = wait;
	sl->wait_arg = arg;
}

struct outcome
simplelogin_key(struct simplelogin *sl, const char **key_r)
{
	const struct alias_account *account = sl->account;
	struct outcome o = outcome_ok();

	if (sl->key.len == 0 && account->secret_command != NULL) {
		o = secret_command(account->secret_command, SIMPLELOGIN_KEY_MAX, &sl->key);
	} else if (sl->key.len == 0) {
		if (access(account->secret_file, F_OK) < 0 && errno == ENOENT) {
			o = outcome_make("alias", "no-key", "%s", account->secret_file);
			outcome_hint(&o, "ferryctl login --service %s", account->name);
			return o;
		}
		o = file_read_secret(account->secret_file, SIMPLELOGIN_KEY_MAX, &sl->key);
	}
	if (!outcome_is_ok(&o))
		buf_wipe(&sl->key);
	*key_r = buf_str(&sl->key);
	return o;
}

struct outcome
simplelogin_have_key(struct simplelogin *sl)
{
	const char *key;

	return simplelogin_key(sl, &key);
}

struct outcome
simplelogin_store_key(struct simplelogin *sl, const char *key)
{
	const struct alias_account *account = sl->account;
	struct outcome o;
	char *line;

	if (account->secret_file == NULL) {
		o = outcome_make("local", "config",
		    "alias \"%s\" gets its key from a command: there is no file to keep one in",
		    account->name);
		outcome_hint(&o, "remove api-key-command to log in with ferryctl");
		return o;
	}
	line = xasprintf("%s\n", key);
	o = file_write_atomic(AT_FDCWD, account->secret_file, line, strlen(line), 0600);
	explicit_bzero(line, strlen(line));
	free(line);
	buf_wipe(&sl->key);
	return o;
}

struct outcome
simplelogin_forget_key(struct simplelogin *sl)
{
	const char *path = sl->account->secret_file;

	buf_wipe(&sl->key);
	if (path != NULL && unlink(path) < 0 && errno != ENOENT)
		return file_error("cannot remove", path);
	return outcome_ok();
}
