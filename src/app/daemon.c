// SPDX-License-Identifier: Apache-2.0
// daemon.c - owns everything that runs; starts it from the bottom up, stops it from the top down.
#include "daemon.h"

#include "data_folder.h"
#include "key_files.h"
#include "notify.h"
#include "phial/api/api.h"
#include "phial/audit/erasure_file.h"
#include "phial/catalog/clock.h"
#include "phial/db/cluster.h"
#include "phial/db/migrate.h"
#include "phial/util/privileges.h"
#include "phial/webhooks/webhooks.h"
#include "retention_terms.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_SECONDS = 1 };

struct app {
    struct arena *arena;
    struct config *config;
    struct log log;
    struct data_folder folder;
    bool is_dev;
    const char *certificate; // PEM text
    const char *certificate_key;
    struct keyring keyring;
    struct cluster *cluster; // of --dev
    struct signer *signer;
    const char *erasures_path;
    struct jobs *jobs;
    struct lanes *lanes;
    struct usage_streams *usage_streams;
    struct tally *tally;
    struct egress egress;
    struct webhook_sender *webhook_sender;
    struct heads_keeper *heads_keeper;
    struct scrubber *scrubber;
    struct witness *witness; // of other logs; NULL for none
    struct http_server *server;
    struct biller biller;
    struct chart chart;
    struct report_templates report_templates;
    struct api api;
    atomic_bool stopping;
    atomic_bool cluster_down; // the own cluster; never without one
};

static result complain(const struct app *app, const char *option, const char *says)
{
    return FAIL(BAD_CONFIG, str_printf(app->arena, "%s: %s", option, says).ptr);
}

// Before the rights are dropped: the certificate's key is often root's.
static result read_certificate(struct app *app)
{
    const struct config *config = app->config;
    if ((config->server_tls_certificate.len == 0) != (config->server_tls_key.len == 0))
        return complain(app, "[server]", "tls_certificate and tls_key go together");
    TRY(key_files_pem(app->arena, "tls_certificate", config->server_tls_certificate,
                      &app->certificate));
    return key_files_pem(app->arena, "tls_key", config->server_tls_key, &app->certificate_key);
}

static struct db_options database_of(const struct app *app)
{
    return (struct db_options){.url = str_to_c(app->arena, app->config->database_url),
                               .role = str_to_c(app->arena, app->config->database_role)};
}

static result migrate(struct app *app)
{
    size_t applied = 0;
    struct db *db = db_open(&(struct db_options){.url = cluster_url(app->cluster)});
    result outcome = migrate_up(db, app->arena, &applied);
    db_close(db);
    return outcome;
}

static result start_dev(struct app *app, const char *path)
{
    TRY(data_folder_open(app->arena, path, &app->folder));
    privileges_forbid_cores(); // becoming another user has switched it back
    if (chdir("/") != 0)       // where it was started may be closed to that user
        return FAIL(INTERNAL, "the root folder cannot be reached");
    TRY(cluster_start(app->arena, app->folder.path, &app->cluster));
    TRY(data_folder_configure(app->arena, &app->folder, cluster_url(app->cluster), app->config));
    TRY(migrate(app));
    struct db_options options = database_of(app);
    struct db *db = db_open(&options);
    result outcome = data_folder_make_admin(app->arena, &app->folder, db, app->config->clock_test);
    db_close(db);
    return outcome;
}

static result find_telling(struct db_tx *tx, void *context)
{
    return db_telling_setting(tx, context);
}

// What is asked of the database names no patient; its log need not repeat it all the same, and only
// a superuser could forbid it here.
static void warn_of_telling_log(struct app *app)
{
    str setting = {0};
    struct db_options options = database_of(app);
    struct db *db = db_open(&options);
    if (!failed(db_transact(db, app->arena, find_telling, &setting)) && setting.len != 0)
        log_write(&app->log, LOG_WARN, "database_logs_parameters",
                  LOG_FIELDS(log_text("setting", setting)));
    db_close(db);
}

static result check_schema(struct app *app)
{
    struct migration *list = NULL;
    size_t count = 0;
    struct db *db =
        db_open(&(struct db_options){.url = str_to_c(app->arena, app->config->database_url)});
    result outcome = migrate_status(db, app->arena, &list, &count);
    db_close(db);
    TRY(outcome);
    for (size_t i = 0; i < count; i++) {
        if (!list[i].applied)
            return FAIL(CONFLICT, "the database lacks migrations: run `phial migrate up`");
    }
    return OK;
}

static result become_user(struct app *app)
{
    struct identity_of_user user = {0};
    const char *name = str_to_c(app->arena, app->config->server_user);
    if (*name == '\0' || !privileges_are_root())
        return OK;
    if (failed(privileges_find(app->arena, &name, 1, &user)))
        return complain(app, "[server] user", "there is no such user");
    return privileges_drop(&user);
}

static result start_configured(struct app *app)
{
    if (app->config->database_url.len == 0)
        return complain(app, "[database] url", "is required to serve");
    TRY(become_user(app));
    privileges_forbid_cores();
    const char *exports = str_to_c(app->arena, app->config->export_folder);
    if (mkdir(exports, 0700) != 0 && errno != EEXIST)
        return complain(app, "[export] folder", "cannot be made");
    TRY(check_schema(app));
    warn_of_telling_log(app);
    return OK;
}

// As the user who serves: a token's folder may be open to nobody else.
static result open_keys(struct app *app)
{
    TRY(key_files_master(app->arena, app->config, &app->keyring));
    struct db_options database = database_of(app);
    struct db *db = db_open(&database);
    result checked = master_key_check(db, app->arena, &app->keyring);
    db_close(db);
    return checked.code == ERR_BAD_CONFIG ? complain(app, "[phi] master_key", checked.detail)
                                          : checked;
}

static result begin_signing(struct db_tx *tx, void *context)
{
    const struct app *app = context;
    instant now = {0};
    TRY(signer_begin(app->signer, tx));
    TRY(signer_check(app->signer, tx));
    TRY(clock_now(tx, app->config->clock_test, &now));
    return signer_enroll(app->signer, tx, now);
}

static result start_signer(struct app *app)
{
    const struct config *config = app->config;
    struct signer_options options = {
        .key_path = str_to_c(app->arena, config->ledger_key_path),
        .public_path = str_to_c(app->arena, config->ledger_public_path),
        .previous_path = str_to_c(app->arena, config->ledger_previous_key_path),
        .state_path = str_to_c(app->arena, config->ledger_state_path),
        .server = config->server_name,
        .make = app->is_dev,
    };
    TRY(signer_open(&options, &app->signer));
    struct db_options database = database_of(app);
    struct db *db = db_open(&database);
    result outcome = db_transact(db, app->arena, begin_signing, app);
    db_close(db);
    if (outcome.code == ERR_HEAD_REFUSED)
        outcome.detail = str_printf(app->arena,
                                    "%s: the database is not the one whose heads stand in %s; a "
                                    "restored older one cannot pass for it. Restore a newer one, "
                                    "or begin a new epoch: phial ledger new-epoch",
                                    outcome.detail, options.state_path)
                             .ptr;
    app->biller.server = failed(outcome) ? STR("") : signer_server(app->signer);
    return outcome;
}

// A restored backup brings destroyed keys back: they go again before anybody is served.
static result replay_erasures(struct app *app)
{
    int64_t replayed = 0;
    instant now = {0};
    struct db_options database = database_of(app);
    struct db *db = db_open(&database);
    app->erasures_path =
        str_printf(app->arena, "%" STR_FMT ".erasures", STR_ARG(app->config->ledger_state_path))
            .ptr;
    result outcome = clock_read(db, app->arena, app->config->clock_test, &now);
    if (!failed(outcome))
        outcome = erasure_file_replay(db, app->arena, app->erasures_path, now, &replayed);
    if (!failed(outcome))
        outcome = erasure_file_note(db, app->arena, app->erasures_path);
    db_close(db);
    if (replayed > 0)
        log_write(&app->log, LOG_WARN, "erasures_replayed",
                  LOG_FIELDS(log_i64("scopes", replayed)));
    return outcome;
}

static result check_ready(void *context)
{
    const struct app *app = context;
    if (atomic_load(&app->stopping))
        return FAIL(STOPPING, "");
    return atomic_load(&app->cluster_down) ? FAIL(DB_AWAY, "") : OK;
}

// After start_dev, which brings a sample.
static void name_biller(struct app *app)
{
    const struct config *config = app->config;
    app->biller.seller = (struct bill_seller){
        .name = config->seller_name,
        .address = {.line1 = config->seller_line1,
                    .city = config->seller_city,
                    .postal_code = config->seller_postal_code,
                    .country = config->seller_country},
        .tax_id = config->seller_tax_id,
        .registration_id = config->seller_registration_id,
        .email = config->seller_email,
        .endpoint_scheme = config->seller_endpoint_scheme,
        .endpoint_id = config->seller_endpoint_id,
        .iban = config->seller_iban,
    };
}

static void name_accounts(struct app *app)
{
    const struct config *config = app->config;
#define ACCOUNT(name, is) \
    app->chart.accounts[ACCOUNT_##name] = account_title_of(config->accounting_##name);
#include "phial/accounting/accounts.def"
#undef ACCOUNT
    app->chart.tax_rate = config->accounting_xero_tax_rate;
}

static result start_jobs(struct app *app)
{
    app->tally = tally_new();
    struct jobs_options options = {
        .database = database_of(app),
        .exports = {.signer = app->signer,
                    .folder = str_to_c(app->arena, app->config->export_folder),
                    .renderer = {api_invoice_pdf, &app->biller}},
        .tally = app->tally,
        .interval_ms = app->config->billing_interval_ms,
        .refusals_ms = app->config->webhooks_rejected_seconds * 1000,
        .keyring = &app->keyring,
        .period_key_days = app->config->phi_period_key_days,
        .erasures_path = app->erasures_path,
        .retention = retention_terms_of(app->config),
        .fold_interval_ms = app->config->usage_fold_interval_ms,
        .test_clock = app->config->clock_test,
        .log = &app->log,
    };
    return jobs_start(&options, &app->jobs);
}

static result start_lanes(struct app *app)
{
    struct lanes_options options = {.database = database_of(app),
                                    .writers = (int)app->config->ingest_writers,
                                    .waiting_max = (size_t)app->config->ingest_waiting_max};
    return lanes_start(&options, &app->lanes);
}

static result start_usage_streams(struct app *app)
{
    struct usage_streams_options options = {
        .database = database_of(app), .test_clock = app->config->clock_test, .log = &app->log};
    return usage_streams_start(&options, &app->usage_streams);
}

static result start_webhook_sender(struct app *app)
{
    const struct config *config = app->config;
    app->egress = (struct egress){.allow = config->egress_allow,
                                  .plain_http = config->egress_plain_http,
                                  .internal = config->egress_private};
    struct webhook_sender_options options = {
        .database = database_of(app),
        .egress = &app->egress,
        .keyring = &app->keyring,
        .retry_ms = config->webhooks_retry_ms,
        .timeout_ms = config->webhooks_timeout_ms,
        .log = &app->log,
    };
    return webhook_sender_start(&options, &app->webhook_sender);
}

static str rule_of_text(str amounts)
{
    return amounts;
}

static str rule_of_flag(bool waits)
{
    return waits ? STR("always") : STR("");
}

// Each row of the table has an option of its name: one that is missing does not compile.
static result read_approvals(struct app *app)
{
    const struct config *config = app->config;
    str *rules = app->api.approval_rules;
#define APPROVAL(name)                                              \
    rules[APPROVAL_##name] = _Generic(config->approvals_##name, str \
                                      : rule_of_text, bool          \
                                      : rule_of_flag)(config->approvals_##name);
#include "phial/api/approval_actions.def"
#undef APPROVAL
    for (size_t i = 0; i < APPROVAL_ACTION_COUNT; i++) {
        if (!approval_rule_valid(rules[i]))
            return FAIL(BAD_CONFIG, "[approvals]: an amount has no known currency, or more digits "
                                    "than it has");
    }
    return OK;
}

static result start_heads_keeper(struct app *app)
{
    const struct config *config = app->config;
    str ca = config->witness_timestamp_ca;
    struct heads_keeper_options options = {
        .database = database_of(app),
        .signer = app->signer,
        .egress = &app->egress,
        .interval_ms = config->witness_interval_ms,
        .timeout_ms = config->witness_timeout_ms,
        .folder = config->witness_folder,
        .witness_urls = config->witness_urls,
        .witness_keys = config->witness_keys,
        .timestamp_url = config->witness_timestamp_url,
        .timestamp_ca = ca.len == 0 ? NULL : str_to_c(app->arena, ca),
        .timestamp_hours = config->witness_timestamp_hours,
        .test_clock = config->clock_test,
        .log = &app->log,
    };
    return heads_keeper_start(&options, &app->heads_keeper);
}

static result start_scrubber(struct app *app)
{
    struct scrubber_options options = {
        .database = database_of(app),
        .days = app->config->scrub_days,
        .leaves_per_second = app->config->scrub_leaves_per_second,
        .test_clock = app->config->clock_test,
        .log = &app->log,
    };
    return scrubber_start(&options, &app->scrubber);
}

static result start_witness(struct app *app)
{
    const struct config *config = app->config;
    str name = config->witness_name;
    if (config->witness_logs.len == 0)
        return OK;
    if (name.len == 0)
        name = str_concat(app->arena, config->server_name, STR("/witness"), STR(""));
    struct witness_options options = {
        .key_path = str_to_c(app->arena, config->witness_key_path),
        .state_path = str_to_c(app->arena, config->witness_state_path),
        .name = name,
        .logs = config->witness_logs,
    };
    return witness_open(&options, &app->witness);
}

static result start_http(struct app *app)
{
    const struct config *config = app->config;
    app->api = (struct api){
        .signer = app->signer,
        .witness = app->witness,
        .heads_keeper = app->heads_keeper,
        .scrubber = app->scrubber,
        .jobs = app->jobs,
        .lanes = app->lanes,
        .biller = &app->biller,
        .chart = &app->chart,
        .report_templates = &app->report_templates,
        .usage_streams = app->usage_streams,
        .keyring = &app->keyring,
        .cache = cache_new(&app->keyring),
        .tally = app->tally,
        .rate_limit = rate_limit_open(config->limits_requests_per_second, config->limits_burst),
        .egress = &app->egress,
        .webhook_sender = app->webhook_sender,
        .log = &app->log,
        .test_clock = config->clock_test,
        .period_key_days = config->phi_period_key_days,
        .approve_detectors_off = config->approvals_phi_detectors_off,
        .retention = retention_terms_of(config),
        .erasures_path = app->erasures_path,
        .ready = check_ready,
        .ready_context = app,
    };
    TRY(read_approvals(app));
    struct http_options options = {
        .address = str_to_c(app->arena, config->server_address),
        .port = (int)config->server_port,
        .workers = (int)config->http_workers,
        .queue_max = (int)config->http_queue_max,
        .connections_max = (int)config->http_connections_max,
        .body_bytes_max = (size_t)config->http_body_bytes_max,
        .database = database_of(app),
        .tls_certificate = app->certificate,
        .tls_key = app->certificate_key,
        .log = &app->log,
        .routes = api_routes,
        .quick = api_quick_route(),
        .context = &app->api,
        .worker_open = api_worker_open,
        .worker_close = api_worker_close,
        .enter = api_enter,
        .leave = api_leave,
    };
    result started = http_start(&options, &app->server);
    if (started.code == ERR_BAD_CONFIG)
        started.detail =
            str_printf(app->arena, "%s port %d: %s", options.address, options.port, started.detail)
                .ptr;
    TRY(started);
    atomic_store(&app->api.server, app->server); // it answers already
    return OK;
}

static result start(struct app *app, const char *data_folder)
{
    TRY(read_certificate(app));
    TRY(report_templates_read(app->arena, app->config->reports_templates, &app->report_templates));
    TRY(app->is_dev ? start_dev(app, data_folder) : start_configured(app));
    TRY(open_keys(app));
    name_biller(app);
    name_accounts(app);
    TRY(start_signer(app));
    TRY(replay_erasures(app));
    TRY(start_jobs(app));
    TRY(start_lanes(app));
    TRY(start_usage_streams(app));
    TRY(start_webhook_sender(app));
    TRY(start_heads_keeper(app));
    TRY(start_scrubber(app));
    TRY(start_witness(app));
    TRY(start_http(app));
    app->config->server_port = http_port(app->server);
    return app->is_dev ? data_folder_write_config(app->arena, &app->folder, app->config) : OK;
}

static void say_ready(const struct app *app)
{
    str address = app->config->server_address;
    bool is_v6 = str_contains(address, ':');
    (void)printf("ready %s://%s%" STR_FMT "%s:%d\n", app->certificate == NULL ? "http" : "https",
                 is_v6 ? "[" : "", STR_ARG(address), is_v6 ? "]" : "", http_port(app->server));
    (void)fflush(stdout);
    log_write(&app->log, LOG_INFO, "ready",
              LOG_FIELDS(log_i64("port", http_port(app->server)),
                         log_text("version", STR(PHIAL_VERSION))));
    notify("READY=1");
}

static void watch_cluster(struct app *app)
{
    if (app->cluster == NULL)
        return;
    bool up = cluster_watch(app->cluster);
    bool was_up = !atomic_exchange(&app->cluster_down, !up);
    if (up != was_up)
        log_write(&app->log, up ? LOG_INFO : LOG_ERROR, up ? "database_back" : "database_lost",
                  LOG_NOTHING);
}

// Until a signal that asks to stop.
static void serve(struct app *app, const sigset_t *stop)
{
    const struct timespec step = {.tv_sec = WATCH_SECONDS};
    say_ready(app);
    while (sigtimedwait(stop, NULL, &step) < 0)
        watch_cluster(app);
    atomic_store(&app->stopping, true);
    notify("STOPPING=1");
    log_write(&app->log, LOG_INFO, "stopping", LOG_NOTHING);
}

static void stop_all(struct app *app)
{
    if (app->usage_streams != NULL)
        usage_streams_stop(app->usage_streams);
    if (app->server != NULL)
        http_stop(app->server);
    if (app->usage_streams != NULL)
        usage_streams_close(app->usage_streams);
    if (app->lanes != NULL)
        lanes_stop(app->lanes);
    scrubber_stop(app->scrubber);
    heads_keeper_stop(app->heads_keeper);
    webhook_sender_stop(app->webhook_sender);
    rate_limit_close(app->api.rate_limit);
    cache_free(app->api.cache);
    if (app->jobs != NULL)
        jobs_stop(app->jobs);
    tally_free(app->tally);
    witness_close(app->witness);
    if (app->signer != NULL)
        signer_close(app->signer);
    if (app->cluster != NULL)
        cluster_stop(app->cluster);
    keyring_wipe(&app->keyring);
}

result daemon_run(struct arena *arena, struct config *config, const char *data_folder)
{
    // Blocked before the first thread: every thread inherits it, and the loop below takes them.
    sigset_t stop;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    (void)umask(077);
    privileges_forbid_cores();

    struct app app = {
        .arena = arena, .config = config, .is_dev = data_folder != NULL, .log = {LOG_INFO}};
    (void)log_level_parse(config->log_level, &app.log.least);
    result outcome = start(&app, data_folder);
    if (!failed(outcome))
        serve(&app, &stop);
    stop_all(&app);
    if (!failed(outcome))
        log_write(&app.log, LOG_INFO, "stopped", LOG_NOTHING);
    return outcome;
}
