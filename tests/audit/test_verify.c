// SPDX-License-Identifier: Apache-2.0
#include "verify_fixture.h"

START_TEST(verifies_a_genuine_export)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    OWNED(json_release)
    json_t *statement = parsed(str_to_c(&built.arena, built.statements[0].bytes));
    // 8 events of 2 and one of 5 at 0.75, a fee of 10.00, and 8.25 % on 25.75.
    ck_assert_str_eq(json_string_value(json_object_get(statement, "subtotal")), "25.75");
    ck_assert_str_eq(json_string_value(json_object_get(statement, "total")), "27.87");

    struct outcome outcome = verify_built(&built);
    ck_assert_str_eq(outcome.text, "");
    ck_assert_int_eq(outcome.verification.faults, 0);
    ck_assert_int_eq(outcome.verification.entries, INVOICE_SIZE + 2);
    ck_assert_int_eq(outcome.verification.invoices, 1);
    ck_assert_int_eq(outcome.verification.size, INVOICE_SIZE + 2);
    ck_assert(str_eq(outcome.verification.customer, STR(CUSTOMER)));
    sha256 root = root_of(&built, whole.size);
    ck_assert(str_eq(outcome.verification.root, encode_base64(&built.arena, sha256_str(&root))));
    built_release(&built);
}
END_TEST

START_TEST(verifies_any_range_that_holds_what_its_invoices_need)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    for (size_t size = 1; size <= built.leaf_count; size++) {
        for (size_t to = 0; to <= size; to++) {
            for (size_t from = 0; from <= to; from++) {
                if (from != 0 && from <= INVOICE_SIZE && to > INVOICE_SIZE)
                    continue;
                files_build(&built, (struct range){from, to, size, size / 2});
                struct outcome outcome = verify_built(&built);
                ck_assert_msg(outcome.verification.faults == 0, "[%zu, %zu) of %zu: %s", from, to,
                              size, outcome.text);
            }
        }
    }
    built_release(&built);
}
END_TEST

START_TEST(refuses_a_range_that_begins_too_late)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, (struct range){2, whole.to, whole.size, 0});
    struct outcome outcome = verify_built(&built);
    expect(&outcome, "cannot be recounted: its subscription is not in the export");
    files_build(&built, (struct range){1, whole.to, whole.size, 0});
    outcome = verify_built(&built);
    expect(&outcome, "the plan version that it names is not in the export");
    built_release(&built);
}
END_TEST

// Whoever changes a file without the key: the sums tell, and mostly something else too.
START_TEST(refuses_every_file_changed_in_one_byte)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    for (size_t i = 0; i < built.file_count; i++) {
        str genuine = built.files[i].bytes;
        size_t step = genuine.len / 16 + 1;
        for (size_t at = 0; at < genuine.len; at += step) {
            char *changed = arena_array(&built.arena, char, genuine.len);
            memcpy(changed, genuine.ptr, genuine.len);
            changed[at] ^= 1;
            built.files[i].bytes = (str){changed, genuine.len};
            struct outcome outcome = verify_built(&built);
            ck_assert_msg(outcome.verification.faults > 0, "%s at %zu",
                          str_to_c(&built.arena, built.files[i].name), at);
        }
        built.files[i].bytes = genuine;
    }
    built_release(&built);
}
END_TEST

static str lines_without(struct built *built, size_t index)
{
    struct buf entries = {.arena = &built->arena};
    for (size_t i = 0; i < built->leaf_count; i++) {
        if (i != index)
            buf_addf(&entries, "%" STR_FMT "\n", STR_ARG(built->leaves[i]));
    }
    return buf_str(&entries);
}

static str lines_swapped(struct built *built, size_t index)
{
    struct buf entries = {.arena = &built->arena};
    for (size_t i = 0; i < built->leaf_count; i++) {
        size_t other = i == index ? i + 1 : i == index + 1 ? index : i;
        buf_addf(&entries, "%" STR_FMT "\n", STR_ARG(built->leaves[other]));
    }
    return buf_str(&entries);
}

// Even whoever holds the key for the sums cannot change what the signed root covers.
START_TEST(refuses_entries_dropped_swapped_or_edited_though_the_sums_are_signed)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    str genuine = get_file(&built, "entries.ndjson");

    put_file(&built, "entries.ndjson", lines_without(&built, 6));
    sums_build(&built);
    struct outcome outcome = verify_built(&built);
    expect(&outcome, "There are 15 entries where the manifest says 16.");

    put_file(&built, "entries.ndjson", lines_swapped(&built, 6));
    sums_build(&built);
    outcome = verify_built(&built);
    expect(&outcome, "The root of the leaves and nodes is not the checkpoint's.");
    expect(&outcome, "Entry 7 is dated before the one that precedes it.");

    put_file(&built, "entries.ndjson",
             replaced(&built.arena, genuine, "\"quantity\":\"2\"", "\"quantity\":\"3\""));
    sums_build(&built);
    outcome = verify_built(&built);
    expect(&outcome, "The root of the leaves and nodes is not the checkpoint's.");
    expect(&outcome, "recounted");

    put_file(&built, "entries.ndjson", str_slice(genuine, 0, genuine.len - 1));
    sums_build(&built);
    outcome = verify_built(&built);
    expect(&outcome, "The last line of entries.ndjson is cut off.");
    built_release(&built);
}
END_TEST

START_TEST(refuses_edited_statements_though_the_sums_are_signed)
{
    static const struct {
        const char *from;
        const char *to;
        const char *sentence;
    } cases[] = {
        {"\"total\":\"27.87\"", "\"total\":\"27.86\"", "its total is not its entry's."},
        {"\"status\":\"issued\"", "\"status\":\"void\"", "its status is not its entry's."},
        {"\"quantity\":\"21\"", "\"quantity\":\"20\"", "its lines is not its entry's."},
        {"\"number\":\"2026-000001\",", "", "it lacks its entry's number."},
        {"\"total\":", "\"grand\":\"1\",\"total\":", "its grand is not its entry's."},
        {"invoice-1", "invoice-2", "is the statement of no entry of this export."},
        {"{", "[", "is no JSON object."},
        {"\"unpaid\"", "\"forgiven\"", "its payment_status is none that there is."},
        {"\"total\":", "\"grand\":null,\"total\":", "its grand is not its entry's."},
    };
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    str genuine = get_file(&built, "invoices/2026-000001.json");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        put_file(&built, "invoices/2026-000001.json",
                 replaced(&built.arena, genuine, cases[i].from, cases[i].to));
        sums_build(&built);
        struct outcome outcome = verify_built(&built);
        expect(&outcome, cases[i].sentence);
    }
    drop_file(&built, "invoices/2026-000001.json");
    put_file(&built, "invoices/2026-000002.json", genuine);
    sums_build(&built);
    struct outcome outcome = verify_built(&built);
    expect(&outcome, "invoices/2026-000002.json is not named after its number.");
    drop_file(&built, "invoices/2026-000002.json");
    sums_build(&built);
    outcome = verify_built(&built);
    expect(&outcome, "The statement of the invoice in entry 14 is missing.");
    built_release(&built);
}
END_TEST

// Faults that the log itself holds: an operator with every key made them.
START_TEST(refuses_a_log_that_is_wrong_in_itself)
{
    static const struct {
        enum wrong wrong;
        const char *sentence;
    } cases[] = {
        {WRONG_IDENTITY_TWICE, "Entry 9 has the source and id of the event in entry 8."},
        {WRONG_TIME_ORDER, "Entry 5 is dated before the one that precedes it."},
        {WRONG_VOID_TWICE, "Entry 13 refers to an event that was voided before."},
        {WRONG_VOID_OF_A_PLAN, "Entry 12 refers to an entry that is no event."},
        {WRONG_REFERENCE_LEAF, "Entry 12 refers to another leaf than stands at its index."},
        {WRONG_REFERENCE_AHEAD, "Entry 12 refers to an entry that is not before it."},
        {WRONG_REASON, "Entry 12: it gives no reason."},
        {WRONG_BYTES, "Entry 7: it is not in canonical form."},
        {WRONG_KIND, "Entry 7: its kind is unknown."},
        {WRONG_MEMBER, "Entry 7: its event has not the members that an event has."},
        {WRONG_CUSTOMER, "Entry 7: it is not of the manifest's customer."},
        {WRONG_VERSION, "Entry 7: its version is not 1."},
        {WRONG_QUANTITY_FORM, "Entry 7: its event has not the members that an event has."},
        {WRONG_TIME_FORM, "Entry 7: its event has not the members that an event has."},
        {WRONG_NULL, "Entry 7: it is not in canonical form."},
        {WRONG_SET, "Entry 13: its set is not a quantity, properties or a time."},
        {WRONG_TOTAL, "Entry 14: total is 27.88, recounted 27.87."},
        {WRONG_LINE, "Entry 14: line 1 (reads): quantity is 22, recounted 21."},
        {WRONG_PERIOD, "its period does not begin and end where it should."},
        {WRONG_LEDGER_ROOT, "Entry 14: its ledger's root is not that of the log's prefix."},
        {WRONG_LEDGER_SIZE, "Entry 14: it was computed on entries that follow it."},
        {WRONG_PLAN_SHA256, "its plan is not what its sha256 says."},
        {WRONG_METRIC_VERSION, "the plan version that it names is not in the export."},
        {WRONG_SUBSCRIPTION, "its subscription is not in the export."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_build(&built, cases[i].wrong);
        files_build(&built, whole);
        struct outcome outcome = verify_built(&built);
        expect(&outcome, cases[i].sentence);
        ck_assert_ptr_null(strstr(outcome.text, "SHA256SUMS"));
        ck_assert_ptr_null(strstr(outcome.text, "The root of"));
        built_release(&built);
    }
}
END_TEST

START_TEST(takes_a_manifest_with_the_period_asked_for)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    put_file(&built, "manifest.json",
             replaced(&built.arena, get_file(&built, "manifest.json"), "\"period\":{}",
                      "\"period\":{\"from\":\"2026-11-01T04:00:00.5Z\","
                      "\"to\":\"2026-12-03T10:00:15.000000Z\"}"));
    sums_build(&built);
    struct outcome outcome = verify_built(&built);
    ck_assert_str_eq(outcome.text, "");
    built_release(&built);
}
END_TEST

// One file exchanged for another text, and the sums signed again.
START_TEST(refuses_heads_and_proofs_that_do_not_fit)
{
    static const struct {
        const char *file;
        const char *from;
        const char *to;
        const char *sentence;
    } cases[] = {
        {"manifest.json", "phial-export/1", "phial-export/2", "manifest.json is not a manifest"},
        {"manifest.json", "\"size\":16", "\"size\":17", "manifest's size is not the checkpoint's"},
        {"manifest.json", "\"entries\":16", "\"entries\":15", "manifest.json is not a manifest"},
        {"manifest.json", "\"root\":\"", "\"root\":\"AA", "manifest.json is not a manifest"},
        {"manifest.json", SERVER, "billing.elsewhere", "does not open under the log's name"},
        {"manifest.json", CUSTOMER, "clinic-043", "does not open under the log's name"},
        {"manifest.json", "\"purpose\"", "\"purpoze\"", "manifest.json is not a manifest"},
        {"manifest.json", "\"period\":{}", "\"period\":[]", "manifest.json is not a manifest"},
        {"manifest.json", "\"period\":{}", "\"period\":{\"since\":\"\"}",
         "manifest.json is not a manifest"},
        {"manifest.json", "\"period\":{}", "\"period\":{\"from\":\"2026-11-01\"}",
         "manifest.json is not a manifest"},
        {"manifest.json", "\"period\":{},", "", "manifest.json is not a manifest"},
        {"manifest.json", "{\"format\"", "{\"note\":\"\",\"format\"",
         "manifest.json is not a manifest"},
        {"manifest.json", "2026-12-04T00:00:00Z", "2026-12-04T00:00:00+00:00",
         "manifest.json is not a manifest"},
        {"manifest.json", "2026-12-04T00:00:00Z", "yesterday", "manifest.json is not a manifest"},
        {"checkpoint", "\n16\n", "\n15\n", "does not open under the log's name"},
        {"checkpoint.body", "\n16\n", "\n15\n", "checkpoint.body is not the body"},
        {"proof.json", "[]", "[{\"from\":0,\"to\":1,\"hash\":\"\"}]", "proof.json is not a list"},
        {"proof.json", "[]", "[],\"more\":1", "proof.json is not a list"},
        {"proof.json", "[]",
         "[{\"from\":0,\"to\":1,\"hash\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}]",
         "the nodes are not those that the range needs"},
        {"proof.json", "{", "[", "proof.json is not JSON."},
        {"SHA256SUMS", "  VERIFY.md", " *VERIFY.md", "The signature of SHA256SUMS does not hold"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct built built;
        log_build(&built, NOTHING_WRONG);
        files_build(&built, whole);
        str text = get_file(&built, cases[i].file);
        put_file(&built, cases[i].file, replaced(&built.arena, text, cases[i].from, cases[i].to));
        if (!str_eq(str_from(cases[i].file), STR("SHA256SUMS")))
            sums_build(&built);
        struct outcome outcome = verify_built(&built);
        expect(&outcome, cases[i].sentence);
        built_release(&built);
    }
}
END_TEST

START_TEST(refuses_an_archive_that_lacks_a_file)
{
    static const char *const names[] = {
        "manifest.json",  "entries.ndjson", "checkpoint",     "checkpoint.body",
        "checkpoint.sig", "proof.json",     "ledger.pub.pem", "VERIFY.md",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct built built;
        log_build(&built, NOTHING_WRONG);
        files_build(&built, whole);
        drop_file(&built, names[i]);
        struct outcome outcome = verify_built(&built);
        expect(&outcome, str_printf(&built.arena, "SHA256SUMS lists '%s'", names[i]).ptr);
        sums_build(&built);
        outcome = verify_built(&built);
        expect(&outcome, str_printf(&built.arena, "The archive lacks %s.", names[i]).ptr);
        built_release(&built);
    }
}
END_TEST

START_TEST(refuses_another_key)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, whole);
    const char *path = scratch(&built.arena, "export.tar");
    const char *other = scratch(&built.arena, "other.pem");
    unsigned char seed[32] = {8};
    unsigned char public[ED25519_PUBLIC_BYTES];
    struct signing_key *key = NULL;
    ck_assert_ok(signing_key_parse((str){(const char *)seed, sizeof seed}, &key));
    signing_key_public(key, public);
    write_file(other, public_key_print(&built.arena, public));
    tar_build(&built, path, NULL, MEMBER_FILE);
    struct outcome outcome = verify_files_at(&built, path, other, NULL);
    expect(&outcome, "ledger.pub.pem is not the key that was given.");
    expect(&outcome, "The signature of SHA256SUMS does not hold under the key given.");
    expect(&outcome, "The checkpoint does not open under the log's name");

    struct verification untouched = {.faults = 77};
    ck_assert_fails(
        NOT_FOUND, verify_export(&built.arena, path, "/nowhere/key.pem", NULL, stderr, &untouched));
    ck_assert_fails(NOT_FOUND, verify_export(&built.arena, "/nowhere/export.tar", other, NULL,
                                             stderr, &untouched));
    write_file(other, STR("no key"));
    ck_assert_fails(INVALID, verify_export(&built.arena, path, other, NULL, stderr, &untouched));
    ck_assert_int_eq(untouched.faults, 77);
    (void)unlink(path);
    (void)unlink(other);
    signing_key_close(key);
    built_release(&built);
}
END_TEST

// The export of `range` against one of the whole log at `size`, out of the log `older`.
static struct outcome verify_against(struct built *built, struct range range, struct built *older,
                                     size_t size)
{
    const char *path = scratch(&built->arena, "newer.tar");
    const char *against = scratch(&built->arena, "older.tar");
    const char *key = key_file(built);
    files_build(older, (struct range){0, size, size, 0});
    tar_build(older, against, NULL, MEMBER_FILE);
    files_build(built, range);
    tar_build(built, path, NULL, MEMBER_FILE);
    struct outcome outcome = verify_files_at(built, path, key, against);
    (void)unlink(path);
    (void)unlink(against);
    (void)unlink(key);
    return outcome;
}

START_TEST(proves_that_it_extends_an_older_export)
{
    struct built built;
    struct built same;
    struct built other;
    log_build(&built, NOTHING_WRONG);
    log_build(&same, NOTHING_WRONG);
    log_build(&other, WRONG_REASON); // a history that parts at entry 12
    for (size_t size = 1; size <= built.leaf_count; size++) {
        struct range since = {0, whole.to, whole.size, size};
        struct outcome outcome = verify_against(&built, since, &same, size);
        ck_assert_msg(outcome.verification.faults == 0, "%zu: %s", size, outcome.text);
        outcome = verify_against(&built, whole, &same, size); // the leaves tell it too
        ck_assert_msg(outcome.verification.faults == 0, "%zu: %s", size, outcome.text);
    }
    struct range tail = {15, 16, 16, 10};
    struct outcome outcome = verify_against(&built, tail, &same, 10);
    ck_assert_str_eq(outcome.text, "");
    tail.since = 9; // proves something, but not this
    outcome = verify_against(&built, tail, &same, 10);
    expect(&outcome, "Nothing proves that this export extends the older one.");

    outcome = verify_against(&built, (struct range){0, 16, 16, 13}, &other, 13);
    expect(&outcome, "Nothing proves that this export extends the older one.");
    expect(&outcome, "Older export: Entry 12: it gives no reason.");
    outcome = verify_against(&built, (struct range){0, 10, 10, 0}, &same, 16);
    expect(&outcome, "The export to compare with is the newer one.");
    built_release(&built);
    built_release(&same);
    built_release(&other);
}
END_TEST

START_TEST(refuses_a_consistency_proof_that_does_not_hold)
{
    struct built built;
    log_build(&built, NOTHING_WRONG);
    files_build(&built, (struct range){0, 16, 16, 10});
    put_file(&built, "proof.json",
             replaced(&built.arena, get_file(&built, "proof.json"), "\"from\":10", "\"from\":9"));
    sums_build(&built);
    struct outcome outcome = verify_built(&built);
    expect(&outcome, "The consistency proof of proof.json does not hold.");
    built_release(&built);
}
END_TEST

TEST_MAIN("verify", verifies_a_genuine_export, verifies_any_range_that_holds_what_its_invoices_need,
          refuses_a_range_that_begins_too_late, refuses_every_file_changed_in_one_byte,
          refuses_entries_dropped_swapped_or_edited_though_the_sums_are_signed,
          refuses_edited_statements_though_the_sums_are_signed,
          refuses_a_log_that_is_wrong_in_itself, refuses_heads_and_proofs_that_do_not_fit,
          takes_a_manifest_with_the_period_asked_for, refuses_an_archive_that_lacks_a_file,
          refuses_another_key, proves_that_it_extends_an_older_export,
          refuses_a_consistency_proof_that_does_not_hold)
