// SPDX-License-Identifier: Apache-2.0
// phial phi scan [FILE] [--summary] [--event-types FILE]
#include "command.h"
#include "phial/ingest/trial.h"
#include "phial/json/json.h"
#include "phial/util/array.h"
#include "phial/util/file.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    TYPES_BYTES_MAX = 16 * 1024 * 1024,
    WORDS_MAX = 256, // detectors and codes
};

struct tally {
    const char *word;
    long long count;
};

struct scanning {
    struct trial *trial;
    struct arena *line_arena;
    bool summary;
    long long clean;
    struct tally tallies[WORDS_MAX];
    size_t tally_count;
};

static result read_types(struct arena *arena, const char *path, struct trial *trial)
{
    str text = {0};
    OWNED(json_release) json_t *root = NULL;
    struct faults faults = {.arena = arena};
    const char *key = NULL;
    json_t *document = NULL;
    TRY(file_read(arena, path, TYPES_BYTES_MAX, &text));
    TRY(json_parse(text, &root));
    json_t *types = json_object_get(root, "event_types");
    if (!json_is_object(types))
        return FAIL(INVALID, "the file has no event_types");
    json_object_foreach(types, key, document)
    {
        const struct event_type *type =
            event_type_parse((struct json_at){document, STR(""), &faults}, str_from(key));
        if (type == NULL)
            return FAIL(INVALID, str_printf(arena, "event_types%" STR_FMT ": %s",
                                            STR_ARG(faults.items[0].pointer), faults.items[0].code)
                                     .ptr);
        if (!trial_declare(trial, type))
            return FAIL(INVALID, "the file has too many event types");
    }
    return OK;
}

static void count_word(struct scanning *scanning, const char *word)
{
    for (size_t i = 0; i < scanning->tally_count; i++) {
        if (strcmp(scanning->tallies[i].word, word) == 0) {
            scanning->tallies[i].count++;
            return;
        }
    }
    if (scanning->tally_count < WORDS_MAX)
        scanning->tallies[scanning->tally_count++] = (struct tally){word, 1};
}

static void answer(struct scanning *scanning, struct trial_verdict verdict)
{
    if (scanning->summary && verdict.word == NULL)
        scanning->clean++;
    else if (scanning->summary)
        count_word(scanning, verdict.word);
    else if (verdict.word == NULL)
        (void)puts("clean");
    else
        (void)printf("%s %" STR_FMT "\n", verdict.word, STR_ARG(verdict.pointer));
}

static bool is_blank(str line)
{
    return str_all_in(line, " \t\r");
}

static void scan_line(struct scanning *scanning, str line)
{
    if (is_blank(line))
        return;
    answer(scanning, trial_line(scanning->trial, scanning->line_arena, line));
    arena_reset(scanning->line_arena);
}

// A line that is too long is refused unread, its rest passed over.
static bool scan_lines(struct scanning *scanning, FILE *in)
{
    char *line = malloc(TRIAL_LINE_MAX + 2);
    size_t len = 0;
    size_t got = 0;
    char chunk[16 * 1024];
    if (line == NULL)
        return false;
    while ((got = fread(chunk, 1, sizeof chunk, in)) != 0) {
        for (const char *at = chunk; at < chunk + got;) {
            size_t left = (size_t)(chunk + got - at);
            const char *newline = memchr(at, '\n', left);
            size_t part = newline == NULL ? left : (size_t)(newline - at);
            size_t fits = part < TRIAL_LINE_MAX + 1 - len ? part : TRIAL_LINE_MAX + 1 - len;
            memcpy(line + len, at, fits);
            len += fits;
            at += part + (newline == NULL ? 0 : 1);
            if (newline != NULL) {
                scan_line(scanning, (str){line, len});
                len = 0;
            }
        }
    }
    if (len != 0)
        scan_line(scanning, (str){line, len});
    explicit_bzero(line, TRIAL_LINE_MAX + 2);
    explicit_bzero(chunk, sizeof chunk);
    free(line);
    return ferror(in) == 0;
}

static int compare_tallies(const void *a, const void *b)
{
    return strcmp(((const struct tally *)a)->word, ((const struct tally *)b)->word);
}

static void print_summary(struct scanning *scanning)
{
    long long hits = 0;
    qsort(scanning->tallies, scanning->tally_count, sizeof scanning->tallies[0], compare_tallies);
    for (size_t i = 0; i < scanning->tally_count; i++)
        hits += scanning->tallies[i].count;
    (void)printf("lines %lld\nclean %lld\n", scanning->clean + hits, scanning->clean);
    for (size_t i = 0; i < scanning->tally_count; i++)
        (void)printf("%s %lld\n", scanning->tallies[i].word, scanning->tallies[i].count);
}

static int scan(struct arena *arena, const char *path, const char *types, bool summary)
{
    struct arena line_arena = {0};
    struct scanning scanning = {
        .trial = trial_open(arena), .line_arena = &line_arena, .summary = summary};
    result declared = types == NULL ? OK : read_types(arena, types, scanning.trial);
    if (failed(declared))
        return command_failed("phi", declared);
    FILE *in = path == NULL || strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (in == NULL)
        return command_fails("phi", "cannot open the file");
    bool whole = scan_lines(&scanning, in);
    if (in != stdin)
        (void)fclose(in);
    if (!whole)
        return command_fails("phi", "cannot read the file to its end");
    if (summary)
        print_summary(&scanning);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : command_fails("phi", "cannot write the answers");
}

int command_phi(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {
        {"summary", no_argument, NULL, 's'}, {"event-types", required_argument, NULL, 't'}, {0}};
    const char *types = NULL;
    bool summary = false;
    for (int option = 0; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 's')
            summary = true;
        else if (option == 't')
            types = optarg;
        else
            return command_usage("phi");
    }
    int left = argc - optind;
    if (left < 1 || left > 2 || strcmp(argv[optind], "scan") != 0)
        return command_usage("phi");
    return scan(arena, left == 2 ? argv[optind + 1] : NULL, types, summary);
}
