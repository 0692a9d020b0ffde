// SPDX-License-Identifier: Apache-2.0
#include "export_names.h"
#include "phial/util/array.h"
#include "phial/util/encode.h"
#include "verify_parts.h"

#include <stdlib.h>

enum { SUM_HEX = 2 * SHA256_BYTES, SUM_BLANKS = 2, STRETCH = 4 * 1024 * 1024 };

static const char *const required[] = {
    EXPORT_MANIFEST,
    EXPORT_ENTRIES,
    EXPORT_CHECKPOINT,
    EXPORT_CHECKPOINT_BODY,
    EXPORT_CHECKPOINT_SIGNATURE,
    EXPORT_PROOF,
    EXPORT_SUMS,
    EXPORT_SUMS_SIGNATURE,
    EXPORT_PUBLIC_KEY,
    EXPORT_GUIDE,
};

str exported_file(const struct exported *exported, const char *name)
{
    const struct archive_file *file = archive_files_find(&exported->files, str_from(name));
    return file == NULL ? STR("") : file->bytes;
}

bool exported_hash(struct arena *arena, str text, sha256 *hash)
{
    str bytes = {0};
    if (!decode_base64(arena, text, &bytes) || bytes.len != SHA256_BYTES)
        return false;
    for (size_t i = 0; i < SHA256_BYTES; i++)
        hash->bytes[i] = (unsigned char)bytes.ptr[i];
    return true;
}

static void check_present(struct exported *exported)
{
    for (size_t i = 0; i < COUNT_OF(required); i++) {
        if (archive_files_find(&exported->files, str_from(required[i])) == NULL)
            fault(exported->report, "The archive lacks %s.", required[i]);
    }
}

static void check_key(struct exported *exported)
{
    unsigned char public[ED25519_PUBLIC_BYTES];
    str pem = exported_file(exported, EXPORT_PUBLIC_KEY);
    if (pem.len == 0)
        return;
    if (failed(public_key_parse(pem, public)))
        fault(exported->report, EXPORT_PUBLIC_KEY " holds no Ed25519 public key.");
    else if (!crypto_equal((str){(const char *)public, sizeof public},
                           (str){(const char *)exported->public_key, ED25519_PUBLIC_BYTES}))
        fault(exported->report, EXPORT_PUBLIC_KEY " is not the key that was given.");
}

// The files that SHA256SUMS names, as it goes.
struct sums {
    struct exported *exported;
    str *names;
    size_t count;
};

static bool is_own(str name) // the two files that cannot list themselves
{
    return str_eq(name, STR(EXPORT_SUMS)) || str_eq(name, STR(EXPORT_SUMS_SIGNATURE));
}

// A long file a stretch at a time: it need not be in memory at once.
static sha256 sum_of(const struct exported *exported, str bytes)
{
    struct sha256_state state;
    sha256_start(&state);
    while (bytes.len != 0) {
        str stretch = str_slice(bytes, 0, STRETCH);
        sha256_add(&state, stretch);
        archive_files_forget(&exported->files, stretch);
        bytes = str_slice(bytes, stretch.len, bytes.len);
    }
    return sha256_end(&state);
}

static void check_sum(struct sums *sums, str hex, str name)
{
    struct exported *exported = sums->exported;
    const struct archive_file *file = archive_files_find(&exported->files, name);
    str shown = report_text(exported->arena, name);
    if (file == NULL) {
        fault(exported->report, "SHA256SUMS lists '%" STR_FMT "', which is not in the archive.",
              STR_ARG(shown));
        return;
    }
    sha256 hash = sum_of(exported, file->bytes);
    if (!str_eq(encode_hex(exported->arena, sha256_str(&hash)), hex))
        fault(exported->report, "The sum of '%" STR_FMT "' differs from SHA256SUMS.",
              STR_ARG(shown));
}

// "<64 hexadecimal digits>  <name>"
static bool read_sum(struct sums *sums, str line)
{
    if (line.len <= SUM_HEX + SUM_BLANKS ||
        !str_all_in(str_slice(line, 0, SUM_HEX), "0123456789abcdef") ||
        !str_eq(str_slice(line, SUM_HEX, SUM_HEX + SUM_BLANKS), STR("  ")))
        return false;
    str name = str_slice(line, SUM_HEX + SUM_BLANKS, line.len);
    if (is_own(name))
        return false;
    sums->names[sums->count++] = name;
    check_sum(sums, str_slice(line, 0, SUM_HEX), name);
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return str_compare(*(const str *)a, *(const str *)b);
}

// Both lists are in the order of bytes by now.
static void check_listed(struct sums *sums)
{
    struct exported *exported = sums->exported;
    for (size_t i = 1; i < sums->count; i++) {
        if (str_eq(sums->names[i - 1], sums->names[i]))
            fault(exported->report, "SHA256SUMS lists '%" STR_FMT "' twice.",
                  STR_ARG(report_text(exported->arena, sums->names[i])));
    }
    for (size_t i = 0; i < exported->files.count; i++) {
        str name = exported->files.items[i].name;
        if (!is_own(name) && (sums->count == 0 || bsearch(&name, sums->names, sums->count,
                                                          sizeof name, by_bytes) == NULL))
            fault(exported->report, "The archive holds '%" STR_FMT "', which SHA256SUMS lacks.",
                  STR_ARG(report_text(exported->arena, name)));
    }
}

static void check_sums(struct exported *exported)
{
    str text = exported_file(exported, EXPORT_SUMS);
    size_t lines_max = text.len / (SUM_HEX + SUM_BLANKS) + 1;
    struct sums sums = {.exported = exported,
                        .names = arena_array(exported->arena, str, lines_max)};
    bool whole = true;
    while (text.len != 0 && whole) {
        str line = {0};
        whole = str_cut(text, '\n', &line, &text) && read_sum(&sums, line);
    }
    if (!whole)
        fault(exported->report, "SHA256SUMS has a line that is no sum and name.");
    if (sums.count != 0)
        qsort(sums.names, sums.count, sizeof *sums.names, by_bytes);
    check_listed(&sums);
}

void verify_files(struct exported *exported)
{
    check_present(exported);
    check_key(exported);
    if (!signature_holds(exported->public_key, exported_file(exported, EXPORT_SUMS),
                         exported_file(exported, EXPORT_SUMS_SIGNATURE)))
        fault(exported->report, "The signature of SHA256SUMS does not hold under the key given.");
    check_sums(exported);
}
