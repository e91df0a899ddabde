/*
 * Queue replies: from memory, from a file, or half of either.
 */
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "common/base/xalloc.h"
#include "sandbox/send.h"

#define COMPRESS_FROM   1400 /* bytes; less fits a packet anyway */
#define GZIP_WINDOW     (15 + 16)
#define GZIP_MEMORY     8
#define BLOCK           65536
#define HALF_OF_UNKNOWN 100 /* bytes of a body whose length was not told */

static bool
takes_gzip(const struct request *r)
{
	const char *accepted = request_header(r, "Accept-Encoding");

	return accepted != NULL && strstr(accepted, "gzip") != NULL &&
	       strstr(accepted, "gzip;q=0,") == NULL;
}

static void
compress_body(struct reply *reply)
{
	struct buf packed = BUF_INIT;
	z_stream z = {0};

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
	        Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	z.next_in = (Bytef *)reply->body.data;
	z.avail_in = (uInt)reply->body.len;
	z.avail_out = (uInt)deflateBound(&z, (uLong)reply->body.len);
	z.next_out = (Bytef *)buf_reserve(&packed, z.avail_out);
	if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
		packed.len = z.total_out;
		buf_free(&reply->body);
		reply->body = packed;
		reply_header(reply, "Content-Encoding", "gzip");
	} else {
		buf_free(&packed);
	}
	deflateEnd(&z);
}

/* A body that is read as it goes out, perhaps only its first half. */
struct outgoing {
	struct buf body;
	int fd;
	int64_t position;
	struct reply_stream stream;
	uint64_t end; /* where to stop and cut; UINT64_MAX for nowhere */
};

static ssize_t
read_stream(struct outgoing *o, char *to, size_t max)
{
	ssize_t n = o->stream.read(o->stream.state, to, max);

	return n > 0              ? n
	       : n == REPLY_LATER ? 0
	       : n == 0           ? MHD_CONTENT_READER_END_OF_STREAM
	                          : MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t
read_outgoing(void *state, uint64_t offset, char *to, size_t max)
{
	struct outgoing *o = state;
	size_t n = o->end - offset < max ? (size_t)(o->end - offset) : max;

	if (offset >= o->end)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (o->stream.state != NULL)
		return read_stream(o, to, n);
	if (o->fd >= 0)
		return pread(o->fd, to, n, o->position + (off_t)offset);
	memcpy(to, o->body.data + offset, n);
	return (ssize_t)n;
}

static void
free_outgoing(void *state)
{
	struct outgoing *o = state;

	if (o->stream.state != NULL)
		o->stream.free(o->stream.state);
	if (o->fd >= 0)
		close(o->fd);
	buf_free(&o->body);
	free(o);
}

/* Take the body out of the reply; with half, cut in the middle. */
static struct MHD_Response *
read_response(struct reply *reply, bool half)
{
	struct outgoing *o = xcalloc(1, sizeof(*o));
	bool in_memory = reply->fd < 0 && reply->stream.state == NULL;
	uint64_t whole = in_memory          ? reply->body.len
	                 : reply->size >= 0 ? (uint64_t)reply->size
	                                    : MHD_SIZE_UNKNOWN;

	*o = (struct outgoing){
	    reply->body, reply->fd, reply->position, reply->stream, UINT64_MAX};
	if (half)
		o->end = whole == MHD_SIZE_UNKNOWN ? HALF_OF_UNKNOWN : whole / 2;
	reply->body = (struct buf)BUF_INIT;
	reply->fd = -1;
	reply->stream = (struct reply_stream){0};
	return MHD_create_response_from_callback(whole, BLOCK, read_outgoing, o, free_outgoing);
}

static struct MHD_Response *
whole_response(struct reply *reply)
{
	size_t length = reply->body.len;

	if (reply->stream.state != NULL)
		return read_response(reply, false);
	if (reply->fd >= 0) {
		int fd = reply->fd;

		reply->fd = -1;
		return MHD_create_response_from_fd_at_offset64(
		    (uint64_t)reply->size, fd, (uint64_t)reply->position);
	}
	return MHD_create_response_from_buffer(
	    length, length == 0 ? NULL : buf_steal(&reply->body), MHD_RESPMEM_MUST_FREE);
}

enum MHD_Result
send_reply(const struct request *r, struct reply *reply, enum send_how how)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->compressible && reply->body.len >= COMPRESS_FROM && takes_gzip(r))
		compress_body(reply);
	response = how == SEND_HALF ? read_response(reply, true) : whole_response(reply);
	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(
		    response, reply->headers[i].name, reply->headers[i].value);
	result = MHD_queue_response(r->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}
