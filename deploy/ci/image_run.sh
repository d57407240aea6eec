#!/bin/sh
# Starts the server from the image's root file system as the image would: as a user without privileges, on a read-only root where
# the system allows to mount one, with nothing of this machine but the kernel. It must become ready, answer, and stop in order.
#
#   sh deploy/ci/image_run.sh          needs root; exit code 77 without it
set -eu
cd "$(dirname "$0")/../.."
uid=65532
[ "$(id -u)" = 0 ] || { echo "skipped: entering the image's root needs root"; exit 77; }

# Runs inside a mount name space of its own when that is allowed, so that the root can be read-only.
if [ "${1:-}" != --inside ]; then
    if unshare --mount true 2>/dev/null; then
        exec unshare --mount sh "$0" --inside
    fi
    echo "no mount name space here: the root stays writable"
fi

check() { # ROOT
    root=$1
    if [ "${inside:-no}" = yes ]; then
        mount --bind "$root" "$root"
        mount -o remount,bind,ro "$root"
    fi
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    inside_root() { chroot --userspec=$uid:$uid "$root" "$@"; }
    # Everything the Dockerfile's ENV sets, but the address.
    env -i PATH="$PATH" OPENBLAS_NUM_THREADS=1 OCTET_LOG_LEVEL=warning OCTET_SERVER_PORT="$port" OCTET_MODELS_DIRECTORY=/usr/share/octet/models \
        chroot --userspec=$uid:$uid "$root" /usr/bin/octet serve &
    server=$!
    tries=0
    until inside_root /usr/bin/octet healthcheck --port "$port" 2>/dev/null; do
        tries=$((tries + 1))
        kill -0 "$server" 2>/dev/null || { echo "the server of $root did not start"; exit 1; }
        [ "$tries" -lt 100 ] || { echo "the server of $root is not ready after 10 seconds"; kill "$server"; exit 1; }
        sleep 0.1
    done
    owner=$(awk '/^Uid:/ { print $2 }' "/proc/$server/status")
    [ "$owner" = $uid ] || { echo "runs as user $owner, expected $uid"; kill "$server"; exit 1; }
    answer=$(python3 deploy/demo.py "http://127.0.0.1:$port" | grep ' right (') || {
        echo "the server of $root answers wrong"
        kill "$server"
        exit 1
    }
    kill -TERM "$server"
    wait "$server" || { echo "the server of $root did not stop in order"; exit 1; }
    echo "$root: $answer"
    if [ "${inside:-no}" = yes ]; then
        umount "$root"
    fi
}

if [ "${1:-}" = --inside ]; then
    inside=yes
    mount --make-rprivate /
fi
check build/rootfs
check build/rootfs-int8
