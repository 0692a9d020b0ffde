#!/bin/sh
# Install the Debian packages of deploy/packages.txt, and of the lists named, that are missing. Nothing
# to do: no output, no root needed. Without root: one line that says what is missing.
set -eu
missing=
for package in $(cat "$(dirname "$0")/packages.txt" "$@"); do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
        installed) ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "missing packages:$missing; as root: apt-get install$missing" >&2
    exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# A cluster of Debian's own is not wanted: Phial brings its own.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
fi
apt-get -qq update
# shellcheck disable=SC2086 # a list of words
apt-get -qq -o Dpkg::Options::=--force-confold install --no-install-recommends $missing > /dev/null
