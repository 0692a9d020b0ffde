// SPDX-License-Identifier: Apache-2.0
#include "phial/invoicing/simulate.h"

#include "compute.h"
#include "phial/phi/phi.h"
#include "phial/util/array.h"
#include "sums_read.h"

static result keep(json_t *held, json_t *document)
{
    return json_array_append_new(held, document) == 0 ? OK : FAIL(INTERNAL, "out of memory");
}

static struct json_at trusted(struct arena *arena, const json_t *document)
{
    struct faults *faults = arena_new(arena, struct faults);
    faults->arena = arena;
    return (struct json_at){document, STR(""), faults};
}

// A plan as it is answered is one that may be asked about: what the server added is passed over.
static result read_document(struct json_at at, json_t *held, struct asked_plan *asked)
{
    static const char *const added[] = {"archived", "created_at", "key", "sha256", "version"};
    json_t *copy = json_copy(json_iterable(at.value));
    if (!json_is_object(at.value)) {
        json_decref(copy);
        (void)json_wrong(at, "invalid", "This must be an object.");
        return faults_result(at.faults);
    }
    TRY(keep(held, copy));
    for (size_t i = 0; i < COUNT_OF(added); i++)
        (void)json_object_del(copy, added[i]);
    asked->document = (struct json_at){copy, at.pointer, at.faults};
    asked->plan = plan_parse(asked->document, false);
    phi_hide_names(at.faults);
    return faults_result(at.faults);
}

static result read_stored(struct db_tx *tx, str key, int64_t version, json_t *held,
                          struct asked_plan *asked)
{
    struct catalog_item item = {0};
    json_t *document = NULL;
    TRY(version == 0 ? catalog_get(tx, CATALOG_PLAN, key, &item)
                     : catalog_get_version(tx, CATALOG_PLAN, key, version, &item));
    TRY(json_parse(item.document, &document));
    TRY(keep(held, document));
    asked->plan = plan_parse(trusted(db_arena(tx), document), true);
    return asked->plan == NULL ? FAIL(INTERNAL, "a stored plan is not valid") : OK;
}

result asked_plan_read(struct db_tx *tx, struct json_at at, json_t *held, struct asked_plan *plan)
{
    struct json_at document = json_member(at, "plan");
    struct json_at key = json_member(at, "key");
    struct json_at version = json_member(at, "version");
    *plan = (struct asked_plan){0};
    if ((document.value == NULL) == (key.value == NULL))
        (void)json_wrong(at, "missing_member", "Either a plan, or the key of one.");
    else if (key.value != NULL && !json_is_string(key.value))
        (void)json_wrong(key, "invalid", "This must be text.");
    if (version.value != NULL && (key.value == NULL || !json_is_integer(version.value) ||
                                  json_integer_value(version.value) < 1))
        (void)json_wrong(version, "invalid", "The version of a stored plan.");
    TRY(faults_result(at.faults));
    if (document.value != NULL)
        return read_document(document, held, plan);
    return read_stored(tx, json_str(key.value), json_integer_value(version.value), held, plan);
}

// The period that holds the instant, else the last before it, else the first.
static result find_period(const struct subscription_terms *terms, instant at, struct period *period)
{
    struct period found = {0};
    TRY(period_find(terms, 1, period));
    for (int64_t number = 2; period->end.us <= at.us && !failed(period_find(terms, number, &found));
         number++)
        *period = found;
    return OK;
}

result subscribed_plan_read(struct db_tx *tx, str subscription, instant at, json_t *held,
                            struct asked_plan *plan, struct asked_usage *usage)
{
    json_t *documents = NULL;
    struct subscription_terms terms = {0};
    struct period period = {0};
    struct customer *customer = arena_new(db_arena(tx), struct customer);
    TRY(subscription_terms_read(tx, subscription, &terms, &documents));
    TRY(keep(held, documents));
    TRY(find_period(&terms, at, &period));
    TRY(customer_get(tx, terms.customer, customer));
    const struct segment *segment = &terms.segments[0];
    for (size_t i = 1; i < terms.segment_count; i++) {
        if (terms.segments[i].from.us <= at.us)
            segment = &terms.segments[i];
    }
    *plan = (struct asked_plan){
        .plan = segment->plan, .metrics = segment->metrics, .metric_count = segment->metric_count};
    *usage = (struct asked_usage){
        .customer = customer, .from = period.start, .to = period.end, .cut = true};
    return period_share(db_arena(tx), &terms, period.number, &usage->share);
}

// ---- metrics

static const struct metric *find_metric(const struct metric *const *metrics, size_t count, str key)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(metrics[i]->key, key))
            return metrics[i];
    }
    return NULL;
}

static result load_metric(struct db_tx *tx, str key, json_t *held, json_t **document)
{
    struct catalog_item item = {0};
    result found = catalog_get(tx, CATALOG_METRIC, key, &item);
    *document = NULL;
    if (found.code == ERR_NOT_FOUND || (!failed(found) && item.archived))
        return OK;
    TRY(found);
    TRY(json_parse(item.document, document));
    return keep(held, *document);
}

static result read_metric(struct db_tx *tx, struct json_at request, str key, json_t *held,
                          struct metric *metric)
{
    const char *name = str_to_c(db_arena(tx), key);
    struct json_at given = json_member(json_member(request, "metrics"), name);
    json_t *stored = NULL;
    const struct metric *read = NULL;
    if (given.value != NULL) {
        read = metric_parse(given, false);
    } else {
        TRY(load_metric(tx, key, held, &stored));
        if (stored == NULL)
            (void)json_wrong(request, "unknown_metric",
                             "A charge of the plan names a metric that is not defined.");
        else
            read = metric_parse(trusted(db_arena(tx), stored), false);
    }
    phi_hide_names(request.faults);
    TRY(faults_result(request.faults));
    if (read == NULL)
        return FAIL(INTERNAL, "a stored metric is not valid");
    *metric = *read;
    metric->key = key;
    return OK;
}

static result read_metrics(struct db_tx *tx, struct json_at request, json_t *held,
                           struct asked_plan *asked)
{
    const struct plan *plan = asked->plan;
    const struct metric **metrics =
        arena_array(db_arena(tx), const struct metric *, plan->charge_count);
    size_t count = 0;
    for (size_t i = 0; i < plan->charge_count; i++) {
        str key = plan->charges[i].metric;
        if (find_metric(metrics, count, key) != NULL)
            continue;
        struct metric *metric = arena_new(db_arena(tx), struct metric);
        TRY(read_metric(tx, request, key, held, metric));
        metrics[count++] = metric;
    }
    asked->metrics = metrics;
    asked->metric_count = count;
    return OK;
}

// A plan of the request goes by the ledger's events, as one that is put does.
static result check_numbers(struct db_tx *tx, struct json_at request,
                            const struct asked_plan *asked)
{
    if (asked->document.value == NULL)
        return OK;
    TRY(plan_numbers_check(tx, asked->plan, asked->document,
                           json_object_get(request.value, "metrics")));
    phi_hide_names(asked->document.faults);
    return faults_result(asked->document.faults);
}

// ---- the statement

// From where on events count: metrics that carry go by those before the time as well.
static instant usage_from(const struct asked_plan *plan, instant from)
{
    for (size_t i = 0; i < plan->metric_count; i++) {
        if (metric_carries(plan->metrics[i]))
            return (instant){FIRST_INSTANT_US};
    }
    return from;
}

struct asking {
    struct arena *arena;
    const struct simulated_time *time;
    const struct simulation *simulation;
};

static result ask_all(void *context, const struct usage *usage)
{
    const struct asking *asking = context;
    struct simulation simulation = *asking->simulation;
    return simulation_measure(asking->arena, asking->time, usage, &simulation);
}

// The source holds what the simulation's usage says of itself.
static result measure(struct db_tx *tx, const struct asked_plan *plan,
                      const struct asked_usage *asked, struct sums_source *source,
                      struct simulation *simulation)
{
    struct simulated_time time = {
        .metrics = plan->metrics,
        .metric_count = plan->metric_count,
        .from = asked->from,
        .to = asked->to,
    };
    struct head *head = arena_new(db_arena(tx), struct head);
    TRY(zone_load(db_arena(tx), asked->customer->zone_name, &time.zone));
    TRY(ledger_head(tx, asked->customer->id, head));
    *source = sums_source_of(
        tx, (struct usage_span){head, NULL, usage_from(plan, asked->from), asked->to});
    struct asking asking = {db_arena(tx), &time, simulation};
    source->ask_all = ask_all;
    source->context = &asking;
    struct usage usage = {.source = &source->base};
    result measured = simulation_measure(db_arena(tx), &time, &usage, simulation);
    source->ask_all = NULL; // what it asks of is gone
    return measured;
}

static result read_taxes(struct db_tx *tx, struct json_at request, const struct customer *customer,
                         struct simulation *simulation)
{
    struct customer_billing billing = {0};
    if (json_object_get(request.value, "tax") != NULL)
        return OK;
    TRY(customer_billing_read(db_arena(tx), customer, &billing));
    simulation->tax = (struct taxation){billing.taxes, billing.tax_count, billing.exempt_reason};
    return OK;
}

result plan_simulate(struct db_tx *tx, struct json_at request, const struct asked_plan *plan,
                     const struct asked_usage *usage, json_t **statement)
{
    OWNED(json_release) json_t *held = json_array();
    OWNED(sums_source_release) struct sums_source source = {0};
    struct asked_plan asked = *plan;
    struct simulation simulation = {.plan = asked.plan, .among_others = asked.among_others};
    (void)simulation_terms_parse(request, &simulation);
    if (usage->cut && json_object_get(request.value, "usage_share") == NULL)
        simulation.share = usage->share;
    if (usage->customer == NULL)
        (void)simulation_usage_parse(request, &simulation);
    phi_hide_names(request.faults);
    TRY(faults_result(request.faults));
    if (usage->customer == NULL)
        return statement_simulate(db_arena(tx), &simulation, statement);
    TRY(check_numbers(tx, request, &asked));
    if (asked.metrics == NULL)
        TRY(read_metrics(tx, request, held, &asked));
    TRY(read_taxes(tx, request, usage->customer, &simulation));
    TRY(measure(tx, &asked, usage, &source, &simulation));
    return statement_simulate(db_arena(tx), &simulation, statement);
}
