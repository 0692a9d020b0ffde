// SPDX-License-Identifier: Apache-2.0
#include "phial/doctor/doctor.h"

#include "doctor.sql.h"
#include "examination.h"
#include "phial/util/array.h"

#include <assert.h>

static const struct doctor_check checks[] = {
#define STATEMENT_CHECK(name, holds) {#name, holds},
#define CODE_CHECK(name, holds) {#name, holds},
#include "phial/doctor/checks.def"
#undef CODE_CHECK
#undef STATEMENT_CHECK
};

// Beside `checks`: one of the two.
static const struct {
    const struct db_stmt *statement;
    result (*code)(struct examination *examination);
} ways[] = {
#define STATEMENT_CHECK(name, holds) {&doctor_##name##_sql, NULL},
#define CODE_CHECK(name, holds) {NULL, doctor_##name},
#include "phial/doctor/checks.def"
#undef CODE_CHECK
#undef STATEMENT_CHECK
};
_Static_assert(COUNT_OF(checks) == COUNT_OF(ways), "one way a check");

struct doctor_checks doctor_checks(void)
{
    return (struct doctor_checks){checks, COUNT_OF(checks)};
}

void doctor_print_markdown(FILE *out)
{
    (void)fputs("# What `phial doctor` looks at\n\n| Check | What holds |\n|---|---|\n", out);
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        (void)fprintf(out, "| `%s` | %s |\n", checks[i].name, checks[i].holds);
}

void examination_fault(struct examination *examination, str subject)
{
    struct doctor_finding *finding = examination->finding;
    finding->sound = false;
    if (finding->fault_count < DOCTOR_FAULTS_MAX)
        examination->faults[finding->fault_count++] = str_copy(examination->arena, subject);
}

// ---- checks that are statements

struct asking {
    struct examination *examination;
    const struct db_stmt *statement;
    str subject; // the row that is being read
};

static result take_subject(void *context)
{
    struct asking *asking = context;
    examination_fault(asking->examination, asking->subject);
    return OK;
}

static result ask(struct db_tx *tx, void *context)
{
    struct asking *asking = context;
    asking->examination->finding->sound = true;
    asking->examination->finding->fault_count = 0;
    return db_each(tx, asking->statement, NO_PARAMS,
                   COLUMNS(db_into_text("subject", &asking->subject)), take_subject, asking);
}

static result make(struct examination *examination, size_t number)
{
    struct asking asking = {examination, ways[number].statement, {0}};
    if (asking.statement == NULL)
        return ways[number].code(examination);
    struct arena arena = {0};
    result outcome = db_transact(examination->db, &arena, ask, &asking);
    arena_reset(&arena);
    return outcome;
}

result doctor_examine(struct arena *arena, const struct doctor_options *options,
                      void (*tell)(void *context, const struct doctor_finding *finding),
                      void *context, size_t *unsound)
{
    struct db_options database = {.url = str_to_c(arena, options->config->database_url)};
    struct examination examination = {.arena = arena, .options = options};
    examination.db = db_open(&database);
    result reached = db_ping(examination.db);
    *unsound = 0;
    for (size_t i = 0; i < COUNT_OF(checks) && !failed(reached); i++) {
        struct doctor_finding finding = {.check = &checks[i], .sound = true, .note = STR("")};
        examination.finding = &finding;
        finding.faults = examination.faults;
        result outcome = make(&examination, i);
        if (failed(outcome))
            examination_fault(&examination, str_printf(arena, "the check could not be made (%s)",
                                                       failure_detail(outcome)));
        *unsound += !finding.sound;
        tell(context, &finding);
    }
    db_close(examination.db);
    return reached;
}
