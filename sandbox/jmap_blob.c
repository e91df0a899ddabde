/*
 * Blob/upload, Blob/get and Blob/lookup (RFC 9404).
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "sandbox/blobs.h"
#include "sandbox/codec.h"
#include "sandbox/jmap_get.h"
#include "sandbox/jmap_methods.h"
#include "sandbox/jmap_set.h"
#include "sandbox/json.h"
#include "sandbox/words.h"

#define PROPERTY_TEXT   "data:asText"
#define PROPERTY_BASE64 "data:asBase64"

/* Append the bytes of another blob, or of a piece of it; a SetError or NULL. */
static json_t *
append_blob(struct jmap_call *call, const json_t *source, struct buf *out)
{
	struct jmap_request *r = call->request;
	const char *id = jmap_resolve_id(r, json_text(source, "blobId"));
	int64_t offset = json_number(source, "offset", 0);
	int64_t length = json_number(source, "length", -1);
	struct blob blob = {0};
	json_t *error = NULL;

	if (id == NULL ||
	    !blob_by_id(store_blobs(r->sandbox->store), r->db, r->account.id, id, &blob)) {
		error = jmap_set_error("blobNotFound", NULL, "a blob is not there");
	} else {
		int64_t size = (int64_t)blob.length;

		if (length < 0)
			length = offset <= size ? size - offset : 0;
		if (offset < 0 || offset > size || length > size - offset)
			error = jmap_set_error(
			    "invalidProperties", "data", "the range is not within the blob");
		else
			buf_add(out, blob.bytes + offset, (size_t)length);
	}
	blob_release(&blob);
	return error;
}

static json_t *
append_source(struct jmap_call *call, const json_t *source, struct buf *out)
{
	const json_t *text = json_object_get(source, PROPERTY_TEXT);
	const json_t *base64 = json_object_get(source, PROPERTY_BASE64);
	const json_t *blob = json_object_get(source, "blobId");

	if (json_is_string(text) + json_is_string(base64) + json_is_string(blob) != 1)
		return jmap_set_error("invalidProperties", "data",
		    "a source has exactly one of data:asText, data:asBase64 and blobId");
	if (json_is_string(blob))
		return append_blob(call, source, out);
	if (json_is_string(text))
		buf_add(out, json_string_value(text), json_string_length(text));
	else if (!base64_decode(json_string_value(base64), json_string_length(base64), out))
		return jmap_set_error(
		    "invalidProperties", "data", "data:asBase64 is malformed");
	return NULL;
}

/* Put the sources together; a SetError or NULL. */
static json_t *
gather(struct jmap_call *call, const json_t *object, struct buf *out)
{
	const struct limits *l = &call->request->sandbox->options.limits;
	const json_t *data = json_object_get(object, "data");
	size_t i;
	const json_t *source;

	if (!json_is_array(data))
		return jmap_set_error(
		    "invalidProperties", "data", "data is an array of sources");
	if ((int64_t)json_array_size(data) > l->data_sources)
		return jmap_set_error("invalidProperties", "data", "too many sources");
	json_array_foreach (data, i, source) {
		json_t *error = append_source(call, source, out);

		if (error != NULL)
			return error;
		if ((int64_t)out->len > l->size_blob_set)
			return jmap_set_error("tooLarge", NULL, "the blob is too large");
	}
	return NULL;
}

static json_t *
upload_one(struct jmap_call *call, const json_t *object, json_t **error_r)
{
	struct jmap_request *r = call->request;
	json_t *type = json_object_get(object, "type");
	unsigned char hash[BLOB_HASH];
	struct buf bytes = BUF_INIT, id = BUF_INIT;
	json_t *created = NULL;

	*error_r = gather(call, object, &bytes);
	if (*error_r == NULL && !blob_store(store_blobs(r->sandbox->store), r->db,
	                            r->account.id, buf_str(&bytes), bytes.len, hash, NULL))
		*error_r = jmap_set_error("serverFail", NULL, "the disk is full");
	if (*error_r == NULL) {
		blob_id(hash, &id);
		created = json_members("id", json_from_buf(&id), "type",
		    json_is_string(type) ? json_incref(type) : json_null(), "size",
		    json_integer((json_int_t)bytes.len), NULL);
		count_one(r->sandbox->counters.uploads);
	}
	buf_free(&bytes);
	return created;
}

json_t *
blob_upload(struct jmap_call *call)
{
	json_t *create = json_object_get(call->arguments, "create");
	const char *creation_id;
	json_t *object, *result;

	if (!jmap_few_enough(call, json_object_size(create)))
		return NULL;
	result = json_pack("{s:s, s:n, s:n}", "accountId", call->request->account.inbox,
	    "created", "notCreated");
	json_object_foreach (create, creation_id, object) {
		json_t *error = NULL;
		json_t *created = upload_one(call, object, &error);

		jmap_set_created(call, result, creation_id, created, error);
	}
	return result;
}

static json_t *
digest(const char *bytes, size_t length, bool sha256)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct buf text = BUF_INIT;

	if (sha256)
		SHA256((const unsigned char *)bytes, length, hash);
	else
		SHA1((const unsigned char *)bytes, length, hash);
	base64_encode(hash, sha256 ? SHA256_DIGEST_LENGTH : SHA_DIGEST_LENGTH, &text);
	return json_from_buf(&text);
}

static bool
asked(const json_t *properties, const char *name)
{
	return json_is_array(properties) && json_has_string(properties, name);
}

/* Set the properties that are about the bytes. */
static void
put_data(json_t *object, const json_t *properties, const char *bytes, size_t length)
{
	bool either = !json_is_array(properties) || asked(properties, "data");
	bool text = utf8_valid(bytes, length) && memchr(bytes, '\0', length) == NULL;

	if ((either && text) || (asked(properties, PROPERTY_TEXT) && text))
		json_object_set_new(object, PROPERTY_TEXT, json_stringn(bytes, length));
	else if (asked(properties, PROPERTY_TEXT))
		json_object_set_new(object, PROPERTY_TEXT, json_null());
	if ((either && !text) || asked(properties, PROPERTY_BASE64)) {
		struct buf encoded = BUF_INIT;

		base64_encode(bytes, length, &encoded);
		json_object_set_new(object, PROPERTY_BASE64, json_from_buf(&encoded));
	}
	if ((either || asked(properties, PROPERTY_TEXT)) && !text)
		json_object_set_new(object, "isEncodingProblem", json_true());
	if (asked(properties, "digest:sha"))
		json_object_set_new(object, "digest:sha", digest(bytes, length, false));
	if (asked(properties, "digest:sha-256"))
		json_object_set_new(object, "digest:sha-256", digest(bytes, length, true));
}

/* The object of one blob, or NULL if there is none. */
static json_t *
blob_object(struct jmap_call *call, const char *id)
{
	struct jmap_request *r = call->request;
	const json_t *properties = json_object_get(call->arguments, "properties");
	int64_t offset = json_number(call->arguments, "offset", 0);
	int64_t length = json_number(call->arguments, "length", INT64_MAX);
	const char *real = jmap_resolve_id(r, id);
	struct blob blob = {0};
	int64_t size, start;
	json_t *object;

	if (real == NULL ||
	    !blob_by_id(store_blobs(r->sandbox->store), r->db, r->account.id, real, &blob)) {
		blob_release(&blob);
		return NULL;
	}
	size = (int64_t)blob.length;
	start = offset < size ? offset : size;
	object = json_pack("{s:s}", "id", real);
	put_data(object, properties, blob.bytes + start,
	    (size_t)(length < size - start ? length : size - start));
	if (!json_is_array(properties) || asked(properties, "size"))
		json_object_set_new(object, "size", json_integer(size));
	if (offset > size ||
	    (json_object_get(call->arguments, "length") != NULL && length > size - start))
		json_object_set_new(object, "isTruncated", json_true());
	blob_release(&blob);
	return object;
}

/* The strings of an array that are none of the known; false after jmap_fail(). */
static bool
check_names(struct jmap_call *call, const json_t *names, const char *const *known,
    const char *error_type)
{
	size_t i;
	const json_t *item;

	json_array_foreach (names, i, item) {
		if (text_among(json_string_value(item), known))
			continue;
		jmap_fail(call, error_type, "there is no %s", json_string_value(item));
		return false;
	}
	return true;
}

/* The response of a method that has an object for each of some ids. */
static json_t *
objects_of_ids(struct jmap_call *call, json_t *(*object_of)(struct jmap_call *, const char *))
{
	const json_t *ids = json_object_get(call->arguments, "ids");
	int64_t limit = call->request->sandbox->options.limits.objects_in_get;
	json_t *list, *not_found;
	size_t i;
	json_t *item;

	if (!json_is_array(ids))
		return jmap_fail(call, "invalidArguments", "ids is not an array");
	if ((int64_t)json_array_size(ids) > limit)
		return jmap_fail(
		    call, "requestTooLarge", "more than %lld blobs", (long long)limit);
	list = json_array();
	not_found = json_array();
	json_array_foreach (ids, i, item) {
		json_t *object = object_of(call, json_string_value(item));

		if (object != NULL)
			json_array_append_new(list, object);
		else
			json_array_append(not_found, item);
	}
	return json_pack("{s:s, s:o, s:o}", "accountId", call->request->account.inbox, "list",
	    list, "notFound", not_found);
}

json_t *
blob_get(struct jmap_call *call)
{
	static const char *const known[] = {"id", "data", PROPERTY_TEXT, PROPERTY_BASE64,
	    "size", "digest:sha", "digest:sha-256", NULL};

	if (!check_names(call, json_object_get(call->arguments, "properties"), known,
	        "invalidArguments"))
		return NULL;
	return objects_of_ids(call, blob_object);
}

/* The ids of a type that refer to the message of this blob. */
static json_t *
matched(struct jmap_call *call, int64_t position, const char *type)
{
	struct jmap_request *r = call->request;
	sqlite3_stmt *rows = db_query(r->db,
	    "SELECT id, thread, mailboxes FROM email WHERE account = ? AND position = ? AND"
	    " destroyed = 0",
	    "ii", r->account.id, position);
	json_t *set = json_object(), *ids = json_array();
	const char *key;
	json_t *value;

	while (db_next(r->db, rows)) {
		const char *cursor = (const char *)sqlite3_column_text(rows, 2);
		int64_t mailbox;
		json_t *id;

		if (strcmp(type, "Mailbox") != 0) {
			bool email = strcmp(type, "Email") == 0;

			id = jmap_id(email ? ID_EMAIL : ID_THREAD,
			    sqlite3_column_int64(rows, email ? 0 : 1));
			json_object_set_new(set, json_string_value(id), json_true());
			json_decref(id);
			continue;
		}
		while (words_next_number(&cursor, &mailbox)) {
			id = jmap_id(ID_MAILBOX, mailbox);
			json_object_set_new(set, json_string_value(id), json_true());
			json_decref(id);
		}
	}
	json_object_foreach (set, key, value)
		json_array_append_new(ids, json_string(key));
	json_decref(set);
	return ids;
}

/* Which records use the blob? */
static json_t *
lookup_object(struct jmap_call *call, const char *id)
{
	struct jmap_request *r = call->request;
	json_t *matches;
	int fd;
	int64_t position, size;
	size_t i;
	const json_t *type;

	id = jmap_resolve_id(r, id);
	if (id == NULL || !blob_locate(store_blobs(r->sandbox->store), r->db, r->account.id, id,
	                      &fd, &position, &size))
		return NULL;
	matches = json_object();
	/* An empty blob is no message, and lies where the next one does. */
	json_array_foreach (json_object_get(call->arguments, "typeNames"), i, type)
		json_object_set_new(matches, json_string_value(type),
		    size == 0 ? json_array()
		              : matched(call, position, json_string_value(type)));
	return json_pack("{s:s, s:o}", "id", id, "matchedIds", matches);
}

json_t *
blob_lookup(struct jmap_call *call)
{
	static const char *const known[] = {"Mailbox", "Thread", "Email", NULL};

	if (!check_names(
	        call, json_object_get(call->arguments, "typeNames"), known, "unknownDataType"))
		return NULL;
	return objects_of_ids(call, lookup_object);
}
