// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "identifiers.h"
#include "phial/json/json.h"
#include "phial/phi/phi.h"
#include "phial/util/file.h"

#include <string.h>

// The name of the detector that speaks, "-" when none does.
static const char *finds(const char *text)
{
    const struct phi_detector *hit = phi_find(str_from(text), 0);
    return hit == NULL ? "-" : hit->name;
}

START_TEST(finds_identifiers)
{
    for (size_t i = 0; i < COUNT_OF(identifiers); i++)
        ck_assert_msg(strcmp(finds(identifiers[i].text), identifiers[i].detector) == 0,
                      "%s: %s, not %s", identifiers[i].text, finds(identifiers[i].text),
                      identifiers[i].detector);
}
END_TEST

START_TEST(finds_what_is_disguised)
{
    static const char *const cases[] = {
        "\xEF\xBC\x91\xEF\xBC\x98\xEF\xBC\x92-20-1053", // full-width digits
        "182 \xE2\x80\x94 20 \xE2\x80\x94 1053",        // em dashes
        "182\xE2\x80\x8B-20-1053",                      // a zero-width space
        "\xD9\xA1\xD9\xA8\xD9\xA2-\xD9\xA2\xD9\xA0-\xD9\xA1\xD9\xA0\xD9\xA5\xD9\xA3", // Arabic-Indic
        "182%2D20%2D1053",
        "182%25252D20%25252D1053",
        "182&#45;20&#x2d;1053",
        "182\\u002d20\\u002d1053",
        "1 8 2 2 0 1 0 5 3",
        "l82-2O-lO53",
        "MTgyLTIwLTEwNTM=",
        "id:TVRneUxUSXdMVEV3TlRNPQ==", // base64 twice
        "3138322d32302d31303533",
        "GE4DELJSGAWTCMBVGM",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(strcmp(finds(cases[i]), "us_ssn") == 0, "%zu: %s", i, finds(cases[i]));
    ck_assert_str_eq(finds("aisha.tanaka%40example.com"), "email");
    ck_assert_str_eq(finds("2 N K 8 X V 1 H M 4 9"), "us_mbi");
}
END_TEST

START_TEST(leaves_ordinary_ids_alone)
{
    for (size_t i = 0; i < COUNT_OF(ordinary); i++)
        ck_assert_msg(strcmp(finds(ordinary[i]), "-") == 0, "%s: %s", ordinary[i],
                      finds(ordinary[i]));
}
END_TEST

START_TEST(agrees_with_the_corpus)
{
    struct arena arena = {0};
    str bytes = {0};
    str line = {0};
    size_t lines = 0;
    ck_assert_ok(file_read(&arena, PHIAL_TEST_DATA "/phi/values.jsonl", 1 << 20, &bytes));
    while (str_cut(bytes, '\n', &line, &bytes)) {
        OWNED(json_release) json_t *row = NULL;
        ck_assert_ok(json_parse(line, &row));
        str text = json_str(json_object_get(row, "text"));
        bool phi = json_is_true(json_object_get(row, "phi"));
        const struct phi_detector *hit = phi_find(text, 0);
        ck_assert_msg((hit != NULL) == phi, "%" STR_FMT ": %s", STR_ARG(text),
                      hit == NULL ? "missed" : hit->name);
        lines++;
    }
    ck_assert_uint_gt(lines, 900);
    arena_reset(&arena);
}
END_TEST

START_TEST(refuses_what_cannot_be_looked_through)
{
    char text[8192];
    memset(text, 'x', sizeof text);
    ck_assert_ptr_null(phi_find((str){text, 4096}, 0));
    ck_assert_str_eq(phi_find((str){text, 4097}, 0)->name, "too_complicated");
    for (size_t i = 0; i < sizeof text; i += 8)
        text[i] = ' ';
    ck_assert_ptr_null(phi_find((str){text, 2000}, 0));
    ck_assert_str_eq(phi_find((str){text, 4000}, 0)->name, "too_complicated");
    for (size_t i = 0; i < sizeof text; i += 2)
        text[i] = ',';
    ck_assert_ptr_null(phi_find((str){text, 100}, 0));
    ck_assert_str_eq(phi_find((str){text, 300}, 0)->name, "too_complicated");
    for (size_t i = 0; i + 8 <= sizeof text; i += 8)
        memcpy(text + i, "surname,", 8);
    ck_assert_ptr_null(phi_find((str){text, 100}, 0));
    ck_assert_str_eq(phi_find((str){text, 400}, 0)->name, "too_complicated");
    ck_assert_ptr_null(phi_find((str){text, 400}, phi_detector_bit(STR("too_complicated"))));
}
END_TEST

START_TEST(detectors_can_be_switched_off)
{
    struct phi_detectors all = phi_detectors();
    uint64_t off = 0;
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.items[i]->name, "us_ssn") == 0)
            off |= UINT64_C(1) << i;
        if (i > 0)
            ck_assert_int_lt(strcmp(all.items[i - 1]->name, all.items[i]->name), 0);
    }
    ck_assert_ptr_null(phi_find(STR("123-45-6789"), off));
    ck_assert_ptr_nonnull(phi_find(STR("123-45-6789"), ~off));
}
END_TEST

START_TEST(tells_ambiguous_numbers)
{
    static const struct {
        const char *text;
        bool ambiguous;
    } cases[] = {
        {"123456", false},        {"1234567", true},   {"999635524", true}, {"123456789012", true},
        {"1234567890123", false}, {"1234567a", false}, {"", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_int_eq(phi_ambiguous_number(str_from(cases[i].text)), cases[i].ambiguous);
}
END_TEST

static const char *const phi_names[] = {
    "ssn",
    "SSN",
    "ssn_last4",
    "patient_ssn",
    "Patient.SSN",
    "socialSecurityNumber",
    "ss_num",
    "date_of_birth",
    "dateOfBirth",
    "DateOfBirth",
    "dateofbirth",
    "dob2",
    "dOb",
    "birthdate",
    "patient_name",
    "patientName",
    "patient-name",
    "patientname",
    "paitent_name",
    "PATIENT__ID",
    "Patient-ID",
    "pt_id",
    "x-patient-mrn-v2",
    "medRecNo",
    "chartNumber",
    "accession_no",
    "diagnosis",
    "diagnoses",
    "dxCode",
    "icd10",
    "icd_10_cm",
    "dea_schedule",
    "drugName",
    "ndc",
    "rxnorm",
    "loincResult",
    "cptCode",
    "mrn",
    "mrns",
    "MRNs",
    "member_id",
    "memberId",
    "medicareNumber",
    "zip",
    "zipCode",
    "postal_code",
    "home_address",
    "addresses",
    "email",
    "e_mail",
    "contact-email",
    "homePhone",
    "cell_no",
    "fax",
    "first_name",
    "lastname",
    "given_name",
    "family_name",
    "maidenName",
    "next_of_kin",
    "licensePlate",
    "dl_no",
    "passportNumber",
    "note",
    "clinicalNote",
    "comments",
    "description",
    "patient",
    "patients",
    "member",
    "subject",
    "patientAge",
    "age",
    "study_uid",
    "sopInstanceUid",
    "deviceSerialNumber",
    "faceEmbedding",
    "photoUrl",
    "clientIp",
    "bankAccount",
    "cardNumber",
    "referring_physician_name",
    "geburtsdatum",
    "admission_date",
    "00100010",
    "\xEF\xBC\xB0T_ID",
    "pt\xE2\x80\x8B_name",
    "p\xD0\xB0tient_name",
    "fname",
    "lname",
    "bday",
    "account_number",
    "acctNo",
    "credit_card",
    "cc_number",
    "pan",
    "mobile",
    "cell",
    "license",
    "guardian_name",
    "emergency_contact",
    "rx",
    "prescription",
    "condition",
    "lab_result",
    "free_text",
    "gender",
    "patient_sex",
    "race",
    "ethnicity",
    // cut in pieces
    "s_s_n",
    "S.S.N.",
    "p.a.t.i.e.n.t_name",
    "pati_ent-id",
    // one letter off
    "diagnosys",
    "diagnoss",
    "adress",
    "adresses",
    "addresss",
    "emial",
    "medicaton",
    "brith_date",
    "d0b",
    "p4tient_id",
    // German, French, Spanish
    "krankheit",
    "versicherungsnummer",
    "patienten_id",
    "familienname",
    "geschlecht",
    "bemerkung",
    "date_de_naissance",
    "prenom",
    "numero_secu",
    "maladie",
    "code_postal",
    "fecha_nacimiento",
    "apellidos",
    "paciente_id",
    "enfermedad",
    "seguro_social",
    "motivo",
};

START_TEST(knows_names_that_mean_phi)
{
    for (size_t i = 0; i < COUNT_OF(phi_names); i++)
        ck_assert_msg(phi_name(str_from(phi_names[i])), "%s", phi_names[i]);
}
END_TEST

START_TEST(leaves_ordinary_names_alone)
{
    static const char *const cases[] = {
        "modality",        "model_version",
        "minutes",         "provider",
        "study",           "resource",
        "category",        "interaction",
        "fhir_version",    "hl7_version",
        "encounter_class", "claim_amount",
        "refills",         "amount",
        "measures",        "instances",
        "basis",           "algorithm_version",
        "region_name",     "event_name",
        "metric_name",     "model_name",
        "file_name_hash",  "order_no",
        "invoice_number",  "batch_number",
        "session_id",      "subscription_id",
        "lesson_id",       "subject_token",
        "stage",           "page",
        "usage",           "cache_age_seconds",
        "message_age_ms",  "sop_class_uid",
        "transfer_syntax", "release_date",
        "period_start",    "started_at",
        "tip_radius",      "macro_f1",
        "mission",         "passname",
        "tokens",          "bytes",
        "account",         "device_model",
        "contact_model",   "diagnosis_model",
        "code_system",     "surname_model_version",
        "phonetics_model", "image",
        "message",         "storage",
        "agent",           "room",
        "route",           "account_id",
        "contract_name",   "other_id",
        "portal_name",     "frame",
        "direction",       "depth",
        "persona",         "retinal_model",
        "result",          "sender",
        "a_b_test",        "mediation",
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(!phi_name(str_from(cases[i])), "%s", cases[i]);
        ck_assert_msg(!phi_name_of_closed(str_from(cases[i])), "%s", cases[i]);
    }
}
END_TEST

START_TEST(counts_and_classes_are_harmless_where_no_text_fits)
{
    static const struct {
        const char *name;
        bool open;
        bool closed;
    } cases[] = {
        {"ssn_checks", true, false},
        {"patient_count", false, false},
        {"patientsProcessed", false, false},
        {"emails_sent", true, false},
        {"age_band", false, false},
        {"zip_compression", false, false},
        {"license_tier", false, false},
        {"medication_module_enabled", true, false},
        {"reason", true, false},
        {"notes_transcribed", true, false},
        {"patients", true, false},
        {"url_count", true, false},
        {"fax_pages", true, false},
        {"zip_files", true, false},
        {"visit_number", true, false},
        {"drug_class", true, false},
        {"npi_lookups", true, false},
        {"prescriptions", true, false},
        {"license", true, false},
        {"encounter_number", true, true},
        {"patient_visit_number", true, true},
        {"s_s_n", true, true},
        {"gender", true, true},
        {"diagnosys_class", true, true},
        {"patient", true, true},
        {"ssn", true, true},
        {"diagnosis_class", true, true},
        {"dea_schedule", true, true},
        {"birth_year", true, true},
        {"zip3", true, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        str name = str_from(cases[i].name);
        ck_assert_msg(phi_name_of_closed(name) == cases[i].closed, "%s", cases[i].name);
        ck_assert_msg(phi_name(name) == cases[i].open, "%s", cases[i].name);
    }
}
END_TEST

TEST_MAIN("phi", finds_identifiers, finds_what_is_disguised, leaves_ordinary_ids_alone,
          agrees_with_the_corpus, refuses_what_cannot_be_looked_through,
          detectors_can_be_switched_off, tells_ambiguous_numbers, knows_names_that_mean_phi,
          leaves_ordinary_names_alone, counts_and_classes_are_harmless_where_no_text_fits)
