// SPDX-License-Identifier: Apache-2.0
#include "vocabulary.h"

#include "phial/util/array.h"

#include <string.h>

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
    {"pesel", STRONG},
    {"bsn", STRONG},
    {"cpf", STRONG},
    {"aadhaar", STRONG},
    {"passport", STRONG},
    {"accession", STRONG},
    {"medicaid", STRONG},
    {"medicare", STRONG},
    {"drivers", STRONG},
    {"vin", STRONG},
    {"udi", STRONG},
    {"serial", STRONG},
    {"imei", STRONG},
    {"accountnumber", STRONG},
    {"accountno", STRONG},
    {"accountnum", STRONG},
    {"acctno", STRONG},
    {"acctnum", STRONG},
    {"acctnumber", STRONG},
    {"creditcard", STRONG},
    {"debitcard", STRONG},
    {"cardholder", STRONG},
    {"dea", STRONG | CLINICAL},
    {"deaschedule", STRONG | CLINICAL},
    {"controlledsubstance", STRONG | CLINICAL},
    {"procedurecode", STRONG | CLINICAL},
    {"plate", PART | ID},
    {"pan", BARE | PART},
    {"cc", PART},
    // How to reach a person.
    {"email", STRONG},
    {"phone", STRONG},
    {"telephone", STRONG},
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
    {"emergencycontact", STRONG},
    {"mobile", BARE | PART},
    {"cell", BARE | PART},
    // Who a person is.
    {"surname", STRONG},
    {"forename", STRONG},
    {"nickname", STRONG},
    {"initials", STRONG},
    {"firstname", STRONG},
    {"lastname", STRONG},
    {"middlename", STRONG},
    {"fullname", STRONG},
    {"fname", STRONG},
    {"lname", STRONG},
    {"mname", STRONG},
    {"kin", STRONG},
    {"nok", STRONG},
    {"dob", STRONG},
    {"bday", STRONG},
    {"birth", STRONG},
    {"birthdate", STRONG},
    {"birthday", STRONG},
    {"birthplace", STRONG},
    {"born", STRONG},
    {"yob", STRONG},
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
    {"bloodtype", STRONG},
    {"maiden", STRONG | NAME_OF},
    {"age", BARE},
    {"gender", BARE},
    {"sex", BARE},
    {"race", BARE},
    {"ethnicity", BARE},
    {"ethnic", BARE},
    {"religion", BARE},
    {"maritalstatus", STRONG},
    {"marital", BARE},
    {"nationality", BARE},
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
    {"allergy", STRONG | CLINICAL},
    {"disease", STRONG | CLINICAL},
    {"illness", STRONG | CLINICAL},
    {"symptom", STRONG | CLINICAL},
    {"complaint", STRONG | CLINICAL},
    {"labresult", STRONG | CLINICAL},
    {"labvalue", STRONG | CLINICAL},
    {"hiv", STRONG | CLINICAL},
    {"pregnancy", STRONG | CLINICAL},
    {"pregnant", STRONG | CLINICAL},
    {"drug", STRONG | ITEM},
    {"medication", STRONG | ITEM},
    {"medicine", STRONG | ITEM},
    {"prescription", STRONG | ITEM},
    {"rx", STRONG},
    {"condition", BARE | ITEM},
    {"diagnostic", ALONE},
    // German.
    {"geburtsdatum", STRONG},
    {"geburtstag", STRONG},
    {"geburtsort", STRONG},
    {"geburtsname", STRONG},
    {"vorname", STRONG},
    {"nachname", STRONG},
    {"familienname", STRONG},
    {"zuname", STRONG},
    {"patientenname", STRONG},
    {"versichertenname", STRONG},
    {"adresse", STRONG},
    {"anschrift", STRONG},
    {"strasse", STRONG},
    {"hausnummer", STRONG},
    {"postleitzahl", STRONG},
    {"plz", STRONG},
    {"wohnort", STRONG},
    {"telefon", STRONG},
    {"telefonnummer", STRONG},
    {"rufnummer", STRONG},
    {"handy", STRONG},
    {"handynummer", STRONG},
    {"mobilnummer", STRONG},
    {"versichertennummer", STRONG},
    {"versicherungsnummer", STRONG},
    {"krankenkasse", STRONG},
    {"patientennummer", STRONG},
    {"sozialversicherungsnummer", STRONG},
    {"steuernummer", STRONG},
    {"kontonummer", STRONG},
    {"ausweis", STRONG},
    {"personalausweis", STRONG},
    {"reisepass", STRONG},
    {"fuehrerschein", STRONG},
    {"kennzeichen", STRONG},
    {"todesdatum", STRONG},
    {"sterbedatum", STRONG},
    {"diagnose", STRONG | CLINICAL},
    {"diagnosen", STRONG | CLINICAL},
    {"krankheit", STRONG | CLINICAL},
    {"befund", STRONG | CLINICAL},
    {"medikament", STRONG | CLINICAL},
    {"medikation", STRONG | CLINICAL},
    {"arzneimittel", STRONG | CLINICAL},
    {"allergie", STRONG | CLINICAL},
    {"beschwerde", STRONG | CLINICAL},
    {"fallnummer", STRONG},
    {"geschlecht", BARE},
    {"alter", BARE},
    {"patientin", WHO | NAME_OF},
    {"patienten", WHO | NAME_OF},
    {"versicherte", WHO | NAME_OF},
    {"versicherter", WHO | NAME_OF},
    {"hausarzt", NAME_OF},
    {"bemerkung", FREE},
    {"notiz", FREE},
    {"kommentar", FREE},
    {"beschreibung", FREE},
    {"freitext", FREE},
    {"nummer", ID | NUMBER},
    {"datum", DATE},
    // French.
    {"nom", STRONG},
    {"prenom", STRONG},
    {"naissance", STRONG},
    {"ville", STRONG},
    {"codepostal", STRONG},
    {"nir", STRONG},
    {"secu", STRONG},
    {"securitesociale", STRONG},
    {"numerosecu", STRONG},
    {"numerodossier", STRONG},
    {"passeport", STRONG},
    {"deces", STRONG},
    {"maladie", STRONG | CLINICAL},
    {"medicament", STRONG | CLINICAL},
    {"ordonnance", STRONG | CLINICAL},
    {"symptome", STRONG | CLINICAL},
    {"patiente", WHO | NAME_OF},
    {"beneficiaire", WHO | NAME_OF},
    {"permis", PART},
    {"carte", PART},
    {"sexe", BARE},
    {"commentaire", FREE},
    {"remarque", FREE},
    {"motif", FREE},
    {"numero", ID | NUMBER},
    // Spanish, Italian, Portuguese and Dutch.
    {"nombre", STRONG},
    {"apellido", STRONG},
    {"nacimiento", STRONG},
    {"direccion", STRONG},
    {"domicilio", STRONG},
    {"segurosocial", STRONG},
    {"seguridadsocial", STRONG},
    {"calle", STRONG},
    {"ciudad", STRONG},
    {"codigopostal", STRONG},
    {"telefono", STRONG},
    {"celular", STRONG},
    {"movil", STRONG},
    {"correo", STRONG},
    {"dni", STRONG},
    {"nif", STRONG},
    {"nie", STRONG},
    {"cedula", STRONG},
    {"pasaporte", STRONG},
    {"cognome", STRONG},
    {"nome", STRONG},
    {"nascita", STRONG},
    {"indirizzo", STRONG},
    {"codicefiscale", STRONG},
    {"codicepostale", STRONG},
    {"tesserasanitaria", STRONG},
    {"sobrenome", STRONG},
    {"nascimento", STRONG},
    {"endereco", STRONG},
    {"achternaam", STRONG},
    {"voornaam", STRONG},
    {"geboortedatum", STRONG},
    {"adres", STRONG},
    {"diagnostico", STRONG | CLINICAL},
    {"enfermedad", STRONG | CLINICAL},
    {"medicamento", STRONG | CLINICAL},
    {"receta", STRONG | CLINICAL},
    {"alergia", STRONG | CLINICAL},
    {"sintoma", STRONG | CLINICAL},
    {"historiaclinica", STRONG | CLINICAL},
    {"malattia", STRONG | CLINICAL},
    {"farmaco", STRONG | CLINICAL},
    {"paciente", WHO | NAME_OF},
    {"paziente", WHO | NAME_OF},
    {"asegurado", WHO | NAME_OF},
    {"tarjeta", PART},
    {"sexo", BARE},
    {"genero", BARE},
    {"edad", BARE},
    {"raza", BARE},
    {"etnia", BARE},
    {"sesso", BARE},
    {"comentario", FREE},
    {"observacion", FREE},
    {"observaciones", FREE},
    {"nota", FREE},
    {"motivo", FREE},
    {"fecha", DATE},
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
    {"guardian", WHO | NAME_OF},
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
    {"visit", PART | DAY_OF | ORDINAL},
    {"chart", PART},
    {"medical", PART},
    {"health", PART},
    {"insurance", PART},
    {"bank", PART},
    {"card", PART},
    {"ss", PART},
    {"social", PART},
    {"soc", PART},
    {"dl", PART},
    {"driver", PART},
    {"med", PART},
    {"policy", PART},
    {"series", PART},
    {"sop", PART},
    {"licence", PART | ALONE},
    {"license", PART | ALONE},
    {"study", PART | DAY_OF},
    {"provider", NAME_OF},
    {"practitioner", NAME_OF},
    {"physician", NAME_OF},
    {"doctor", NAME_OF},
    {"nurse", NAME_OF},
    {"prescriber", NAME_OF},
    {"referringphysician", STRONG},
    {"first", NAME_OF},
    {"last", NAME_OF},
    {"given", NAME_OF},
    {"family", NAME_OF},
    {"middle", NAME_OF},
    {"full", NAME_OF},
    {"legal", NAME_OF},
    {"preferred", NAME_OF},
    {"emergency", NAME_OF},
    {"contact", NAME_OF | ALONE},
    {"admission", DAY_OF},
    {"admit", DAY_OF},
    {"discharge", DAY_OF},
    {"service", DAY_OF},
    {"surgery", DAY_OF},
    {"procedure", DAY_OF},
    {"name", NAME},
    {"date", DATE},
    {"no", ID | NUMBER},
    {"num", ID | NUMBER},
    {"nr", ID | NUMBER},
    {"number", ID | NUMBER},
    {"id", ID},
    {"ids", ID},
    {"identifier", ID},
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
    {"day", GLUE},
    {"time", GLUE},
    {"e", GLUE},
    {"v", GLUE},
    {"token", GLUE},
    {"code", GLUE},
    {"of", GLUE},
    {"the", GLUE},
    {"hash", GLUE},
    {"year", GLUE},
    {"home", 0}, // these say nothing, but are written together with others
    {"client", 0},
    {"device", 0},
    {"instance", 0},
    {"clinical", 0},
    {"image", 0},
    {"mac", 0},
    {"de", 0},
    {"for", 0},
    {"years", GLUE},
    {"yrs", GLUE},
    // What makes a name harmless where only numbers or words of a closed list can stand.
    {"count", COUNTS},
    {"total", COUNTS},
    {"check", COUNTS},
    {"checks", COUNTS},
    {"lookup", COUNTS},
    {"lookups", COUNTS},
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
    {"filled", COUNTS},
    {"dispensed", COUNTS},
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
    {"pages", COUNTS},
    {"files", COUNTS},
    {"items", COUNTS},
    {"orders", COUNTS},
    {"lines", COUNTS},
    {"group", SORTS},
    {"class", SORTS},
    {"type", SORTS},
    {"category", SORTS},
    {"format", SORTS},
    {"mode", SORTS},
    {"status", SORTS},
    {"channel", SORTS},
    {"band", SORTS | LIFTS},
    {"compression", SORTS | LIFTS},
    {"tier", SORTS | LIFTS},
    {"model", SORTS | LIFTS},
    {"version", SORTS | LIFTS},
    {"release", SORTS | LIFTS},
    {"system", SORTS | LIFTS},
    {"vendor", SORTS | LIFTS},
    {"manufacturer", SORTS | LIFTS}};

static bool ends_in_plural(str word, str stem)
{
    if (!str_starts_with(word, str_slice(stem, 0, stem.len - 1)))
        return false;
    str ending = str_slice(word, stem.len, word.len);
    bool regular =
        str_starts_with(word, stem) && (str_eq(ending, STR("s")) || str_eq(ending, STR("es")));
    return regular || (stem.ptr[stem.len - 1] == 'y' &&
                       str_eq(str_slice(word, stem.len - 1, word.len), STR("ies")));
}

const struct word *vocabulary_find(str word, bool *plural)
{
    const struct word *stem = NULL;
    *plural = false;
    for (size_t i = 0; word.len > 0 && i < COUNT_OF(vocabulary); i++) {
        if (vocabulary[i].text[0] != word.ptr[0])
            continue;
        str text = str_from(vocabulary[i].text);
        if (str_eq(word, text))
            return &vocabulary[i];
        if (stem == NULL && text.len > 1 && ends_in_plural(word, text))
            stem = &vocabulary[i];
    }
    *plural = stem != NULL;
    return stem;
}

// One letter away: left out, added, another one, or two neighbours that changed places.
static bool is_one_letter_off(str word, str right)
{
    size_t at = 0;
    while (at < right.len && at < word.len && word.ptr[at] == right.ptr[at])
        at++;
    str rest = str_slice(word, at, word.len);
    str wanted = str_slice(right, at, right.len);
    if (rest.len == wanted.len + 1)
        return str_eq(str_slice(rest, 1, rest.len), wanted);
    if (rest.len + 1 == wanted.len)
        return str_eq(rest, str_slice(wanted, 1, wanted.len));
    return rest.len == wanted.len && rest.len > 0 &&
           str_eq(str_slice(rest, 1, rest.len), str_slice(wanted, 1, wanted.len));
}

static bool is_turned_round(str word, str right)
{
    if (word.len != right.len)
        return false;
    for (size_t at = 0; at + 1 < right.len; at++)
        if (word.ptr[at] != right.ptr[at])
            return word.ptr[at] == right.ptr[at + 1] && word.ptr[at + 1] == right.ptr[at] &&
                   str_eq(str_slice(word, at + 2, word.len), str_slice(right, at + 2, right.len));
    return false;
}

// Words of their own that are one letter away from one that means PHI.
static bool is_ordinary(str word)
{
    static const char *const words[] = {
        "accounted",  "admissible", "contract",  "diver",      "drive",       "driven",
        "driving",    "emergence",  "emergent",  "healthy",    "identified",  "identifies",
        "licensed",   "licensing",  "medial",    "middleware", "numeric",     "police",
        "provide",    "provided",   "provides",  "recorded",   "recorder",    "records",
        "referenced", "references", "serves",    "serviced",   "service",     "services",
        "series",     "sociable",   "secure",    "surgical",   "cellar",      "cellular",
        "compliant",  "country",    "decreased", "depth",      "direction",   "drives",
        "feather",    "finding",    "geocoder",  "geonode",    "observation", "initial",
        "insurer",    "martial",    "mediation", "meditation", "patent",      "persona",
        "plone",      "portal",     "prone",     "residency",  "retinal",     "subscribe",
        "subscribed", "subscribes", "telephony"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(word, str_from(words[i])))
            return true;
    return false;
}

// Shorter words have too many neighbours; these four have but few.
static bool is_long(str right)
{
    static const char *const words[] = {"birth", "death", "email", "phone"};
    enum { LETTERS_MIN = 6 };
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(right, str_from(words[i])))
            return true;
    return right.len >= LETTERS_MIN;
}

const struct word *vocabulary_find_misspelt(str word)
{
    enum { LETTERS_MIN = 4, TURNED_LETTERS_MIN = 5 };
    const unsigned told = STRONG | FREE | WHO | BARE | PART | ID | NAME_OF | DAY_OF;
    if (word.len < LETTERS_MIN || is_ordinary(word))
        return NULL;
    bool several = word.ptr[word.len - 1] == 's';
    str one = str_slice(word, 0, word.len - (several ? 1 : 0));
    for (size_t i = 0; i < COUNT_OF(vocabulary); i++) {
        str right = str_from(vocabulary[i].text);
        bool tells = (vocabulary[i].tells & told) != 0;
        if (!tells || right.ptr[0] != word.ptr[0])
            continue;
        if (right.len >= TURNED_LETTERS_MIN &&
            (is_turned_round(word, right) || is_turned_round(one, right)))
            return &vocabulary[i];
        if (is_long(right) && !is_ordinary(one) &&
            (is_one_letter_off(word, right) || is_one_letter_off(one, right)))
            return &vocabulary[i];
    }
    return NULL;
}
