// SPDX-License-Identifier: Apache-2.0
#include "check_main.h"
#include "phial/invoicing/invoicing.h"

static const char text[] =
    "{\"id\": \"i-1\", \"number\": \"2026-000001\", \"status\": \"issued\", \"customer\": \"clinic\","
    " \"subscription\": \"s-1\", \"currency\": \"USD\", \"period\": {\"start\": \"a\", \"end\": \"b\"},"
    " \"lines\": ["
    "{\"key\": \"reads\", \"name\": \"=HYPERLINK(\\\"x\\\")\", \"kind\": \"usage\", \"metric\": \"m\","
    " \"model\": \"per_unit\", \"group\": {\"modality\": \"ct\", \"site\": \"\"}, \"quantity\": \"-2\","
    " \"amount\": \"-1.50\", \"exact_amount\": \"-1.5\", \"discount\": \"0.00\","
    " \"period\": {\"start\": \"c\", \"end\": \"d\"}},"
    "{\"key\": \"base\", \"name\": \"Base, \\\"monthly\\\"\", \"kind\": \"fixed\", \"quantity\": \"1\","
    " \"amount\": \"10.00\", \"exact_amount\": \"10\", \"discount\": \"0.00\","
    " \"period\": {\"start\": \"c\", \"end\": \"d\"}}]}";

static const char csv[] =
    "invoice,number,status,customer,subscription,currency,period_start,period_end,key,name,kind,"
    "metric,model,group,quantity,amount,exact_amount,discount,line_start,line_end\r\n"
    "i-1,2026-000001,issued,clinic,s-1,USD,a,b,reads,\"'=HYPERLINK(\"\"x\"\")\",usage,m,per_unit,"
    "modality=ct;site=,-2,-1.50,-1.5,0.00,c,d\r\n"
    "i-1,2026-000001,issued,clinic,s-1,USD,a,b,base,\"Base, \"\"monthly\"\"\",fixed,,,,1,10.00,10,"
    "0.00,c,d\r\n";

START_TEST(writes_a_row_a_line_and_guards_formulas)
{
    struct arena arena = {0};
    OWNED(json_release) json_t *statement = NULL;
    ck_assert_ok(json_parse(str_from(text), &statement));
    ck_assert_str_eq(str_to_c(&arena, invoice_csv(&arena, statement)), csv);
    arena_reset(&arena);
}
END_TEST

TEST_MAIN("csv", writes_a_row_a_line_and_guards_formulas)
