"""The result of a run as Markdown. A result is plain data, as it stands in the JSON file:

{"machine", "versions", "settings", "calibration": {"gops": {name: value}, "disturbed", "peak_gops"}, "turns",
 "interrupted", "overheads": {threads as text: {name: ns}},
 "bandwidth": {threads as text: [[loop, cache, bytes, gbps]]}, "measurements": [measurement], "skipped": [{"name", "set", "reason"}]}

A measurement: {"kind": "layer", "model", "load" or "dispatch", "name", "set", "row", "batch", "threads", "cache" of a
layer, "operations", "bytes", "samples": {name: [ns]}, "peaks": [GOPS beside Octet's samples], "forms", "facts", "refused": {name: reason}, "agreement": {name: {...}},
"disagrees": [names]}; `figures_of` derives the rest. "facts" and "agreement" stand with the first state of a layer.
"""

import json
import statistics

from peers import figures, limits, targets

OWN = "octet"
STATES = {"hot": "operands in the caches that hold them", "cold": "operands in memory"}


def figures_of(measurement, overheads, least=()):
    """What a table says of one measurement; ratios are absent without Octet or without a peer that agrees with it.

    @param least  nanoseconds that the machine allowed beside each of Octet's samples; empty: not known
    """
    samples = measurement["samples"]
    medians = {name: statistics.median(times) for name, times in samples.items()}
    found = {"medians": medians, "spreads": {name: figures.spread(times) for name, times in samples.items()}}
    comparable = {name: time for name, time in medians.items() if name not in measurement["disagrees"]}
    best = figures.best_peer(comparable, OWN)
    if best is not None and OWN in medians:
        found["best"] = best
        found["ratio"], found["ratio_without_overhead"] = figures.ratio(samples, overheads, best, OWN)
    if least and OWN in medians:
        cost = overheads.get(OWN, 0)
        found["share"] = statistics.median(bound / time for bound, time in zip(least, samples[OWN]))
        found["share_without_overhead"] = statistics.median(
            bound / figures.without_overhead(time, cost) for bound, time in zip(least, samples[OWN])
        )
    if measurement.get("operations") and measurement.get("peaks") and OWN in medians:
        products = measurement["operations"] / measurement["threads"]
        found["of_peak"] = statistics.median(
            products / peak / time for peak, time in zip(measurement["peaks"], samples[OWN])
        )
    return found


def found_in(result, kind, threads, cache="hot"):
    """[(measurement, its figures)] of one kind and state."""
    points = result.get("bandwidth", {}).get(str(threads), [])
    return [
        (m, figures_of(m, _overheads(result, threads), limits.by_round(m, points)))
        for m in result["measurements"]
        if m["kind"] == kind and m["threads"] == threads and m.get("cache", "hot") == cache
    ]


def rows_of(result, threads, cache="hot"):
    """{row: [figures of a layer that has a ratio]}, in the order of the rows' first appearance."""
    rows = {}
    for measurement, found in found_in(result, "layer", threads, cache):
        if "ratio" in found:
            rows.setdefault(measurement["row"], []).append(found)
    return rows


def attained(found, asked):
    """For each of some figures: at least 1 when the ratio `asked` or LIMIT_SHARE of the limit is reached."""
    return [figures.attainment(f["ratio"], asked, f.get("share"), targets.LIMIT_SHARE) for f in found]


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


def _share_text(found, key="share"):
    shares = [f[key] for f in found if key in f]
    return f"{100 * statistics.median(shares):.0f} %" if shares else ""


def _verdict(found, asked):
    """[how many reach, asked, does the median shape reach it] of some figures; empty without a target."""
    if asked is None:
        return ["", "", ""]
    values = attained(found, asked)
    reached = sum(value >= 1 for value in values)
    return [f"{reached}/{len(values)}", f"{asked:.2f}", "yes" if statistics.median(values) >= 1 else "no"]


def _summary(result, threads, cache):
    rows = []
    for row, found in rows_of(result, threads, cache).items():
        ratios = figures.summarize([f["ratio"] for f in found])
        rows.append(
            [
                row,
                ratios["cases"],
                f"{ratios['median']:.2f}",
                f"{ratios['least']:.2f}",
                f"{ratios['geometric_mean']:.2f}",
                f"{statistics.median(f['ratio_without_overhead'] for f in found):.2f}",
                f"{ratios['ahead']}/{ratios['cases']}",
                _share_text(found),
                _share_text(found, "share_without_overhead"),
                *_verdict(found, targets.LAYERS.get(row)),
            ]
        )
    header = ["row", "shapes", "median", "least", "geometric mean", "median without call overhead", "ahead"]
    shares = ["share of limit", "without call overhead"]
    return table([*header, *shares, "reach either", "asked", "reached"], rows)


def _cells(measurement, found, names):
    cells = []
    for name in [OWN, *names]:
        if name in found["medians"]:
            mark = " (differs)" if name in measurement["disagrees"] else ""
            mark += " (float)" if _is_float(measurement, name) else ""
            cells.append(f"{time_text(found['medians'][name])} ±{100 * found['spreads'][name] / 2:.0f} %{mark}")
        else:
            cells.append("-")
    if measurement["kind"] == "layer":
        cells.append(f"{100 * found['of_peak']:.0f} %" if "of_peak" in found else "")
    cells.append(found.get("best", ""))
    cells.append(f"{found['ratio']:.2f}" if "ratio" in found else "")
    cells.append(f"{found['ratio_without_overhead']:.2f}" if "ratio" in found else "")
    return cells


def _is_float(measurement, name):
    """A peer that was given integers and computes its heavy operators in float."""
    return bool(measurement["facts"].get(name, {}).get("float"))


def _details(result, kind, threads, cache="hot"):
    names = _peer_names(result)
    rows = []
    for measurement, found in found_in(result, kind, threads, cache):
        label = measurement["name"] if kind == "layer" else f"{measurement['name']}, batch {measurement['batch']}"
        first = [f"{measurement['set']}: {label}", measurement["row"]] if kind == "layer" else [label]
        cells = _cells(measurement, found, names)
        if kind == "model":
            cells += [f"{100 * found['share']:.0f} %" if "share" in found else "", *_model_verdict(found)]
        rows.append([*first, *cells])
    header = ["layer", "row", OWN, *names, "of peak"] if kind == "layer" else ["model", OWN, *names]
    header += ["best peer", "ratio", "without overhead"]
    header += ["share of limit", "asked", "reached"] if kind == "model" else []
    return table(header, rows) if rows else ""


def _model_verdict(found):
    return _verdict([found], targets.MODEL_EACH)[1:] if "ratio" in found else ["", ""]


def model_summary(result, threads):
    """(least ratio, geometric mean, how many reach what is asked of each, how many there are) of the models, or None."""
    found = [f for _, f in found_in(result, "model", threads) if "ratio" in f]
    if not found:
        return None
    ratios = [f["ratio"] for f in found]
    reached = sum(value >= 1 for value in attained(found, targets.MODEL_EACH))
    return min(ratios), figures.geometric_mean(ratios), reached, len(ratios)


def _dispatch(result, threads):
    """A line on the model of tiny nodes, or None."""
    for measurement, found in found_in(result, "dispatch", threads):
        nodes = measurement["nodes"]
        costs = ", ".join(f"{name} {time_text(time / nodes)}" for name, time in found["medians"].items())
        reached = found["medians"].get(OWN, 0) / nodes <= targets.DISPATCH_NANOSECONDS
        return (
            f"A node with next to nothing to do, of a model of {nodes} of them: {costs} "
            f"(asked: at most {time_text(targets.DISPATCH_NANOSECONDS)}; reached: {'yes' if reached else 'no'})."
        )
    return None


def _loading(result):
    """The section on loading, or nothing."""
    parts = []
    for measurement, found in found_in(result, "load", 1):
        mine, rows = found["medians"].get(OWN), []
        for name, time in found["medians"].items():
            ratio = f"{time / mine:.2f}" if mine and name != OWN else ""
            first = time_text(measurement["first"][name])
            rows.append([name, measurement["forms"][name], time_text(time), first, ratio])
        parts += [
            f"## Loading\n{measurement['name']}, from the file in the page cache until it can run, 1 thread; "
            "each sample in a process of its own, each library from its best file.",
            table(["library", "file", "until ready", "first run", "ratio"], rows),
        ]
        if "ratio" in found:
            ratio = found["ratio_without_overhead"]  # of medians: samples of different processes are no pairs
            fast, ahead = mine <= targets.LOAD_NANOSECONDS, ratio >= targets.LOAD_RATIO
            parts.append(
                f"Asked: at most {time_text(targets.LOAD_NANOSECONDS)} ({'yes' if fast else 'no'}) and "
                f"{targets.LOAD_RATIO:g} times as fast as the best peer ({'yes' if ahead else 'no'}, "
                f"{ratio:.2f})."
            )
    return parts


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


def _with_threads(result, threads):
    """The sections on one number of threads."""
    cost = ", ".join(f"{name} {time_text(value)}" for name, value in _overheads(result, threads).items())
    parts = [f"## {threads} thread{'s' if threads > 1 else ''}\nA call that computes nothing: {cost}."]
    dispatch = _dispatch(result, threads)
    parts += [dispatch] if dispatch else []
    details = _details(result, "model", threads)
    if details:
        parts += ["### Whole models", details]
        summary = model_summary(result, threads)
        if summary:
            least, mean, reached, count = summary
            parts.append(
                f"Least ratio {least:.2f} (asked {targets.MODEL_EACH}; {reached} of {count} reach it or the limit), "
                f"geometric mean {mean:.2f} (asked {targets.MODELS_MEAN})."
            )
    states = [state for state in ("hot", "cold") if found_in(result, "layer", threads, state)]
    for state in states:
        parts += [f"### Layers by row, {STATES[state]}", _summary(result, threads, state)]
    for state in states:
        parts += [f"### Layers, {STATES[state]}", _details(result, "layer", threads, state)]
    return parts


def _peaks_text(result):
    """The spread of the peak over a run."""
    peaks = sorted(peak for measurement in result["measurements"] for peak in measurement.get("peaks", []))
    if not peaks:
        return "never"
    first, middle, third = figures.quartiles(peaks)
    return f"median {middle:.0f} GOPS on one core, quartiles {first:.0f} and {third:.0f}, least {peaks[0]:.0f}"


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
        f"- dot products alone, read beside each of Octet's turns: {_peaks_text(result)}; beside product 256x1024x1024 "
        f"{calibration['peak_gops']:.0f}, and it itself: {gops} GOPS: {state}",
        "A ratio is the best peer's time over Octet's: above 1 Octet is faster. "
        "Without overhead: each less what a call of a model that does nothing costs it. "
        "The limit is the longer of two times: the products at the speed of dot products alone, all operands at the "
        "bandwidth of the cache that holds them (memcpy's for element-wise work); a whole model's is that of its "
        f"products. What is asked is reached by the ratio or at {100 * targets.LIMIT_SHARE:.0f} % of the limit, "
        "by the median shape of a row.",
    ]
    for threads in settings["threads"]:
        parts += _with_threads(result, threads)
    parts += _loading(result)
    faults = _faults(result)
    if faults:
        parts += ["## Not compared", "\n".join(faults)]
    if result["skipped"]:
        reasons = {}
        for entry in result["skipped"]:
            reasons.setdefault(entry["reason"], []).append(f"{entry['set']}: {entry['name']}")
        parts += ["## Skipped", "\n".join(f"- {reason}: {', '.join(names)}" for reason, names in reasons.items())]
    return "\n\n".join(parts) + "\n"
