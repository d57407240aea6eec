#!/bin/sh
# Installs build/release into build/installed and builds the example against what lies there, with pkg-config and nothing of the
# tree: once with the shared library, once with the static one. Both must print the same as `octet run` computes.
set -eu
cd "$(dirname "$0")/../.."
prefix=$PWD/build/installed
rm -rf "$prefix"
cmake --install build/release --prefix "$prefix" >/dev/null

for file in bin/octet include/octet/model.h include/octet/octet.h include/octet/proto/infer.h; do
    [ -f "$prefix/$file" ] || { echo "install.sh: $file was not installed"; exit 1; }
done
config=$(find "$prefix" -name octet.pc)
[ -n "$config" ] || { echo "install.sh: octet.pc was not installed"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$config")
export PKG_CONFIG_PATH

# Away from the tree, so that no header of it can be found by chance.
work=$prefix/example
mkdir -p "$work"
cp tests/integration/example/example.c "$work"
(
    cd "$work"
    # shellcheck disable=SC2046
    gcc -std=c11 -Wall -Wextra -Werror -o with_shared example.c $(pkg-config --cflags --libs octet)
    library=$(pkg-config --variable=libdir octet)
    # Our archive, and the shared libraries that it names as its needs.
    # shellcheck disable=SC2046
    gcc -std=c11 -Wall -Wextra -Werror -o with_static example.c $(pkg-config --cflags octet) "$library/liboctet.a" \
        $(pkg-config --libs $(pkg-config --print-requires-private octet)) -lm -lpthread
)
library=$(pkg-config --variable=libdir octet)
LD_LIBRARY_PATH=$library "$work/with_shared" configs/models/fashion-mnist.octet >"$work/shared.txt"
"$work/with_static" configs/models/fashion-mnist.octet >"$work/static.txt"
cat "$work/shared.txt"
cmp "$work/shared.txt" "$work/static.txt"
[ "$(wc -l <"$work/shared.txt")" = 10 ] || { echo "install.sh: expected ten classes"; exit 1; }
if LD_LIBRARY_PATH=$library "$work/with_shared" CMakeLists.txt 2>"$work/refused.txt"; then
    echo "install.sh: the example opened a file that is no model"
    exit 1
fi
grep -q . "$work/refused.txt"
"$prefix/bin/octet" inspect configs/models/fashion-mnist.octet >/dev/null
echo "installed, linked both ways, ran"
