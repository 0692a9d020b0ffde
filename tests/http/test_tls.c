// SPDX-License-Identifier: Apache-2.0
// The guard reads what GnuTLS decrypted: over TLS the same requests are refused.
#include "wire.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

struct pem {
    gnutls_datum_t key;
    gnutls_datum_t certificate;
};

static void make_certificate(struct pem *pem)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t certificate = NULL;
    ck_assert_int_eq(gnutls_x509_privkey_init(&key), 0);
    ck_assert_int_eq(gnutls_x509_privkey_generate(
                         key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    ck_assert_int_eq(gnutls_x509_crt_init(&certificate), 0);
    time_t now = time(NULL);
    ck_assert_int_eq(gnutls_x509_crt_set_version(certificate, 3), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_serial(certificate, "\x01", 1), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_activation_time(certificate, now - 60), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_expiration_time(certificate, now + 3600), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_key(certificate, key), 0);
    ck_assert_int_eq(gnutls_x509_crt_set_dn(certificate, "CN=localhost", NULL), 0);
    ck_assert_int_eq(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0), 0);
    ck_assert_int_eq(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem->key), 0);
    ck_assert_int_eq(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem->certificate),
                     0);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
}

static void tls_start(struct wire *wire, struct pem *pem)
{
    struct http_options options = wire_options(wire);
    struct http_limits limits = wire_limits();
    make_certificate(pem);
    options.tls_certificate = (const char *)pem->certificate.data;
    options.tls_key = (const char *)pem->key.data;
    ck_assert_ok(http_start_limited(&options, &limits, &wire->server));
}

static void tls_stop(struct wire *wire, struct pem *pem)
{
    http_stop(wire->server);
    gnutls_free(pem->certificate.data);
    gnutls_free(pem->key.data);
}

// Sends each piece as a record of its own, and reads until the server ends.
static void tls_exchange(const struct wire *wire, const char *const *pieces, size_t count,
                         char *answer)
{
    gnutls_session_t tls = NULL;
    gnutls_certificate_credentials_t trust = NULL;
    int fd = wire_connect(wire);
    ck_assert_int_eq(gnutls_init(&tls, GNUTLS_CLIENT), 0);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&trust), 0);
    ck_assert_int_eq(gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, trust), 0);
    ck_assert_int_eq(gnutls_set_default_priority(tls), 0);
    gnutls_transport_set_int(tls, fd);
    ck_assert_int_eq(gnutls_handshake(tls), 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_gt(gnutls_record_send(tls, pieces[i], strlen(pieces[i])), 0);
    size_t len = 0;
    ssize_t got = 0;
    gnutls_record_set_timeout(tls, PATIENCE_MS);
    while ((got = gnutls_record_recv(tls, answer + len, ANSWER_MAX - 1 - len)) > 0)
        len += (size_t)got;
    answer[len] = '\0';
    ck_assert_msg(got == 0 || got == GNUTLS_E_PREMATURE_TERMINATION, "%zd", got);
    gnutls_deinit(tls);
    gnutls_certificate_free_credentials(trust);
    (void)close(fd);
}

#define EVIL "GET /marked HTTP/1.1\r\nHost: a\r\n\r\n"

START_TEST(guards_encrypted_connections)
{
    static const struct {
        const char *pieces[3];
        size_t count;
        size_t served;
        const char *refused;
    } cases[] = {
        {{"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}, 1, 1, NULL},
        {{"GET /hello HTTP/1.1\r\n", "Host: a\r\nConnection: close\r\n", "\r\n"}, 3, 1, NULL},
        {{"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /marked HTTP/1.1\r\n\r\n" EVIL},
         1,
         1,
         "HTTP/1.1 400"},
        {{"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
          "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL},
         1,
         0,
         "HTTP/1.1 400"},
        {{"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /marked HTTP/1.1\r\n",
          "Host : a\r\n\r\n" EVIL},
         3,
         1,
         "HTTP/1.1 400"},
        {{"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /hel"}, 2, 1, "HTTP/1.1 408"},
    };
    struct wire wire = {0};
    struct pem pem = {0};
    tls_start(&wire, &pem);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char answer[ANSWER_MAX] = "";
        tls_exchange(&wire, cases[i].pieces, cases[i].count, answer);
        ck_assert_msg(wire_count(answer, "HTTP/1.1 200") == cases[i].served, "%zu: %s", i, answer);
        if (cases[i].refused != NULL)
            ck_assert_msg(strstr(answer, cases[i].refused) != NULL, "%zu: %s", i, answer);
        ck_assert_msg(wire_count(answer, "application/problem+json") == (cases[i].refused != NULL),
                      "%zu: %s", i, answer);
    }
    ck_assert_int_eq(wire.marked, 0);
    tls_stop(&wire, &pem);
}
END_TEST

// What is not TLS gets no answer in plain text.
START_TEST(speaks_tls_only)
{
    struct wire wire = {0};
    struct pem pem = {0};
    tls_start(&wire, &pem);
    char *answer = wire_exchange(&wire, STR(EVIL));
    ck_assert_ptr_null(strstr(answer, "HTTP"));
    free(answer);
    ck_assert_int_eq(wire.executed, 0);
    tls_stop(&wire, &pem);
}
END_TEST

START_TEST(refuses_a_key_that_is_none)
{
    struct wire wire = {0};
    struct http_options options = wire_options(&wire);
    options.tls_certificate = "no certificate";
    options.tls_key = "no key";
    ck_assert_fails(BAD_CONFIG, http_start(&options, &wire.server));
}
END_TEST

TEST_MAIN("http/tls", guards_encrypted_connections, speaks_tls_only, refuses_a_key_that_is_none)
