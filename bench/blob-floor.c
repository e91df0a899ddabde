/*
 * blob-floor - fetch many URLs to nowhere, as fast as libcurl and the server can
 *
 * usage: blob-floor CA_FILE CONNECTIONS STREAMS <LIST
 *
 * The yardstick of bench/sync: what the server and libcurl take of a first sync.  The first
 * line of LIST is a token (Bearer), every other is a URL.  HTTP/2 by ALPN, so many streams on so
 * many connections.  Prints how many bytes came.
 */
#include <curl/curl.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static char *line;
static size_t line_size;

/* The next line of the list, or NULL. */
static const char *
next_line(void)
{
	ssize_t length = getline(&line, &line_size, stdin);

	if (length <= 0)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static size_t
drop(char *bytes, size_t one, size_t length, void *arg)
{
	(void)bytes;
	*(long long *)arg += (long long)(one * length);
	return one * length;
}

/* What one stream is fetched with; the handle is used again for the next URL. */
static CURL *
make_handle(const char *ca_file, const char *token, long long *bytes)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		errx(EX_OSERR, "libcurl cannot start");
	curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
	curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 64L << 10);
	curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, bytes);
	return easy;
}

/* Put the handle to the next URL of the list; false if that is at its end. */
static bool
begin(CURLM *multi, CURL *easy)
{
	const char *url = next_line();

	if (url == NULL) {
		curl_easy_cleanup(easy);
		return false;
	}
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_multi_add_handle(multi, easy);
	return true;
}

/* Put every handle that is through to its next URL; how many have none. */
static long
go_on(CURLM *multi)
{
	CURLMsg *message;
	long ended = 0;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		CURL *easy = message->easy_handle;

		if (result != CURLE_OK)
			errx(EX_UNAVAILABLE, "%s", curl_easy_strerror(result));
		curl_multi_remove_handle(multi, easy);
		if (!begin(multi, easy))
			ended++;
	}
	return ended;
}

int
main(int argc, char **argv)
{
	long connections, streams, working = 0;
	long long bytes = 0;
	const char *first;
	char *token;
	CURLM *multi;

	if (argc != 4)
		errx(EX_USAGE, "usage: blob-floor CA_FILE CONNECTIONS STREAMS <LIST");
	connections = strtol(argv[2], NULL, 10);
	streams = strtol(argv[3], NULL, 10);
	first = next_line();
	token = first != NULL ? strdup(first) : NULL;
	multi = curl_multi_init();
	if (token == NULL || multi == NULL)
		errx(EX_DATAERR, "nothing to begin with");
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
	curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, streams);
	while (working < connections * streams &&
	       begin(multi, make_handle(argv[1], token, &bytes)))
		working++;
	while (working != 0) {
		int running;

		if (curl_multi_perform(multi, &running) != CURLM_OK)
			errx(EX_SOFTWARE, "libcurl failed");
		working -= go_on(multi);
		if (running != 0)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);
	free(token);
	free(line);
	printf("%lld bytes\n", bytes);
	return 0;
}
