// SPDX-License-Identifier: Apache-2.0
// /v1/attestations, /v1/customers/:customer/sources
#include "page.h"
#include "phial/phi/phi.h"
#include "phial/util/encode.h"
#include "reconciliation.h"

#include <string.h>

static void check_source(struct json_at at)
{
    str source = json_str(at.value);
    const struct phi_detector *hit = phi_find(source, 0);
    if (!json_is_string(at.value))
        return; // a fault already
    if (source.len > SOURCE_BYTES_MAX)
        json_wrong(at, "invalid", "A source has at most 128 bytes.");
    else if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
}

// ---- sources and their keys

struct source_question {
    const struct request *request;
    struct source_key key;
    json_t *listed;
};

static void source_release(struct source_question *question)
{
    json_release(&question->listed);
}

static json_t *describe_key(const struct request *request, const struct source_key *key)
{
    return json_pack("{s:o, s:I, s:o, s:o}", "source", json_from_str(key->source), "number",
                     (json_int_t)key->number, "public_key",
                     json_from_str(public_key_print(request->arena, key->public)), "created_at",
                     json_instant_text(request, key->created_at));
}

static result put_key(struct db_tx *tx, void *context)
{
    struct source_question *question = context;
    const struct request *request = question->request;
    struct json_at document = document_of(request);
    struct customer customer = {0};
    str pem = {0};
    question->key = (struct source_key){0};
    TRY(caller_customer(tx, request, request->args[0], &customer));
    if (!json_read(document, FIELDS(json_text("source", &question->key.source),
                                    json_text("public_key", &pem))))
        return faults_result(document.faults);
    check_source(json_member(document, "source"));
    if (failed(public_key_parse(pem, question->key.public)))
        json_wrong(json_member(document, "public_key"), "invalid",
                   "The key is an Ed25519 public key as PEM.");
    TRY(faults_result(document.faults));
    question->key.customer_id = customer.id;
    TRY(source_key_put(tx, &question->key, &caller_of(request)->change));
    record_states(request, question->key.made ? NULL : describe_key(request, &question->key),
                  describe_key(request, &question->key));
    return OK;
}

result post_customers_customer_sources(const struct request *request, struct reply *reply)
{
    struct source_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, put_key, &question));
    return http_reply_json(request, reply, question.key.made ? 201 : 200,
                           describe_key(request, &question.key));
}

json_t *attested_source_print(const struct attested_source *source)
{
    json_t *row = json_pack("{s:o}", "source", json_from_str(source->source));
    if (source->last_seq >= source->first_seq)
        (void)json_object_update_new(row, json_pack("{s:I, s:I, s:I}", "first_seq",
                                                    (json_int_t)source->first_seq, "last_seq",
                                                    (json_int_t)source->last_seq, "absent",
                                                    (json_int_t)source->absent));
    return row;
}

static result add_source(void *context, const struct attested_source *source)
{
    const struct source_question *question = context;
    return json_array_append_new(question->listed, attested_source_print(source)) == 0
               ? OK
               : FAIL(INTERNAL, "out of memory");
}

static result list_sources(struct db_tx *tx, void *context)
{
    struct source_question *question = context;
    const struct request *request = question->request;
    struct customer customer = {0};
    json_release(&question->listed);
    question->listed = json_array();
    TRY(caller_customer(tx, request, request->args[0], &customer));
    return attested_sources_each(tx, customer.id, add_source, question);
}

result get_customers_customer_sources(const struct request *request, struct reply *reply)
{
    OWNED(source_release) struct source_question question = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(db_transact(request->db, request->arena, list_sources, &question));
    return http_reply_json(request, reply, 200,
                           json_pack("{s:O, s:n}", "data", question.listed, "next_cursor"));
}

// ---- attestations

static json_t *describe(const struct request *request, const struct attestation *attestation)
{
    int64_t count = attestation->last_seq - attestation->first_seq + 1;
    return json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "id", json_from_str(attestation->id),
        "customer", json_from_str(attestation->customer), "source",
        json_from_str(attestation->source), "first_seq", (json_int_t)attestation->first_seq,
        "last_seq", (json_int_t)attestation->last_seq, "n", (json_int_t)count, "merkle_root",
        json_from_str(encode_base64(request->arena, sha256_str(&attestation->root))), "signature",
        json_from_str(encode_base64(request->arena, attestation->signature)), "created_at",
        json_instant_text(request, attestation->created_at));
}

struct attesting {
    const struct request *request;
    struct attestation attestation;
};

static void read_ids(struct json_at list, struct attestation *attestation)
{
    size_t count = json_array_size(list.value);
    str *ids = arena_array(list.faults->arena, str, count);
    attestation->ids = ids;
    attestation->id_count = count;
    if (count == 0 || count > ATTESTED_IDS_MAX)
        json_wrong(list, "invalid", "There are 1 to 10,000 ids.");
    for (size_t i = 0; i < count && count <= ATTESTED_IDS_MAX; i++) {
        ids[i] = json_str(json_array_get(list.value, i));
        if (ids[i].len == 0)
            json_wrong(json_item(list, i), "invalid", "An id is a text.");
    }
}

static void read_hash(struct json_at at, str *bytes, size_t len)
{
    if (json_is_string(at.value) &&
        (!decode_base64(at.faults->arena, json_str(at.value), bytes) || bytes->len != len))
        json_wrong(at, "invalid", "It is not so many bytes in base64.");
}

static result read_document(struct json_at document, struct attestation *attestation)
{
    const json_t *manifest = NULL;
    const json_t *ids = NULL;
    str text = {0};
    str root = STR("");
    int64_t count = 0;
    bool whole =
        json_read(document, FIELDS(json_text("customer", &attestation->customer),
                                   json_members("manifest", &manifest),
                                   json_text("signature", &text), json_items("ids", &ids)));
    struct json_at at = json_member(document, "manifest");
    if (!whole || !json_read(at, FIELDS(json_text("source", &attestation->source),
                                        json_i64("first_seq", &attestation->first_seq),
                                        json_i64("last_seq", &attestation->last_seq),
                                        json_i64("n", &count), json_text("merkle_root", &text))))
        return faults_result(document.faults);
    check_source(json_member(at, "source"));
    read_hash(json_member(at, "merkle_root"), &root, SHA256_BYTES);
    read_hash(json_member(document, "signature"), &attestation->signature, ED25519_SIGNATURE_BYTES);
    read_ids(json_member(document, "ids"), attestation);
    if (attestation->first_seq < 0 || count < 1 || count > ATTESTED_IDS_MAX ||
        attestation->last_seq < attestation->first_seq ||
        attestation->last_seq - attestation->first_seq != count - 1 ||
        count != (int64_t)attestation->id_count)
        json_wrong(json_member(at, "n"), "invalid",
                   "n, the numbers from first_seq to last_seq and the ids are as many.");
    TRY(faults_result(document.faults));
    memcpy(attestation->root.bytes, root.ptr, SHA256_BYTES);
    return OK;
}

// What it was refused for, as faults.
static result explain(struct json_at document, const struct attestation *attestation, result why)
{
    struct json_at ids = json_member(document, "ids");
    if (why.code != ERR_INVALID)
        return why;
    if (attestation->wrong_signature)
        json_wrong(json_member(document, "signature"), "invalid", why.detail);
    else if (attestation->wrong_root)
        json_wrong(json_member(json_member(document, "manifest"), "merkle_root"), "invalid",
                   why.detail);
    for (size_t i = 0; attestation->unknown != NULL && i < attestation->id_count; i++) {
        if (attestation->unknown[i])
            json_wrong(json_item(ids, i), "invalid", why.detail);
    }
    if (document.faults->count == 0)
        json_wrong(json_member(json_member(document, "manifest"), "source"), "invalid", why.detail);
    return faults_result(document.faults);
}

static result attest(struct db_tx *tx, void *context)
{
    struct attesting *attesting = context;
    const struct request *request = attesting->request;
    struct json_at document = document_of(request);
    struct customer customer = {0};
    attesting->attestation = (struct attestation){0};
    TRY(read_document(document, &attesting->attestation));
    result found = caller_customer(tx, request, attesting->attestation.customer, &customer);
    if (found.code == ERR_NOT_FOUND && bound_customer(request) == 0) {
        json_wrong(json_member(document, "customer"), "unknown_customer",
                   "There is no such customer.");
        return faults_result(document.faults);
    }
    TRY(found);
    attesting->attestation.customer_id = customer.id;
    result made = attestation_make(tx, &attesting->attestation, &caller_of(request)->change);
    if (failed(made))
        return explain(document, &attesting->attestation, made);
    record_customer(request, customer.key);
    record_made(request, attesting->attestation.id);
    record_states(request, NULL, describe(request, &attesting->attestation));
    return OK;
}

result post_attestations(const struct request *request, struct reply *reply)
{
    struct attesting attesting = {.request = request};
    TRY(http_parameters_known(request, ""));
    TRY(document_required(request));
    TRY(db_transact(request->db, request->arena, attest, &attesting));
    return http_reply_json(request, reply, 201, describe(request, &attesting.attestation));
}

struct attestation_list {
    struct page *page;
    str customer;
    struct attestation_filter filter;
};

static result add_row(void *context, const struct attestation *attestation)
{
    struct attestation_list *list = context;
    return page_add(list->page, attestation->id, describe(list->page->request, attestation));
}

static result list_attestations(struct db_tx *tx, void *context)
{
    struct attestation_list *list = context;
    page_clear(list->page);
    TRY(caller_narrow(tx, list->page->request, list->customer, &list->filter.customer_id));
    if (list->customer.len != 0)
        record_customer(list->page->request, list->customer);
    return attestation_each(tx, &list->filter, add_row, list);
}

result get_attestations(const struct request *request, struct reply *reply)
{
    OWNED(page_release) struct page page = {0};
    TRY(page_open(request, "customer", &page));
    struct attestation_list list = {
        .page = &page,
        .customer = STR(""),
        .filter = {.after = page.after, .limit = page_rows_wanted(&page)},
    };
    (void)http_parameter(request, "customer", &list.customer);
    TRY(db_transact(request->db, request->arena, list_attestations, &list));
    return page_reply(&page, reply);
}
