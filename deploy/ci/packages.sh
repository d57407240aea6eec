#!/bin/sh
# The Debian packages that each purpose needs, and their installation: only what is missing, nothing asked.
#
#   sh deploy/ci/packages.sh build test      installs
#   sh deploy/ci/packages.sh --list run      prints, one a line
#
# Purposes: build, run (the shared libraries of the binary), demo, test, torch, load (tools for measuring by hand).
set -eu

packages_for() {
    case $1 in
    build)
        echo gcc libc6-dev cmake ninja-build pkg-config libmicrohttpd-dev libjansson-dev libuv1-dev libssl-dev \
            libopenblas-pthread-dev
        ;;
    run) echo libmicrohttpd12 libjansson4 libuv1 libssl3 libopenblas0-pthread ;;
    demo) echo python3 curl dataset-fashion-mnist ;;
    test)
        echo check clang-14 clang-format-14 binutils python3 python3-numpy dataset-fashion-mnist curl \
            gcc-12-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
        ;;
    torch) echo python3-venv python3-pip ;;
    load) echo wrk haproxy valgrind ;;
    *)
        echo "packages.sh: no purpose '$1'; there are build, run, demo, test, torch, load" >&2
        exit 2
        ;;
    esac
}

list=no
if [ "${1:-}" = --list ]; then
    list=yes
    shift
fi
[ $# -gt 0 ] || { echo "usage: sh deploy/ci/packages.sh [--list] PURPOSE..." >&2; exit 2; }

wanted=
for purpose in "$@"; do
    wanted="$wanted $(packages_for "$purpose")"
done
wanted=$(printf '%s\n' $wanted | sort -u)
if [ "$list" = yes ]; then
    printf '%s\n' "$wanted"
    exit 0
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "packages.sh: to install these, be root or have sudo:$missing" >&2
        exit 1
    }
    as_root="sudo"
fi
echo "installing:$missing"
install_missing() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing </dev/null
}
# The lists of a fresh machine are empty, or too old to find the files they name.
install_missing || { $as_root apt-get update -q && install_missing; }
