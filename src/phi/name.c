// SPDX-License-Identifier: Apache-2.0
// name.c - what a property's name says. Names are cut into words at every sign, digit and change of
// case, and words written together are taken apart (patientname); single words and pairs decide.
#include "disguise.h"
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "scan.h"

#include <string.h>

enum { WORDS_MAX = 24, WORD_BYTES_MAX = 64 };

// What a word tells; a word may tell several things.
enum {
    STRONG = 1 << 0,   // means PHI wherever it stands
    CLINICAL = 1 << 1, // a diagnosis, drug or procedure: no class or type of it is harmless
    FREE = 1 << 2,     // free text
    WHO = 1 << 3,      // a person; PHI beside an ID, and alone
    PART = 1 << 4,     // of a person's affairs; PHI beside an ID only
    ID = 1 << 5,
    NAME_OF = 1 << 6, // PHI beside `name`
    DAY_OF = 1 << 7,  // PHI beside `date`
    AGE = 1 << 8,     // beside nothing but a person and years
    COUNTS = 1 << 9,  // makes numbers, booleans, versions and words of a closed list harmless
    SORTS = 1 << 10,  // makes them harmless too, clinical ones excepted
    LIFTS = 1 << 11,  // as the last word, makes any type harmless
    GLUE = 1 << 12,   // says nothing
    NAME = 1 << 13,
    DATE = 1 << 14,
};

struct word {
    const char *text;
    unsigned tells;
};

static const struct word vocabulary[] = {
    // Numbers and codes of a person.
    {"ssn", STRONG},
    {"itin", STRONG},
    {"mrn", STRONG},
    {"empi", STRONG},
    {"mbi", STRONG},
    {"hicn", STRONG},
    {"npi", STRONG},
    {"nhs", STRONG},
    {"nino", STRONG},
    {"kvnr", STRONG},
    {"iban", STRONG},
    {"passport", STRONG},
    {"accession", STRONG},
    {"medicaid", STRONG},
    {"medicare", STRONG},
    {"drivers", STRONG},
    {"plate", PART | ID},
    {"vin", STRONG},
    {"udi", STRONG},
    {"serial", STRONG},
    {"imei", STRONG},
    {"dea", STRONG | CLINICAL},
    // How to reach a person.
    {"email", STRONG},
    {"phone", STRONG},
    {"telephone", STRONG},
    {"mobile", PART},
    {"mail", STRONG},
    {"fax", STRONG},
    {"address", STRONG},
    {"addr", STRONG},
    {"street", STRONG},
    {"city", STRONG},
    {"county", STRONG},
    {"zip", STRONG},
    {"postal", STRONG},
    {"postcode", STRONG},
    {"residence", STRONG},
    {"latitude", STRONG},
    {"longitude", STRONG},
    {"geocode", STRONG},
    {"gps", STRONG},
    {"url", STRONG},
    {"ip", STRONG},
    // Who a person is.
    {"surname", STRONG},
    {"nickname", STRONG},
    {"initials", STRONG},
    {"firstname", STRONG},
    {"lastname", STRONG},
    {"kin", STRONG},
    {"maiden", STRONG | NAME_OF},
    {"dob", STRONG},
    {"birth", STRONG},
    {"birthdate", STRONG},
    {"birthday", STRONG},
    {"born", STRONG},
    {"dod", STRONG},
    {"death", STRONG},
    {"deceased", STRONG},
    {"biometric", STRONG},
    {"fingerprint", STRONG},
    {"voiceprint", STRONG},
    {"photo", STRONG},
    {"selfie", STRONG},
    {"face", STRONG},
    {"retina", STRONG},
    // What a person has.
    {"diagnosis", STRONG | CLINICAL | DAY_OF},
    {"diagnoses", STRONG | CLINICAL},
    {"dx", STRONG | CLINICAL},
    {"icd", STRONG | CLINICAL},
    {"ndc", STRONG | CLINICAL},
    {"rxnorm", STRONG | CLINICAL},
    {"rxcui", STRONG | CLINICAL},
    {"snomed", STRONG | CLINICAL},
    {"loinc", STRONG | CLINICAL},
    {"cpt", STRONG | CLINICAL},
    {"hcpcs", STRONG | CLINICAL},
    {"drug", STRONG | CLINICAL},
    {"medication", STRONG | CLINICAL},
    {"medicine", STRONG | CLINICAL},
    {"allergy", STRONG | CLINICAL},
    {"disease", STRONG | CLINICAL},
    {"symptom", STRONG | CLINICAL},
    // Other languages.
    {"geburtsdatum", STRONG},
    {"vorname", STRONG},
    {"nachname", STRONG},
    {"adresse", STRONG},
    {"anschrift", STRONG},
    {"strasse", STRONG},
    {"plz", STRONG},
    {"telefon", STRONG},
    {"versichertennummer", STRONG},
    {"patientennummer", STRONG},
    {"diagnose", STRONG | CLINICAL},
    {"nom", STRONG},
    {"prenom", STRONG},
    {"naissance", STRONG},
    {"nombre", STRONG},
    {"apellido", STRONG},
    {"nacimiento", STRONG},
    {"direccion", STRONG},
    {"correo", STRONG},
    {"cognome", STRONG},
    {"nascita", STRONG},
    {"indirizzo", STRONG},
    {"telefono", STRONG},
    // Free text.
    {"note", FREE},
    {"comment", FREE},
    {"description", FREE},
    {"impression", FREE},
    {"reason", FREE},
    {"narrative", FREE},
    {"remark", FREE},
    {"memo", FREE},
    {"freetext", FREE},
    {"findings", FREE},
    {"complaint", STRONG | CLINICAL},
    // Persons, and what belongs to them.
    {"patient", WHO | NAME_OF},
    {"pt", WHO | NAME_OF},
    {"pat", WHO | NAME_OF},
    {"subject", WHO | NAME_OF},
    {"member", WHO | NAME_OF},
    {"mbr", WHO | NAME_OF},
    {"subscriber", WHO | NAME_OF},
    {"insured", WHO | NAME_OF},
    {"guarantor", WHO | NAME_OF},
    {"beneficiary", WHO | NAME_OF},
    {"enrollee", WHO | NAME_OF},
    {"person", WHO | NAME_OF},
    {"spouse", WHO | NAME_OF},
    {"dependent", WHO | NAME_OF},
    {"relative", WHO | NAME_OF},
    {"mother", WHO | NAME_OF},
    {"father", WHO | NAME_OF},
    {"child", WHO | NAME_OF},
    {"resident", WHO | NAME_OF},
    {"caregiver", WHO | NAME_OF},
    {"policyholder", WHO | NAME_OF},
    {"encounter", PART | DAY_OF},
    {"visit", PART | DAY_OF},
    {"chart", PART},
    {"medical", PART},
    {"health", PART},
    {"insurance", PART},
    {"bank", PART},
    {"card", PART},
    {"cell", PART},
    {"ss", PART},
    {"social", PART},
    {"soc", PART},
    {"dl", PART},
    {"driver", PART},
    {"med", PART},
    {"e", GLUE},
    {"policy", PART},
    {"licence", PART},
    {"license", PART},
    {"study", PART | DAY_OF},
    {"series", PART},
    {"sop", PART},
    {"provider", NAME_OF},
    {"practitioner", NAME_OF},
    {"physician", NAME_OF},
    {"doctor", NAME_OF},
    {"nurse", NAME_OF},
    {"contact", NAME_OF},
    {"first", NAME_OF},
    {"last", NAME_OF},
    {"given", NAME_OF},
    {"family", NAME_OF},
    {"middle", NAME_OF},
    {"full", NAME_OF},
    {"legal", NAME_OF},
    {"preferred", NAME_OF},
    {"emergency", NAME_OF},
    {"admission", DAY_OF},
    {"admit", DAY_OF},
    {"discharge", DAY_OF},
    {"service", DAY_OF},
    {"surgery", DAY_OF},
    {"procedure", DAY_OF},
    {"age", AGE},
    {"name", NAME},
    {"date", DATE},
    {"day", GLUE},
    {"time", GLUE},
    {"id", ID},
    {"ids", ID},
    {"identifier", ID},
    {"no", ID},
    {"num", ID},
    {"nr", ID},
    {"number", ID},
    {"key", ID},
    {"ref", ID},
    {"reference", ID},
    {"uuid", ID},
    {"uid", ID},
    {"guid", ID},
    {"account", ID},
    {"acct", ID},
    {"record", ID},
    {"rec", ID},
    {"security", ID},
    {"sec", ID},
    {"token", GLUE},
    {"code", GLUE},
    {"of", GLUE},
    {"the", GLUE},
    {"hash", GLUE},
    // What makes a name harmless where only numbers or words of a closed list can stand.
    {"count", COUNTS},
    {"total", COUNTS},
    {"check", COUNTS},
    {"checks", COUNTS},
    {"lookup", COUNTS},
    {"sent", COUNTS},
    {"received", COUNTS},
    {"processed", COUNTS},
    {"verification", COUNTS},
    {"validation", COUNTS},
    {"minutes", COUNTS},
    {"seconds", COUNTS},
    {"hours", COUNTS},
    {"ms", COUNTS},
    {"bytes", COUNTS},
    {"percent", COUNTS},
    {"rate", COUNTS},
    {"ratio", COUNTS},
    {"size", COUNTS},
    {"length", COUNTS},
    {"seats", COUNTS},
    {"unique", COUNTS},
    {"distinct", COUNTS},
    {"average", COUNTS},
    {"avg", COUNTS},
    {"requests", COUNTS},
    {"calls", COUNTS},
    {"queries", COUNTS},
    {"searches", COUNTS},
    {"scanned", COUNTS},
    {"extracted", COUNTS},
    {"detected", COUNTS},
    {"generated", COUNTS},
    {"transcribed", COUNTS},
    {"screened", COUNTS},
    {"created", COUNTS},
    {"updated", COUNTS},
    {"enrolled", COUNTS},
    {"monitored", COUNTS},
    {"served", COUNTS},
    {"enabled", COUNTS},
    {"module", COUNTS},
    {"free", COUNTS},
    {"retries", COUNTS},
    {"changes", COUNTS},
    {"volume", COUNTS},
    {"quantity", COUNTS},
    {"amount", COUNTS},
    {"cost", COUNTS},
    {"price", COUNTS},
    {"months", COUNTS},
    {"days", COUNTS},
    {"years", GLUE},
    {"year", GLUE},
    {"yrs", GLUE},
    {"band", SORTS | LIFTS},
    {"group", SORTS},
    {"class", SORTS},
    {"type", SORTS},
    {"category", SORTS},
    {"format", SORTS},
    {"mode", SORTS},
    {"status", SORTS},
    {"channel", SORTS},
    {"compression", SORTS | LIFTS},
    {"tier", SORTS | LIFTS},
    {"model", SORTS | LIFTS},
    {"version", SORTS | LIFTS},
    {"release", SORTS | LIFTS},
    {"system", SORTS | LIFTS},
    {"vendor", SORTS | LIFTS},
    {"manufacturer", SORTS | LIFTS},
};

struct name {
    unsigned tells[WORDS_MAX];
    size_t count;
    bool plural; // the last word is
};

static bool same(str word, const char *text)
{
    return str_eq(word, str_from(text));
}

// The word of the vocabulary, also in the plural.
static const struct word *find_word(str word, bool *plural)
{
    *plural = false;
    for (size_t i = 0; i < COUNT_OF(vocabulary); i++)
        if (same(word, vocabulary[i].text))
            return &vocabulary[i];
    *plural = true;
    for (size_t i = 0; i < COUNT_OF(vocabulary); i++) {
        str stem = str_from(vocabulary[i].text);
        if (stem.len < 2 || !str_starts_with(word, str_slice(stem, 0, stem.len - 1)))
            continue;
        str ending = str_slice(word, stem.len, word.len);
        bool regular = str_starts_with(word, stem) && (same(ending, "s") || same(ending, "es"));
        bool in_y =
            stem.ptr[stem.len - 1] == 'y' && same(str_slice(word, stem.len - 1, word.len), "ies");
        if (regular || in_y)
            return &vocabulary[i];
    }
    *plural = false;
    return NULL;
}

// Two neighbouring letters changed places, or one stands twice: paitent, patiient.
static bool is_misspelt(str word, str right)
{
    enum { LETTERS_MIN = 6 };
    if (right.len < LETTERS_MIN || (word.len != right.len && word.len != right.len + 1))
        return false;
    size_t at = 0;
    while (at < right.len && word.ptr[at] == right.ptr[at])
        at++;
    if (word.len == right.len + 1)
        return at > 0 && word.ptr[at] == word.ptr[at - 1] &&
               str_eq(str_slice(word, at + 1, word.len), str_slice(right, at, right.len));
    return at + 1 < right.len && word.ptr[at] == right.ptr[at + 1] &&
           word.ptr[at + 1] == right.ptr[at] &&
           str_eq(str_slice(word, at + 2, word.len), str_slice(right, at + 2, right.len));
}

static void add(struct name *name, unsigned tells, bool plural)
{
    if (name->count == WORDS_MAX)
        return;
    name->tells[name->count++] = tells;
    name->plural = plural;
}

// Words written together: the fewest of the vocabulary that make up the whole.
static bool take_apart(str word, struct name *name)
{
    enum { LETTERS_MIN = 2 };
    size_t fewest[WORD_BYTES_MAX + 1] = {0}; // words up to there; 0: cannot be reached
    size_t from[WORD_BYTES_MAX + 1] = {0};
    const struct word *ending[WORD_BYTES_MAX + 1] = {NULL};
    if (word.len > WORD_BYTES_MAX)
        return false;
    for (size_t end = LETTERS_MIN; end <= word.len; end++) {
        for (size_t start = 0; start + LETTERS_MIN <= end; start++) {
            bool plural = false;
            if (start > 0 && fewest[start] == 0)
                continue;
            const struct word *found = find_word(str_slice(word, start, end), &plural);
            if (found == NULL || (fewest[end] != 0 && fewest[end] <= fewest[start] + 1))
                continue;
            fewest[end] = fewest[start] + 1;
            from[end] = start;
            ending[end] = found;
        }
    }
    if (fewest[word.len] == 0)
        return false;
    size_t count = fewest[word.len];
    if (name->count + count > WORDS_MAX)
        return false;
    for (size_t end = word.len, left = count; left > 0 && ending[end] != NULL; end = from[end])
        name->tells[name->count + --left] = ending[end]->tells;
    name->count += count;
    name->plural = false;
    return true;
}

static void read_word(str word, struct name *name)
{
    bool plural = false;
    const struct word *found = find_word(word, &plural);
    for (size_t i = 0; found == NULL && i < COUNT_OF(vocabulary); i++)
        if (is_misspelt(word, str_from(vocabulary[i].text)))
            found = &vocabulary[i];
    if (found != NULL)
        add(name, found->tells, plural);
    else if (!take_apart(word, name))
        add(name, 0, false);
}

// A word ends before a sign or a digit; and, when cases count, where aB or ABc begins a new one
// (but not in IDs).
static bool ends_word(str text, size_t at, bool cases)
{
    char last = text.ptr[at - 1];
    char c = at_or_nul(text, at);
    char next = at_or_nul(text, at + 1);
    if (!is_letter(c))
        return true;
    bool plural = next == 's' && !is_lower(at_or_nul(text, at + 2));
    return cases && is_upper(c) &&
           (is_lower(last) || (is_upper(last) && is_lower(next) && !plural));
}

static struct name read_name(str text, bool cases)
{
    struct name name = {0};
    for (size_t at = 0; at < text.len;) {
        if (!is_letter(text.ptr[at])) {
            at++;
            continue;
        }
        char lower[WORD_BYTES_MAX] = {0};
        size_t len = 0;
        do {
            if (len < sizeof(lower))
                lower[len++] = to_lower(text.ptr[at]);
            at++;
        } while (!ends_word(text, at, cases));
        read_word((str){lower, len}, &name);
    }
    return name;
}

static unsigned all_of(const struct name *name)
{
    unsigned tells = 0;
    for (size_t i = 0; i < name->count; i++)
        tells |= name->tells[i];
    return tells;
}

static bool only(const struct name *name, unsigned tells)
{
    for (size_t i = 0; i < name->count; i++)
        if ((name->tells[i] & tells) == 0)
            return false;
    return name->count > 0;
}

// One word tells the one thing, another one the other.
static bool pair(const struct name *name, unsigned one, unsigned other)
{
    for (size_t i = 0; i < name->count; i++)
        for (size_t j = 0; j < name->count; j++)
            if (i != j && (name->tells[i] & one) != 0 && (name->tells[j] & other) != 0)
                return true;
    return false;
}

static bool is_person(const struct name *name)
{
    unsigned tells = all_of(name);
    bool age = (tells & AGE) != 0 && only(name, AGE | WHO | GLUE);
    return (tells & STRONG) != 0 || age || only(name, WHO) || pair(name, WHO, ID) ||
           pair(name, NAME_OF, NAME) || pair(name, DAY_OF, DATE) ||
           (pair(name, PART, ID) && (tells & SORTS) == 0);
}

static bool means_phi(const struct name *name)
{
    bool lifted = name->count > 1 && (name->tells[name->count - 1] & LIFTS) != 0;
    bool free_text = (all_of(name) & FREE) != 0 || only(name, NAME);
    return !lifted && (free_text || is_person(name));
}

static bool means_phi_of_closed(const struct name *name)
{
    unsigned tells = all_of(name);
    bool counts = (tells & (COUNTS | LIFTS)) != 0 || (only(name, WHO) && name->plural);
    bool sorts = (tells & SORTS) != 0 && (tells & CLINICAL) == 0;
    return !counts && !sorts && is_person(name);
}

// DICOM's JSON names a patient's attributes by tag: 00100010 is the name, 00080050 the accession.
static bool is_dicom_tag(str text)
{
    static const str tags[] = {{"00080018", 8}, {"00080050", 8}, {"00080090", 8},
                               {"0020000D", 8}, {"0020000E", 8}, {"00200010", 8}};
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (str_eq(text, tags[i]))
            return true;
    return text.len == 8 && str_starts_with(text, STR("0010"));
}

static bool judge(str text, bool (*means)(const struct name *))
{
    struct arena scratch = {0};
    str bare = unfold(&scratch, text);
    struct name with_cases = read_name(bare, true);
    struct name without = read_name(bare, false); // dOb
    bool phi = is_dicom_tag(bare) || means(&with_cases) || means(&without);
    arena_reset(&scratch);
    return phi;
}

bool phi_name(str name)
{
    return judge(name, means_phi);
}

bool phi_name_of_closed(str name)
{
    return judge(name, means_phi_of_closed);
}
