// SPDX-License-Identifier: Apache-2.0
// local@domain.tld; the last label has letters alone, or is an international one (xn--).
#include "scan.h"

enum { SIGN_WORK = 5, BRACKET_WORK = 9, LABEL_WORK = 5, WORD_WORK = 3 };

static bool in_label(char c)
{
    return is_alnum(c) || c == '-' || (c & '\x80') != 0;
}

static bool in_local_part(char c)
{
    return in_label(c) || c == '.' || c == '_' || c == '+' || c == '\'' || c == '~' || c == '!' ||
           c == '#' || c == '$' || c == '*' || c == '/' || c == '=' || c == '?' || c == '^';
}

static bool is_top_label(str label)
{
    if (label.len > 4 && str_starts_with(label, STR("xn--")))
        return true;
    size_t letters = scan_letters(label, 0);
    return letters >= 2 && (letters == label.len || label.ptr[letters] == '-'); // host.com-1
}

static size_t label_at(str text, size_t at)
{
    size_t len = 0;
    while (at + len < text.len && in_label(text.ptr[at + len]))
        len++;
    return len;
}

// The length of "." or of a spelling of it.
static size_t dot_at(str text, size_t at)
{
    static const char *const spellings[] = {"[dot]", "(dot)", "{dot}", NULL};
    if (at_or_nul(text, at) == '.')
        return 1;
    size_t blank = at_or_nul(text, at) == ' ' ? 1 : 0;
    for (size_t i = 0; spellings[i] != NULL; i++) {
        size_t len = scan_phrase(text, at + blank, spellings[i]);
        if (len > 0)
            return blank + len + (at_or_nul(text, at + blank + len) == ' ' ? 1 : 0);
    }
    return 0;
}

static bool domain_at(const struct sight *sight, size_t at)
{
    str text = sight->text;
    size_t labels = 0;
    for (;;) {
        size_t len = label_at(text, at);
        if (len == 0 || !sight_pays(sight, LABEL_WORK + len))
            return false;
        if (++labels > 1 && is_top_label(str_slice(text, at, at + len)))
            return true;
        at += len;
        size_t dot = dot_at(text, at);
        if (dot == 0)
            return false;
        at += dot;
    }
}

// jane [at] example [dot] com
static bool spelled_at(const struct sight *sight, size_t at)
{
    str text = sight->text;
    static const char *const spellings[] = {"[at]", "(at)", "{at}", NULL};
    for (size_t i = 0; spellings[i] != NULL; i++) {
        size_t len = scan_phrase(text, at, spellings[i]);
        size_t blank = at_or_nul(text, at + len) == ' ' ? 1 : 0;
        if (len > 0 && at > 0)
            return (in_local_part(text.ptr[at - 1]) ||
                    (text.ptr[at - 1] == ' ' && at > 1 && in_local_part(text.ptr[at - 2]))) &&
                   domain_at(sight, at + len + blank);
    }
    return false;
}

static bool is_one_of(str word, const char *const *spellings)
{
    for (size_t i = 0; spellings[i] != NULL; i++)
        if (scan_phrase(word, 0, spellings[i]) == word.len)
            return true;
    return false;
}

static str run_text(const struct sight *sight, size_t n)
{
    return str_slice(sight->text, sight->runs[n].at, sight->runs[n].at + sight->runs[n].len);
}

static bool blank_before(const struct sight *sight, size_t n)
{
    const struct run *last = &sight->runs[n - 1];
    return sight->text.ptr[sight->runs[n].at - 1] == ' ' &&
           last->at + last->len + 1 == sight->runs[n].at;
}

// jane at clinic dot org: a top label that is much used says that it is no sentence
static bool in_words_at(const struct sight *sight, size_t n)
{
    static const char *const ats[] = {"at", "arroba", "chiocciola", "arobase", NULL};
    static const char *const dots[] = {"dot", "punto", "point", "punkt", "punt", NULL};
    static const char *const tops[] = {"com", "org", "net", "edu",  "gov",    "de", "fr", "es",
                                       "it",  "nl",  "uk",  "io",   "co",     "eu", "ch", "us",
                                       "ca",  "au",  "pl",  "be",   "pt",     "at", "se", "dk",
                                       "no",  "fi",  "ie",  "info", "health", NULL};
    if (n == 0 || n + 3 >= sight->run_count || !blank_before(sight, n) ||
        !is_one_of(run_text(sight, n), ats))
        return false;
    for (size_t dot = n + 2; dot + 1 < sight->run_count; dot += 2) {
        if (!is_one_of(run_text(sight, dot), dots) || !blank_before(sight, dot) ||
            !blank_before(sight, dot + 1))
            return false;
        if (is_one_of(run_text(sight, dot + 1), tops))
            return true;
    }
    return false;
}

bool phi_detect_email(const struct sight *sight)
{
    static const char brackets[] = "[({";
    str text = sight->text;
    for (size_t at = scan_next(text, 1, '@'); at < text.len; at = scan_next(text, at + 1, '@'))
        if (sight_pays(sight, SIGN_WORK) && in_local_part(text.ptr[at - 1]) &&
            domain_at(sight, at + 1))
            return true;
    for (const char *c = brackets; *c != '\0'; c++)
        for (size_t at = sees(sight, *c) ? scan_next(text, 0, *c) : text.len; at < text.len;
             at = scan_next(text, at + 1, *c))
            if (sight_pays(sight, BRACKET_WORK) && spelled_at(sight, at))
                return true;
    for (size_t i = 0; sight_finds(sight, &i, WAKE(AT)); i++)
        if (sight_pays(sight, WORD_WORK) && in_words_at(sight, i))
            return true;
    return false;
}
