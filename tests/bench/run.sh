#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measures ingest and its references in one go, on one daemon with its own PostgreSQL: a JSON line a
# measurement, and the ratios between them at the end. docs/performance.md says what each one is.
#
#   tests/bench/run.sh                   everything, once
#   tests/bench/run.sh --events N        events of each batch run (500000)
#   tests/bench/run.sh --seconds N       seconds of each single-event run (15)
#   tests/bench/run.sh --rounds N        everything N times; of the ratios the median, least and most
#   tests/bench/run.sh --fill N          at the end also with N events already there
#   tests/bench/run.sh --build DIR       a build folder that is there already
#   tests/bench/run.sh --profile FOLDER  also perf profiles of the daemon and of PostgreSQL
set -euo pipefail
cd "$(dirname "$0")/../.."

events=500000 seconds=15 rounds=1 fill=0 build='' profile=''
while [ $# -ne 0 ]; do
    [ $# -ge 2 ] || { sed -n 's/^#  //p' "$0" >&2; exit 2; }
    case $1 in
        --events) events=$2 ;;
        --seconds) seconds=$2 ;;
        --rounds) rounds=$2 ;;
        --fill) fill=$2 ;;
        --build) build=$2 ;;
        --profile) profile=$2 ;;
        *) sed -n 's/^#  //p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
if [ -z "$build" ]; then
    build=build
    sh deploy/install-packages.sh
    cmake -G Ninja -S . -B "$build" > /dev/null
fi
# Short and searchable by the cluster's user; what the programs are run from, too.
work=$(mktemp -d /tmp/phial-bench-XXXXXX)
chmod 755 "$work"
data=$work/data results=$work/results
daemon='' handler=''
finish() {
    [ -z "$handler" ] || kill "$handler" 2> /dev/null || true
    if [ -n "$daemon" ] && kill "$daemon" 2> /dev/null; then
        wait "$daemon" || true
    fi
    rm -rf "$work"
}
trap finish EXIT
cmake --build "$build" --target phiald phial bench_copy_rows bench_empty_handler > "$work/build.log" 2>&1 ||
    { tail -n 40 "$work/build.log" >&2; exit 1; }
mkdir "$work/bin"
cp "$build/src/phiald" "$build/src/phial" "$build/tests/bench_copy_rows" "$build/tests/bench_empty_handler" "$work/bin"

# await FILE: its ready line's address
await() {
    for _ in $(seq 300); do
        if grep -qs '^ready ' "$1"; then
            sed -n 's/^ready //p' "$1"
            return
        fi
        sleep 0.1
    done
    echo "run.sh: nothing became ready" >&2
    cat "$work"/*.err >&2
    exit 1
}

"$work/bin/phiald" --dev --data-dir "$data" --port 0 > "$work/daemon.out" 2> "$work/daemon.err" &
daemon=$!
PHIAL_URL=$(await "$work/daemon.out")
PHIAL_KEY=$(cat "$data/admin.key")
export PHIAL_URL PHIAL_KEY
source=$(cat "$data/database.url")
target=${source/\/phial\?/\/phial_reference?}
as=()
[ "$(id -u)" -ne 0 ] || as=(runuser -u "$(stat -c %U "$data/cluster")" --)

# Logs with so much to fold that the daemon does not wait for more.
unfolded='SELECT count(*) FROM ledger_head AS head LEFT JOIN usage_mark AS mark USING (customer_id)
          WHERE head.customer_id > 0 AND head.size - COALESCE(mark.folded_to, 0) >= 1000'

# What is measured next begins as what was measured before did: with logs that are folded, and clean buffers.
settle() {
    local until=$((SECONDS + 900))
    while [ "$("${as[@]}" psql -XAtq -d "$source" -c "$unfolded")" -ne 0 ]; do
        [ "$SECONDS" -lt "$until" ] || { echo "run.sh: the logs are not folded" >&2; exit 1; }
        sleep 0.2
    done
    "${as[@]}" psql -XAtq -d "$source" -c CHECKPOINT
}

# note NAME: a JSON line on standard input, named, printed and kept
note() {
    sed "s/^{/{\"name\":\"$1\",/" | tee -a "$results"
}

# ingest NAME OPTION...
ingest() {
    local name=$1
    shift
    settle
    "$work/bin/phial" bench ingest --events "$events" --duplicates 0 "$@" | note "$name"
}

last_run() {
    tail -n 1 "$results" | sed 's/.*"run":"\([^"]*\)".*/\1/'
}

# An empty ledger_entry, of the same schema, in the same cluster.
fresh_reference() {
    "${as[@]}" psql -XAtq -d "$source" -c 'CREATE DATABASE phial_reference'
    PHIAL_DATABASE_URL=$target "${as[@]}" "$work/bin/phial" migrate up > /dev/null
}

# Else its vacuum runs beside what is measured next.
drop_reference() {
    "${as[@]}" psql -XAtq -d "$source" -c 'DROP DATABASE phial_reference WITH (FORCE)'
}

# copy NAME: the rows of the run before
copy() {
    local run
    run=$(last_run)
    fresh_reference
    settle
    "${as[@]}" "$work/bin/bench_copy_rows" "$source" "$target" "$run" 2 5000 | note "$1"
    drop_reference
}

inserts() {
    fresh_reference
    "${as[@]}" psql -XAtq -d "$target" -c 'CREATE SEQUENCE bench_position'
    settle
    local tps latency
    (cd / && "${as[@]}" pgbench -n -M prepared -c 64 -j 2 -T "$seconds" -D leaf="$leaf_bytes" -f - "$target") \
        > "$work/pgbench.out" 2> "$work/pgbench.err" < tests/bench/insert.sql ||
        { cat "$work/pgbench.err" >&2; exit 1; }
    drop_reference
    tps=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/pgbench.out")
    latency=$(sed -n 's/^latency average = \([0-9.]*\) ms/\1/p' "$work/pgbench.out")
    echo "{\"reference\":\"insert\",\"clients\":64,\"seconds\":$seconds,\"rows_per_second\":$tps,\"mean_ms\":$latency}" |
        note insert
}

# Single events, and a customer of nobody's made in the middle of them.
changed() {
    settle
    "$work/bin/phial" bench single --seconds "$seconds" > "$work/changed.out" &
    local load=$!
    sleep "$((seconds / 2))"
    curl -sSf -o "$work/customer.out" -X PUT "$PHIAL_URL/v1/customers/changed-$(date +%s)" -H "Authorization: Bearer $PHIAL_KEY" \
        -H 'Content-Type: application/json' -d '{"name": "Nobody", "currency": "USD", "time_zone": "UTC"}'
    wait "$load"
    note changed < "$work/changed.out"
}

empty_handler() {
    "$work/bin/bench_empty_handler" > "$work/handler.out" &
    handler=$!
    local url
    url=$(await "$work/handler.out")
    # Exit 1: its ledger is empty.
    { "$work/bin/phial" bench single --url "$url" --seconds "$seconds" 2> /dev/null || true; } | note handler
    kill "$handler"
    wait "$handler" || true
    handler=
}

# memory NAME: the daemon's peak so far
memory() {
    awk '/^VmHWM/ {print "{\"daemon_peak_kb\":" $2 "}"}' "/proc/$daemon/status" | note "$1"
}

leaf_bytes=300
for _ in $(seq "$rounds"); do
    ingest ordered
    copy copy
    leaf_bytes=$(tail -n 1 "$results" | sed 's/.*"row_bytes":\([0-9]*\).*/\1/')
    leaf_bytes=$((leaf_bytes - 70)) # without the other columns and their lengths
    ingest random --ids random
    copy copy_random
    ingest new
    ingest hundredth --duplicates 0.01
    ingest again --duplicates 1
    memory memory_of_200
    ingest one_customer --customers 1
    memory memory
    settle
    "$work/bin/phial" bench single --seconds "$seconds" | note single
    changed
    inserts
    empty_handler
done

if [ -n "$profile" ]; then
    mkdir -p "$profile"
    "$work/bin/phial" bench ingest --events "$events" --duplicates 0 | note profiled &
    sleep 2
    perf record -q -a -g -F 499 -o "$work/perf.data" -- sleep 5
    wait $!
    perf report -i "$work/perf.data" --no-children -g none --sort comm,dso 2> /dev/null > "$profile/programs.txt"
    perf report -i "$work/perf.data" --no-children -g none --sort comm,dso,symbol 2> /dev/null > "$profile/functions.txt"
    perf report -i "$work/perf.data" --children -g none --sort comm,symbol 2> /dev/null > "$profile/callers.txt"
fi

if [ "$fill" -ne 0 ]; then
    "$work/bin/phial" bench ingest --events "$fill" --duplicates 0 | note fill
    ingest filled
fi

python3 tests/bench/ratios.py < "$results"
