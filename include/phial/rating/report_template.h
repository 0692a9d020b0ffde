// SPDX-License-Identifier: Apache-2.0
// report_template.h - how a report's rows are laid out for whoever asked for a format of their own.
#pragma once

#include "phial/json/json.h"

enum { REPORT_COLUMNS_MAX = 40 };

enum report_figure {
#define FIGURE(name, does) FIGURE_##name,
#include "phial/rating/report_figures.def"
#undef FIGURE
    FIGURE_COUNT
};

struct report_column {
    enum {
        COLUMN_DIMENSION,  // of the name
        COLUMN_DIMENSIONS, // those asked for that no other column shows, one each
        COLUMN_FIGURE,
        COLUMN_TEXT
    } kind;
    str title; // "" of dimensions: their names
    str name;  // of a dimension; or the text
    enum report_figure figure;
};

struct report_template {
    str name;
    const struct report_column *columns;
    size_t column_count;
    enum { TOTALS_ALL, TOTALS_NONE, TOTALS_GRAND } totals; // which rows
    str total_label;     // of a dimension that a row is the total of
    int64_t rate_digits; // after the point; -1: as many as there are, up to 12
    bool header;
    str metric; // of a question that names none; "" without
    str by;     // and by what then: a comma list
};

// Adds a fault for everything wrong; false then.
bool report_template_parse(struct json_at document, str name, struct report_template *form);
