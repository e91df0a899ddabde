/*
 * compose-message - store a message by Email/set, as compose makes it, and fetch what was stored
 *
 * usage: compose-message CONF ACCOUNT < MESSAGE > STORED
 *
 * The Email object goes to standard error.  What goes wrong does as well, with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/service/jmap_mail.h"
#include "common/settings/config.h"
#include "common/wire/json.h"
#include "transport/compose.h"

#define MESSAGE_MAX (256u << 20)

static struct deadline deadline;

static struct outcome
upload(void *arg, const struct http_source *source, const char *type, char **blob_id_r)
{
	return jmap_upload(arg, source, type, deadline, blob_id_r);
}

static bool
print(void *arg, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, arg) == length;
}

/* Make the Email in the drafts; *blob_id_r is the stored message's, for the caller to free. */
static struct outcome
create(struct jmap *jmap, json_t *email, char **blob_id_r)
{
	struct jmap_request *request = jmap_request_new(0);
	struct jmap_response *response = NULL;
	json_t *result = NULL, *created = NULL;
	struct jmap_sending sending;
	struct outcome o = jmap_sending(jmap, deadline, &sending);
	const char *call = NULL;

	if (outcome_is_ok(&o)) {
		json_object_set_new(
		    email, "mailboxIds", json_pack("{s:b}", sending.drafts_id, 1));
		call = jmap_email_set_call(
		    request, json_pack("{s:O}", "m", email), NULL, NULL, NULL);
		o = jmap_send(jmap, request, false, deadline, &response);
	}
	if (outcome_is_ok(&o))
		o = jmap_result(response, call, NULL, &result);
	if (outcome_is_ok(&o))
		o = jmap_created(result, "m", &created);
	if (!outcome_is_ok(&o) && created != NULL)
		json_dumpf(created, stderr, JSON_INDENT(1));
	if (outcome_is_ok(&o))
		*blob_id_r = strdup(json_get_string(created, "blobId"));
	jmap_response_free(&response);
	jmap_request_free(&request);
	return o;
}

static struct outcome
store(struct jmap *jmap, const struct buf *message)
{
	const struct compose_uploader uploader = {upload, jmap};
	const struct http_sink sink = {.write = print, .arg = stdout};
	char *blob_id = NULL;
	json_t *email;
	struct outcome o = compose_email(buf_str(message), message->len, &uploader, &email);

	if (outcome_is_ok(&o)) {
		json_dumpf(email, stderr, JSON_INDENT(1));
		fputc('\n', stderr);
		o = create(jmap, email, &blob_id);
	}
	if (outcome_is_ok(&o))
		o = jmap_download(jmap, blob_id, &sink, deadline);
	free(blob_id);
	json_decref(email);
	return o;
}

int
main(int argc, char **argv)
{
	struct buf message = BUF_INIT;
	struct config *config = NULL;
	struct jmap *jmap = NULL;
	struct outcome o;

	if (argc != 3) {
		fprintf(stderr, "usage: compose-message CONF ACCOUNT < MESSAGE > STORED\n");
		return 64;
	}
	deadline = deadline_in_ms(60000);
	o = config_load(argv[1], &config);
	if (outcome_is_ok(&o))
		o = file_read_fd(STDIN_FILENO, "standard input", MESSAGE_MAX, &message);
	if (outcome_is_ok(&o))
		o = jmap_open(config_account(config, argv[2]), NULL, &jmap);
	if (outcome_is_ok(&o))
		o = store(jmap, &message);
	jmap_close(&jmap);
	config_free(&config);
	buf_free(&message);
	if (!outcome_is_ok(&o))
		fprintf(stderr, "%s %s\n", o.dsn, o.text);
	return !outcome_is_ok(&o);
}
