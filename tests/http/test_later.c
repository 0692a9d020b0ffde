// SPDX-License-Identifier: Apache-2.0
// Requests whose answer comes after their handler has let its worker go.
#include "wire.h"

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

START_TEST(answers_what_is_resumed_before_its_handler_returns)
{
    struct wire wire = {0};
    wire_start(&wire);
    for (int i = 0; i < 50; i++) {
        char *answer = wire_exchange(&wire, STR("GET /later?a=once" END));
        ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
        ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
        free(answer);
    }
    ck_assert_int_eq(wire.executed, 150); // the handler, and twice later
    ck_assert_int_eq(wire.left, 50);
    char *answer = wire_exchange(&wire, STR("GET /later?a=fail" END));
    ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 503"));
    ck_assert_ptr_nonnull(strstr(answer, "\"code\":\"busy\""));
    free(answer);
    http_stop(wire.server);
}
END_TEST

static const struct request *await_parked(struct wire *wire)
{
    const struct request *parked = NULL;
    for (int i = 0; i < PATIENCE_MS && parked == NULL; i++) {
        parked = atomic_exchange(&wire->parked, NULL);
        if (parked == NULL)
            (void)usleep(1000);
    }
    ck_assert_ptr_nonnull(parked);
    return parked;
}

START_TEST(waiting_takes_no_worker)
{
    enum { WAITING = 5 }; // of two workers
    struct wire wire = {0};
    wire_start(&wire);
    int fds[WAITING];
    const struct request *parked[WAITING];
    char *answer = calloc(1, ANSWER_MAX);
    for (int i = 0; i < WAITING; i++) {
        fds[i] = wire_connect(&wire);
        ck_assert(wire_send(fds[i], "GET /later?a=wait" END, strlen("GET /later?a=wait" END)));
        parked[i] = await_parked(&wire);
    }
    char *meanwhile = wire_exchange(&wire, STR("GET /hello" END));
    ck_assert_ptr_nonnull(strstr(meanwhile, "HTTP/1.1 200"));
    free(meanwhile);
    for (int i = WAITING - 1; i >= 0; i--) {
        http_resume(parked[i]);
        answer[0] = '\0';
        ck_assert(wire_read(fds[i], answer, NULL, PATIENCE_MS));
        ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
        (void)close(fds[i]);
    }
    free(answer);
    http_stop(wire.server);
}
END_TEST

static void *resume_soon(void *argument)
{
    (void)usleep(200000);
    http_resume(argument);
    return NULL;
}

START_TEST(stops_only_when_what_waits_has_been_answered)
{
    struct wire wire = {0};
    wire_start(&wire);
    int fd = wire_connect(&wire);
    char *answer = calloc(1, ANSWER_MAX);
    ck_assert(wire_send(fd, "GET /later?a=wait" END, strlen("GET /later?a=wait" END)));
    const struct request *parked = await_parked(&wire);
    pthread_t resumer;
    ck_assert_int_eq(pthread_create(&resumer, NULL, resume_soon, (void *)(uintptr_t)parked), 0);
    http_stop(wire.server);
    (void)pthread_join(resumer, NULL);
    ck_assert(wire_read(fd, answer, NULL, PATIENCE_MS));
    ck_assert_ptr_nonnull(strstr(answer, "\r\n\r\nhello"));
    (void)close(fd);
    free(answer);
}
END_TEST

TEST_MAIN("http later", answers_what_is_resumed_before_its_handler_returns, waiting_takes_no_worker,
          stops_only_when_what_waits_has_been_answered)
