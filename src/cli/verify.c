// SPDX-License-Identifier: Apache-2.0
// phial verify FILE --key PUB.pem [--against OLDER] [--json]
#include "phial/audit/verify.h"

#include "command.h"
#include "phial/json/json.h"
#include "phial/util/array.h"

#include <getopt.h>
#include <stdlib.h>

static const struct {
    const char *name;
    const char *holds;
} checks[] = {
    {"archive",
     "a plain ustar archive: no link, no name twice, nothing between or behind the files"},
    {"signatures", "SHA256SUMS and the checkpoint are signed by the key that was given"},
    {"sums", "every file is in SHA256SUMS, and as it says"},
    {"entries", "every entry is in canonical form and has the members of its kind, no other"},
    {"root",
     "entries and nodes make up the tree of the checkpoint: none changed, dropped, added, moved"},
    {"order", "no entry is dated before the one that precedes it"},
    {"identities", "no event is there twice"},
    {"corrections", "each void and amendment names an earlier event that was live then"},
    {"statements", "each statement is its entry, computed on all of the log before it"},
    {"recount", "each invoice, counted and rated again from its events, is the same to the cent"},
    {"settlement", "credit notes and payments stay within what was billed"},
};

static const char *const unsaid[] = {
    "whether everything that happened was reported: compare with your own records",
    "whether somebody else was shown another log: compare checkpoints with theirs, or a witness's",
    "whose key it is: compare it with the one that you were given by another way",
    "what a token stands for, and whether a price was agreed upon",
};

static void print_text(const struct verification *verification, bool older)
{
    (void)printf("VERIFIED\n"
                 "  customer  %" STR_FMT "\n"
                 "  entries   %lld of a log of %lld\n"
                 "  invoices  %lld recounted and rated again, to the cent\n"
                 "  root      %" STR_FMT "\n\nWhat was checked, and holds:\n",
                 STR_ARG(verification->customer.len == 0 ? STR("(the audit trail)")
                                                         : verification->customer),
                 (long long)verification->entries, (long long)verification->size,
                 (long long)verification->invoices, STR_ARG(verification->root));
    if (verification->limits != 0)
        (void)printf("  %-13s%d, above: what retention removed is told of, not shown\n", "limits",
                     verification->limits);
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        (void)printf("  %-13s%s\n", checks[i].name, checks[i].holds);
    if (older)
        (void)printf("  %-13s%s\n", "older", "the log extends that of the older export");
    (void)printf("\nWhat this cannot say:\n");
    for (size_t i = 0; i < COUNT_OF(unsaid); i++)
        (void)printf("  %s\n", unsaid[i]);
}

enum sentence { SENTENCE_NOTE, SENTENCE_LIMIT, SENTENCE_FAULT };

static enum sentence sentence_of(str line)
{
    static const str older = {"Older export: ", sizeof "Older export: " - 1};
    if (str_starts_with(line, older))
        line = str_slice(line, older.len, line.len);
    if (str_starts_with(line, STR("Note: ")))
        return SENTENCE_NOTE;
    return str_starts_with(line, STR("Limit: ")) ? SENTENCE_LIMIT : SENTENCE_FAULT;
}

// A line each, without its newline.
static json_t *list_lines(str lines, enum sentence wanted)
{
    json_t *list = json_array();
    str line = {0};
    while (str_cut(lines, '\n', &line, &lines)) {
        if (sentence_of(line) == wanted)
            (void)json_array_append_new(list, json_from_str(line));
    }
    return list;
}

static json_t *list_checks(bool older)
{
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        (void)json_array_append_new(list, json_string(checks[i].name));
    if (older)
        (void)json_array_append_new(list, json_string("older"));
    return list;
}

static void print_json(const struct verification *verification, bool older, str said)
{
    json_t *unknown = json_array();
    for (size_t i = 0; i < COUNT_OF(unsaid); i++)
        (void)json_array_append_new(unknown, json_string(unsaid[i]));
    OWNED(json_release)
    json_t *report = json_pack(
        "{s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "verified",
        (int)(verification->faults == 0), "faults", list_lines(said, SENTENCE_FAULT), "notes",
        list_lines(said, SENTENCE_NOTE), "limits", list_lines(said, SENTENCE_LIMIT), "customer",
        json_from_str(verification->customer), "entries", (json_int_t)verification->entries, "size",
        (json_int_t)verification->size, "invoices", (json_int_t)verification->invoices, "root",
        json_from_str(verification->root), "checked", list_checks(older), "cannot_say", unknown);
    (void)json_dumpf(report, stdout, JSON_INDENT(2));
    (void)putchar('\n');
}

static int say_text(struct arena *arena, const char *path, const char *key, const char *against)
{
    struct verification verification = {0};
    result outcome = verify_export(arena, path, key, against, stdout, &verification);
    if (failed(outcome))
        return command_failed("verify", outcome);
    if (verification.faults != 0) {
        (void)printf("REFUSED: %d fault%s\n", verification.faults,
                     verification.faults == 1 ? "" : "s");
        return EXIT_FAULT;
    }
    print_text(&verification, against != NULL);
    return EXIT_SUCCESS;
}

static int say_json(struct arena *arena, const char *path, const char *key, const char *against)
{
    struct verification verification = {0};
    char *faults = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&faults, &len);
    if (out == NULL)
        return command_fails("verify", "out of memory");
    result outcome = verify_export(arena, path, key, against, out, &verification);
    (void)fclose(out);
    if (!failed(outcome))
        print_json(&verification, against != NULL, (str){faults, len});
    free(faults);
    if (failed(outcome))
        return command_failed("verify", outcome);
    return verification.faults == 0 ? EXIT_SUCCESS : EXIT_FAULT;
}

int command_verify(struct arena *arena, int argc, char **argv)
{
    static const struct option known[] = {{"key", required_argument, NULL, 'k'},
                                          {"against", required_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    const char *key = NULL;
    const char *against = NULL;
    bool json = false;
    for (int option = 0; (option = getopt_long(argc, argv, "k:a:j", known, NULL)) != -1;) {
        if (option == 'k')
            key = optarg;
        else if (option == 'a')
            against = optarg;
        else if (option == 'j')
            json = true;
        else
            return command_usage("verify");
    }
    if (argc - optind != 1 || key == NULL)
        return command_usage("verify");
    return (json ? say_json : say_text)(arena, argv[optind], key, against);
}
