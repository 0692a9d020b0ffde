#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# phiald --dev through a hard life: started, started twice, killed, its PostgreSQL killed, stopped.
# usage: dev.sh <phiald> <phial>
set -euo pipefail

phiald=$1
work=$(mktemp -d)
chmod 755 "$work"
data=$work/data
daemon=

finish() {
    local status=$?
    [ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null || true
    local server
    server=$(head -n 1 "$data/cluster/postmaster.pid" 2>/dev/null || true)
    [ -z "$server" ] || kill -QUIT "$server" 2>/dev/null || true
    sleep 0.5
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$work"/*.err "$data/postgresql.log" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "dev.sh: $*" >&2
    exit 1
}

step() {
    echo "dev.sh: $*"
}

# start <name> <argument>...: in the background, until its ready line; sets daemon and url.
start() {
    local name=$1
    shift
    "$phiald" "$@" >"$work/$name.out" 2>"$work/$name.err" &
    daemon=$!
    for _ in $(seq 600); do
        if grep -q '^ready ' "$work/$name.out"; then
            url=$(sed -n 's/^ready //p' "$work/$name.out")
            return
        fi
        kill -0 "$daemon" 2>/dev/null || fail "$name ended before it was ready"
        sleep 0.1
    done
    fail "$name was not ready in time"
}

status_of() {
    curl -s -o /dev/null -m 10 -w '%{http_code}' "$@" || true
}

# await <status> <seconds> <curl argument>...
await() {
    local wanted=$1 deadline=$((SECONDS + $2)) got
    shift 2
    while [ "$SECONDS" -lt "$deadline" ]; do
        got=$(status_of "$@")
        [ "$got" != "$wanted" ] || return 0
        sleep 0.2
    done
    fail "no $wanted within time, but $got, from ${*: -1}"
}

# stop <process>: SIGTERM, and exit status 0.
stop() {
    local status=0
    kill -TERM "$1"
    wait "$1" || status=$?
    [ "$status" -eq 0 ] || fail "exit status $status after SIGTERM"
    daemon=
}


step "a first start makes everything"
start first --dev --data-dir "$data" --port 0 --test-clock
[[ $url =~ ^http://127\.0\.0\.1:[0-9]+$ ]] || fail "the ready line says $url"
[ "$(wc -l <"$work/first.out")" -eq 1 ] || fail "more than the ready line on standard output"
[ "$(stat -c %a "$data/admin.key")" = 600 ] || fail "admin.key can be read by others"
for file in admin.key ledger.pub.pem database.url phial.conf; do
    [ -s "$data/$file" ] || fail "$file is missing"
done
key=$(cat "$data/admin.key")
[ "$(status_of "$url/livez")" = 200 ] || fail "not alive"
[ "$(status_of "$url/readyz")" = 200 ] || fail "not ready"
[ "$(status_of "$url/v1/customers")" = 401 ] || fail "answers without a key"
[ "$(status_of -H "Authorization: Bearer $key" "$url/v1/customers")" = 200 ] ||
    fail "the admin key is not accepted"
[ "$(status_of -X PUT -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
    -d '{"name": "Clinic", "currency": "USD", "time_zone": "America/New_York"}' \
    "$url/v1/customers/clinic")" = 201 ] || fail "no customer made"

step "a second start on the same folder says so and leaves"
status=0
"$phiald" --dev --data-dir "$data" --port 0 >"$work/second.out" 2>"$work/second.err" || status=$?
[ "$status" -eq 1 ] || fail "the second start exits $status"
grep -q 'in use' "$work/second.err" || fail "the second start does not say why"
[ "$(wc -l <"$work/second.err")" -eq 1 ] || fail "the second start says more than one line"

step "a second daemon shares database, keys and signer state"
first=$daemon
first_url=$url
start other --config "$data/phial.conf" --port 0
[ "$(status_of -H "Authorization: Bearer $key" "$url/v1/customers/clinic")" = 200 ] ||
    fail "the second daemon does not know the customer"
stop "$daemon"
daemon=$first
url=$first_url

step "a port that is taken is named"
status=0
"$phiald" --config "$data/phial.conf" --port "${first_url##*:}" 2>"$work/taken.err" || status=$?
[ "$status" -eq 1 ] || fail "a taken port exits $status"
grep -q "^phiald: 127.0.0.1 port ${first_url##*:}: cannot listen: already in use" "$work/taken.err" || fail "the taken port is not named"

step "PostgreSQL is killed: 503, then ready again within 30 seconds"
kill -9 "$(head -n 1 "$data/cluster/postmaster.pid")"
await 200 30 "$url/readyz"
await 200 5 -H "Authorization: Bearer $key" "$url/v1/customers/clinic"

step "PostgreSQL is asked to stop, with our connections open: ready again within 30 seconds"
server=$(head -n 1 "$data/cluster/postmaster.pid")
kill -TERM "$server"
await 503 10 "$url/readyz"
await 200 30 "$url/readyz"
[ "$(head -n 1 "$data/cluster/postmaster.pid")" != "$server" ] || fail "the old PostgreSQL runs on"
await 200 5 -H "Authorization: Bearer $key" "$url/v1/customers/clinic"

step "PostgreSQL does not answer: 503 says which, and it is not the daemon's failure"
server=$(head -n 1 "$data/cluster/postmaster.pid")
kill -STOP "$server"
await 503 20 "$url/readyz"
curl -s -m 10 "$url/readyz" | grep -q '"code":"database_away"' || fail "readyz does not say why"
kill -CONT "$server"
await 200 30 "$url/readyz"
! grep '"request_failed"' "$work/first.err" | grep -q '"error"' || fail "a 503 is logged as an error"

step "the daemon is killed: the next start takes its PostgreSQL over and keeps everything"
kill -9 "$daemon"
{ wait "$daemon" || true; } 2>/dev/null # bash tells of the kill
start again --dev --data-dir "$data" --port 0 --test-clock
[ "$(cat "$data/admin.key")" = "$key" ] || fail "the admin key has changed"
[ "$(status_of -H "Authorization: Bearer $key" "$url/v1/customers/clinic")" = 200 ] ||
    fail "the customer is gone"

step "SIGTERM ends it with 0, and its PostgreSQL with it"
server=$(head -n 1 "$data/cluster/postmaster.pid")
stop "$daemon"
# An orphan that nobody waits for stays as a zombie, which has no working directory.
! readlink "/proc/$server/cwd" >/dev/null || fail "PostgreSQL still runs"

step "a folder that holds anything of others is refused, and left as it is"
mkdir -m 755 "$work/others"
echo "a letter" >"$work/others/letter.txt"
before=$(stat -c '%U %a' "$work/others" "$work/others/letter.txt")
status=0
"$phiald" --dev --data-dir "$work/others" --port 0 2>"$work/others.err" || status=$?
[ "$status" -eq 1 ] || fail "a folder of others exits $status"
grep -q "^phiald: $work/others: is neither empty" "$work/others.err" || fail "a folder of others is not named"
[ "$(stat -c '%U %a' "$work/others" "$work/others/letter.txt")" = "$before" ] || fail "a folder of others changed hands"
[ "$(ls -A "$work/others")" = letter.txt ] || fail "a folder of others was written to"

step "a folder whose parent is closed is one clear line"
if [ "$(id -u)" -eq 0 ]; then
    mkdir -m 700 "$work/closed"
    status=0
    "$phiald" --dev --data-dir "$work/closed/data" --port 0 2>"$work/closed.err" || status=$?
    [ "$status" -eq 1 ] || fail "a closed parent exits $status"
    [ "$(wc -l <"$work/closed.err")" -eq 1 ] || fail "a closed parent says more than one line"
    grep -q "cannot search $work/closed" "$work/closed.err" || fail "the parent is not named"
fi

step "command lines that make no sense exit 2, wrong settings 1"
for arguments in --nonsense --dev "--data-dir $data" "--port 70000" stray; do
    status=0
    # shellcheck disable=SC2086
    "$phiald" $arguments >"$work/usage.out" 2>"$work/usage.err" || status=$?
    [ "$status" -eq 2 ] || fail "phiald $arguments exits $status"
done
printf '[server]\nprot = 1\n' >"$work/wrong.conf"
status=0
"$phiald" --check-config --config "$work/wrong.conf" 2>"$work/wrong.err" || status=$?
[ "$status" -eq 1 ] || fail "--check-config exits $status"
grep -q "^$work/wrong.conf:2: " "$work/wrong.err" || fail "--check-config names no line"
"$phiald" --check-config --config "$data/phial.conf"
"$phiald" --check-config --dev --data-dir "$work/nowhere"
printf '[reports]\n\n[server]\ntls_certificate = %s/none.pem\ntls_key = %s\n' "$work" "$work" >"$work/wrong.conf"
status=0
"$phiald" --check-config --config "$work/wrong.conf" 2>"$work/wrong.err" || status=$?
[ "$status" -eq 1 ] || fail "--check-config of files that are not there exits $status"
for line in '1: \[database\] url: is required' '1: \[phi\] master_key: is required' \
    '4: tls_certificate: the file cannot be read' '5: tls_key: the file cannot be read'; do
    grep -q "^$work/wrong.conf:$line" "$work/wrong.err" || fail "--check-config does not say $line"
done
status=0
PHIAL_SERVER_TLS_KEY='' PHIAL_DATABASE_URL='' "$phiald" --check-config --config "$work/wrong.conf" 2>"$work/wrong.err" || status=$?
grep -q '^environment: PHIAL_DATABASE_URL: \[database\] url' "$work/wrong.err" || fail "--check-config does not name the variable"
grep -q "^$work/wrong.conf:4: \[server\] tls_certificate and tls_key go together" "$work/wrong.err" || fail "half of a pair passes"
status=0
"$phiald" --check-config 2>"$work/wrong.err" || status=$?
[ "$status" -eq 1 ] || fail "--check-config without settings exits $status"
grep -q 'no --config' "$work/wrong.err" || fail "--check-config does not say that it has no settings"
"$phiald" --dump-config --config "$data/phial.conf" >"$work/dump.out"
grep -q "$(cat "$data/master.key")" "$work/dump.out" && fail "--dump-config prints a secret"
"$phiald" --version | grep -q '^phiald [0-9]'

step "done"
