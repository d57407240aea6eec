#!/bin/sh
# From a bare Debian 12 to a server that answers: installs what is missing, builds, serves the shipped models on 127.0.0.1, sends
# it test images, and keeps serving until Ctrl-C.
#
#   sh deploy/run.sh [--port P] [--demo]
#
# --demo: stop after the demonstration; exit code 0 only if it was right.
set -eu
cd "$(dirname "$0")/.."

port=8080
demo_only=no
while [ $# -gt 0 ]; do
    case $1 in
    --port)
        port=${2:?--port needs a number}
        shift 2
        ;;
    --demo)
        demo_only=yes
        shift
        ;;
    --help)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *)
        echo "run.sh: no flag '$1'; see --help" >&2
        exit 2
        ;;
    esac
done

sh deploy/ci/packages.sh build demo
mkdir -p build
echo "building build/release (the first time takes a minute or two)"
sh deploy/ci/build.sh release >build/release.log 2>&1 || {
    tail -n 40 build/release.log >&2
    exit 1
}

server=
stop_server() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}
# Ctrl-C reaches the server too, which then stops by itself; a second signal would cut it short.
interrupted() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "${server:-0}" 2>/dev/null || break
        sleep 0.1
    done
    stop_server
    exit 130
}
trap stop_server EXIT
trap interrupted INT
trap 'stop_server; exit 143' TERM

# One thread of OpenBLAS per call: its others would only stand in the workers' way.
OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
export OPENBLAS_NUM_THREADS
build/release/octet serve --port "$port" --models configs/models --log-format text 2>build/server.log &
server=$!

tries=0
until build/release/octet healthcheck --address 127.0.0.1 --port "$port" 2>/dev/null; do
    tries=$((tries + 1))
    kill -0 "$server" 2>/dev/null || {
        server=
        cat build/server.log >&2
        echo "run.sh: the server did not start; is port $port free?" >&2
        exit 1
    }
    [ "$tries" -lt 200 ] || {
        echo "run.sh: the server is not ready after 20 seconds" >&2
        exit 1
    }
    sleep 0.1
done

right=0
python3 deploy/demo.py "http://127.0.0.1:$port" || right=$?
if [ "$demo_only" = yes ]; then
    stop_server
    exit "$right"
fi
echo "serving on http://127.0.0.1:$port until Ctrl-C; the log is build/server.log"
wait "$server"
