/*
 * Queue replies: from memory, from a file, or half of either.
 */
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "common/base/xalloc.h"
#include "sandbox/send.h"

#define COMPRESS_FROM 1400 /* bytes; less fits a packet anyway */
#define GZIP_WINDOW   (15 + 16)
#define GZIP_MEMORY   8
#define BLOCK         65536

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

/* A body of which only the first half comes. */
struct half {
	struct buf body;
	int fd;
	int64_t position;
	uint64_t length; /* of the half */
};

static ssize_t
read_half(void *state, uint64_t offset, char *to, size_t max)
{
	struct half *h = state;
	size_t n = h->length - offset < max ? (size_t)(h->length - offset) : max;

	if (offset >= h->length)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (h->fd >= 0)
		return pread(h->fd, to, n, h->position + (off_t)offset);
	memcpy(to, h->body.data + offset, n);
	return (ssize_t)n;
}

static void
free_half(void *state)
{
	struct half *h = state;

	buf_free(&h->body);
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}

static struct MHD_Response *
half_response(struct reply *reply)
{
	struct half *h = xcalloc(1, sizeof(*h));
	uint64_t whole = reply->fd >= 0 ? (uint64_t)reply->size : reply->body.len;

	*h = (struct half){reply->body, reply->fd, reply->position, whole / 2};
	reply->body = (struct buf)BUF_INIT;
	reply->fd = -1;
	return MHD_create_response_from_callback(whole, BLOCK, read_half, h, free_half);
}

static struct MHD_Response *
whole_response(struct reply *reply)
{
	size_t length = reply->body.len;

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
	response = how == SEND_HALF ? half_response(reply) : whole_response(reply);
	if (response == NULL)
		return MHD_NO;
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(
		    response, reply->headers[i].name, reply->headers[i].value);
	result = MHD_queue_response(r->connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}
