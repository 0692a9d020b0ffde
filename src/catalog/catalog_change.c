// SPDX-License-Identifier: Apache-2.0
#include "catalog_change.h"

#include "catalog.sql.h"
#include "phial/catalog/cache.h"
#include "phial/crypto/crypto.h"
#include "phial/phi/phi.h"
#include "phial/util/array.h"

result catalog_lock(struct db_tx *tx)
{
    int64_t revision = 0;
    return db_one(tx, &catalog_lock_sql, NO_PARAMS, COLUMNS(db_into_i64("revision", &revision)));
}

result catalog_bump(struct db_tx *tx)
{
    return db_exec(tx, &catalog_bump_sql, NO_PARAMS);
}

result catalog_forget(struct db_tx *tx)
{
    TRY(catalog_lock(tx));
    return catalog_bump(tx);
}

result precondition_check(struct precondition precondition, str current)
{
    if (precondition.create_only)
        return FAIL(PRECONDITION_FAILED, "The resource exists.");
    if (precondition.if_match.len == 0)
        return FAIL(PRECONDITION_REQUIRED, "Replacing this resource needs If-Match.");
    str rest = precondition.if_match;
    for (;;) {
        str tag = {0};
        str tail = {0};
        bool more = str_cut(rest, ',', &tag, &tail);
        if (!more)
            tag = rest;
        if (str_eq(tag, STR("*")) || str_eq(tag, current))
            return OK;
        if (!more)
            return FAIL(PRECONDITION_FAILED, "The resource has changed.");
        rest = tail;
    }
}

result precondition_check_named(struct precondition precondition, str current)
{
    return precondition.if_match.len == 0 ? OK : precondition_check(precondition, current);
}

void key_fault(struct json_at document, str key)
{
    size_t before = document.faults->count;
    phi_fault(document, key, SCAN_ALL);
    if (document.faults->count == before && !catalog_key_valid(key))
        json_wrong(document, "invalid_key",
                   "A key is 1 to 64 characters of a-z, 0-9, '.', '_' and '-'.");
}

result document_hash(struct arena *arena, enum document_kind kind, struct json_at document,
                     sha256 *hash)
{
    result hashed = document_sha256(arena, kind, document.value, hash);
    if (hashed.code == ERR_INVALID) {
        json_wrong(document, "invalid",
                   "The document has a number with a fraction, or a name out of other characters "
                   "than A-Z, a-z, 0-9, '.', '_' and '-'.");
        return faults_result(document.faults);
    }
    return hashed;
}

static bool plain_text(str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

// The detectors, as bits, that are off for a scan. What is too complicated to be looked through is
// refused by every one.
static uint64_t detectors_off(enum scan scan)
{
    static const char *const strong[] = {"birth_date", "mrn", "too_complicated", "us_mbi",
                                         "us_ssn"};
    uint64_t on = 0;
    if (scan != SCAN_STRONG)
        return 0;
    for (size_t i = 0; i < COUNT_OF(strong); i++)
        on |= phi_detector_bit(str_from(strong[i]));
    return ~on;
}

void phi_fault(struct json_at at, str text, enum scan scan)
{
    const struct phi_detector *hit =
        scan == SCAN_NOTHING ? NULL : phi_find(text, detectors_off(scan));
    if (hit != NULL)
        faults_add_phi(at.faults, at.pointer, hit->name);
}

void text_fault(struct json_at at, size_t max, enum scan scan)
{
    if (at.value == NULL || !json_is_string(at.value))
        return;
    str text = json_str(at.value);
    if (text.len == 0 || text.len > max || !plain_text(text)) {
        json_wrong(at, "invalid", "The text is empty, too long, or has control characters.");
        return;
    }
    phi_fault(at, text, scan);
}
