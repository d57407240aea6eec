#!/bin/sh
# Configures and builds into build/NAME. Used by deploy/run.sh, tests/run.sh and the Dockerfile, so that there is one way.
#
#   sh deploy/ci/build.sh NAME [--cache FILE] [--target TARGET] [cmake arguments]
#
# NAME is also the cache file configs/build/NAME.cmake, unless --cache names another one.
set -eu
cd "$(dirname "$0")/../.."

name=${1:?usage: sh deploy/ci/build.sh NAME [--cache FILE] [--target TARGET] [cmake arguments]}
shift
cache=configs/build/$name.cmake
target=all
while :; do
    case ${1:-} in
    --cache) cache=$2; shift 2 ;;
    --target) target=$2; shift 2 ;;
    *) break ;;
    esac
done
[ -f "$cache" ] || { echo "build.sh: no cache file $cache" >&2; exit 2; }

generator='Unix Makefiles'
if command -v ninja >/dev/null; then
    generator=Ninja
fi
# A folder keeps the generator it began with.
if [ -f "build/$name/CMakeCache.txt" ]; then
    cmake -C "$cache" -S . -B "build/$name" "$@" >"build/$name/configure.log" 2>&1 || {
        cat "build/$name/configure.log" >&2
        exit 1
    }
else
    mkdir -p "build/$name"
    cmake -C "$cache" -G "$generator" -S . -B "build/$name" "$@" >"build/$name/configure.log" 2>&1 || {
        cat "build/$name/configure.log" >&2
        exit 1
    }
fi
cmake --build "build/$name" --target "$target" --parallel "${OCTET_JOBS:-$(nproc)}"
