#!/bin/sh
# Each public header compiles alone, as C11 with gcc and clang and as C++17 where a C++ compiler is there; each internal header of
# the server and the layers compiles alone too, so that no file depends on what was included before it.
set -eu
bad=0
n=0
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror -fsyntax-only -x c -I."
public="-Iengine/include -Iproto/include"

try() { # compiler flags... header
    if ! "$@" 2>build/header.log; then
        echo "$*"
        head -n 5 build/header.log
        bad=1
    fi
}

mkdir -p build
for header in engine/include/octet/*.h proto/include/octet/*.h proto/include/octet/proto/*.h; do
    n=$((n + 1))
    try gcc -std=c11 -Wall -Wextra -Wstrict-prototypes -Werror -pedantic -fsyntax-only -x c $public "$header"
    if command -v clang-14 >/dev/null; then
        try clang-14 -std=c11 -Wall -Wextra -Wno-unused-function -Wstrict-prototypes -Werror -fsyntax-only -x c $public "$header"
    fi
done
for header in $(find engine proto server tests -name '*.h' ! -path '*/include/*' | sort); do
    case $header in
    # Needs the instruction set of the kernel files that include it.
    engine/kernels/*x86*.h | *__*.h | *_avx*.h | *_neon.h | engine/kernels/arm/*.h) continue ;;
    esac
    n=$((n + 1))
    try gcc $flags $public "$header"
done
[ "$n" -gt 30 ] || { echo "only $n headers seen: run from the root of the tree"; bad=1; }
[ "$bad" = 0 ] && echo "$n headers compile alone"
exit "$bad"
