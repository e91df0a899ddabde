/*
 * File names in a Maildir: made, read, and their flags changed.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "sync/digest.h"
#include "sync/maildir_name.h"

#define HOST_MAX 64
#define ID_MAX   120 /* what fits into NAME_MAX beside everything else */

void
maildir_namer_init(struct maildir_namer *namer, const char *service, const char *account_id)
{
	struct buf host = BUF_INIT;
	char name[HOST_MAX + 1] = "";

	if (gethostname(name, HOST_MAX) < 0 || *name == '\0')
		snprintf(name, sizeof(name), "localhost");
	for (const char *p = name; *p != '\0'; p++) {
		if (isalnum((unsigned char)*p) || *p == '.' || *p == '-' || *p == '_')
			buf_addc(&host, *p);
		else
			buf_addf(&host, "\\%03o", (unsigned char)*p);
	}
	digest_base64url(service, account_id, MAILDIR_TAG_LENGTH, namer->tag);
	namer->host = buf_steal(&host);
	namer->pid = getpid();
	namer->next = 0;
}

void
maildir_namer_free(struct maildir_namer *namer)
{
	free(namer->host);
	namer->host = NULL;
}

char *
maildir_name_id(const char *email_id)
{
	char hash[24];

	if (strlen(email_id) <= ID_MAX &&
	    email_id[strspn(email_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789-_")] == '\0')
		return xstrdup(email_id);
	digest_base64url("email", email_id, sizeof(hash) - 1, hash);
	return xasprintf("~%s", hash);
}

void
maildir_name_make(
    struct maildir_namer *namer, const char *email_id, int64_t received, struct buf *base)
{
	char *id = maildir_name_id(email_id);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	buf_addf(base, "%lld.M%06ldP%ldQ%u.%s,J=%s_%s", (long long)received, now.tv_nsec / 1000,
	    (long)namer->pid, namer->next++, namer->host, namer->tag, id);
	free(id);
}

void
maildir_name_add_sizes(struct buf *base, int64_t size, int64_t vsize)
{
	buf_addf(base, ",S=%lld,W=%lld", (long long)size, (long long)vsize);
}

/* A decimal number that ends at a comma or the end of the base; -1 if it is none. */
static int64_t
read_size(const char *text, const char *end)
{
	char *stop;
	long long value;

	errno = 0;
	value = isdigit((unsigned char)*text) ? strtoll(text, &stop, 10) : -1;
	if (value < 0 || errno != 0 || (stop != end && *stop != ','))
		return -1;
	return value;
}

/* The P of the second dotted part, and whether the third is our host. */
static void
read_origin(const struct maildir_namer *namer, const char *name, struct maildir_name *parts)
{
	size_t host_length = strlen(namer->host);
	const char *second = strchr(name, '.');
	const char *end = name + parts->base_length;
	const char *p;

	if (second == NULL || second >= end)
		return;
	for (p = second + 1; p < end && *p != '.' && *p != ','; p++)
		if (*p == 'P' && parts->pid == 0)
			parts->pid = (pid_t)strtol(p + 1, NULL, 10);
	if (p < end && *p == '.' && (size_t)(end - p - 1) >= host_length)
		parts->same_host = strncmp(p + 1, namer->host, host_length) == 0 &&
		                   (p + 1 + host_length == end || p[1 + host_length] == ',');
}

static void
read_field(const struct maildir_namer *namer, const char *field, const char *end,
    struct maildir_name *parts)
{
	const char *comma = memchr(field, ',', (size_t)(end - field));
	const char *stop = comma != NULL ? comma : end;

	if (strncmp(field, "S=", 2) == 0) {
		parts->size = read_size(field + 2, end);
	} else if (strncmp(field, "W=", 2) == 0) {
		parts->vsize = read_size(field + 2, end);
	} else if (strncmp(field, "J=", 2) == 0 && stop - field > MAILDIR_TAG_LENGTH + 3 &&
	           strncmp(field + 2, namer->tag, MAILDIR_TAG_LENGTH) == 0 &&
	           field[2 + MAILDIR_TAG_LENGTH] == '_') {
		parts->ours = true;
		parts->id = field + MAILDIR_TAG_LENGTH + 3;
		parts->id_length = (size_t)(stop - parts->id);
	}
}

void
maildir_name_read(
    const struct maildir_namer *namer, const char *name, struct maildir_name *parts)
{
	const char *end = strchr(name, ':');
	const char *field;

	*parts = (struct maildir_name){.size = -1, .vsize = -1};
	if (end == NULL)
		end = name + strlen(name);
	parts->base_length = (size_t)(end - name);
	read_origin(namer, name, parts);
	field = name;
	while ((field = memchr(field, ',', (size_t)(end - field))) != NULL) {
		field++;
		read_field(namer, field, end, parts);
	}
}

void
maildir_place_file(const char *base, const char *place, struct buf *path)
{
	buf_adds(path, *place == 'n' ? "new/" : "cur/");
	buf_adds(path, base);
	buf_adds(path, place + 1);
}

static int
compare_letters(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

char *
maildir_place_change(const char *place, const char *add, const char *remove)
{
	const char *info = place + 1;
	const char *flags = strncmp(info, ":2,", 3) == 0 ? info + 3 : info;
	size_t old_length = strcspn(flags, ",");
	struct buf changed = BUF_INIT;
	size_t start;

	if (*info != '\0' && flags == info)
		return xstrdup(place);
	buf_adds(&changed, "c:2,");
	start = changed.len;
	for (size_t i = 0; i < old_length; i++)
		if (strchr(remove, flags[i]) == NULL && strchr(add, flags[i]) == NULL)
			buf_addc(&changed, flags[i]);
	buf_adds(&changed, add);
	qsort(changed.data + start, changed.len - start, 1, compare_letters);
	if (*place == 'n' && changed.len == start) {
		buf_free(&changed);
		return xstrdup(place);
	}
	buf_adds(&changed, flags + old_length);
	return buf_steal(&changed);
}
