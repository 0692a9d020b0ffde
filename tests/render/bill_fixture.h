// SPDX-License-Identifier: Apache-2.0
// bill_fixture.h - a statement with everything on it, as JSON with single quotes, to be changed by
// replacing a part.
#pragma once

#include "check_main.h"
#include "phial/render/render.h"

#include <string.h>

static const char fixture_statement[] =
    "{'id':'0193c1e0-0000-7000-8000-000000000001','number':'2026-000123','status':'issued',"
    "'customer':'clinic-042','subscription':'s-1','currency':'EUR',"
    "'period':{'start':'2026-11-01T00:00:00Z','end':'2026-12-01T00:00:00Z','time_zone':'UTC',"
    "'number':11},'plan':{'key':'imaging','version':3,'sha256':'ab'},'lines':["
    "{'key':'late','name':'Late reads','kind':'adjustment','quantity':'-3','amount':'-2.25',"
    "'exact_amount':'-2.25','discount':'0.00','period':{'start':'2026-10-01T00:00:00Z',"
    "'end':'2026-11-01T00:00:00Z'}},"
    "{'key':'reads','name':'Images <read>','kind':'usage','metric':'images','model':'graduated',"
    "'group':{'modality':'ct'},'quantity':'1247','amount':'873.50','exact_amount':'873.5',"
    "'discount':'73.50','tiers':[{'up_to':'1000','quantity':'1000','unit_amount':'0.75',"
    "'flat_amount':'0','amount':'750'},{'quantity':'247','unit_amount':'0.5','flat_amount':'0',"
    "'amount':'123.5'}],'period':{'start':'2026-11-01T00:00:00Z','end':'2026-12-01T00:00:00Z'}},"
    "{'key':'base','name':'Base & support','kind':'fixed','quantity':'1','amount':'490.00',"
    "'exact_amount':'490','discount':'0.00','period':{'start':'2026-11-01T00:00:00Z',"
    "'end':'2026-12-01T00:00:00Z'}}],"
    "'subtotal':'1361.25','discounts':'73.50',"
    "'tax':[{'name':'VAT','percent':'19','category':'S','base':'1287.75','amount':'244.67'}],"
    "'total':'1532.42','credits':'32.42','amount_due':'1500.00','rounding':'half_up',"
    "'ledger':{'customer':'clinic-042','size':1301,'root':'Zm9v'},"
    "'issued_at':'2026-12-02T06:00:00Z','due_at':'2027-01-01T06:00:00Z'}";

static const char fixture_customer[] =
    "{'name':'Klinik \\u201eAm See\\u201c','currency':'EUR','time_zone':'UTC',"
    "'email':'ap@clinic.example','address':{'line1':'Seestr. 5','city':'Berlin',"
    "'postal_code':'10115','country':'DE'},'tax':{'id':'DE123456789'},'buyer_reference':'PO-4711',"
    "'endpoint':{'scheme':'9930','id':'DE123456789'}}";

static const struct bill_seller fixture_seller = {
    .name = {"Sample Health Software Ltd", 26},
    .address = {.line1 = {"1 Example Quay", 14},
                .city = {"Dublin", 6},
                .postal_code = {"D02 XY00", 8},
                .country = {"IE", 2}},
    .tax_id = {"IE1234567FA", 11},
    .registration_id = {"000000", 6},
    .email = {"billing@sample.example", 22},
    .endpoint_scheme = {"9935", 4},
    .endpoint_id = {"IE1234567FA", 11},
    .iban = {"IE29AIBK93115212345678", 22},
};

// The first `from` of a text replaced, and single quotes made double ones.
static inline json_t *fixture_json(struct arena *arena, const char *text, const char *from,
                                   const char *to)
{
    json_t *root = NULL;
    str whole = str_from(text);
    const char *at = strstr(text, from);
    if (at != NULL)
        whole = str_concat(arena, (str){text, (size_t)(at - text)}, str_from(to),
                           str_from(at + strlen(from)));
    char *json = arena_array(arena, char, whole.len);
    for (size_t i = 0; i < whole.len; i++)
        json[i] = whole.ptr[i];
    for (size_t i = 0; i < whole.len; i++) {
        if (json[i] == '\'')
            json[i] = '"';
    }
    ck_assert_ok(json_parse((str){json, whole.len}, &root));
    return root;
}

struct fixture {
    struct arena arena;
    json_t *statement;
    json_t *customer;
    struct bill_seller seller;
    struct bill bill;
};

static inline void fixture_close(struct fixture *fixture)
{
    json_decref(fixture->statement);
    json_decref(fixture->customer);
    arena_reset(&fixture->arena);
}

static inline result fixture_read(struct fixture *fixture, const char *from, const char *to)
{
    *fixture = (struct fixture){.seller = fixture_seller};
    fixture->statement = fixture_json(&fixture->arena, fixture_statement, from, to);
    fixture->customer = fixture_json(&fixture->arena, fixture_customer, from, to);
    struct bill_source source = {.statement = fixture->statement,
                                 .customer = fixture->customer,
                                 .seller = &fixture->seller,
                                 .server = STR("phial.local")};
    return bill_read(&fixture->arena, &source, &fixture->bill);
}

static inline bool fixture_has(str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}
