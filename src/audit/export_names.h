// SPDX-License-Identifier: Apache-2.0
// export_names.h - the names inside an export, shared by who writes and who verifies one.
#pragma once

#define EXPORT_FORMAT "phial-export/1"
#define EXPORT_MANIFEST "manifest.json"
#define EXPORT_ENTRIES "entries.ndjson"
#define EXPORT_CHECKPOINT "checkpoint"
#define EXPORT_CHECKPOINT_BODY "checkpoint.body"
#define EXPORT_CHECKPOINT_SIGNATURE "checkpoint.sig"
#define EXPORT_PROOF "proof.json"
#define EXPORT_SUMS "SHA256SUMS"
#define EXPORT_SUMS_SIGNATURE "SHA256SUMS.sig"
#define EXPORT_PUBLIC_KEY "ledger.pub.pem"
#define EXPORT_KEYS "keys.json" // once another key has signed
#define EXPORT_GUIDE "VERIFY.md"
#define EXPORT_INVOICES "invoices/"
#define EXPORT_CARRIED "carried.json" // where bodies are missing before the range
#define EXPORT_NOTES "credit-notes/"  // statements below zero

enum { EXPORT_FILES_MAX = 100000, EXPORT_NAME_MAX = 99 };
