// SPDX-License-Identifier: Apache-2.0
// The reference of the single-event load's front end: libmicrohttpd with a handler that does
// nothing. It takes what `phial bench single` sends and answers as if every event were new; its
// ledger stays empty, so the bench prints its figures and then says that they do not agree.
#include "phial/util/array.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct MHD_Response *text(char *body, const char *type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
    (void)MHD_add_response_header(response, "Content-Type", type);
    return response;
}

// NOLINTNEXTLINE(readability-function-size,readability-non-const-parameter): it is MHD's signature
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **request)
{
    (void)url;
    (void)version;
    (void)upload;
    if (*request == NULL) {
        *request = context; // seen
        return MHD_YES;
    }
    if (*upload_len != 0) {
        *upload_len = 0;
        return MHD_YES;
    }
    struct MHD_Response **responses = context;
    if (strcmp(method, "POST") == 0)
        return MHD_queue_response(connection, MHD_HTTP_CREATED, responses[0]);
    if (strcmp(method, "PUT") == 0)
        return MHD_queue_response(connection, MHD_HTTP_CREATED, responses[1]);
    return MHD_queue_response(connection, MHD_HTTP_OK, responses[2]);
}

int main(void)
{
    char taken[] = "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,\"results\":[]}";
    char made[] = "{}";
    char checkpoint[] = "empty\n0\nAAAA\n\n";
    struct MHD_Response *responses[] = {text(taken, "application/json"),
                                        text(made, "application/json"),
                                        text(checkpoint, "text/plain")};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    sigset_t ends;
    int signal_number = 0;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, responses, MHD_OPTION_SOCK_ADDR,
        &address, MHD_OPTION_CONNECTION_LIMIT, 2000U, MHD_OPTION_END);
    if (daemon == NULL)
        return 1;
    (void)printf("ready http://127.0.0.1:%u\n",
                 (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    (void)fflush(stdout);
    (void)sigwait(&ends, &signal_number);
    MHD_stop_daemon(daemon);
    for (size_t i = 0; i < COUNT_OF(responses); i++)
        MHD_destroy_response(responses[i]);
    return 0;
}
