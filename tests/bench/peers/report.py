"""The result of a run as Markdown. A result is plain data, as it stands in the JSON file:

{"machine", "versions", "settings", "peak_gops", "ghz", "calibration": {"gops": {name: value}, "disturbed"}, "turns",
 "interrupted", "overheads": {threads as text: {name: ns}}, "measurements": [measurement],
 "skipped": [{"name", "set", "reason"}]}

A measurement: {"kind": "layer" or "model", "name", "set", "row", "batch", "threads", "operations",
"samples": {name: [ns]}, "forms", "facts", "refused": {name: reason}, "agreement": {name: {...}}, "disagrees": [names]};
`figures_of` derives the rest.
"""

import json
import statistics

from peers import figures, targets

OWN = "octet"


def figures_of(measurement, overheads):
    """What a table says of one measurement; ratios are absent without Octet or without a peer that agrees with it."""
    samples = measurement["samples"]
    medians = {name: statistics.median(times) for name, times in samples.items()}
    found = {"medians": medians, "spreads": {name: figures.spread(times) for name, times in samples.items()}}
    comparable = {name: time for name, time in medians.items() if name not in measurement["disagrees"]}
    best = figures.best_peer(comparable, OWN)
    if best is not None and OWN in medians:
        found["best"] = best
        found["ratio"], found["ratio_without_overhead"] = figures.ratio(samples, overheads, best, OWN)
    if measurement.get("operations"):
        found["gops"] = {name: measurement["operations"] / time for name, time in medians.items()}
    return found


def row_summaries(result, threads, key="ratio"):
    """{row: summary of the layers' ratios}, in the order of the rows' first appearance."""
    ratios = {}
    for measurement in result["measurements"]:
        if measurement["kind"] == "layer" and measurement["threads"] == threads:
            found = figures_of(measurement, _overheads(result, threads))
            if key in found:
                ratios.setdefault(measurement["row"], []).append(found[key])
    return {row: figures.summarize(values) for row, values in ratios.items()}


def _overheads(result, threads):
    return result["overheads"].get(str(threads), {})


def time_text(nanoseconds):
    """Three significant digits with a fitting unit."""
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= factor:
            return (
                f"{nanoseconds / factor:.3g} {unit}"
                if nanoseconds < 1000 * factor
                else f"{nanoseconds / factor:.0f} {unit}"
            )
    return f"{nanoseconds:.0f} ns"


def table(header, rows):
    """A Markdown table; first column to the left, the others to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def _peer_names(result):
    return [name for name in result["settings"]["names"] if name != OWN]


def _summary(result, threads):
    without = row_summaries(result, threads, "ratio_without_overhead")
    rows = []
    for row, found in row_summaries(result, threads).items():
        target = targets.LAYERS.get(row)
        verdict = "" if target is None else "yes" if found["median"] >= target else "no"
        rows.append(
            [
                row,
                found["cases"],
                f"{found['median']:.2f}",
                f"{found['least']:.2f}",
                f"{found['geometric_mean']:.2f}",
                f"{without[row]['median']:.2f}",
                f"{found['ahead']}/{found['cases']}",
                "" if target is None else f"{target:.2f}",
                verdict,
            ]
        )
    return table(
        [
            "row",
            "shapes",
            "median",
            "least",
            "geometric mean",
            "median without call overhead",
            "ahead",
            "asked",
            "reached",
        ],
        rows,
    )


def _cells(measurement, found, names, peak):
    cells = []
    for name in [OWN, *names]:
        if name in found["medians"]:
            mark = " (differs)" if name in measurement["disagrees"] else ""
            mark += " (float)" if _is_float(measurement, name) else ""
            cells.append(f"{time_text(found['medians'][name])} ±{100 * found['spreads'][name] / 2:.0f} %{mark}")
        else:
            cells.append("-")
    if peak:
        share = found.get("gops", {}).get(OWN)
        cells.append("" if share is None else f"{100 * share / peak:.0f} %")
    cells.append(found.get("best", ""))
    cells.append(f"{found['ratio']:.2f}" if "ratio" in found else "")
    cells.append(f"{found['ratio_without_overhead']:.2f}" if "ratio" in found else "")
    return cells


def _is_float(measurement, name):
    """A peer that was given integers and computes its heavy operators in float."""
    return bool(measurement["facts"].get(name, {}).get("float"))


def _details(result, kind, threads):
    names = _peer_names(result)
    rows = []
    for measurement in result["measurements"]:
        if measurement["kind"] != kind or measurement["threads"] != threads:
            continue
        found = figures_of(measurement, _overheads(result, threads))
        label = measurement["name"] if kind == "layer" else f"{measurement['name']}, batch {measurement['batch']}"
        first = [f"{measurement['set']}: {label}", measurement["row"]] if kind == "layer" else [label]
        rows.append([*first, *_cells(measurement, found, names, result["peak_gops"] if kind == "layer" else None)])
    header = ["layer", "row", OWN, *names, "of peak"] if kind == "layer" else ["model", OWN, *names]
    return table([*header, "best peer", "ratio", "without overhead"], rows) if rows else ""


def model_summary(result, threads):
    """(least ratio, geometric mean) over the models, or None."""
    ratios = [
        found["ratio"]
        for found in (
            figures_of(m, _overheads(result, threads))
            for m in result["measurements"]
            if m["kind"] == "model" and m["threads"] == threads
        )
        if "ratio" in found
    ]
    return (min(ratios), figures.geometric_mean(ratios)) if ratios else None


def _faults(result):
    lines = []
    for m in result["measurements"]:
        for name in m["disagrees"]:
            lines.append(f"- {m['name']}, batch {m['batch']}: {name} differs: {m['agreement'][name]}; not compared")
        for name, reason in m["refused"].items():
            lines.append(f"- {m['name']}, batch {m['batch']}, {m['threads']} threads: {name} does not run it: {reason}")
    return list(dict.fromkeys(lines))


def json_text(result):
    """The result as JSON, a measurement a line: versions of it can be compared."""
    head = json.dumps({key: value for key, value in result.items() if key != "measurements"}, indent=1)
    lines = ",\n  ".join(json.dumps(measurement) for measurement in result["measurements"])
    return f'{head[:-2]},\n "measurements": [\n  {lines}\n ]\n}}\n'


def markdown(result):
    settings, calibration = result["settings"], result["calibration"]
    versions = "; ".join(
        f"{name}: " + ", ".join(f"{k} {v}" for k, v in found.items()) for name, found in result["versions"].items()
    )
    gops = ", ".join(f"{name} {value:.0f}" for name, value in calibration["gops"].items())
    state = "**disturbed: do not trust these figures**" if calibration["disturbed"] else "undisturbed"
    parts = [
        f"# Octet beside its peers ({settings['isa'] or 'everything the processor has'})",
        "Made by `python3 tests/bench/compare.py`; what is measured, and how, says tests/bench/README.md.",
        f"- {result['machine']['cpu']}, {result['machine']['cores']} cores, Linux {result['machine']['kernel']}\n"
        f"- {versions}\n"
        f"- medians of {settings['rounds']} rounds of at least {settings['milliseconds']:g} ms each, in turns; "
        "± is half the distance of the quartiles;\n"
        f"  in {result['interrupted']} of {result['turns']} turns another program had the core for a while\n"
        f"- dot products alone reach {result['peak_gops']:.0f} GOPS at {result['ghz']:.2f} GHz on one core "
        "(`octet cpu`); "
        f"product 256x1024x1024: {gops} GOPS: {state}",
        "A ratio is the best peer's time over Octet's: above 1 Octet is faster. "
        "Without overhead: each less what a call of a model that does nothing costs it.",
    ]
    for threads in settings["threads"]:
        cost = ", ".join(f"{name} {time_text(value)}" for name, value in _overheads(result, threads).items())
        parts.append(f"## {threads} thread{'s' if threads > 1 else ''}\nA call that computes nothing: {cost}.")
        details = _details(result, "model", threads)
        if details:
            parts += ["### Whole models", details]
            summary = model_summary(result, threads)
            if summary:
                parts.append(
                    f"Least ratio {summary[0]:.2f} (asked {targets.MODEL_EACH}), "
                    f"geometric mean {summary[1]:.2f} (asked {targets.MODELS_MEAN})."
                )
        if _details(result, "layer", threads):
            parts += ["### Layers by row", _summary(result, threads), "### Layers", _details(result, "layer", threads)]
    faults = _faults(result)
    if faults:
        parts += ["## Not compared", "\n".join(faults)]
    if result["skipped"]:
        reasons = {}
        for entry in result["skipped"]:
            reasons.setdefault(entry["reason"], []).append(f"{entry['set']}: {entry['name']}")
        parts += ["## Skipped", "\n".join(f"- {reason}: {', '.join(names)}" for reason, names in reasons.items())]
    return "\n\n".join(parts) + "\n"
