#!/bin/sh
# Counts the image: every file of its base (none: the base is empty) and every file copied onto it, as Debian ships them.
#
#   sh deploy/ci/image_size.sh [--int8-only]          exit code 1 above the limit
set -eu
cd "$(dirname "$0")/../.."
build=build/release
root=build/rootfs
limit=90000000
if [ "${1:-}" = --int8-only ]; then
    build=build/release-int8
    root=build/rootfs-int8
    limit=30000000
fi
[ -x "$build/octet" ] || { echo "image_size.sh: build $build first" >&2; exit 1; }
sh deploy/ci/rootfs.sh "$build" "$root"

find "$root" -type f -printf '%s %P\n' | sort -rn | head -n 8 | awk '{ printf "%10d  %s\n", $1, $2 }'
total=$(find "$root" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }')
files=$(find "$root" -type f | wc -l)
echo "$total bytes in $files files; the limit is $limit"
if [ "$build" = build/release-int8 ] && ls "$root"/usr/lib/*/libopenblas* >/dev/null 2>&1; then
    echo "image_size.sh: the int8 build brings OpenBLAS along" >&2
    exit 1
fi
[ "$total" -le "$limit" ]
