#!/bin/sh
# Everything that is tested, from a bare Debian 12: installs what the tests need, builds, runs, and ends with a plain count.
#
#   sh tests/run.sh [--with-torch] [--quick]
#
# --with-torch: also make build/venv with torch, for the exporter and for conformance with PyTorch. Without it that part runs where
#               python3 (or $OCTET_PYTHON) imports torch >= 2.0 with the fbgemm engine, and is named as skipped elsewhere.
# --quick:      the gcc build and its C tests only.
#
# Each stage writes build/test-logs/<stage>.log. Exit code 0 only if nothing failed. Later builds and the installation of torch go
# on in the background while earlier stages run, so that no processor waits; a stage's seconds include what it shared them with.
set -u
cd "$(dirname "$0")/.."

with_torch=no
quick=no
for argument in "$@"; do
    case $argument in
    --with-torch) with_torch=yes ;;
    --quick) quick=yes ;;
    --help)
        sed -n '2,13s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        echo "run.sh: no flag '$argument'; see --help" >&2
        exit 2
        ;;
    esac
done

TORCH_VERSION=2.13.0
jobs=${OCTET_JOBS:-$(nproc)}
logs=build/test-logs
counts=$logs/counts
rm -rf "$logs"
mkdir -p "$logs"
: >"$counts"

now() { date +%s; }
started=$(now)

# record STAGE PASSED FAILED SKIPPED SECONDS
record() {
    echo "$1 $2 $3 $4" >>"$counts"
    printf '%-22s %5s passed  %3s failed  %3s skipped  %4s s\n' "$1" "$2" "$3" "$4" "$5"
}

# stage NAME COMMAND...: a stage that passes or fails as one; exit code 77 means skipped.
stage() {
    name=$1
    shift
    begin=$(now)
    code=0
    "$@" >"$logs/$name.log" 2>&1 || code=$?
    case $code in
    0) record "$name" 1 0 0 $(($(now) - begin)) ;;
    77)
        record "$name" 0 0 1 $(($(now) - begin))
        tail -n 1 "$logs/$name.log"
        ;;
    *)
        record "$name" 0 1 0 $(($(now) - begin))
        tail -n 30 "$logs/$name.log"
        ;;
    esac
    return $code
}

# counted NAME COMMAND...: a stage whose output tests/support/count.py can read; failed tests are shown.
counted() {
    name=$1
    shift
    begin=$(now)
    code=0
    "$@" >"$logs/$name.log" 2>&1 || code=$?
    numbers=$(python3 tests/support/count.py "$logs/$name.log" "$code")
    # shellcheck disable=SC2086
    record "$name" $numbers $(($(now) - begin))
    [ "$code" = 0 ] || python3 tests/support/count.py --failures "$logs/$name.log"
    return $code
}

build() { # NAME
    stage "build-$1" sh deploy/ci/build.sh "$1"
}

# build_later NAME...: for the background, one after the other, giving way to the tests that run meanwhile.
build_later() {
    for later in "$@"; do
        code=0
        stage "build-$later" nice -n 10 sh deploy/ci/build.sh "$later" || code=$?
        echo "$code" >"$logs/build-$later.new"
        mv "$logs/build-$later.new" "$logs/build-$later.code" # whoever sees it can read it
    done
}

# built NAME: waits for a build of build_later. One that ended without an exit code has failed.
built() {
    while ! [ -f "$logs/build-$1.code" ] && kill -0 "$builder" 2>/dev/null; do
        sleep 0.2
    done
    [ -f "$logs/build-$1.code" ] || record "build-$1" 0 1 0 0
    [ "$(cat "$logs/build-$1.code" 2>/dev/null)" = 0 ]
}

# stop PID...: processes with all that they have begun.
stop() {
    for process in "$@"; do
        children=$(cat "/proc/$process/task/$process/children" 2>/dev/null)
        kill "$process" 2>/dev/null
        # shellcheck disable=SC2086
        (stop $children)
    done
}

install_torch() {
    [ -x build/venv/bin/python ] && build/venv/bin/python -c 'import torch' 2>/dev/null && return
    stage torch-environment nice -n 10 sh -c "python3 -m venv build/venv &&
        build/venv/bin/pip install --quiet torch==$TORCH_VERSION numpy"
}

run_ctest() { # BUILD [arguments of ctest]
    folder=build/$1
    shift
    ctest --test-dir "$folder" --parallel "$jobs" --output-on-failure --verbose "$@"
}

purposes="build test"
[ "$with_torch" = no ] || purposes="$purposes torch"
# shellcheck disable=SC2086
sh deploy/ci/packages.sh $purposes || exit 1
# Debian's python3-numpy serves Debian's python3; another python3 that comes first on the path may be without.
python=python3
"$python" -c 'import numpy' 2>/dev/null || python=/usr/bin/python3
# Threads of OpenBLAS exist before a test forks; one per call is what the server runs with.
OPENBLAS_NUM_THREADS=1
export OPENBLAS_NUM_THREADS

# ---------------------------------------------------------------------------------------------------- gcc, all C tests
build test
tests_built=$?
builder= installer=
trap 'stop $builder $installer' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if [ "$quick" = no ]; then
    build_later release asan tsan aarch64 clang release-int8 &
    builder=$!
    if [ "$with_torch" = yes ]; then
        install_torch &
        installer=$!
    fi
fi
[ "$tests_built" != 0 ] || counted test run_ctest test
if [ "$quick" = no ]; then
    # ------------------------------------------------------------------------------------- the binary as people run it
    if built release; then
        OCTET_BINARY=build/release/octet
        export OCTET_BINARY
        counted integration "$python" -W ignore::ResourceWarning -m unittest discover -v -s tests/integration -p 'test_*.py'
        stage accuracy-over-http "$python" tests/python/accuracy_http.py --binary "$OCTET_BINARY"
        stage install-and-embed sh tests/integration/install.sh
        free_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        stage demo sh deploy/run.sh --demo --port "$free_port"
    fi
    counted python "$python" -m unittest discover -v -s tests/python

    # ------------------------------------------------------------------------------------------------ PyTorch itself
    torch_python=
    [ -z "$installer" ] || wait "$installer" || grep -q '^torch-environment 0 1' "$counts" || record torch-environment 0 1 0 0
    installer=
    for candidate in "${OCTET_PYTHON:-}" build/venv/bin/python python3; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys, torch
sys.exit(int(torch.__version__.split(".")[0]) < 2 or "fbgemm" not in torch.backends.quantized.supported_engines)' 2>/dev/null; then
            torch_python=$candidate
            break
        fi
    done
    if [ -n "$torch_python" ]; then
        counted torch "$torch_python" -m unittest discover -v -s tests/python/torch
        stage torch-conformance "$torch_python" tests/python/torch/conformance.py build/release/octet
    else
        record torch 0 0 1 0
        record torch-conformance 0 0 1 0
        echo "  skipped: no torch >= 2.0 with the fbgemm engine here; sh tests/run.sh --with-torch installs it into build/venv"
    fi

    # ------------------------------------------------------------------------------------- the same tests, sanitized
    if built asan; then
        counted asan run_ctest asan
        OCTET_LOCKSTEP_ROUNDS=60 OCTET_BINARY=build/asan/octet counted asan-integration "$python" -W ignore::ResourceWarning -m unittest discover -v -s tests/integration -p 'test_*.py'
    fi
    if built tsan; then
        counted tsan run_ctest tsan
    fi

    # ------------------------------------- another processor family under emulation, the other compiler, the small build
    if built aarch64; then
        counted aarch64 run_ctest aarch64
    fi
    if built clang; then
        counted clang run_ctest clang -R '^(engine/|contract/hot_loops)'
    fi
    stage image sh deploy/ci/image_size.sh
    if built release-int8; then
        stage image-int8 sh deploy/ci/image_size.sh --int8-only
        stage image-runs sh deploy/ci/image_run.sh
    fi
    wait "$builder"
    builder=
fi

echo "$(($(now) - started)) s in all"
awk '{ p += $2; f += $3; s += $4 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' "$counts"
code=$?
failed_stages=$(awk '$3 > 0 { printf " %s", $1 }' "$counts")
[ -z "$failed_stages" ] || echo "failed:$failed_stages (logs in $logs)" >&2
exit $code
