// SPDX-License-Identifier: Apache-2.0
#include "../../src/webhooks/queue.h"
#include "../../src/webhooks/secret.h"
#include "phial/outbox/outbox.h"
#include "test_database.h"
#include "webhooks.sql.h"

enum { CLAIMED_MAX = 200 };

static const str first_key = {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                              64};
static const str second_key = {"abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
                               64};

static const struct egress open_egress = {{"hooks.example.org", 17}, {"", 0}, {"", 0}};

struct shop {
    struct db *db;
    struct arena arena;
    struct webhook webhook;
    struct webhook_secret secret;
    struct keyring keyring;
    const char *sql;
    int facts; // to be told
    bool fail; // and then roll back
    struct attempt claimed[CLAIMED_MAX];
    size_t count;
    int64_t lease_ms;
    int64_t flying;
    struct attempt_outcome outcome;
    bool disabled;
};

static result run_sql(struct db_tx *tx, void *context)
{
    const struct shop *shop = context;
    struct db_stmt stmt = {shop->sql, shop->sql, 0};
    return db_exec(tx, &stmt, NO_PARAMS);
}

static void sql(struct shop *shop, const char *text)
{
    struct db *owner = test_database_owner();
    shop->sql = text;
    ck_assert_ok(db_transact(owner, &shop->arena, run_sql, shop));
    db_close(owner);
}

static result make_webhook(struct db_tx *tx, void *context)
{
    struct shop *shop = context;
    OWNED(json_release) json_t *document = NULL;
    struct faults faults = {.arena = db_arena(tx)};
    struct change change = {.actor = STR("test"), .reason = STR(""), .now = {1}};
    shop->secret.keyring = &shop->keyring;
    TRY(json_parse(STR("{\"url\": \"https://hooks.example.org/x\","
                       " \"types\": [\"invoice.draft\", \"invoice.draft\"]}"),
                   &document));
    return webhook_create(tx, (struct json_at){document, STR(""), &faults}, &open_egress, &change,
                          &shop->webhook, &shop->secret);
}

static result tell(struct db_tx *tx, void *context)
{
    const struct shop *shop = context;
    for (int i = 0; i < shop->facts; i++) {
        TRY(outbox_put(tx, OUTBOX_invoice_draft, (instant){1}, json_object()));
        TRY(outbox_put(tx, OUTBOX_invoice_issued, (instant){1}, json_object())); // nobody listens
        TRY(db_flush(tx));
    }
    return shop->fail ? FAIL(CONFLICT, "rolled back") : OK;
}

static void told(struct shop *shop, int facts)
{
    shop->facts = facts;
    ck_assert_ok(db_transact(shop->db, &shop->arena, tell, shop));
}

static result keep(void *context, const struct attempt *attempt)
{
    struct shop *shop = context;
    struct arena *arena = &shop->arena;
    ck_assert_uint_lt(shop->count, CLAIMED_MAX);
    shop->claimed[shop->count++] = (struct attempt){.webhook = str_copy(arena, attempt->webhook),
                                                    .message = str_copy(arena, attempt->message),
                                                    .number = attempt->number,
                                                    .body = str_copy(arena, attempt->body)};
    return OK;
}

static result claim(struct db_tx *tx, void *context)
{
    struct shop *shop = context;
    struct claim claim = {.webhooks = &shop->webhook.id,
                          .flying = &shop->flying,
                          .count = 1,
                          .lease_ms = shop->lease_ms,
                          .row = keep,
                          .context = shop};
    shop->count = 0;
    return queue_claim(tx, &claim);
}

static size_t claims(struct shop *shop)
{
    ck_assert_ok(db_transact(shop->db, &shop->arena, claim, shop));
    return shop->count;
}

static result settle(struct db_tx *tx, void *context)
{
    struct shop *shop = context;
    return queue_settle(tx, &shop->outcome, &shop->disabled);
}

static bool settles(struct shop *shop, const struct attempt *attempt, int64_t status,
                    const char *error)
{
    shop->outcome = (struct attempt_outcome){.webhook = attempt->webhook,
                                             .message = attempt->message,
                                             .number = attempt->number,
                                             .status = status,
                                             .error = error,
                                             .wait_ms = 0};
    ck_assert_ok(db_transact(shop->db, &shop->arena, settle, shop));
    return shop->disabled;
}

static result count_status(struct db_tx *tx, void *context)
{
    struct shop *shop = context;
    static const struct db_stmt count = {
        "t_count",
        "SELECT count(*) AS n FROM webhook_delivery WHERE webhook_id = $1 AND status = $2", 2};
    return db_one(tx, &count, PARAMS(db_text(shop->webhook.id), db_text(str_from(shop->sql))),
                  COLUMNS(db_into_i64("n", &shop->flying)));
}

static int64_t with_status(struct shop *shop, const char *status)
{
    int64_t flying = shop->flying;
    shop->sql = status;
    ck_assert_ok(db_transact(shop->db, &shop->arena, count_status, shop));
    int64_t found = shop->flying;
    shop->flying = flying;
    return found;
}

static void shop_open(struct shop *shop)
{
    *shop = (struct shop){.db = test_database(), .lease_ms = 60000};
    ck_assert_ok(keyring_add(&shop->arena, first_key, &shop->keyring));
    sql(shop, "UPDATE webhook SET status = 'deleted', disabled_why = NULL"); // those of other tests
    ck_assert_ok(db_transact(shop->db, &shop->arena, make_webhook, shop));
    ck_assert(str_eq(shop->webhook.types, STR("invoice.draft")));
}

static void shop_close(struct shop *shop)
{
    db_close(shop->db);
    arena_reset(&shop->arena);
}

START_TEST(every_statement_fits_the_schema)
{
    struct db *db = test_database();
    for (size_t i = 0; webhooks_statements[i] != NULL; i++)
        ck_assert_ok(db_check(db, webhooks_statements[i]));
    db_close(db);
}
END_TEST

START_TEST(tells_what_is_committed_and_nothing_else)
{
    struct shop shop;
    shop_open(&shop);
    shop.facts = 2;
    shop.fail = true;
    ck_assert_fails(CONFLICT, db_transact(shop.db, &shop.arena, tell, &shop));
    ck_assert_uint_eq(claims(&shop), 0);
    shop.fail = false;
    told(&shop, 2);
    ck_assert_uint_eq(claims(&shop), 2);
    ck_assert(!str_eq(shop.claimed[0].message, shop.claimed[1].message));
    ck_assert(str_eq(shop.claimed[0].body, STR("{\"type\":\"invoice.draft\",\"timestamp\":"
                                               "\"1970-01-01T00:00:00.000001Z\",\"data\":{}}")));
    shop_close(&shop);
}
END_TEST

START_TEST(leases_what_it_gives_out)
{
    struct shop shop;
    shop_open(&shop);
    told(&shop, 1);
    shop.lease_ms = 0;
    ck_assert_uint_eq(claims(&shop), 1);
    struct attempt first = shop.claimed[0];
    shop.lease_ms = 60000;
    ck_assert_uint_eq(claims(&shop), 1); // the first one's lease is over
    struct attempt second = shop.claimed[0];
    ck_assert(str_eq(first.message, second.message));
    ck_assert_int_eq(second.number, first.number + 1);
    ck_assert_uint_eq(claims(&shop), 0);
    ck_assert(!settles(&shop, &first, 500, "status")); // overtaken: says nothing any more
    ck_assert_uint_eq(claims(&shop), 0);
    ck_assert(!settles(&shop, &second, 204, NULL));
    ck_assert_int_eq(with_status(&shop, "delivered"), 1);
    ck_assert(!settles(&shop, &second, 500, "status"));
    ck_assert_int_eq(with_status(&shop, "delivered"), 1);
    shop_close(&shop);
}
END_TEST

START_TEST(gives_a_webhook_no_more_than_it_has_room_for)
{
    struct shop shop;
    shop_open(&shop);
    told(&shop, IN_FLIGHT_MAX + 3);
    shop.flying = 2;
    ck_assert_uint_eq(claims(&shop), IN_FLIGHT_MAX - 2);
    shop.flying = IN_FLIGHT_MAX;
    ck_assert_uint_eq(claims(&shop), 0);
    shop.flying = 0;
    ck_assert_uint_eq(claims(&shop), 5);
    shop_close(&shop);
}
END_TEST

START_TEST(gives_up_after_three_days_and_disables_what_never_answers)
{
    struct shop shop;
    shop_open(&shop);
    told(&shop, 3);
    ck_assert_uint_eq(claims(&shop), 3);
    struct attempt first = shop.claimed[0];
    struct attempt second = shop.claimed[1];
    ck_assert(!settles(&shop, &first, 0, "timeout"));
    ck_assert_int_eq(with_status(&shop, "pending"), 3);
    sql(&shop, "UPDATE webhook_delivery SET give_up_at = now() WHERE status = 'pending'");
    ck_assert(!settles(&shop, &second, 503, "status")); // it has failed for moments
    ck_assert_int_eq(with_status(&shop, "failed"), 1);
    sql(&shop, "UPDATE webhook SET failing_since = now() - interval '3 days'");
    ck_assert(settles(&shop, &shop.claimed[2], 503, "status"));
    ck_assert_int_eq(with_status(&shop, "failed"), 2);
    ck_assert_int_eq(with_status(&shop, "held"), 1);
    told(&shop, 1);
    ck_assert_int_eq(with_status(&shop, "held"), 2);
    ck_assert_uint_eq(claims(&shop), 0);
    shop_close(&shop);
}
END_TEST

START_TEST(success_begins_the_three_days_anew)
{
    struct shop shop;
    shop_open(&shop);
    told(&shop, 2);
    ck_assert_uint_eq(claims(&shop), 2);
    ck_assert(!settles(&shop, &shop.claimed[0], 500, "status"));
    sql(&shop, "UPDATE webhook SET failing_since = now() - interval '3 days' WHERE true");
    ck_assert(!settles(&shop, &shop.claimed[1], 200, NULL));
    sql(&shop, "UPDATE webhook_delivery SET give_up_at = now() WHERE status = 'pending' AND true");
    ck_assert_uint_eq(claims(&shop), 1);
    ck_assert(!settles(&shop, &shop.claimed[0], 500, "status"));
    ck_assert_int_eq(with_status(&shop, "failed"), 1);
    shop_close(&shop);
}
END_TEST

static result read_secrets(struct db_tx *tx, void *context)
{
    struct shop *shop = context;
    static const struct db_stmt find = {
        "t_secrets", "SELECT secret, old_secret FROM webhook WHERE webhook_id = $1", 1};
    return db_one(tx, &find, PARAMS(db_text(shop->webhook.id)),
                  COLUMNS(db_into_bytes("secret", &shop->claimed[0].secret),
                          db_into_bytes("old_secret", &shop->claimed[0].old_secret)));
}

static result rotate(struct db_tx *tx, void *context)
{
    struct shop *shop = context;
    return webhook_rotate(tx, shop->webhook.id, &shop->webhook, &shop->secret);
}

// What the secrets are under one key alone; NULL where it does not open them.
static const char *opened_with(struct shop *shop, str source)
{
    struct keyring alone = {0};
    str secret = {0};
    str old_secret = {0};
    struct arena *arena = &shop->arena;
    ck_assert_ok(keyring_add(arena, source, &alone));
    ck_assert_ok(db_transact(shop->db, arena, read_secrets, shop));
    if (failed(secret_unseal(arena, &alone, shop->webhook.id, shop->claimed[0].secret, &secret)) ||
        failed(secret_unseal(arena, &alone, shop->webhook.id, shop->claimed[0].old_secret,
                             &old_secret)))
        return NULL;
    return str_to_c(arena, str_concat(arena, secret_print(arena, secret), STR(" "),
                                      secret_print(arena, old_secret)));
}

START_TEST(secrets_follow_the_master_key)
{
    struct shop shop;
    struct keyring both = {0};
    int64_t rewrapped = 0;
    shop_open(&shop);
    str old = shop.secret.text;
    ck_assert_ok(db_transact(shop.db, &shop.arena, rotate, &shop));
    const char *secrets = opened_with(&shop, first_key);
    ck_assert_str_eq(
        secrets, str_to_c(&shop.arena, str_concat(&shop.arena, shop.secret.text, STR(" "), old)));
    ck_assert_ok(keyring_add(&shop.arena, second_key, &both));
    ck_assert_ok(keyring_add(&shop.arena, first_key, &both));
    both.replaced = 1;
    ck_assert_ok(webhooks_rewrap(shop.db, &shop.arena, &both, &rewrapped));
    ck_assert_int_eq(rewrapped, 1);
    ck_assert_ok(webhooks_rewrap(shop.db, &shop.arena, &both, &rewrapped));
    ck_assert_int_eq(rewrapped, 0);
    ck_assert_ptr_null(opened_with(&shop, first_key));
    ck_assert_str_eq(opened_with(&shop, second_key), secrets);
    ck_assert_ok(webhooks_rewrap(shop.db, &shop.arena, &shop.keyring, &rewrapped));
    ck_assert_int_eq(rewrapped, 0);
    shop_close(&shop);
}
END_TEST

static result forget(struct db_tx *tx, void *context)
{
    (void)context;
    return queue_forget(tx);
}

START_TEST(forgets_what_is_long_over)
{
    struct shop shop;
    shop_open(&shop);
    told(&shop, 2);
    ck_assert_uint_eq(claims(&shop), 2);
    ck_assert(!settles(&shop, &shop.claimed[0], 200, NULL));
    ck_assert_ok(db_transact(shop.db, &shop.arena, forget, &shop));
    ck_assert_int_eq(with_status(&shop, "delivered"), 1);
    sql(&shop, "UPDATE outbox SET created_at = created_at - interval '31 days'");
    sql(&shop, "UPDATE webhook_delivery SET created_at = created_at - interval '31 days',"
               " finished_at = finished_at - interval '31 days'");
    ck_assert_ok(db_transact(shop.db, &shop.arena, forget, &shop));
    ck_assert_int_eq(with_status(&shop, "delivered"), 0);
    ck_assert_int_eq(with_status(&shop, "pending"), 1); // it is not over
    shop_close(&shop);
}
END_TEST

TEST_MAIN("queue", every_statement_fits_the_schema, tells_what_is_committed_and_nothing_else,
          leases_what_it_gives_out, gives_a_webhook_no_more_than_it_has_room_for,
          gives_up_after_three_days_and_disables_what_never_answers,
          success_begins_the_three_days_anew, secrets_follow_the_master_key,
          forgets_what_is_long_over)
