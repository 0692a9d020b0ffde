// SPDX-License-Identifier: Apache-2.0
// webhooks.h - who is told of what, and what became of it, after the Standard Webhooks
// specification.
//
// Invariants: a secret is shown once, where it is made, and stored sealed; a message keeps its id
// however often it is sent; nothing is kept of what a receiver answers but its status.
#pragma once

#include "phial/catalog/catalog.h"
#include "phial/crypto/keyring.h"
#include "phial/egress/egress.h"
#include "phial/outbox/outbox.h"
#include "phial/util/log.h"

enum { WEBHOOKS_MAX = 50 };

struct webhook {
    str id;
    str url;
    str types;  // with commas between them
    str status; // "enabled", "disabled"
    str why; // it is disabled: "gone" for a 410, "failing" for three days without success; else ""
    instant created_at;
    bool has_old_secret; // that signs as well
    instant old_until;   // by the machine's clock, as every time of a delivery
};

// {"url","types"}. secret: "whsec_" and base64. CONFLICT for more than WEBHOOKS_MAX.
struct webhook_secret {
    const struct keyring *keyring; // that seals it
    str text;                      // an answer
};
result webhook_create(struct db_tx *tx, struct json_at document, const struct egress *egress,
                      const struct change *change, struct webhook *webhook,
                      struct webhook_secret *secret);
result webhook_get(struct db_tx *tx, str id, struct webhook *webhook); // NOT_FOUND
result webhook_each(struct db_tx *tx, str after, int64_t limit,
                    result (*row)(void *context, const struct webhook *webhook), void *context);
// What waits for it is not sent any more; its secrets are forgotten.
result webhook_delete(struct db_tx *tx, str id);
// A new secret. The old one signs as well for a day.
result webhook_rotate(struct db_tx *tx, str id, struct webhook *webhook,
                      struct webhook_secret *secret);
// Also sends what was held meanwhile.
result webhook_enable(struct db_tx *tx, str id, struct webhook *webhook);

// Seals anew what another master key than the first one seals: the daemon's part in changing it.
// rewrapped: how many webhooks; 0 once none is left.
result webhooks_rewrap(struct db *db, struct arena *arena, const struct keyring *keyring,
                       int64_t *rewrapped);

struct delivery {
    str message; // its webhook-id
    str type;
    str status; // "pending", "held" while the webhook is disabled, "delivered", "failed"
    int64_t attempts;
    bool has_last_status;
    int64_t last_status; // HTTP
    str last_error;      // "" for none: webhooks.sql lists them
    bool has_next_attempt;
    instant next_attempt_at;
    instant created_at;
    bool has_finished;
    instant finished_at;
};
struct delivery_filter {
    str webhook;
    str status; // "": any
    str before; // a message; "": from the newest on
    int64_t limit;
};
// The newest first.
result delivery_each(struct db_tx *tx, const struct delivery_filter *filter,
                     result (*row)(void *context, const struct delivery *delivery), void *context);
result delivery_get(struct db_tx *tx, str webhook, str message,
                    struct delivery *delivery); // NOT_FOUND
// Sends it again, now, whatever became of it. CONFLICT while the webhook is disabled.
result delivery_replay(struct db_tx *tx, str webhook, str message, struct delivery *delivery);

// The sender: a thread with a database connection of its own. Any number of daemons may have one;
// what one dies over is sent by another once its lease is over.
struct webhook_sender;
struct webhook_sender_options {
    struct db_options database;
    const struct egress *egress;
    const struct keyring *keyring;
    int64_t retry_ms;   // before the second attempt; each further wait is four times as long
    int64_t timeout_ms; // of an attempt
    const struct log *log;
};
result webhook_sender_start(const struct webhook_sender_options *options,
                            struct webhook_sender **sender);
// For /metrics: what this daemon's attempts came to, and how many are under way.
struct webhook_figures {
    uint64_t delivered;
    uint64_t failed;
    uint64_t flying; // now
};
void webhook_figures_read(const struct webhook_sender *sender, struct webhook_figures *figures);
// Begins nothing more, waits a little for what is under way, leaves the rest to the next daemon.
void webhook_sender_stop(struct webhook_sender *sender);
