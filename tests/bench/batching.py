#!/usr/bin/env python3
"""What merging concurrent requests is worth: throughput with max_batch_size 32 against 1, over HTTP, no added delay.

    python3 tests/bench/batching.py [--binary build/release/octet] [--seconds 4] [--clients 64] [--json]

64 keep-alive clients in lock with their own answers send one row each as a binary tensor (bench_http_load, one thread). Two
models: a three-layer MLP 1024 wide, whose weights are what costs, and the shipped CNN. The two settings take turns three
times; medians are printed, with the mean batch as the server counted it and the CPU share of client and server.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

TURNS = 3


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_body(path, shape):
    """A request of one row; returns the length of its JSON header."""
    import numpy as np

    raw = np.random.default_rng(3).uniform(0, 1, (1, *shape)).astype(np.float32).tobytes()
    head = json.dumps({"inputs": [{"name": "x", "shape": [1, *shape], "datatype": "FP32",
                                   "parameters": {"binary_data_size": len(raw)}}],
                       "parameters": {"binary_data_output": True}}).encode()
    path.write_bytes(head + raw)
    return len(head)


def measure(harness, directory, model, shape, flags, options):
    """One server with `flags`, `options.clients` clients for `options.seconds`; what both sides counted."""
    body = directory / f"{model}.body"
    header = write_body(body, shape)
    always = ["--models", directory, "--log-level", "warning", "--port", harness.free_port()]
    with harness.Server(*always, *flags) as server:
        command = [str(harness.load_generator(options.binary)), "--port", str(server.port), "--path",
                   f"/v2/models/{model}/infer", "--body", str(body), "--header-length", str(header),
                   "--clients", str(options.clients), "--seconds"]
        subprocess.run([*command, "0.5"], check=True, capture_output=True)
        before = {name: server.metric(f"octet_infer_{name}_total", model=model) for name in ("rows", "batches")}
        cpu = cpu_seconds(server.process.pid)
        run = subprocess.run([*command, str(options.seconds)], check=True, capture_output=True, text=True)
        result = json.loads(run.stdout)
        cpu = cpu_seconds(server.process.pid) - cpu
        rows = server.metric("octet_infer_rows_total", model=model) - before["rows"]
        batches = server.metric("octet_infer_batches_total", model=model) - before["batches"]
    return {"rps": result["rps"], "p50_us": result["p50_us"], "p99_us": result["p99_us"], "mean_batch": rows / batches,
            "server_cores": cpu / result["seconds"], "client_cores": result["cpu_seconds"] / result["seconds"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "octet")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["OCTET_BINARY"] = str(options.binary)
    import harness
    import models
    import octet.format as fmt

    with harness.folder() as folder:
        directory = pathlib.Path(folder)
        fmt.save(models.mlp(widths=(1024, 1024, 1024, 1024)), directory / "mlp1024.octet")
        shipped = ROOT / "configs" / "models" / "fashion-mnist.octet"
        (directory / "fashion-mnist.octet").write_bytes(shipped.read_bytes())
        for model, shape in (("mlp1024", (1024,)), ("fashion-mnist", (1, 28, 28))):
            runs = {1: [], 32: []}
            for _ in range(TURNS):
                for batch, results in runs.items():
                    results.append(measure(harness, directory, model, shape, ["--max-batch-size", batch], options))
            median = {batch: {key: statistics.median(run[key] for run in results) for key in results[0]}
                      for batch, results in runs.items()}
            for batch, result in median.items():
                if options.json:
                    print(json.dumps({"bench": "batching", "model": model, "clients": options.clients,
                                      "max_batch_size": batch, **{key: round(value, 2) for key, value in result.items()}}))
                else:
                    print(f"{model:14} max_batch_size {batch:2}: {result['rps']:8.0f} requests/s, mean batch "
                          f"{result['mean_batch']:5.2f}, p50 {result['p50_us'] / 1000:.2f} ms, p99 "
                          f"{result['p99_us'] / 1000:.2f} ms, CPU server {result['server_cores']:.2f} client "
                          f"{result['client_cores']:.2f} cores")
            ratio = median[32]["rps"] / median[1]["rps"]
            print(json.dumps({"bench": "batching", "model": model, "ratio": round(ratio, 2)}) if options.json
                  else f"{model:14} ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
