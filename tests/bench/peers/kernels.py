"""Lines of `octet bench kernels`, made small enough for the tree, and what they say by row as Markdown."""

import json
import statistics
from dataclasses import dataclass

from peers.report import table

#: What a frozen line keeps -> significant digits, None: as it is.
KEPT = {
    "bench": None,
    "shape": None,
    "isa": None,
    "threads": None,
    "cache": None,
    "median_ns": 4,
    "gops": 4,
    "peak_fraction": 3,
    "bandwidth_fraction": 3,
    "cycles_per_64": 3,
}


def rounded(value, digits):
    if digits is None or value is None:
        return value
    number = float(f"{value:.{digits}g}")
    return int(number) if number.is_integer() else number


def frozen(line):
    """The text of one measured line; absent figures are left out."""
    kept = {key: rounded(line[key], digits) for key, digits in KEPT.items() if line.get(key) is not None}
    return json.dumps(kept, separators=(",", ":"))


@dataclass
class Asked:
    """What a group of shapes is held against: `least` or `most` of the median of `figure`."""

    label: str
    takes: callable
    figure: str
    least: float = None
    most: float = None

    def reached(self, median):
        return median >= self.least if self.least is not None else median <= self.most

    def text(self):
        value = self.least if self.least is not None else self.most
        sign = ">=" if self.least is not None else "<="
        return f"{sign} {figure_text(self.figure, value)}"


def _row(name):
    return lambda case: case["row"] == name


def _window(row, kernel, stride=None):
    return lambda case: (
        case["row"] == row and case["kernel"] == [kernel] * 2 and (stride is None or case["stride"] == [stride] * 2)
    )


def _op(*names):
    return lambda case: case["row"] == "elementwise" and case["op"] in names


PEAK, BANDWIDTH, CYCLES = "peak_fraction", "bandwidth_fraction", "cycles_per_64"
ASKED = [
    Asked("GEMM, 64 rows and more", _row("gemm"), PEAK, least=0.95),
    Asked("GEMM, 2 to 16 rows", _row("gemm_small_m"), PEAK, least=0),
    Asked("linear, one row: of reading its weights", _row("linear_batch1"), BANDWIDTH, least=0.85),
    Asked("conv 3x3", _row("conv3x3"), PEAK, least=0.90),
    Asked("conv 1x1", _row("conv1x1"), PEAK, least=0.85),
    Asked("first layer 7x7, stride 2", _window("first_layer", 7, 2), PEAK, least=0.75),
    Asked("first layer 3x3, stride 2", _window("first_layer", 3, 2), PEAK, least=0.55),
    Asked("depthwise 3x3, stride 1", _window("depthwise", 3, 1), CYCLES, most=25),
    Asked("depthwise 3x3, stride 2", _window("depthwise", 3, 2), CYCLES, most=36),
    Asked("depthwise 5x5", _window("depthwise", 5), CYCLES, most=65),
    Asked("grouped", _row("grouped"), PEAK, least=0.60),
    Asked("3-D", _row("conv3d"), PEAK, least=0.85),
    Asked("dilated", _row("dilated"), PEAK, least=0.90),
    Asked("add", _op("add"), CYCLES, most=28),
    Asked("mul", _op("mul"), CYCLES, most=28),
    Asked("table of 256 bytes", _op("lut"), CYCLES, most=3.5),
    Asked("max pool 3x3", lambda case: _op("max_pool2d")(case) and case["kernel"] == [3, 3], CYCLES, most=12),
    Asked("concat, requantize: of memcpy", _op("concat", "requantize"), BANDWIDTH, least=0.80),
]


def figure_text(figure, value):
    return f"{value:.3g} cycles" if figure == CYCLES else f"{100 * value:.0f} %"


def _median_text(lines, figure):
    values = [line[figure] for line in lines if line.get(figure)]
    return figure_text(figure, statistics.median(values)) if values else ""


def asked_table(lines, cases):
    """What is asked of groups of shapes, of lines of one level and state. @param cases  {"set/name": case}"""
    rows = []
    for asked in ASKED:
        found = [line[asked.figure] for line in lines if asked.takes(cases[line["shape"]]) and line.get(asked.figure)]
        if found:
            median = statistics.median(found)
            is_asked = asked.least != 0
            each = sum(asked.reached(value) for value in found)
            rows.append(
                [
                    asked.label,
                    len(found),
                    figure_text(asked.figure, median),
                    figure_text(asked.figure, min(found)),
                    figure_text(asked.figure, max(found)),
                    asked.text() if is_asked else "",
                    f"{each}/{len(found)}" if is_asked else "",
                    ("yes" if asked.reached(median) else "no") if is_asked else "",
                ]
            )
    return table(["layers", "shapes", "median", "least", "most", "asked", "shapes reach it", "reached"], rows)


def rows_table(lines, cases):
    """Medians of every row of the shape files, of lines of one level and state."""
    rows = {}
    for line in lines:
        case = cases[line["shape"]]
        rows.setdefault(case["row"] if case["row"] != "elementwise" else f"elementwise: {case['op']}", []).append(line)
    return table(
        ["row", "shapes", "of peak", "cycles for 64 outputs", "of the bandwidth"],
        [[row, len(group), *(_median_text(group, key) for key in (PEAK, CYCLES, BANDWIDTH))] for row, group in rows.items()],
    )


def limits_table(lines):
    """Bytes a cycle by size: lines of `octet bench limits` with one level."""
    columns = sorted({(line["threads"], line["cache"] != "hot", line["loop"] != "read") for line in lines})
    header = [
        f"{'copied' if copy else 'read'}{', cold' if cold else ''}, {n} thread{'s' * (n > 1)}"
        for n, cold, copy in columns
    ]
    sizes = {}
    for line in lines:
        key = (line["threads"], line["cache"] != "hot", line["loop"] != "read")
        sizes.setdefault(line["bytes"], {})[key] = f"{line['gbps'] / line['ghz']:.1f}"
    rows = [[f"{size >> 10} KB", *(sizes[size].get(column, "") for column in columns)] for size in sorted(sizes)]
    return table(["bytes a cycle", *header], rows)


def markdown(machine, lines, limits, cases):
    """The whole summary. @param machine  as environment.machine() has it"""
    parts = [
        "# Layers alone",
        "Made by `python3 tests/bench/freeze.py`: medians over the shapes of `octet bench kernels`, whose page "
        "(tests/bench/shapes/README.md) says what is measured. Padding counts as if it were multiplied, so that a share "
        "of the peak may exceed 100 %.",
        f"- {machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}",
    ]
    states = list(dict.fromkeys((line["isa"], line["threads"], line["cache"]) for line in lines))
    for isa in dict.fromkeys(isa for isa, _, _ in states):
        parts.append(f"## {isa}")
        for _, threads, cache in (state for state in states if state[0] == isa):
            chosen = [line for line in lines if (line["isa"], line["threads"], line["cache"]) == (isa, threads, cache)]
            title = f"{threads} thread{'s' if threads > 1 else ''}, {cache}"
            if threads == 1 and cache == "hot":
                parts += [f"### Asked: {title}", asked_table(chosen, cases)]
            parts += [f"### {title[0].upper()}{title[1:]}", rows_table(chosen, cases)]
    if limits:
        parts += ["## What buffers are read and copied with", limits_table(limits)]
    return "\n\n".join(parts) + "\n"
