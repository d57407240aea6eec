#!/usr/bin/env python3
"""Octet beside onnxruntime, openvino and torch: layers of real networks and whole models, in turns in one run.

    python3 tests/bench/compare.py [--isa avx512vnni] [--rows conv3x3,depthwise] [--filter TEXT] [--quick]

Makes its virtual environment in build/bench-venv and the models in build/bench-models, measures, and writes
tests/bench/results/<processor>/compare-<isa>.md, .json and .svg files. tests/bench/README.md says what is measured and
how it is fair. Exit code 1 when a peer's output differs from Octet's by more than the documented bounds, 3 when the machine was
disturbed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "proto" / "python" / "src")]

from peers import environment  # noqa: E402

NAMES = ["octet", "onnxruntime", "openvino", "torch"]
CALIBRATION = {
    "name": "calibration",
    "row": "calibration",
    "op": "linear",
    "rows": 256,
    "in_features": 1024,
    "out_features": 1024,
}
INPUT_SEED = 100  # not those that the models were calibrated with
QUICK_ROUNDS, QUICK_MILLISECONDS = 5, 1.0
#: A layer takes microseconds and there are hundreds; a model's ratio is one of fourteen.
MODEL_ROUNDS_FACTOR = 3
LOADED_MODEL, LOAD_SAMPLES = "resnet50", 5
#: Rows beside those of the shape files.
LOAD, DISPATCH = "load", "dispatch"
#: A witness for exactness: what this form of torch answers is what Octet promises to answer.
WITNESS = ("torch", "fbgemm, traced")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "octet")
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "build" / "release" / "proto" / "liboctet.so")
    parser.add_argument("--team", type=pathlib.Path, default=ROOT / "build" / "release" / "server" / "liboctet_team.so")
    parser.add_argument(
        "--isa",
        choices=("avx512vnni", "avx512vbmi"),
        help="everybody without AMX, Octet at this level (lower ones: the peers have no common switch)",
    )
    parser.add_argument("--peers", default=",".join(NAMES[1:]), help="names, with commas")
    parser.add_argument("--sets", help="shape files, by name, with commas (default: all)")
    parser.add_argument(
        "--rows", help=f"rows of the shape files, {LOAD}, {DISPATCH}, with commas (default: all, and the models)"
    )
    parser.add_argument(
        "--filter", default="", metavar="TEXT", help="only cases and models with TEXT in '<set>: <name>'"
    )
    parser.add_argument("--models", default="all", help="names with commas, all or none")
    parser.add_argument("--no-layers", action="store_true")
    parser.add_argument("--cache", default="hot,cold", help="of the layers: hot, cold or both; cold on one thread only")
    parser.add_argument("--batches", default="1,8", help="of the models")
    parser.add_argument("--threads", default="1,2", help="1, 2 or 1,2")
    parser.add_argument("--first-cpu", type=int, default=0, metavar="N", help="the core that is measured, or the first")
    parser.add_argument("--rounds", type=int, default=5, help=f"of a layer; a model: {MODEL_ROUNDS_FACTOR} times as many")
    parser.add_argument("--milliseconds", type=float, default=1.0, help="at least this long is each turn")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK_ROUNDS} rounds of {QUICK_MILLISECONDS:g} ms, the smaller models, batch 1",
    )
    parser.add_argument("--output", type=pathlib.Path, help="folder (default: tests/bench/results/<processor>)")
    return parser.parse_args()


def tool(options, *command, threads=1):
    """What `octet` prints as JSON, run on the measured cores; lines of JSON become a list."""
    done = subprocess.run(
        [options.binary, *command],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cpus(options, threads)),
    )
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        return [json.loads(line) for line in done.stdout.splitlines()]


def cpus(options, threads):
    return list(range(options.first_cpu, options.first_cpu + threads))


def bandwidth(options, threads):
    """[[loop, cache, bytes, gbps]] of buffers of many sizes."""
    level = ["--isa", options.isa] if options.isa else []
    lines = tool(options, "bench", "limits", "--json", "--threads", str(threads), *level, threads=threads)
    return [[line["loop"], line["cache"], line["bytes"], round(line["gbps"], 1)] for line in lines]


def cases(options):
    """The chosen cases with their sets; equal shapes of several sets once."""
    wanted_sets, wanted_rows = (value.split(",") if value else None for value in (options.sets, options.rows))
    seen, chosen = set(), []
    for path in sorted((HERE / "shapes").glob("*.json")):
        shapes = json.loads(path.read_text())
        for case in shapes["cases"]:
            shape = json.dumps(
                {key: value for key, value in case.items() if key not in ("name", "count")}, sort_keys=True
            )
            if (wanted_sets and shapes["name"] not in wanted_sets) or (wanted_rows and case["row"] not in wanted_rows):
                continue
            if options.filter not in f"{shapes['name']}: {case['name']}" or shape in seen:
                continue
            seen.add(shape)
            chosen.append({**case, "set": shapes["name"]})
    return chosen


class Run:
    """One crew at work: measurements of models and layers with a number of threads."""

    def __init__(self, options, crew, threads, folder):
        self._options, self._crew, self._threads, self._folder = options, crew, threads, pathlib.Path(folder)

    def load(self, path, rows, inputs, cold=False):
        """({"forms", "facts", "refused"}, {name: {form: output}}): everybody has the model and keeps its best form."""
        import numpy as np

        names = []
        for index, array in enumerate(inputs):
            names.append(str(self._folder / f"input-{index}.npy"))
            np.save(names[-1], array)
        loaded, refused = self._crew.load(
            path=str(path), rows=rows, inputs=names, outputs=str(self._folder), quick=self._options.quick, cold=cold
        )
        outputs = {
            name: {form: np.load(file) for form, file in found["outputs"].items()} for name, found in loaded.items()
        }
        return {
            "forms": {name: found["form"] for name, found in loaded.items()},
            "facts": {name: found["facts"] for name, found in loaded.items()},
            "refused": refused,
        }, outputs

    def time(self, found, rounds, cold=False):
        """Adds {"samples": {name: [ns]}, "peaks": [GOPS]} of what is loaded."""
        nanoseconds = self._options.milliseconds * 1e6
        found.update(self._crew.steady_rounds(list(found["forms"]), rounds, nanoseconds, cold))

    def _agreed(self, measurement, outputs, agree):
        """Adds who agrees with Octet, and to what degree."""
        measurement["agreement"], measurement["disagrees"] = {}, []
        if "octet" not in outputs:
            return
        (mine,) = outputs["octet"].values()
        for name, forms in outputs.items():
            if name != "octet":
                agrees, measurement["agreement"][name] = agree(mine, forms[measurement["forms"][name]])
                if not agrees:
                    measurement["disagrees"].append(name)
        witness = outputs.get(WITNESS[0], {}).get(WITNESS[1])
        if witness is not None:
            measurement["witness"] = agree(mine, witness)[1]

    def layer(self, case, layer, states=("hot",), kind="layer", told=False):
        """A measurement for each of `states`, "hot" and "cold". @param told  what the libraries made of it is known"""
        from octet import format as fmt
        from peers.agreement import layer_agreement

        path = self._folder / "layer.octet"
        fmt.save(layer.model, path)
        found, outputs = self.load(path, layer.rows, layer.inputs, "cold" in states)
        self._agreed(found, outputs, lambda mine, theirs: layer_agreement(case["op"], mine, theirs))
        bytes_moved = layer.operand_bytes(*outputs["octet"].values()) if "octet" in outputs else 0
        for state in states:
            if told:
                found = briefly(found)
            self.time(found, self._options.rounds, state == "cold")
            told = True
            yield {
                "kind": kind,
                "name": case["name"],
                "set": case.get("set", ""),
                "row": case["row"],
                "batch": layer.rows,
                "threads": self._threads,
                "cache": state,
                "operations": layer.operations,
                "bytes": bytes_moved,
                **found,
            }

    def model(self, name, path, batch):
        import numpy as np

        from models import MODELS
        from models.build import examples
        from octet import format as fmt
        from peers import work
        from peers.agreement import model_agreement

        model = fmt.load(path)
        (entry,) = model.inputs
        values = examples(MODELS[name][1], INPUT_SEED + batch, batch).numpy()
        if values.ndim == 4:
            values = values.transpose(0, 2, 3, 1)
        stored = np.clip(np.rint(values / entry.scale) + entry.zero_point, 0, 127).astype(np.uint8)
        found, outputs = self.load(path, batch, [stored])
        self._agreed(found, outputs, model_agreement)
        self.time(found, MODEL_ROUNDS_FACTOR * self._options.rounds)
        nodes = tool(self._options, "inspect", str(path), "--json")["graph"]
        shapes = {constant.name: constant.data.shape for constant in model.constants}
        return {
            "kind": "model",
            "name": name,
            "set": "models",
            "row": "model",
            "batch": batch,
            "threads": self._threads,
            "operations": work.operations(nodes, shapes, batch),
            **found,
        }


def briefly(found):
    """What is known of a layer by its first measurement is left out of the next, but for what the tables show."""
    floats = {name: {"float": facts["float"]} for name, facts in found["facts"].items() if facts.get("float")}
    differences = {name: found["agreement"][name] for name in found["disagrees"]}
    rest = {key: value for key, value in found.items() if key != "witness"}
    return {**rest, "facts": floats, "agreement": differences}


def say(measurement, overheads):
    from peers.report import figures_of, time_text

    found = figures_of(measurement, overheads)
    times = "  ".join(f"{name} {time_text(time)}" for name, time in found["medians"].items())
    ratio = f"  ratio {found['ratio']:.2f} ({found['best']})" if "ratio" in found else ""
    wrong = f"  DIFFERS: {', '.join(measurement['disagrees'])}" if measurement["disagrees"] else ""
    state = measurement.get("cache", "hot")
    print(
        f"{measurement['row']:14} {measurement['threads']} {state:4} {measurement['set']}: {measurement['name']}, "
        f"batch {measurement['batch']}  {times}{ratio}{wrong}",
        flush=True,
    )


def calibrate(options, run, threads, overheads, result):
    """Is the machine quiet? Everybody multiplies the same matrices."""
    from statistics import median

    from peers import layers
    from peers.figures import is_disturbed, without_overhead

    (calibration,) = run.layer(CALIBRATION, layers.build(CALIBRATION, {"quantized::linear"}))
    say(calibration, overheads)
    peak = median(calibration["peaks"])
    gops = {
        name: calibration["operations"] / without_overhead(median(times), overheads[name])
        for name, times in calibration["samples"].items()
    }
    result["calibration"] = {"gops": gops, "disturbed": is_disturbed(gops, threads * peak), "peak_gops": peak}


def settings_of(options, threads):
    """What a worker is told, as peers/worker.py has it."""
    return {
        "cpus": cpus(options, threads),
        "threads": threads,
        "isa": options.isa,
        "library": str(options.library.resolve()),
        "team": str(options.team.resolve()),
        "refuse_amx": bool(options.isa),
    }


def with_threads(options, threads, result, models):
    """Everything with one number of threads; adds to `result`."""
    from statistics import median

    from peers import layers
    from peers.crew import Crew

    first = threads == result["settings"]["threads"][0]
    possible = ("hot", "cold") if threads == 1 else ("hot",)
    states = [state for state in possible if state in options.cache.split(",")]
    operators = {entry["name"] for entry in tool(options, "ops", "--json")}
    result["bandwidth"][str(threads)] = bandwidth(options, threads)
    log = ROOT / "build" / "bench-peers.log"
    names = result["settings"]["names"]
    with tempfile.TemporaryDirectory() as folder, Crew(names, settings_of(options, threads), log) as crew:
        run = Run(options, crew, threads, folder)
        result["versions"].update(crew.versions())
        (null,) = run.layer({"name": "null", "row": "null", "op": "null"}, layers.null_model())
        overheads = {name: median(times) for name, times in null["samples"].items()}
        result["overheads"][str(threads)] = overheads

        def add(measurement):
            result["measurements"].append(measurement)
            say(measurement, overheads)

        if first:
            calibrate(options, run, threads, overheads, result)
        if wants(options, DISPATCH):
            case = {"name": f"{layers.DISPATCH_NODES} nodes", "row": DISPATCH, "op": DISPATCH}
            for measurement in run.layer(case, layers.dispatch_model(), kind=DISPATCH):
                add({**measurement, "nodes": layers.DISPATCH_NODES})
        for name, path in models.items():
            for batch in [int(value) for value in options.batches.split(",")]:
                add(run.model(name, path, batch))
        chosen = [] if options.no_layers or not states else cases(options)
        for index, case in enumerate(chosen):
            try:
                layer = layers.build(case, operators)
            except layers.NoSuchLayer as reason:
                if first:
                    result["skipped"].append({"name": case["name"], "set": case["set"], "reason": str(reason)})
                continue
            print(f"[{index + 1}/{len(chosen)}] ", end="")
            for measurement in run.layer(case, layer, states, told=not first):
                add(measurement)
        result["turns"] += crew.turns
        result["interrupted"] += crew.interrupted


def wants(options, row):
    """Is one of the rows asked for that are no layers of the shape files?"""
    return row in options.rows.split(",") if options.rows else options.filter in row


def load_times(options, path, names):
    """A measurement of loading one model by everybody, each sample in a process of its own, in turns."""
    import shutil
    from statistics import median

    from octet import format as fmt
    from peers import layers
    from peers.crew import surroundings

    settings = settings_of(options, 1)

    def worker(*arguments):
        command = [sys.executable, "-m", "peers.loading", *arguments, folder, json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True, env=surroundings(settings), cwd=HERE)
        if done.returncode != 0:
            raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:300])
        return json.loads(done.stdout)

    samples, refused = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        fmt.save(layers.null_model().model, pathlib.Path(folder) / "null.octet")
        shutil.copy(path, pathlib.Path(folder) / "model.octet")
        for name in names:
            try:
                samples[name] = {form: [] for form in worker("prepare", name)}
            except RuntimeError as reason:
                refused[name] = str(reason)
        for _ in range(2 if options.quick else LOAD_SAMPLES):
            for name, forms in samples.items():
                for form in list(forms):
                    try:
                        forms[form].append(worker("time", name, form))
                    except RuntimeError as reason:
                        refused[name] = f"{form}: {reason}"
                        forms.pop(form)
    medians = {
        name: {form: median(sample["ready"] for sample in times) for form, times in forms.items()}
        for name, forms in samples.items()
        if forms
    }
    best = {name: min(times, key=times.get) for name, times in medians.items()}
    return {
        "kind": LOAD,
        "name": LOADED_MODEL,
        "set": "models",
        "row": LOAD,
        "batch": 1,
        "threads": 1,
        "samples": {name: [sample["ready"] for sample in samples[name][form]] for name, form in best.items()},
        "first": {name: median(sample["first"] for sample in samples[name][form]) for name, form in best.items()},
        "forms": best,
        "tried": medians,
        "facts": {},
        "refused": refused,
        "agreement": {},
        "disagrees": [],
    }


def chosen_models(options, names=None):
    """{name: path of the file}, made where it is missing. @param names  these; None: those that are asked for"""
    from models import MODELS
    from models.build import build

    if names:
        return {name: build(name, ROOT / "build" / "bench-models") for name in names}
    names = [] if options.models == "none" else list(MODELS) if options.models == "all" else options.models.split(",")
    if options.quick and options.models == "all":
        names = ["resnet18", "mobilenet_v2", "mlp"]
    if options.rows:
        names = []
    return {name: build(name, ROOT / "build" / "bench-models") for name in names if options.filter in f"models: {name}"}


def write(result, output):
    from peers import plots, report

    output.mkdir(parents=True, exist_ok=True)
    stem = f"compare-{result['settings']['isa'] or 'native'}"
    (output / f"{stem}.json").write_text(report.json_text(result))
    (output / f"{stem}.md").write_text(report.markdown(result))
    for threads in result["settings"]["threads"]:
        for state in ("hot", "cold"):
            plots.layers(result, threads, output / f"{stem}-layers-{threads}-{state}.svg", state)
        plots.models(result, threads, output / f"{stem}-models-{threads}.svg")
    return output / f"{stem}.md"


def main():
    options = arguments()  # before the environment is made: for --help, or a mistake, nothing is installed
    environment.enter()
    if options.quick:
        options.rounds, options.milliseconds, options.batches = QUICK_ROUNDS, QUICK_MILLISECONDS, "1"
    wanted = {options.binary: "", options.library: ""}
    if "2" in options.threads:
        wanted[options.team] = " --target octet_team"
    for needed, target in wanted.items():
        if not needed.exists():
            sys.exit(f"compare: no {needed}; sh deploy/ci/build.sh release{target} makes it")
    models = chosen_models(options)
    loaded = chosen_models(options, [LOADED_MODEL])[LOADED_MODEL] if wants(options, LOAD) else None
    os.sched_setaffinity(0, {os.cpu_count() - 1})  # the driver only waits; its wakings should not hit the measured core
    threads = [int(value) for value in options.threads.split(",")]
    result = {
        "machine": environment.machine(),
        "versions": {},
        "settings": {
            "names": ["octet", *options.peers.split(",")],
            "isa": options.isa,
            "threads": threads,
            "rounds": options.rounds,
            "milliseconds": options.milliseconds,
            "quick": options.quick,
        },
        "calibration": {"gops": {}, "disturbed": False, "peak_gops": 0.0},
        "turns": 0,
        "interrupted": 0,
        "overheads": {},
        "bandwidth": {},
        "measurements": [],
        "skipped": [],
    }
    for count in threads:
        with_threads(options, count, result, models)
    if loaded:
        result["measurements"].append(load_times(options, loaded, result["settings"]["names"]))
        say(result["measurements"][-1], {})
    folder = HERE / "results" / environment.folder_name(result["machine"]["cpu"])
    print(write(result, options.output or folder))
    if any(measurement["disagrees"] for measurement in result["measurements"]):
        return 1
    return 3 if result["calibration"]["disturbed"] else 0


if __name__ == "__main__":
    sys.exit(main())
