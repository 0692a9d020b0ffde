// SPDX-License-Identifier: Apache-2.0
// config.c - from presets, file and environment to one struct.
#include "phial/config/config.h"

#include "options.h"
#include "phial/util/array.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"

#include <assert.h>
#include <ini.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1048576, LINE_BYTES_MAX = 4096, SECRET_BYTES_MAX = 4096 };

enum { IN_ENVIRONMENT = -1 };

struct config_source {
    const char *path; // NULL without a file
    int *lines;       // of each option: its line, IN_ENVIRONMENT, or 0 where it was not set
};

// A file being read. inih takes it line by line and calls back with what it found.
struct reading {
    struct arena *arena;
    const char *path;
    str rest;
    int line;          // the one that inih holds
    bool section_lost; // what follows stands under a header that could not be read
    int *lines;        // of the options that a line before has set
    FILE *out;
    int fault_count;
    struct config *config;
};

static const char unreadable[] = "neither `[section]` nor `option = value`";

static void fault(struct reading *reading, int line, const char *option, const char *says)
{
    reading->fault_count++;
    (void)fprintf(reading->out, "%s:%d: %s%s%s\n", reading->path, line, option,
                  *option == '\0' ? "" : ": ", says);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// What inih makes of a line. It tells of the first that it cannot read, and at the end only; so
// that faults come in the order of their lines, none such reaches it.
static bool is_readable(struct reading *reading, str text)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (reading->line == 1 && str_starts_with(text, str_from(byte_order_mark)))
        text = str_slice(text, 3, text.len);
    while (text.len != 0 && is_blank(text.ptr[0]))
        text = str_slice(text, 1, text.len);
    if (text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == ';')
        return true;
    bool is_header = text.ptr[0] == '[';
    bool readable =
        is_header ? str_contains(text, ']') : str_contains(text, '=') || str_contains(text, ':');
    if (is_header)
        reading->section_lost = !readable;
    return readable;
}

// Like fgets, from memory.
static char *next_line(char *line, int size, void *context)
{
    struct reading *reading = context;
    if (reading->rest.len == 0)
        return NULL;
    str text = {0};
    if (!str_cut(reading->rest, '\n', &text, &reading->rest)) {
        text = reading->rest;
        reading->rest = STR("");
    }
    reading->line++;
    if (text.len >= LINE_BYTES_MAX || text.len + 2 > (size_t)size) {
        fault(reading, reading->line, "", "the line is too long");
        text = STR("");
    } else if (str_contains(text, '\0')) {
        fault(reading, reading->line, "", "the line holds a NUL");
        text = STR("");
    } else if (!is_readable(reading, text)) {
        fault(reading, reading->line, "", unreadable);
        text = STR("");
    }
    if (text.len != 0)
        memcpy(line, text.ptr, text.len);
    line[text.len] = '\0';
    return line;
}

// A secret's file ends in a newline more often than not.
static const char *read_secret(struct arena *arena, const char *path, str *secret)
{
    str text = {0};
    if (failed(file_read(arena, path, SECRET_BYTES_MAX, &text)))
        return "the file cannot be read";
    while (text.len != 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    if (str_contains(text, '\0') || str_contains(text, '\n'))
        return "the file holds more than one line";
    *secret = text;
    return NULL;
}

static const char *set_from_file(struct arena *arena, const struct option *option, const char *path,
                                 struct config *config)
{
    str secret = {0};
    const char *wrong = read_secret(arena, path, &secret);
    return wrong != NULL ? wrong : option_set(arena, option, secret, config);
}

static int take_option(void *context, const char *section, const char *name, const char *value)
{
    enum { TAKEN = 1 }; // faults too: what inih reports itself is what it could not cut
    struct reading *reading = context;
    const struct option *option = NULL;
    bool from_file = false;
    if (reading->section_lost)
        return TAKEN; // nobody knows which option it is
    if (*section == '\0')
        fault(reading, reading->line, name, "stands in no section");
    else if (!option_section_exists(section))
        fault(reading, reading->line, section, "unknown section");
    else if (!option_find(section, name, &option, &from_file))
        fault(reading, reading->line, name, "unknown option");
    else if (reading->lines[option - options] != 0)
        fault(reading, reading->line, name, "is set twice");
    else {
        reading->lines[option - options] = reading->line;
        const char *wrong =
            from_file ? set_from_file(reading->arena, option, value, reading->config)
                      : option_set(reading->arena, option,
                                   str_copy(reading->arena, str_from(value)), reading->config);
        if (wrong != NULL)
            fault(reading, reading->line, name, wrong);
    }
    return TAKEN;
}

static void read_file(struct reading *reading)
{
    if (failed(file_read(reading->arena, reading->path, FILE_BYTES_MAX, &reading->rest))) {
        reading->fault_count++;
        (void)fprintf(reading->out, "%s: cannot be read\n", reading->path);
        return;
    }
    // Debian's inih takes these while running. A value is what stands behind the sign, to the end
    // of its line: a password may hold a semicolon.
    ini_use_stack = false;
    ini_max_line = LINE_BYTES_MAX + 2;
    ini_initial_alloc = LINE_BYTES_MAX + 2;
    ini_allow_inline_comments = false;
    ini_allow_multiline = false;
    int wrong_line = ini_parse_stream(next_line, reading, take_option, reading);
    if (wrong_line != 0)
        fault(reading, wrong_line, "", unreadable);
}

static const char *find_variable(char *const *environment, str name)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        if (strncmp(environment[i], name.ptr, name.len) == 0 && environment[i][name.len] == '=')
            return environment[i] + name.len + 1;
    }
    return NULL;
}

static int read_variable(struct arena *arena, const struct option *option, char *const *environment,
                         FILE *out, struct config *config)
{
    int *line = &config->source->lines[option - options];
    const char *wrong = NULL;
    str name = option_variable(arena, option);
    const char *value = find_variable(environment, name);
    if (value != NULL)
        wrong = option_set(arena, option, str_copy(arena, str_from(value)), config);
    if (value == NULL && option->kind == OPTION_SECRET) {
        name = str_printf(arena, "%s_FILE", name.ptr);
        value = find_variable(environment, name);
        if (value != NULL)
            wrong = set_from_file(arena, option, value, config);
    }
    if (value != NULL)
        *line = IN_ENVIRONMENT;
    if (wrong == NULL)
        return 0;
    (void)fprintf(out, "environment: %s: %s\n", name.ptr, wrong);
    return 1;
}

// PHIAL_HTTP_...: whether the name begins with one of our sections.
static bool names_section(struct arena *arena, str name)
{
    for (size_t i = 0; i < option_count; i++) {
        str variable = option_variable(arena, &options[i]);
        size_t prefix = strlen("PHIAL_") + strlen(options[i].section) + 1;
        if (str_starts_with(name, str_slice(variable, 0, prefix)))
            return true;
    }
    return false;
}

static bool names_option(struct arena *arena, str name)
{
    for (size_t i = 0; i < option_count; i++) {
        str variable = option_variable(arena, &options[i]);
        bool is_file = options[i].kind == OPTION_SECRET && str_ends_with(name, STR("_FILE"));
        if (str_eq(name, variable) ||
            (is_file && str_eq(str_slice(name, 0, name.len - strlen("_FILE")), variable)))
            return true;
    }
    return false;
}

// A variable that is meant for an option and misses it would be silently without effect.
static int refuse_unknown_variables(struct arena *arena, char *const *environment, FILE *out)
{
    int fault_count = 0;
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        str name = {0};
        str value = {0};
        if (!str_cut(str_from(environment[i]), '=', &name, &value) || !names_section(arena, name) ||
            names_option(arena, name))
            continue;
        (void)fprintf(out, "environment: %" STR_FMT ": unknown option\n", STR_ARG(name));
        fault_count++;
    }
    return fault_count;
}

result config_read(struct arena *arena, const char *path, char *const *environment, FILE *out,
                   struct config *config)
{
    struct config_source *source = arena_new(arena, struct config_source);
    struct config draft = {.source = source};
    int fault_count = 0;
    source->path = path;
    source->lines = arena_array(arena, int, option_count);
    for (size_t i = 0; i < option_count; i++) {
        if (option_set(arena, &options[i], str_from(options[i].preset), &draft) != NULL)
            return FAIL(BAD_CONFIG, options[i].name);
    }
    if (path != NULL) {
        struct reading reading = {
            .arena = arena, .path = path, .lines = source->lines, .out = out, .config = &draft};
        read_file(&reading);
        fault_count += reading.fault_count;
    }
    for (size_t i = 0; i < option_count; i++)
        fault_count += read_variable(arena, &options[i], environment, out, &draft);
    fault_count += refuse_unknown_variables(arena, environment, out);
    if (fault_count != 0)
        return FAIL(BAD_CONFIG, "the configuration has faults");
    *config = draft;
    return OK;
}

str config_place(struct arena *arena, const struct config *config, const char *section,
                 const char *name)
{
    const struct config_source *source = config->source;
    const struct option *option = NULL;
    bool from_file = false;
    bool known = option_find(section, name, &option, &from_file);
    assert(known && source != NULL);
    int line = source->lines[option - options];
    if (line == IN_ENVIRONMENT || source->path == NULL)
        return str_printf(arena, "environment: %s", option_variable(arena, option).ptr);
    return str_printf(arena, "%s:%d", source->path, line == 0 ? 1 : line);
}
