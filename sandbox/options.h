/*
 * options - the command line
 */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Limits of RFC 8620 §2 and RFC 9404 §3.1 that the session tells and the server keeps. */
struct limits {
	int64_t size_upload;
	int64_t concurrent_upload; /* told, not kept */
	int64_t size_request;
	int64_t concurrent_requests; /* told, not kept */
	int64_t calls_in_request;
	int64_t objects_in_get;
	int64_t objects_in_set;
	int64_t size_blob_set;
	int64_t data_sources;
	int64_t query; /* ids that one query gives, 0: all */
};

/* Strings point into argv or are literals. */
struct options {
	const char *listen;
	const char *dir;
	const char *domain;
	const char *send_as; /* a domain that all inboxes may send as, or NULL */
	const char *salt;
	const char *outbox;       /* "files" or "none" */
	const char *submissions;  /* "keep" or "vanish" */
	const char *duplicates;   /* "refuse" or "allow" */
	int64_t max_delayed_send; /* seconds; 0: nothing can be held */
	int64_t max_recipients;
	int64_t max_size_message;
	int64_t quota; /* bytes of an account's Emails; 0: none */
	bool no_blob;
	bool no_import;
	bool no_dsn;
	bool no_push;
	int64_t difficulty;
	int64_t session_ttl; /* seconds, as the other two */
	int64_t capability_ttl;
	int64_t challenge_ttl;
	int64_t max_streams; /* of events, open at once */
	int64_t threads;     /* 0: as many as processors, at least four */
	struct limits limits;
	bool absolute_urls;
	bool redirect;
	bool verbose;
	bool aliases;
	const char *alias_seed;
	const char *alias_store;
	const char *upstream;
	const char *upstream_ca;
	const char *upstream_users;
};

/*
 * Read the command line.  For --help and --version, and for a mistake, the process ends here,
 * with a line on stderr that names the mistake and EX_USAGE.
 */
struct options options_read(int argc, char **argv);

#endif
