// SPDX-License-Identifier: Apache-2.0
// templates.h - the templates that a daemon has without being told of any.
#pragma once

#include "phial/rating/report_template.h"

struct report_templates {
    const struct report_template *items;
    size_t count;
};

// Those that come with the program, and each `NAME.json` of the folder ("": none), which may take
// the place of one of them. BAD_CONFIG says which file is wrong, where and why.
result report_templates_read(struct arena *arena, str folder, struct report_templates *templates);
const struct report_template *report_template_find(const struct report_templates *templates,
                                                   str name); // NULL
