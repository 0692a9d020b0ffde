// SPDX-License-Identifier: Apache-2.0
// A document that nobody declared: every name is judged, and every name, text and number goes
// through the detectors, at any depth.
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "trial_parts.h"

#include <string.h>

enum { JOINED_BYTES_MAX = 256 };

struct walk {
    struct trial *trial;
    struct reader reader;
    const str *everywhere;
    struct trial_verdict verdict; // the first hit
};

// Where a value stands, and the detectors that do not look at it.
struct place {
    str pointer;
    uint64_t off;
};

static void hit(struct walk *walk, const char *word, str pointer)
{
    if (walk->verdict.word == NULL)
        walk->verdict =
            (struct trial_verdict){word, walk->everywhere != NULL ? *walk->everywhere : pointer};
}

static void scan(struct walk *walk, str text, uint64_t off, str pointer)
{
    const struct phi_detector *found = walk->verdict.word == NULL ? phi_find(text, off) : NULL;
    if (found != NULL)
        hit(walk, found->name, pointer);
}

// Members of an event are no one's names; all others are said to be at the place above them.
static bool is_envelope(str name, str *pointer)
{
    static const str pointers[] = {
        {"/id", 3},     {"/customer", 9}, {"/type", 5}, {"/time", 5},        {"/quantity", 9},
        {"/source", 7}, {"/subject", 8},  {"/data", 5}, {"/properties", 11}, {"/specversion", 12}};
    for (size_t i = 0; i < COUNT_OF(pointers); i++) {
        if (str_eq(name, str_slice(pointers[i], 1, pointers[i].len))) {
            *pointer = pointers[i];
            return true;
        }
    }
    return false;
}

// The first three digits of a ZIP code name a region; of these, one of fewer than 20,000 people.
static bool is_small_region(str text)
{
    static const char *const regions[] = {"036", "059", "063", "102", "203", "205", "369",
                                          "556", "692", "790", "821", "823", "830", "831",
                                          "878", "879", "884", "890", "893"};
    for (size_t i = 0; i < COUNT_OF(regions); i++)
        if (str_eq(text, str_from(regions[i])))
            return true;
    return false;
}

static bool names_region(str name)
{
    static const str names[] = {{"zip3", 4}, {"zip_prefix3", 11}, {"zip_3", 5}, {"zip_prefix", 10}};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(name, names[i]))
            return true;
    return false;
}

static bool is_number_text(str text)
{
    return text.len > 0 && text.len < 6 && str_all_in(text, "-0123456789.");
}

// A name that means PHI, beside a value that is there.
static void judge_name(struct walk *walk, str name, const struct raw_value *value, str pointer)
{
    struct trial_name judged = trial_name_read(walk->trial, name);
    bool text = value->kind == JSON_KIND_STRING;
    bool container = value->kind == JSON_KIND_ARRAY || value->kind == JSON_KIND_OBJECT;
    bool open = container || (text && !is_number_text(value->text));
    bool means = value->kind != JSON_KIND_NULL && (open ? judged.open : judged.closed);
    if (text && value->text.len == 3 && names_region(name))
        means = is_small_region(value->text);
    if (judged.detector != NULL)
        hit(walk, judged.detector, pointer);
    if (means)
        hit(walk, "phi_property_name", pointer);
}

static bool walk_value(struct walk *walk, unsigned depth, str pointer);

static enum json_kind kind_ahead(struct walk *walk)
{
    switch (reader_peek(&walk->reader)) {
    case '{':
        return JSON_KIND_OBJECT;
    case '[':
        return JSON_KIND_ARRAY;
    default:
        return JSON_KIND_ABSENT;
    }
}

// 4.9.79.8 is a version where the name says so, as it is for a property declared as one.
static uint64_t off_for(const struct walk *walk, str name)
{
    return str_ends_with(name, STR("version")) || str_ends_with(name, STR("Version"))
               ? walk->trial->ipv4
               : 0;
}

static bool walk_scalar(struct walk *walk, unsigned depth, struct place place,
                        struct raw_value *value)
{
    if (!reader_value(&walk->reader, depth, value))
        return false;
    if (value->kind == JSON_KIND_STRING || value->kind == JSON_KIND_NUMBER)
        scan(walk, value->text, place.off, place.pointer);
    return true;
}

// NOLINTNEXTLINE(misc-no-recursion): READER_DEPTH_MAX deep
static bool walk_object(struct walk *walk, unsigned depth, str pointer)
{
    size_t mark = reader_object(&walk->reader);
    bool more = false;
    str name = {0};
    while (reader_member(&walk->reader, mark, &more, &name)) {
        str below = pointer;
        if (!more)
            return true;
        bool known = depth == 0 && is_envelope(name, &below);
        struct raw_value value = {.kind = kind_ahead(walk)};
        bool container = value.kind != JSON_KIND_ABSENT;
        if (!container &&
            !walk_scalar(walk, depth + 1, (struct place){below, off_for(walk, name)}, &value))
            return false;
        if (!known)
            judge_name(walk, name, &value, below);
        if (container && !walk_value(walk, depth + 1, below))
            return false;
    }
    return false;
}

// Pieces of a number, ["123", "45", "6789"], are one.
struct pieces {
    char text[JOINED_BYTES_MAX];
    size_t len;
    size_t count;
};

static void join(struct pieces *pieces, const struct raw_value *value)
{
    bool scalar = value->kind == JSON_KIND_STRING || value->kind == JSON_KIND_NUMBER;
    if (!scalar || pieces->len + value->text.len + 1 > sizeof pieces->text)
        return;
    if (pieces->count++ != 0)
        pieces->text[pieces->len++] = '-';
    if (value->text.len != 0)
        memcpy(pieces->text + pieces->len, value->text.ptr, value->text.len);
    pieces->len += value->text.len;
}

// NOLINTNEXTLINE(misc-no-recursion): READER_DEPTH_MAX deep
static bool walk_array(struct walk *walk, unsigned depth, str pointer)
{
    struct reader *reader = &walk->reader;
    struct pieces pieces = {.len = 0};
    if (!reader_take(reader, '['))
        return false;
    if (reader_take(reader, ']'))
        return true;
    do {
        struct raw_value value = {0};
        reader_blank(reader);
        bool container = kind_ahead(walk) != JSON_KIND_ABSENT;
        if (container ? !walk_value(walk, depth + 1, pointer)
                      : !walk_scalar(walk, depth + 1, (struct place){pointer, 0}, &value))
            return false;
        join(&pieces, &value);
    } while (reader_take(reader, ','));
    if (pieces.count > 1)
        scan(walk, (str){pieces.text, pieces.len}, 0, pointer);
    return reader_take(reader, ']');
}

// NOLINTNEXTLINE(misc-no-recursion): READER_DEPTH_MAX deep
static bool walk_value(struct walk *walk, unsigned depth, str pointer)
{
    struct raw_value value = {0};
    if (depth >= READER_DEPTH_MAX)
        return false;
    char c = reader_peek(&walk->reader);
    if (c == '{')
        return walk_object(walk, depth, pointer);
    return c == '[' ? walk_array(walk, depth, pointer)
                    : walk_scalar(walk, depth, (struct place){pointer, 0}, &value);
}

struct trial_verdict trial_document(struct trial *trial, struct arena *arena, str text,
                                    const str *everywhere)
{
    struct walk walk = {.trial = trial,
                        .reader = {.arena = arena, .at = text.ptr, .end = text.ptr + text.len},
                        .everywhere = everywhere};
    reader_blank(&walk.reader);
    bool reads = walk_value(&walk, 0, STR("/"));
    reader_blank(&walk.reader);
    if (!reads || walk.reader.at != walk.reader.end || walk.reader.unfit)
        hit(&walk, "invalid_json", STR("/"));
    if (walk.reader.duplicate)
        hit(&walk, "duplicate_member", STR("/"));
    return walk.verdict;
}
