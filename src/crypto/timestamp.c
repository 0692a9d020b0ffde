// SPDX-License-Identifier: Apache-2.0
#include "phial/crypto/timestamp.h"

#include "phial/crypto/crypto.h"
#include "phial/util/owned.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ts.h>

enum { NONCE_BYTES = 8 };

static void query_release(TS_REQ **query)
{
    TS_REQ_free(*query);
}

static void reply_release(TS_RESP **reply)
{
    TS_RESP_free(*reply);
}

static void context_release(TS_VERIFY_CTX **context)
{
    TS_VERIFY_CTX_free(*context);
}

static void imprint_release(TS_MSG_IMPRINT **imprint)
{
    TS_MSG_IMPRINT_free(*imprint);
}

static void algorithm_release(X509_ALGOR **algorithm)
{
    X509_ALGOR_free(*algorithm);
}

static void integer_release(ASN1_INTEGER **integer)
{
    ASN1_INTEGER_free(*integer);
}

static bool set_imprint(TS_REQ *query, str message)
{
    OWNED(imprint_release) TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    OWNED(algorithm_release) X509_ALGOR *algorithm = X509_ALGOR_new();
    sha256 hash = sha256_of(message);
    return imprint != NULL && algorithm != NULL &&
           X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
           TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
           TS_MSG_IMPRINT_set_msg(imprint, hash.bytes, SHA256_BYTES) == 1 &&
           TS_REQ_set_msg_imprint(query, imprint) == 1;
}

static bool set_nonce(TS_REQ *query)
{
    uint64_t random = 0;
    OWNED(integer_release) ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    crypto_random(&random, NONCE_BYTES);
    return nonce != NULL && ASN1_INTEGER_set_uint64(nonce, random >> 1) == 1 &&
           TS_REQ_set_nonce(query, nonce) == 1;
}

result timestamp_ask(struct arena *arena, str message, str *query)
{
    OWNED(query_release) TS_REQ *made = TS_REQ_new();
    bool whole = made != NULL && TS_REQ_set_version(made, 1) == 1 && set_imprint(made, message) &&
                 set_nonce(made) && TS_REQ_set_cert_req(made, 1) == 1;
    int len = whole ? i2d_TS_REQ(made, NULL) : 0;
    ERR_clear_error();
    if (len <= 0)
        return FAIL(INTERNAL, "the library makes no time stamp query");
    unsigned char *bytes = arena_array(arena, unsigned char, (size_t)len);
    unsigned char *end = bytes;
    int written = i2d_TS_REQ(made, &end);
    assert(written == len);
    (void)written;
    *query = (str){(const char *)bytes, (size_t)len};
    return OK;
}

// The store goes to the context.
static bool trust(TS_VERIFY_CTX *context, const char *ca_path)
{
    X509_STORE *store = X509_STORE_new();
    if (store == NULL || X509_STORE_load_file(store, ca_path) != 1) {
        X509_STORE_free(store);
        return false;
    }
    (void)TS_VERIFY_CTX_set_store(context, store);
    return true;
}

static bool holds(TS_REQ *query, TS_RESP *reply, str message, const char *ca_path)
{
    OWNED(context_release) TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(query, NULL);
    sha256 hash = sha256_of(message);
    unsigned flags = TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_NONCE;
    TS_MSG_IMPRINT *imprint = TS_REQ_get_msg_imprint(query);
    const ASN1_OCTET_STRING *asked = TS_MSG_IMPRINT_get_msg(imprint);
    if (context == NULL || !str_eq((str){(const char *)ASN1_STRING_get0_data(asked),
                                         (size_t)ASN1_STRING_length(asked)},
                                   sha256_str(&hash)))
        return false;
    if (ca_path != NULL && !trust(context, ca_path))
        return false;
    if (ca_path != NULL)
        flags |= TS_VFY_SIGNATURE;
    (void)TS_VERIFY_CTX_set_flags(context, (int)flags);
    return TS_RESP_verify_response(context, reply) == 1;
}

result timestamp_check(str message, str query, str reply, const char *ca_path)
{
    const unsigned char *asked = (const unsigned char *)query.ptr;
    const unsigned char *answered = (const unsigned char *)reply.ptr;
    OWNED(query_release) TS_REQ *read_query = d2i_TS_REQ(NULL, &asked, (long)query.len);
    OWNED(reply_release) TS_RESP *read_reply = d2i_TS_RESP(NULL, &answered, (long)reply.len);
    bool good = read_query != NULL && read_reply != NULL &&
                answered == (const unsigned char *)reply.ptr + reply.len &&
                holds(read_query, read_reply, message, ca_path);
    ERR_clear_error();
    return good ? OK : FAIL(VERIFICATION_FAILED, "the reply is no time stamp of what was asked");
}
