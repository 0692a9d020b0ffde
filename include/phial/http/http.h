// SPDX-License-Identifier: Apache-2.0
// http.h - requests in, replies out. Knows HTTP, knows nothing about billing.
//
// A handler is straight-line blocking code: it owns its worker thread, its database connection
// and its arena until it returns. It never sees the socket; it fills in a reply, or fails and
// lets the error become a problem document. Where it may do without waiting it is tried without a
// database connection first, on the thread at hand: it fails with WOULD_BLOCK before it has changed
// anything, and is run again by a worker.
#pragma once

#include "phial/db/db.h"
#include "phial/json/json.h"
#include "phial/util/arena.h"
#include "phial/util/faults.h"
#include "phial/util/log.h"
#include "phial/util/result.h"
#include "phial/util/str.h"

#include <stddef.h>
#include <stdint.h>

enum { PATH_ARGS_MAX = 4, REPLY_HEADERS_MAX = 12 };

// What a route reads as its body.
enum body_kind {
    BODY_NONE,  // a body is read and ignored
    BODY_JSON,  // application/json; the handler gets request->json
    BODY_BYTES, // the handler looks at the media type itself
};

struct request {
    str method;
    str path;                // decoded; no NUL, no bad escape
    str args[PATH_ARGS_MAX]; // what the ":name" parts of the route matched, percent-decoded
    str target;              // as sent, for links; never logged
    str media_type;          // of the body, lower case, without parameters; "" when absent
    str body;                // decompressed
    const json_t *json;
    str request_id;
    str trace_id; // the caller's, of a `traceparent`; "" without
    str peer;     // address
    const struct route *route;
    struct faults *faults;
    struct arena *arena;          // everything made for this request
    struct db *db;                // NULL while it is tried without
    void *worker;                 // made by http_options.worker_open; one thread at a time has it
    void *caller;                 // set by http_options.enter: who asks
    struct http_message *message; // headers and parameters; see below
};

str http_header(const struct request *request, const char *name); // "" when absent
// All lines of that name as one list: for headers whose value is a list.
str http_header_list(const struct request *request, const char *name);
bool http_has_header(const struct request *request, const char *name);
// Query parameters, decoded, "+" as a blank. False when absent; a name given twice is refused
// before the handler runs.
bool http_parameter(const struct request *request, const char *name, str *value);
// BAD_PARAMETER when the query names anything that is not in the blank-separated list.
result http_parameters_known(const struct request *request, const char *names);

struct reply;
struct http_stream;
typedef result (*http_handler)(const struct request *request, struct reply *reply);

struct reply {
    int status;
    str media_type; // application/json by default
    str body;
    int file; // >= 0: the body is file_bytes of this descriptor's, which is closed
    int64_t file_from;
    int64_t file_bytes;
    struct http_stream *stream; // not NULL: the body is what is put into it
    struct {
        const char *name;
        str value;
    } headers[REPLY_HEADERS_MAX];
    size_t header_count;
    http_handler later; // see http_resume
};

void http_reply_header(struct reply *reply, const char *name, str value);
result http_reply_json(const struct request *request, struct reply *reply, int status,
                       json_t *json); // takes over json; NULL (a failed json_pack) is INTERNAL
result http_reply_text(struct reply *reply, int status, const char *media_type, str body);

// A body that goes on, in chunks, as bytes are put into it by any thread; who made it ends it.
// False when it has become pointless: the client has gone, or leaves more waiting than a stream
// holds. All streams are ended before http_stop.
result http_reply_stream(struct reply *reply, const char *media_type, struct http_stream **stream);
bool http_stream_put(struct http_stream *stream, str bytes);
void http_stream_end(struct http_stream *stream);

// A handler whose work others finish sets reply->later, returns OK and lets its worker go. Once
// http_resume has been called, by any thread and be it before the handler has returned, `later`
// runs as the handler did, on whatever worker is free: request->db and request->worker are that
// one's. It may set `later` again.
void http_resume(const struct request *request);

struct route {
    const char *method;
    const char *path; // "/v1/invoices/:invoice/issue"
    http_handler handler;
    enum body_kind body;
    const char *scope;   // what the key needs; "" for none, "any" for any valid key
    const char *summary; // one line for docs/api.md and the OpenAPI document
};

struct route_table {
    const struct route *routes;
    size_t count;
};

// Pure. NOT_FOUND when no route has the path, METHOD_NOT_ALLOWED when one has it for another
// method. A literal part wins over a ":name" part.
result http_match(struct route_table table, str method, str path, const struct route **route,
                  str args[PATH_ARGS_MAX]);

// The daemon around it: one event loop, `workers` threads, one connection each.
struct http_server;
struct http_options {
    const char *address;
    int port; // 0: any free one; see http_port
    int workers;
    int queue_max; // requests that may wait; beyond it 503
    int connections_max;
    size_t body_bytes_max; // decoded
    struct db_options database;
    const char *tls_certificate; // PEM text, NULL without TLS
    const char *tls_key;
    const struct log *log;
    struct route_table routes;
    const struct route *quick; // the one that is tried on the event loop; NULL for none
    void *context;             // for the hooks
    void *(*worker_open)(void *context, struct db *db);
    void (*worker_close)(void *worker);
    // Runs before every handler, on the worker: authenticates, checks the scope, may answer itself
    // (reply->status set). leave runs after, with the reply to be sent.
    result (*enter)(void *context, struct request *request, struct reply *reply);
    void (*leave)(void *context, struct request *request, struct reply *reply, result outcome);
};
result http_start(const struct http_options *options, struct http_server **server);
int http_port(const struct http_server *server);
void http_drain(
    struct http_server *server); // takes no new connections, lets running requests finish
void http_stop(struct http_server *server); // drain, then close

// For /metrics: summed over the life of the server, but for the last two.
struct http_figures {
    uint64_t requests_by_class[6]; // [2] is 2xx
    uint64_t framing_refused;
    uint64_t overload_refused;
    uint64_t connections; // accepted
    uint64_t queued;      // requests that a worker was to serve
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t seconds_buckets[12]; // see http_bucket_bounds_us
    uint64_t seconds_sum_us;
    uint64_t connections_open; // now
    uint64_t queue_length;     // now
};
extern const uint64_t http_bucket_bounds_us[11]; // the twelfth bucket is +Inf
void http_figures_read(const struct http_server *server, struct http_figures *figures);

// Makes the problem document of a failure: used by the server and by tests.
void http_problem(const struct request *request, struct reply *reply, result why);
