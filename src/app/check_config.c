// SPDX-License-Identifier: Apache-2.0
#include "check_config.h"

#include "key_files.h"
#include "phial/reports/templates.h"
#include "phial/util/array.h"

#include <string.h>

struct checking {
    struct arena *arena;
    const struct config *config;
    FILE *out;
    int fault_count;
};

static void fault(struct checking *checking, const char *section, const char *name,
                  const char *says)
{
    str place = config_place(checking->arena, checking->config, section, name);
    checking->fault_count++;
    (void)fprintf(checking->out, "%" STR_FMT ": %s\n", STR_ARG(place), says);
}

static void check_database(struct checking *checking)
{
    if (checking->config->database_url.len == 0)
        fault(checking, "database", "url", "[database] url: is required to serve");
}

static void check_keys(struct checking *checking)
{
    static const char *const names[] = {"master_key", "master_key_next", "master_key_previous"};
    struct keyring keyring = {0};
    result outcome = key_files_master(checking->arena, checking->config, &keyring);
    keyring_wipe(&keyring);
    if (!failed(outcome))
        return;
    const char *name = names[0];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str prefix = str_printf(checking->arena, "[phi] %s:", names[i]);
        if (str_starts_with(str_from(outcome.detail), prefix))
            name = names[i];
    }
    fault(checking, "phi", name, outcome.detail);
}

static void check_certificate(struct checking *checking)
{
    const struct config *config = checking->config;
    const struct {
        const char *name;
        str path;
    } files[] = {{"tls_certificate", config->server_tls_certificate},
                 {"tls_key", config->server_tls_key}};
    if ((files[0].path.len == 0) != (files[1].path.len == 0))
        fault(checking, "server", files[files[0].path.len == 0 ? 1 : 0].name,
              "[server] tls_certificate and tls_key go together");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        const char *text = NULL;
        result outcome = key_files_pem(checking->arena, files[i].name, files[i].path, &text);
        if (failed(outcome))
            fault(checking, "server", files[i].name, outcome.detail);
    }
}

static void check_templates(struct checking *checking)
{
    struct report_templates templates = {0};
    result outcome =
        report_templates_read(checking->arena, checking->config->reports_templates, &templates);
    if (failed(outcome))
        fault(checking, "reports", "templates", outcome.detail);
}

int check_config(struct arena *arena, const struct config *config, bool is_dev, FILE *out)
{
    struct checking checking = {.arena = arena, .config = config, .out = out};
    if (!is_dev) {
        check_database(&checking);
        check_keys(&checking);
    }
    check_certificate(&checking);
    check_templates(&checking);
    return checking.fault_count;
}
