// SPDX-License-Identifier: Apache-2.0
// stream.c - an answer that goes on: bytes put by any thread, sent by the loop as it can.
//
// Two hold a stream: the reply, and with it the connection until that is done, and who puts. While
// there is nothing to send the connection is suspended, and a put resumes it. A client that has
// gone is noticed by the next bytes that are sent to it.
#include "stream.h"

#include "phial/util/lock.h"
#include "server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_BYTES_MAX = 256 * 1024, BLOCK_BYTES = 16 * 1024 };

struct http_stream {
    pthread_mutex_t lock; // guards what follows
    struct http_server *server;
    struct MHD_Connection *connection;
    unsigned holders;
    bool ended;     // nothing more will be put
    bool gone;      // the connection is done with it
    bool suspended; // the connection waits for a put
    size_t begin;   // bytes waits from here to end
    size_t end;
    char bytes[WAITING_BYTES_MAX];
};

result http_reply_stream(struct reply *reply, const char *media_type, struct http_stream **stream)
{
    struct http_stream *made = calloc(1, sizeof *made);
    if (made == NULL)
        return FAIL(INTERNAL, "out of memory");
    (void)pthread_mutex_init(&made->lock, NULL);
    made->holders = 2;
    reply->status = 200;
    reply->media_type = str_from(media_type);
    reply->stream = made;
    *stream = made;
    return OK;
}

static void let_go(struct http_stream *stream)
{
    bool last = false;
    {
        HOLD(&stream->lock);
        last = --stream->holders == 0;
    }
    if (!last)
        return;
    (void)pthread_mutex_destroy(&stream->lock);
    explicit_bzero(stream, sizeof *stream);
    free(stream);
}

// Called with the lock held.
static void wake(struct http_stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
    loop_wake(stream->server);
}

bool http_stream_put(struct http_stream *stream, str bytes)
{
    HOLD(&stream->lock);
    size_t waiting = stream->end - stream->begin;
    assert(!stream->ended);
    if (stream->gone || bytes.len > WAITING_BYTES_MAX - waiting)
        return false;
    if (bytes.len > WAITING_BYTES_MAX - stream->end) {
        memmove(stream->bytes, stream->bytes + stream->begin, waiting);
        stream->begin = 0;
        stream->end = waiting;
    }
    memcpy(stream->bytes + stream->end, bytes.ptr, bytes.len);
    stream->end += bytes.len;
    wake(stream);
    return true;
}

void http_stream_end(struct http_stream *stream)
{
    {
        HOLD(&stream->lock);
        stream->ended = true;
        wake(stream);
    }
    let_go(stream);
}

// On the loop.
static ssize_t read_stream(void *closure, uint64_t position, char *block, size_t size)
{
    struct http_stream *stream = closure;
    HOLD(&stream->lock);
    size_t waiting = stream->end - stream->begin;
    (void)position;
    if (waiting == 0 && stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (waiting == 0) {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    size_t taken = waiting < size ? waiting : size;
    memcpy(block, stream->bytes + stream->begin, taken);
    stream->begin += taken;
    return (ssize_t)taken;
}

void stream_release(struct http_stream *stream)
{
    {
        HOLD(&stream->lock);
        stream->gone = true;
        stream->suspended = false;
    }
    let_go(stream);
}

static void leave_stream(void *closure)
{
    stream_release(closure);
}

struct MHD_Response *stream_response(struct http_stream *stream, const struct job *job)
{
    {
        HOLD(&stream->lock);
        stream->server = job->server;
        stream->connection = job->connection;
    }
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream,
                                             leave_stream);
}
