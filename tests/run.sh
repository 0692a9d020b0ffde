#!/bin/bash
# Install what is missing, build, run every test. Ends with `N passed, N failed`.
#
#   tests/run.sh                  every test in a release build with gcc, then all but the longest
#                                 stories with clang's address, undefined and thread sanitizers
#   tests/run.sh --quick          the release build alone
#   tests/run.sh --whole          those too
#   tests/run.sh --fuzz SECONDS   also every fuzz target for so long, the PHI detectors one by one too
#   tests/run.sh --tidy           also clang-format and clang-tidy on every source
#   tests/run.sh -R REGEX         only the tests whose names match
#
# PHIAL_CLEAN_IDS=10000000 tries the PHI boundary on so many clean ids of each kind (phi/test_clean_ids).
# PHIAL_MUTATIONS=500 changes so many archives, which are refused, by two verifiers alike (scenarios/month, agree).
# PHIAL_FAULT_ROUNDS=50 makes the scenarios of faults (crash, failover, faults, two_daemons) that long.
# PHIAL_CROSSED=700 asks for so many sets of reports that cross (scenarios/utilization), PHIAL_SEED=N others.
# PHIAL_BILLS=500 compares the statements of so many random subscriptions with a second biller's (scenarios/random_bills), PHIAL_SEED=N others.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

quick=no long=(-LE long) fuzz=0 tidy=no only=()
while [ $# -ne 0 ]; do
    case $1 in
        --quick) quick=yes ;;
        --whole) long=() ;;
        --tidy) tidy=yes ;;
        --fuzz) fuzz=$2; shift ;;
        -R) only=(-R "$2"); shift ;;
        *) sed -n 's/^#  //p' "$0" >&2; exit 2 ;;
    esac
    shift
done

sh deploy/install-packages.sh tests/packages.txt

# A PostgreSQL of our own, as an unprivileged user, on a Unix socket in a private folder.
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
# Everything is kept in memory where there is room: a cluster is a thousand files, and most stories make one.
where=/tmp
free=$(df --output=avail -B 1G /dev/shm 2> /dev/null | tail -n 1) || true
if [ "${free:-0}" -ge 8 ] 2> /dev/null; then where=/dev/shm; fi
folder=$(mktemp -d $where/phial-tests-XXXXXX)
as=() user=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    user=postgres
    as=(runuser -u postgres --)
    chown postgres "$folder"
fi
chmod 711 "$folder" # for whom phiald becomes
stop() {
    "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop > /dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
"${as[@]}" "$bin/initdb" -D "$folder/data" -U "$user" -A trust -N > initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/data/log" -w start \
    -o "-k $folder -c listen_addresses='' -c fsync=off -c max_connections=300" > /dev/null
cd "$root"
export LSAN_OPTIONS=suppressions=$root/tests/leaks.txt:print_suppressions=0
export PHIAL_TEST_FOLDERS=$folder PHIAL_TEST_INSTALLATION=$folder/installation # the latter is made by the first that needs one, see support/phial.py
export PHIAL_TEST_DATABASE="host=$folder user=$user dbname=postgres"

passed=0 failed=0
# run NAME BUILD-FOLDER CTEST-ARGUMENT... : builds and tests one configuration, adds up
run() {
    local name=$1 build=$2
    shift 2
    local log=$folder/$name.log
    echo "== $name"
    if ! cmake --build "$build" > "$log" 2>&1; then
        tail -n 40 "$log"
        failed=$((failed + 1))
        return
    fi
    # One more at a time than there are processors: a story waits for a third of its time.
    ctest --test-dir "$build" --output-on-failure -j $(($(nproc) + 1)) "$@" "${only[@]}" > "$log" 2>&1 || true
    local total bad
    total=$(sed -n 's/.* tests failed out of \([0-9]*\)$/\1/p' "$log")
    bad=$(sed -n 's/.* \([0-9]*\) tests failed out of [0-9]*$/\1/p' "$log")
    if [ -z "$total" ]; then
        tail -n 20 "$log"
        failed=$((failed + 1))
        return
    fi
    [ "$bad" -eq 0 ] || cat "$log"
    echo "$((total - bad)) passed, $bad failed"
    passed=$((passed + total - bad))
    failed=$((failed + bad))
}

# check NAME COMMAND... : one test that is a command
check() {
    local name=$1
    shift
    echo "== $name"
    if "$@" > "$folder/check.log" 2>&1; then
        passed=$((passed + 1))
    else
        tail -n 60 "$folder/check.log"
        failed=$((failed + 1))
    fi
}

configure() {
    local build=$1
    shift
    cmake -G Ninja -S . -B "$build" -DBUILD_TESTING=ON "$@" > "$folder/configure.log" 2>&1 || {
        cat "$folder/configure.log"
        exit 1
    }
}

configure build
run release build
if [ $quick = no ]; then
    export CK_DEFAULT_TIMEOUT=120 CK_TIMEOUT_MULTIPLIER=5
    export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS="halt_on_error=1 suppressions=$root/tests/races.txt"
    # A little optimized: not at all, the tests take longer. Of debug information, what a stack trace shows.
    sanitized=(-DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug '-DCMAKE_C_FLAGS_DEBUG=-O1 -g1' -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld)
    configure build-address "${sanitized[@]}" -DPHIAL_SANITIZE=address,undefined
    export PHIAL_MUTATIONS=${PHIAL_MUTATIONS:-60} # a sanitized verifier takes half a second to start
    run address,undefined build-address "${long[@]}"
    configure build-thread "${sanitized[@]}" -DPHIAL_SANITIZE=thread
    run thread build-thread -L threads "${long[@]}"
fi
if [ $tidy = yes ]; then
    check format sh -c "git ls-files '*.c' '*.h' | xargs clang-format -n -Werror"
    check tidy sh -c "git ls-files 'src/*.c' | xargs -P $(nproc) -n 4 clang-tidy --quiet -p build"
fi
if [ "$fuzz" -ne 0 ]; then
    configure build-fuzz -DCMAKE_C_COMPILER=clang -DPHIAL_SANITIZE=address,undefined -DPHIAL_FUZZ=ON -DBUILD_TESTING=ON
    cmake --build build-fuzz --target all fuzz_detectors > "$folder/fuzz.log" 2>&1 || { tail -n 40 "$folder/fuzz.log"; exit 1; }
    for target in build-fuzz/tests/fuzz_*; do
        [ -x "$target" ] && [ -f "$target" ] || continue
        name=$(basename "$target")
        corpora=("build-fuzz/corpus/$name") # what is found goes into the first
        mkdir -p "${corpora[0]}"
        [ ! -d "tests/fuzz/corpus/$name" ] || corpora+=("tests/fuzz/corpus/$name")
        words=()
        case $name in
            fuzz_events_* | fuzz_gate) words=(-dict=tests/fuzz/events.dict) ;;
            fuzz_event_type) words=(-dict=tests/fuzz/event_type.dict) ;;
            fuzz_detector* | fuzz_phi) words=(-dict=tests/fuzz/phi.dict) ;;
        esac
        check "$name" "$target" -max_total_time="$fuzz" -timeout=120 -artifact_prefix="$folder/" "${words[@]}" "${corpora[@]}"
    done
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
