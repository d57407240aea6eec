#!/usr/bin/env python3
"""Time from exec to the first byte of a 200 from /readyz, and resident memory at rest, with the shipped model.

    python3 tests/bench/startup.py [--binary build/release/octet] [--runs 20] [--json]

The clock starts just before the process is made; the port is asked again at once while it refuses or says 503. Memory is
VmRSS a second after readiness, before any request.
"""

import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REQUEST = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
GIVE_UP_SECONDS = 10


def ready(port):
    with socket.socket() as connection:
        try:
            connection.connect(("127.0.0.1", port))
            connection.sendall(REQUEST)
            return connection.recv(64).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            return False


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def one_run(binary, rest):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(binary), "serve", "--models", str(ROOT / "configs" / "models"), "--port", str(port),
               "--log-level", "error"]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    try:
        while not ready(port):
            if time.perf_counter() - started > GIVE_UP_SECONDS:
                raise SystemExit("octet serve does not become ready")
            time.sleep(0.0002)
        seconds = time.perf_counter() - started
        time.sleep(rest)
        return seconds, resident_bytes(process.pid)
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "octet")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runs = [one_run(options.binary, 1.0 if index == 0 else 0.0) for index in range(options.runs)]
    times = sorted(seconds * 1000 for seconds, _ in runs)
    result = {"bench": "startup", "runs": len(runs), "median_ms": round(statistics.median(times), 2),
              "max_ms": round(times[-1], 2), "resident_bytes": runs[0][1]}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"exec to 200 from /readyz: median {result['median_ms']} ms, longest {result['max_ms']} ms "
              f"of {len(runs)} runs; resident at rest {result['resident_bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
