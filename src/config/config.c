// SPDX-License-Identifier: Apache-2.0
// config.c - from presets, file and environment to one struct.
#include "phial/config/config.h"

#include "options.h"
#include "phial/util/buf.h"
#include "phial/util/file.h"

#include <ini.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1048576, LINE_BYTES_MAX = 4096, SECRET_BYTES_MAX = 4096 };

// A file being read. inih takes it line by line and calls back with what it found.
struct reading {
    struct arena *arena;
    const char *path;
    str rest;
    int line; // the one that inih holds
    FILE *out;
    int fault_count;
    struct config *config;
};

static void fault(struct reading *reading, int line, const char *option, const char *says)
{
    reading->fault_count++;
    (void)fprintf(reading->out, "%s:%d: %s%s%s\n", reading->path, line, option,
                  *option == '\0' ? "" : ": ", says);
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
    if (*section == '\0')
        fault(reading, reading->line, name, "stands in no section");
    else if (!option_section_exists(section))
        fault(reading, reading->line, section, "unknown section");
    else if (!option_find(section, name, &option, &from_file))
        fault(reading, reading->line, name, "unknown option");
    else {
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
        fault(reading, 0, "", "the file cannot be read");
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
        fault(reading, wrong_line, "", "neither `[section]` nor `option = value`");
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
    if (wrong == NULL)
        return 0;
    (void)fprintf(out, "environment: %s: %s\n", name.ptr, wrong);
    return 1;
}

result config_read(struct arena *arena, const char *path, char *const *environment, FILE *out,
                   struct config *config)
{
    struct config draft = {0};
    int fault_count = 0;
    for (size_t i = 0; i < option_count; i++) {
        if (option_set(arena, &options[i], str_from(options[i].preset), &draft) != NULL)
            return FAIL(BAD_CONFIG, options[i].name);
    }
    if (path != NULL) {
        struct reading reading = {.arena = arena, .path = path, .out = out, .config = &draft};
        read_file(&reading);
        fault_count += reading.fault_count;
    }
    for (size_t i = 0; i < option_count; i++)
        fault_count += read_variable(arena, &options[i], environment, out, &draft);
    if (fault_count != 0)
        return FAIL(BAD_CONFIG, "the configuration has faults");
    *config = draft;
    return OK;
}
