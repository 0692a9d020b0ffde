// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/reports/templates.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena arena;

static bool parse(const char *text, struct report_template *form, struct faults *faults)
{
    json_t *document = NULL; // the form borrows from it
    ck_assert_ok(json_parse(str_from(text), &document));
    *faults = (struct faults){.arena = &arena};
    bool fine =
        report_template_parse((struct json_at){document, STR(""), faults}, STR("own"), form);
    json_decref(document);
    return fine;
}

START_TEST(refuses_what_is_no_template)
{
    static const struct {
        const char *text, *pointer;
    } cases[] = {
        {"{}", "/columns"},
        {"{\"columns\": []}", "/columns"},
        {"{\"columns\": {}}", "/columns"},
        {"{\"columns\": [1]}", "/columns/0"},
        {"{\"columns\": [{}]}", "/columns/0"},
        {"{\"columns\": [{\"figure\": \"count\", \"text\": \"\"}]}", "/columns/0"},
        {"{\"columns\": [{\"figure\": \"count\"}, {\"figure\": \"secret\"}]}", "/columns/1/figure"},
        {"{\"columns\": [{\"text\": \"a\\nb\"}]}", "/columns/0/text"},
        {"{\"columns\": [{\"text\": \"a\", \"width\": 3}]}", "/columns/0"},
        {"{\"columns\": [{\"text\": \"a\"}], \"totals\": \"some\"}", "/totals"},
        {"{\"columns\": [{\"text\": \"a\"}], \"rate_digits\": 13}", "/rate_digits"},
        {"{\"columns\": [{\"text\": \"a\"}], \"rate_digits\": -1}", "/rate_digits"},
    };
    static struct faults faults;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct report_template form = {.rate_digits = 7};
        ck_assert_msg(!parse(cases[i].text, &form, &faults), "case %zu", i);
        ck_assert_uint_ge(faults.count, 1);
        ck_assert_str_eq(str_to_c(&arena, faults.items[0].pointer), cases[i].pointer);
        ck_assert(form.rate_digits == 7 && form.columns == NULL);
    }
    arena_reset(&arena);
}
END_TEST

START_TEST(reads_what_comes_with_the_program_and_a_folder)
{
    char folder[] = "/tmp/phial-templates-XXXXXX";
    struct report_templates templates = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    str file = str_printf(&arena, "%s/payer.json", folder);
    str bad = str_printf(&arena, "%s/bad.json", folder);
    FILE *out = fopen(file.ptr, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_gt(fputs("{\"columns\": [{\"dimension\": \"*\"}, {\"figure\": \"count\"}]}", out),
                     0);
    ck_assert_int_eq(fclose(out), 0);

    ck_assert_ok(report_templates_read(&arena, STR(""), &templates));
    size_t shipped = templates.count;
    ck_assert_uint_ge(shipped, 3);
    ck_assert_uint_gt(report_template_find(&templates, STR("payer"))->column_count, 2);
    ck_assert_ok(report_templates_read(&arena, str_from(folder), &templates));
    ck_assert_uint_eq(templates.count, shipped);
    const struct report_template *payer = report_template_find(&templates, STR("payer"));
    ck_assert(payer->column_count == 2 && payer->columns[0].kind == COLUMN_DIMENSIONS);
    ck_assert(str_eq(payer->columns[1].title, STR("count")) && payer->rate_digits == -1);
    ck_assert_ptr_null(report_template_find(&templates, STR("none")));

    out = fopen(bad.ptr, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_fails(BAD_CONFIG, report_templates_read(&arena, str_from(folder), &templates));
    ck_assert(unlink(bad.ptr) == 0 && unlink(file.ptr) == 0 && rmdir(folder) == 0);
    ck_assert_fails(BAD_CONFIG, report_templates_read(&arena, str_from(folder), &templates));
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("templates", refuses_what_is_no_template, reads_what_comes_with_the_program_and_a_folder)
