// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include "phial/egress/egress.h"
#include "phial/util/array.h"
#include "phial/util/log.h"

#include <string.h>

enum {
    KIND_text = OPTION_TEXT,
    KIND_secret = OPTION_SECRET,
    KIND_number = OPTION_NUMBER,
    KIND_flag = OPTION_FLAG,
};

const struct option options[] = {
#define OPTION(kind, section, name, preset, min, max, does) \
    {(enum option_kind)KIND_##kind,                         \
     #section,                                              \
     #name,                                                 \
     offsetof(struct config, section##_##name),             \
     preset,                                                \
     min,                                                   \
     max,                                                   \
     does},
#include "phial/config/options.def"
#undef OPTION
};
const size_t option_count = COUNT_OF(options);

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LETTERS CAPITALS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_level(str value)
{
    enum log_level level = LOG_INFO;
    return log_level_parse(value, &level);
}

static bool is_master_key(str value)
{
    return value.len == 0 || str_starts_with(value, STR("pkcs11:")) ||
           (value.len == 64 && str_all_in(value, "0123456789abcdefABCDEF"));
}

static const char master_key_form[] = "must be 64 hexadecimal digits or a PKCS#11 URI";

// It becomes a signed note's key name, which may hold neither blanks nor a plus.
static bool is_server_name(str value)
{
    return str_all_in(value, LETTERS DIGITS "-._:/");
}

// "Assets:Receivable", "Assets:Receivable | 1100": one line of printable characters that no format
// of a journal takes for anything else.
static bool is_account(str value)
{
    str name = value;
    str code = STR("");
    bool coded = str_cut(value, '|', &name, &code);
    name = str_trim(name);
    code = str_trim(code);
    bool fits = name.len != 0 && !str_starts_with(name, STR(":")) &&
                !str_ends_with(name, STR(":")) && str_contains(STR("([*!"), name.ptr[0]) == false &&
                (!coded || (code.len != 0 && str_all_in(code, LETTERS DIGITS "-./")));
    for (size_t i = 0; i < name.len && fits; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool blanks = c == ' ' && i + 1 < name.len && name.ptr[i + 1] == ' ';
        fits = c >= ' ' && c != 0x7f && c != ';' && !blanks;
    }
    return fits;
}

static const char account_form[] =
    "must be NAME or NAME | CODE, the name without semicolons and double blanks";

static const char egress_form[] =
    "must be host, host:port, *.suffix or an address, with commas between";

// What is printed may not hold a PIN.
static bool is_key_path(str value)
{
    if (!str_starts_with(value, STR("pkcs11:")))
        return true;
    for (size_t i = 0; i < value.len; i++) {
        if (str_starts_with(str_slice(value, i, value.len), STR("pin-value")))
            return false;
    }
    return true;
}

static const char key_path_form[] = "takes the PIN of a PKCS#11 URI by pin-source=file:PATH";

static bool is_url(str value)
{
    struct egress_url url;
    return value.len == 0 || egress_url_parse(value, &url) == NULL;
}

// The witnesses that checkpoints are sent to.
static bool are_urls(str value)
{
    enum { URLS_MAX = 8 };
    for (size_t count = 0; value.len != 0; count++) {
        str one = value;
        str rest = STR("");
        if (!str_cut(value, ',', &one, &rest))
            one = value;
        one = str_trim(one);
        if (count == URLS_MAX || one.len == 0 || !is_url(one) || str_ends_with(one, STR("/")))
            return false;
        value = rest;
    }
    return true;
}

static bool is_country(str value)
{
    return value.len == 0 || (value.len == 2 && str_all_in(value, CAPITALS));
}

// As printed, in fours, or without blanks.
static bool is_iban(str value)
{
    return str_all_in(value, CAPITALS DIGITS " ");
}

static const char amounts_form[] =
    "must be amounts with their currencies, 1000.00 USD, commas between";

// "1000.00 USD, 900.00 EUR"; whether the digits fit the currency is looked at when it is read.
static bool is_amounts(str value)
{
    str rest = value;
    str one = {0};
    str amount = {0};
    str code = {0};
    for (bool more = value.len != 0; more;) {
        more = str_cut(rest, ',', &one, &rest);
        one = str_trim(more ? one : rest);
        if (!str_cut(one, ' ', &amount, &code) || amount.len == 0 ||
            !str_all_in(amount, DIGITS ".") || code.len != 3 || !str_all_in(code, CAPITALS))
            return false;
    }
    return true;
}

// Texts that need more than a length.
static const struct {
    size_t offset;
    bool (*fits)(str value);
    const char *says;
} forms[] = {
    {offsetof(struct config, accounting_adjustment), is_account, account_form},
    {offsetof(struct config, accounting_bank), is_account, account_form},
    {offsetof(struct config, accounting_breakage), is_account, account_form},
    {offsetof(struct config, accounting_commitment), is_account, account_form},
    {offsetof(struct config, accounting_discount), is_account, account_form},
    {offsetof(struct config, accounting_fixed), is_account, account_form},
    {offsetof(struct config, accounting_prepaid), is_account, account_form},
    {offsetof(struct config, accounting_promotion), is_account, account_form},
    {offsetof(struct config, accounting_receivable), is_account, account_form},
    {offsetof(struct config, accounting_tax), is_account, account_form},
    {offsetof(struct config, accounting_usage), is_account, account_form},
    {offsetof(struct config, approvals_credit_note_above), is_amounts, amounts_form},
    {offsetof(struct config, approvals_credits_above), is_amounts, amounts_form},
    {offsetof(struct config, egress_allow), egress_list_valid, egress_form},
    {offsetof(struct config, egress_plain_http), egress_list_valid, egress_form},
    {offsetof(struct config, egress_private), egress_list_valid, egress_form},
    {offsetof(struct config, ledger_key_path), is_key_path, key_path_form},
    {offsetof(struct config, ledger_previous_key_path), is_key_path, key_path_form},
    {offsetof(struct config, witness_key_path), is_key_path, key_path_form},
    {offsetof(struct config, log_level), is_level, "must be debug, info, warn or error"},
    {offsetof(struct config, phi_master_key), is_master_key, master_key_form},
    {offsetof(struct config, phi_master_key_next), is_master_key, master_key_form},
    {offsetof(struct config, phi_master_key_previous), is_master_key, master_key_form},
    {offsetof(struct config, seller_country), is_country, "must be two capital letters"},
    {offsetof(struct config, seller_iban), is_iban,
     "may hold capital letters, digits and blanks only"},
    {offsetof(struct config, server_name), is_server_name,
     "may hold letters, digits and -._:/ only"},
    {offsetof(struct config, witness_name), is_server_name,
     "may hold letters, digits and -._:/ only"},
    {offsetof(struct config, witness_timestamp_url), is_url, "must be an http or https URL"},
    {offsetof(struct config, witness_urls), are_urls,
     "must be up to 8 http or https URLs without a slash at their end, with commas between"},
};

static const char *check_form(const struct option *option, str value)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (forms[i].offset == option->offset && !forms[i].fits(value))
            return forms[i].says;
    }
    return NULL;
}

bool option_section_exists(const char *section)
{
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (strcmp(options[i].section, section) == 0)
            return true;
    }
    return false;
}

bool option_find(const char *section, const char *name, const struct option **option,
                 bool *from_file)
{
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        size_t len = strlen(options[i].name);
        if (strcmp(options[i].section, section) != 0 || strncmp(options[i].name, name, len) != 0)
            continue;
        bool is_file = options[i].kind == OPTION_SECRET && strcmp(name + len, "_file") == 0;
        if (!is_file && name[len] != '\0')
            continue;
        *option = &options[i];
        *from_file = is_file;
        return true;
    }
    return false;
}

str option_variable(struct arena *arena, const struct option *option)
{
    str name = str_printf(arena, "PHIAL_%s_%s", option->section, option->name);
    char *letters = arena_array(arena, char, name.len + 1);
    for (size_t i = 0; i < name.len; i++) {
        letters[i] = name.ptr[i];
        if (letters[i] >= 'a' && letters[i] <= 'z')
            letters[i] = (char)(letters[i] - 'a' + 'A');
    }
    return (str){letters, name.len};
}

static const char *set_text(struct arena *arena, const struct option *option, str value, str *field)
{
    if ((int64_t)value.len < option->min)
        return "must not be empty";
    if ((int64_t)value.len > option->max)
        return str_printf(arena, "must have at most %lld characters", (long long)option->max).ptr;
    const char *wrong = check_form(option, value);
    if (wrong == NULL)
        *field = value;
    return wrong;
}

static const char *set_number(struct arena *arena, const struct option *option, str value,
                              int64_t *field)
{
    int64_t number = 0;
    if (!str_to_i64(value, &number) || number < option->min || number > option->max)
        return str_printf(arena, "must be a whole number from %lld to %lld", (long long)option->min,
                          (long long)option->max)
            .ptr;
    *field = number;
    return NULL;
}

static const char *set_flag(str value, bool *field)
{
    bool yes = str_eq(value, STR("yes"));
    if (!yes && !str_eq(value, STR("no")))
        return "must be yes or no";
    *field = yes;
    return NULL;
}

const char *option_set(struct arena *arena, const struct option *option, str value,
                       struct config *config)
{
    void *field = (char *)config + option->offset;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        return set_text(arena, option, value, field);
    case OPTION_NUMBER:
        return set_number(arena, option, value, field);
    case OPTION_FLAG:
        return set_flag(value, field);
    }
    return NULL;
}
