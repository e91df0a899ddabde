/* TLS: who is trusted, and where credentials go. */
#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/base/xalloc.h"
#include "tests/unit/http_script.h"
#include "tests/unit/unit.h"

/* A server with a certificate of its own for "localhost", and what it was asked. */
static struct {
	struct MHD_Daemon *daemon;
	char *key, *certificate, *url;
	char ca_file[32];
	bool authorized;
	char encoding[32]; /* that it was asked for */
	unsigned requests;
} tls;

static char *
pem_of(BIO *bio)
{
	char *bytes;
	long length = BIO_get_mem_data(bio, &bytes);
	char *pem = xstrndup(bytes, (size_t)length);

	BIO_free(bio);
	return pem;
}

static void
make_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *alternative =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost, IP:0.0.0.0");
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_add_ext(x, alternative, -1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	PEM_write_bio_X509(bio, x);
	tls.certificate = pem_of(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	tls.key = pem_of(bio);
	X509_EXTENSION_free(alternative);
	X509_free(x);
	EVP_PKEY_free(key);
}

static enum MHD_Result
answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *length, void **context)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(2, (void *)"ok", MHD_RESPMEM_PERSISTENT);
	const char *encoding = MHD_lookup_connection_value(
	    connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	enum MHD_Result result;

	(void)arg, (void)url, (void)method, (void)version;
	(void)bytes, (void)length, (void)context;
	tls.requests++;
	tls.authorized =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization") != NULL;
	snprintf(
	    tls.encoding, sizeof(tls.encoding), "%s", encoding != NULL ? encoding : "none");
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static int
start(void **state)
{
	int fd;

	(void)state;
	make_certificate();
	snprintf(tls.ca_file, sizeof(tls.ca_file), "/tmp/ferry-test-ca.XXXXXX");
	fd = mkstemp(tls.ca_file);
	if (fd < 0 || file_write_full(fd, tls.certificate, strlen(tls.certificate)) < 0)
		return -1;
	close(fd);
	tls.daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL,
	    NULL, answer, NULL, MHD_OPTION_HTTPS_MEM_KEY, tls.key, MHD_OPTION_HTTPS_MEM_CERT,
	    tls.certificate, MHD_OPTION_END);
	if (tls.daemon == NULL)
		return -1;
	tls.url = xasprintf("https://localhost:%u/",
	    (unsigned)MHD_get_daemon_info(tls.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	MHD_stop_daemon(tls.daemon);
	unlink(tls.ca_file);
	free(tls.key);
	free(tls.certificate);
	free(tls.url);
	return 0;
}

static struct outcome
get(const char *url, const char *ca_file, const char *authorization)
{
	struct http_options options = {.ca_file = ca_file};
	struct http *http = http_new(&options);
	struct http_request request = {.method = "GET",
	    .url = url,
	    .authorization = authorization,
	    .compressed = true,
	    .deadline = deadline_in_ms(120000)};
	struct http_answer a;
	struct outcome o = http_perform(http, &request, &a);

	http_answer_free(&a);
	http_free(&http);
	return o;
}

static void
a_certificate_of_nobody_we_know_is_refused(void **state)
{
	struct outcome o = get(tls.url, NULL, NULL);

	(void)state;
	assert_true(outcome_is(&o, "net/certificate"));
	assert_true(o.alarm);
	assert_false(o.ambiguous);
	assert_int_equal(tls.requests, 0);
}

static void
the_account_may_name_an_authority_of_its_own(void **state)
{
	struct outcome o = get(tls.url, tls.ca_file, "Basic secret");

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_int_equal(tls.requests, 1);
	assert_true(tls.authorized);
}

/* This machine by an address that does not say so: only where a URL leads is looked at. */
static void
answers_are_compressed_unless_they_stay_on_this_machine(void **state)
{
	char *url = xasprintf("https://0.0.0.0%s", strrchr(tls.url, ':'));
	struct outcome o = get(url, tls.ca_file, "Basic secret");

	(void)state;
	assert_true(outcome_is_ok(&o));
	assert_string_equal(tls.encoding, "gzip");
	o = get(tls.url, tls.ca_file, "Basic secret");
	assert_string_equal(tls.encoding, "identity");
	free(url);
}

static void
a_certificate_for_another_name_is_refused(void **state)
{
	char *url = xasprintf("https://127.0.0.1%s", strrchr(tls.url, ':'));
	struct outcome o = get(url, tls.ca_file, NULL);

	(void)state;
	assert_true(outcome_is(&o, "net/certificate"));
	free(url);
}

static void
an_authority_that_cannot_be_read_is_a_mistake_of_ours(void **state)
{
	struct outcome o = get(tls.url, "/nonexistent/ca.pem", NULL);

	(void)state;
	assert_true(outcome_is(&o, "local/config"));
}

static void
credentials_do_not_follow_to_another_host(void **state)
{
	struct script *script = *state;
	char *location = xasprintf("Location: %s\r\n", tls.url), *url;
	struct outcome o;

	script_play(script, {.status = 301, .headers = location});
	o = get(http_server_at(script->server, "/"), tls.ca_file, "Basic secret");
	assert_true(outcome_is_ok(&o));
	assert_false(tls.authorized);

	/* The same host that wants TLS is no other host. */
	url = xasprintf("http://localhost%s/", strrchr(http_server_url(script->server), ':'));
	o = get(url, tls.ca_file, "Basic secret");
	assert_true(outcome_is_ok(&o));
	assert_true(tls.authorized);
	free(location);
	free(url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_certificate_of_nobody_we_know_is_refused),
	    cmocka_unit_test(the_account_may_name_an_authority_of_its_own),
	    cmocka_unit_test(answers_are_compressed_unless_they_stay_on_this_machine),
	    cmocka_unit_test(a_certificate_for_another_name_is_refused),
	    cmocka_unit_test(an_authority_that_cannot_be_read_is_a_mistake_of_ours),
	    cmocka_unit_test_setup_teardown(
	        credentials_do_not_follow_to_another_host, script_setup, script_teardown),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
