#!/usr/bin/env python3
"""What idle workers are worth to a lone request, and that they cost nothing under load: workers.split on against off.

    python3 tests/bench/splitting.py [--binary build/release/octet] [--seconds 3] [--json]

Over HTTP, all cores as workers, one row a request: a network of ResNet-50's shape and a three-layer MLP 1024 wide, each with one
client (latency) and with 64 (throughput). The two settings take turns three times; medians are printed.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys

import batching

TURNS = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=batching.ROOT / "build" / "release" / "octet")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ["OCTET_BINARY"] = str(options.binary)
    import harness
    import models
    import octet.format as fmt

    with harness.folder() as folder:
        directory = pathlib.Path(folder)
        fmt.save(models.resnet(), directory / "resnet50.octet")
        fmt.save(models.mlp(widths=(1024, 1024, 1024, 1024)), directory / "mlp1024.octet")
        for model, shape in (("resnet50", (3, 224, 224)), ("mlp1024", (1024,))):
            for options.clients in (1, 64):
                runs = {"false": [], "true": []}
                for _ in range(TURNS):
                    for split, results in runs.items():
                        results.append(batching.measure(harness, directory, model, shape, ["--workers-split", split], options))
                median = {split: {key: statistics.median(run[key] for run in results) for key in results[0]}
                          for split, results in runs.items()}
                for split, result in median.items():
                    if options.json:
                        print(json.dumps({"bench": "splitting", "model": model, "clients": options.clients,
                                          "split": split == "true",
                                          **{key: round(value, 2) for key, value in result.items()}}))
                    else:
                        print(f"{model:10} {options.clients:2} clients, split {split:5}: {result['rps']:8.1f} requests/s, "
                              f"p50 {result['p50_us'] / 1000:8.3f} ms, p99 {result['p99_us'] / 1000:8.3f} ms, "
                              f"server {result['server_cores']:.2f} cores", flush=True)
                ratio = median["true"]["rps"] / median["false"]["rps"]
                print(json.dumps({"bench": "splitting", "model": model, "clients": options.clients, "ratio": round(ratio, 2)})
                      if options.json else f"{model:10} {options.clients:2} clients, ratio {ratio:.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
