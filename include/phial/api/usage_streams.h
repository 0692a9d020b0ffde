// SPDX-License-Identifier: Apache-2.0
// usage_streams.h - what the running periods come to, sent to whoever listens: at once, and again
// within two seconds of an event's acceptance through any daemon. One thread with a connection of
// its own serves them all.
#pragma once

#include "phial/db/db.h"
#include "phial/http/http.h"
#include "phial/util/log.h"

struct usage_streams;

struct usage_streams_options {
    struct db_options database;
    bool test_clock;
    const struct log *log;
};
result usage_streams_start(const struct usage_streams_options *options,
                           struct usage_streams **streams);
// Ends every stream. Before http_stop; none is taken afterwards.
void usage_streams_stop(struct usage_streams *streams);
void usage_streams_close(struct usage_streams *streams); // when no handler can come any more

// Who listens. The key is looked at again whenever the catalog changes, and when it expires.
struct listener {
    int64_t customer_id;
    str presented; // the API key
};
// BUSY where as many listen as may, STOPPING. The reply is the stream then.
result usage_streams_add(struct usage_streams *streams, const struct listener *listener,
                         struct reply *reply);
