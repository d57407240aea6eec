#!/usr/bin/env python3
"""Measures every layer of the shape files with `octet bench kernels` and freezes what was found.

    python3 tests/bench/freeze.py [--isas avx2,avxvnni,native] [--threads 1,2] [--cache hot,cold] [--min-ms 20]

Writes tests/bench/results/<processor>/kernels.jsonl, a line for each shape and state, and kernels.md, its summary by
row. Some minutes; needs nothing but the built binary. A set that was refused as disturbed is measured again.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from peers import environment, kernels  # noqa: E402

DISTURBED, ATTEMPTS = 11, 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "octet")
    parser.add_argument("--isas", default="avx2,avxvnni,native", help="levels; native: the highest of this processor")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--cache", default="hot,cold")
    parser.add_argument("--min-ms", type=int, default=20, help="of measuring a case in a state")
    parser.add_argument("--sets", help="shape files, by name, with commas (default: all)")
    parser.add_argument("--first-cpu", type=int, default=0, metavar="N", help="the core that is measured, or the first")
    parser.add_argument("--allow-disturbed", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, help="folder (default: tests/bench/results/<processor>)")
    return parser.parse_args()


def octet(options, threads, *command):
    """Lines of JSON of `octet`, run on as many cores as it has threads."""
    cpus = range(options.first_cpu, options.first_cpu + threads)
    for attempt in range(ATTEMPTS):
        done = subprocess.run(
            [options.binary, *command, "--threads", str(threads), "--json"],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus),
        )
        if done.returncode == 0:
            return [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode != DISTURBED:
            break
    sys.exit(f"freeze: octet {' '.join(map(str, command))} ended with {done.returncode}")


def main():
    options = arguments()
    wanted = options.sets.split(",") if options.sets else None
    paths = [path for path in sorted((HERE / "shapes").glob("*.json")) if not wanted or path.stem in wanted]
    sets = {path: json.loads(path.read_text()) for path in paths}
    cases = {f"{shapes['name']}/{case['name']}": case for shapes in sets.values() for case in shapes["cases"]}
    counts = [int(value) for value in options.threads.split(",")]
    lines, limits = [], []
    allowed = ["--allow-disturbed"] if options.allow_disturbed else []
    for isa in options.isas.split(","):
        level = [] if isa == "native" else ["--isa", isa]
        for threads in counts:
            if isa == options.isas.split(",")[-1]:
                limits += octet(options, threads, "bench", "limits", *level)
            for cache in options.cache.split(","):
                for path in paths:
                    print(f"{isa}, {threads} threads, {cache}: {path.stem}", flush=True)
                    state = ["--cache", cache, "--min-ms", str(options.min_ms), *allowed]
                    lines += octet(options, threads, "bench", "kernels", path, *level, *state)
    measured = [line for line in lines if "skipped" not in line]
    machine = environment.machine()
    folder = options.output or HERE / "results" / environment.folder_name(machine["cpu"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernels.jsonl").write_text("".join(kernels.frozen(line) + "\n" for line in measured))
    (folder / "kernels.md").write_text(kernels.markdown(machine, measured, limits, cases))
    print(folder / "kernels.md")


if __name__ == "__main__":
    main()
