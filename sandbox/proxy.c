/*
 * The users of the upstream server, and the connections to it.
 *
 * A transfer borrows a link, which is a libcurl multi handle with one easy handle; the
 * connection stays open in the multi handle when the link is given back, so the next
 * transfer, of whichever client, starts without a handshake.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "sandbox/proxy.h"
#include "sandbox/proxy_link.h"

#define USERS_FILE_MAX 1048576

struct user {
	char *username, *user, *password;
};

struct proxy {
	char *upstream; /* without a slash at its end */
	const char *ca_file;
	struct user *users;
	size_t count;
	pthread_mutex_t lock; /* of idle */
	struct proxy_link *idle;
	atomic_bool stopping;
};

/* Read a line "USERNAME USER PASSWORD"; false if it is malformed. */
static bool
add_user(struct proxy *p, char *line)
{
	char *save = NULL;
	const char *username = strtok_r(line, " \t", &save);
	const char *user = strtok_r(NULL, " \t", &save);
	const char *password = strtok_r(NULL, "", &save);

	if (username == NULL || username[0] == '#')
		return true;
	if (user == NULL || password == NULL)
		return false;
	p->users = xreallocarray(p->users, p->count + 1, sizeof(*p->users));
	p->users[p->count++] =
	    (struct user){xstrdup(username), xstrdup(user), xstrdup(password)};
	return true;
}

static struct outcome
read_users(struct proxy *p, const char *path)
{
	struct buf text = BUF_INIT;
	struct outcome o = file_read(AT_FDCWD, path, USERS_FILE_MAX, &text);
	char *save = NULL;
	struct stat st;
	int number = 0;

	if (outcome_is_ok(&o) && stat(path, &st) == 0 &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_say(
		    LOG_WARNING, "%s holds passwords and is open to others: chmod 600", path);
	for (char *line = strtok_r(text.data, "\n", &save); outcome_is_ok(&o) && line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		number++;
		if (!add_user(p, line))
			o = outcome_make("local", "config",
			    "%s: entry %d is not USERNAME USER PASSWORD", path, number);
	}
	buf_wipe(&text);
	return o;
}

struct proxy *
proxy_open(const struct options *options, struct outcome *o)
{
	struct proxy *p = xcalloc(1, sizeof(*p));
	size_t length = strlen(options->upstream);

	pthread_mutex_init(&p->lock, NULL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	while (length > 0 && options->upstream[length - 1] == '/')
		length--;
	p->upstream = xstrndup(options->upstream, length);
	p->ca_file = options->upstream_ca;
	*o = read_users(p, options->upstream_users);
	if (!outcome_is_ok(o))
		proxy_close(&p);
	return p;
}

void
proxy_close(struct proxy **p)
{
	if (*p == NULL)
		return;
	while ((*p)->idle != NULL) {
		struct proxy_link *link = (*p)->idle;

		(*p)->idle = link->next;
		curl_easy_cleanup(link->easy);
		curl_multi_cleanup(link->multi);
		free(link);
	}
	for (size_t i = 0; i < (*p)->count; i++) {
		free((*p)->users[i].username);
		free((*p)->users[i].user);
		explicit_bzero((*p)->users[i].password, strlen((*p)->users[i].password));
		free((*p)->users[i].password);
	}
	free((*p)->users);
	free((*p)->upstream);
	pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
	curl_global_cleanup();
}

void
proxy_stop(struct proxy *p)
{
	atomic_store(&p->stopping, true);
}

bool
proxy_stopping(const struct proxy *p)
{
	return atomic_load(&p->stopping);
}

static const struct user *
find_user(const struct proxy *p, const char *username)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->users[i].username, username) == 0)
			return &p->users[i];
	return NULL;
}

bool
proxy_inbox(const struct proxy *p, const char *username, struct buf *inbox)
{
	const struct user *user = find_user(p, username);

	if (user != NULL)
		buf_adds(inbox, user->user);
	return user != NULL;
}

const char *
proxy_upstream(const struct proxy *p)
{
	return p->upstream;
}

struct proxy_link *
proxy_link_take(struct proxy *p)
{
	struct proxy_link *link;

	pthread_mutex_lock(&p->lock);
	link = p->idle;
	if (link != NULL)
		p->idle = link->next;
	pthread_mutex_unlock(&p->lock);
	if (link == NULL) {
		link = xcalloc(1, sizeof(*link));
		link->multi = curl_multi_init();
		link->easy = curl_easy_init();
	}
	link->next = NULL;
	return link;
}

void
proxy_link_give(struct proxy *p, struct proxy_link *link)
{
	curl_easy_reset(link->easy);
	pthread_mutex_lock(&p->lock);
	link->next = p->idle;
	p->idle = link;
	pthread_mutex_unlock(&p->lock);
}

bool
proxy_link_prepare(const struct proxy *p, struct proxy_link *link, const char *username)
{
	const struct user *user = find_user(p, username);
	CURL *easy = link->easy;

	if (user == NULL)
		return false;
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_USERNAME, user->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, user->password);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 300L);
	if (p->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, p->ca_file);
	return true;
}
