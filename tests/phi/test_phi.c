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

static void check_finds(const struct identifier *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(strcmp(finds(cases[i].text), cases[i].detector) == 0, "%s: %s, not %s",
                      cases[i].text, finds(cases[i].text), cases[i].detector);
}

START_TEST(finds_identifiers)
{
    check_finds(identifiers, COUNT_OF(identifiers));
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
        "18%C0%B2-20-1053",
        "182-20-10%E0%80%B53",
        "182-20-105%F0%80%80%B3",
        "182&#45;20&#x2d;1053",
        "182\\u002d20\\u002d1053",
        "182&\xEF\xBC\x83"
        "45;20&\xE2\x80\x8B#45;1053", // escapes by a full-width sign, and behind nothing
        "182%\xEF\xBC\x92"
        "D20%\xEF\xBC\x92"
        "D1053",
        "182\\\xEF\xBD\x95"
        "002d20\\u\xEF\xBC\x90"
        "02d1053",
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

// One for each way in which a run of letters and digits, a pair of them or a sign wakes a detector.
static const struct identifier waking[] = {
    {"102 Jahre alt", "age"},
    {"099 years", "age"},
    {"aged 95", "age"},
    {"95-yr-old", "age"},
    {"104yrs in all", "age"},
    {"85.07.30-033.28", "be_national_number"},
    {"x 85.07.30-033.28 y", "be_national_number"},
    {"(0010,0030) 19500303", "birth_date"},
    {"00100030 19500303", "birth_date"},
    {"67 yo M", "clinical_text"},
    {"8-year-old", "clinical_text"},
    {"34y/o", "clinical_text"},
    {"jane at clinic dot org", "email"},
    {"ana arroba hospital punto es", "email"},
    {"Patient/52abc519", "fhir_reference"},
    {"RelatedPerson/a1", "fhir_reference"},
    {"ExplanationOfBenefit/77", "fhir_reference"},
    {"resourceType: Patient", "fhir_reference"},
    {"resourceType=Claim", "fhir_reference"},
    {"http hl7.org/fhir/sid/us-ssn|123", "fhir_reference"},
    {"?patient=52abc519", "fhir_reference"},
    {"a&subject=99", "fhir_reference"},
    {"131052-308T", "fi_hetu"},
    {"52.5200, 13.4050", "geo_location"},
    {"48.8566,2.3522", "geo_location"},
    {"PID|1|2|", "hl7_segment"},
    {"NM1*IL*1*", "hl7_segment"},
    {"GB29NWBK60161331926819", "iban"},
    {"DE89 3704 0044 0532 0130 00", "iban"},
    {"192.168.1.20", "ipv4"},
    {"00:1b:44:11:3a:b7", "mac_address"},
    {"00-1B-44-11-3A-B7", "mac_address"},
    {"001b.4411.3ab7", "mac_address"},
    {"zz:00:1b:44:11:3a:b7", "mac_address"},
    {"MR#123456", "mrn"},
    {"chart 473936", "mrn"},
    {"PT00123456", "mrn"},
    {"patient-00123456", "mrn"},
    {"pat 123456", "mrn"},
    {"Sig.ra Rossi", "person_name"},
    {"Dr.med Weber", "person_name"},
    {"Sr. Juan Perez", "person_name"},
    {"M. Jean Dupont", "person_name"},
    {"Giulia Rossi MD", "person_name"},
    {"Ana Ruiz RN", "person_name"},
    {"0049 170 6828890", "phone"},
    {"12 rue de la Paix", "street_address"},
    {"Hauptstrasse 12", "street_address"},
    {"Calle Mayor 5", "street_address"},
    {"221 Baker Street", "street_address"},
    {"..1.2.840.113619.2.5.1762583153", "dicom_uid"},
    {"x.2.25.329800735698586629295641978511506172918", "dicom_uid"},
    {"www.example.com", "url"},
    {"2001:db8::1", "ipv6"},
    {"id:2001:db8:0:0:0:0:0:1", "ipv6"},
    {"a:b:c fe80::1ff:fe23:4567:890a z", "ipv6"},
    {"::ffff:10.1.2.3 9", "ipv4"},
    {"182-20-1053", "us_ssn"},
    {"1-8-2-2-0-1-0-5-3", "us_ssn"},
    {"756.9217.0769.85", "ch_ahv"},
    {"7569217076985", "ch_ahv"},
    {"1EG4-TE5-MK73", "us_mbi"},
    {"1 E G 4 T E 5 M K 7 3", "us_mbi"},
    {"X-1234567-L", "es_dni"},
    {"AB123456C", "uk_nino"},
    {"943-476-5919", "phone"},
    {"4111 1111 1111 1111", "payment_card"},
    {"19811218-9876", "nordic_number"},
};

START_TEST(finds_whatever_wakes_a_detector)
{
    check_finds(waking, COUNT_OF(waking));
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

// What costs much is refused, so that nobody waits for it; what is only dense is looked through.
START_TEST(work_has_a_bound)
{
    static const char *const dear[] = {"DE89 3704 ", "Re",           "1-2-",
                                       "%2541 ",     "[at]Patient/", "12 Main "};
    static const char *const dense[] = {
        ("{\"id\":\"evt_01KREZEDX2Y9BP6TNAGM3X1QBW\",\"account\":\"acct_UdtpeiBtx8kdVa\","
         "\"type\":\"inference.completed\",\"time\":\"2025-04-28T06:11:43Z\",\"quantity\":3,"
         "\"properties\":{\"modality\":\"ECG\",\"region\":\"ap-southeast-2\",\"status\":\"error\"}}"),
        ("c0e63111-3031-784e-a3aa-951d1827e5a5,cc96fa3f-0cc5-65e7-a72f-cfd2aca6d336,"
         "laboratory,21000-5,Width by Automated count,44.2,fL,numeric"),
        "2026-11-03T14:05:00Z INFO done 1.2.840.10008.5.1.4.1.1.4 in 3 ms",
        ("2016-01-09T13:55:27Z,4f1a1eee-31c0-887b-e1ea-df6a5c502538,"
         "c4c7921c-3ad8-951f-59ff-65671abbd046,laboratory,789-8,"
         "Erythrocytes [#/volume] in Blood by Automated count,5.3,10*6/uL,numeric"),
    };
    char text[1000];
    for (size_t i = 0; i < COUNT_OF(dear); i++) {
        size_t len = strlen(dear[i]);
        for (size_t at = 0; at < sizeof text; at++)
            text[at] = dear[i][at % len];
        ck_assert_msg(phi_find((str){text, sizeof text}, 0) != NULL, "%s", dear[i]);
        ck_assert_msg(phi_find((str){text, sizeof text}, 0) ==
                          phi_find((str){text, sizeof text}, 0),
                      "%s", dear[i]);
    }
    for (size_t i = 0; i < COUNT_OF(dense); i++)
        ck_assert_msg(strcmp(finds(dense[i]), "-") == 0, "%s: %s", dense[i], finds(dense[i]));
}
END_TEST

// A reason may have five hundred characters, in whatever language.
START_TEST(prose_of_any_script_passes)
{
    static const char *const prose[] = {
        "we took it back as it was sent in two ",
        "Städtisches Klinikum für bildgebende Diagnostik und Pflege ",
        "Rechnung für „Aufnahme & Auswertung“ — 12 Bilder, geprüft, 3,50 € je Bild. ",
        "Hôpital universitaire des Évêchés réunis à Besançon ",
        "Wojewódzki szpital zespolony w Łodzi oddział ",
        "Городская клиническая больница номер один услуги ",
        "Γενικό Νοσοκομείο υπηρεσίες απεικόνισης ",
        "مستشفى الشفاء التخصصي خدمة قراءة الصور ",
        "राष्ट्रीय चिकित्सा संस्थान छवि सेवा ",
        "โรงพยาบาลกรุงเทพ บริการอ่านภาพ ",
        "東京都立画像診断センター 読影サービス基本料金 ",
        "長い名前 ",
        "上海市第一人民医院影像科 月度服务费 ",
        "서울대학교병원 영상판독 서비스 기본요금 ",
        "Bệnh viện đa khoa trung ương dịch vụ đọc ảnh ",
    };
    for (size_t i = 0; i < COUNT_OF(prose); i++) {
        char text[1024] = "";
        size_t len = strlen(prose[i]);
        for (size_t at = 0; at + len < 500; at += len) {
            memcpy(text + at, prose[i], len + 1);
            ck_assert_msg(strcmp(finds(text), "-") == 0, "%s: %s", text, finds(text));
        }
    }
}
END_TEST

// Behind and before characters of other alphabets there is a wrapping as well.
START_TEST(unwraps_what_stands_in_a_run)
{
    ck_assert_str_eq(finds("zz3132332d34352d36373839zz"), "us_ssn");
    ck_assert_str_eq(finds("g1gg3132332D34352D36373839"), "us_ssn");
    ck_assert_str_eq(finds("3132g3132332d34352d36373839"), "us_ssn");
    ck_assert_str_eq(finds("a1GEZDGLJUGUWTMNZYHEa"), "us_ssn");
    ck_assert_str_eq(finds("313233zz2d34352d36373839zz"), "-");
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
        {"ssn_errors", true, false},
        {"num_patients", true, false},
        {"num_patient", true, true},
        {"phone_type", false, false},
        {"deceased_status", true, true},
        {"dob_required", true, true},
        {"hiv_required", true, true},
        {"symptoms_present", true, true},
        {"patient_ids", true, true},
        {"mrn_axis", true, true},
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

TEST_MAIN("phi", finds_identifiers, finds_what_is_disguised, finds_whatever_wakes_a_detector,
          leaves_ordinary_ids_alone, agrees_with_the_corpus, refuses_what_cannot_be_looked_through,
          work_has_a_bound, prose_of_any_script_passes, unwraps_what_stands_in_a_run,
          detectors_can_be_switched_off, tells_ambiguous_numbers, knows_names_that_mean_phi,
          leaves_ordinary_names_alone, counts_and_classes_are_harmless_where_no_text_fits)
