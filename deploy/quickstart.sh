#!/bin/sh
# From a fresh Debian 12 machine to a finished job: install what is missing, build, run `phial demo`.
#
#   deploy/quickstart.sh           the demo; leaves nothing running
#   deploy/quickstart.sh --serve   then a server that stays: prints its address and its admin key
set -eu
cd "$(dirname "$0")/.."

serve=no
case "${1-}" in
    '') ;;
    --serve) serve=yes ;;
    *) echo "usage: deploy/quickstart.sh [--serve]" >&2; exit 2 ;;
esac

sh deploy/install-packages.sh
mkdir -p build
build() {
    # BUILD_TESTING stays as an earlier run of the tests left it.
    grep -q '^BUILD_TESTING' build/CMakeCache.txt 2> /dev/null || set -- -DBUILD_TESTING=OFF
    cmake -G Ninja -S . -B build "$@" && cmake --build build --target phiald phial
}
echo "building"
build > build/build.log 2>&1 || { cat build/build.log >&2; exit 1; }
build/src/phial demo
[ "$serve" = yes ] || exit 0

# A server of one's own, in a folder that the unprivileged user can reach.
if [ "$(id -u)" -eq 0 ]; then
    folder=/var/lib/phial-quickstart
else
    folder=$HOME/.local/share/phial-quickstart
fi
mkdir -p "$folder"
log=$folder.log
setsid build/src/phiald --dev --data-dir "$folder" --port "${PHIAL_PORT:-8080}" \
    > "$folder.ready" 2> "$log" < /dev/null &
pid=$!
for _ in $(seq 600); do
    grep -q '^ready ' "$folder.ready" && break
    kill -0 "$pid" 2> /dev/null || { tail -3 "$log" >&2; exit 1; }
    sleep 0.1
done
address=$(sed -n 's/^ready //p' "$folder.ready")
[ -n "$address" ] || { echo "the server did not become ready; its log: $log" >&2; exit 1; }
cat <<TEXT

A server of your own is running (process $pid; stop it with: kill $pid)
  address  $address
  key      $(cat "$folder/admin.key")
  data     $folder

  export PHIAL_URL=$address PHIAL_KEY=$(cat "$folder/admin.key")
TEXT
