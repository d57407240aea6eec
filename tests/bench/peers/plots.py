"""Two pictures of a result, as SVG that is the same for the same figures."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "octet", "svg.fonttype": "none", "font.size": 9})

from matplotlib import pyplot, ticker  # noqa: E402

from peers.report import OWN, figures_of  # noqa: E402

COLOURS = {"octet": "#1b6ca8", "onnxruntime": "#e08e45", "openvino": "#7a5ea8", "torch": "#c94f4f"}


def _save(figure, path):
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def _found(result, kind, threads, cache="hot"):
    overheads = result["overheads"].get(str(threads), {})
    for measurement in result["measurements"]:
        state = measurement.get("cache", "hot")
        if measurement["kind"] == kind and measurement["threads"] == threads and state == cache:
            yield measurement, figures_of(measurement, overheads)


def layers(result, threads, path, cache="hot"):
    """Each shape's ratio to its best peer, a line of points for each row. Returns whether there was any to draw."""
    ratios = {}
    for measurement, found in _found(result, "layer", threads, cache):
        if "ratio" in found:
            ratios.setdefault(measurement["row"], []).append((found["ratio"], found["best"]))
    if not ratios:
        return False
    figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(ratios) + 1.4))
    for place, values in enumerate(ratios.values()):
        for peer in COLOURS:
            points = [ratio for ratio, best in values if best == peer]
            axes.plot(
                points,
                [place] * len(points),
                "o",
                color=COLOURS[peer],
                alpha=0.6,
                markersize=5,
                label=peer if points and peer not in axes.get_legend_handles_labels()[1] else None,
            )
        ordered = sorted(ratio for ratio, _ in values)
        axes.plot([ordered[len(ordered) // 2]] * 2, [place - 0.35, place + 0.35], color="black", linewidth=2)
    axes.set_yticks(range(len(ratios)), list(ratios))
    axes.invert_yaxis()
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.axvline(1, color="grey", linewidth=1)
    axes.set_xlabel(
        "time of the best peer (its colour) over Octet's; the bar is the median; right of 1 Octet is faster"
    )
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False, fontsize=8)
    _save(figure, path)
    return True


def models(result, threads, path):
    """Times relative to Octet's, a group of bars for each model and batch. Returns whether there was any to draw."""
    groups = [(m, f) for m, f in _found(result, "model", threads) if OWN in f["medians"]]
    if not groups:
        return False
    names = result["settings"]["names"]
    figure, axes = pyplot.subplots(figsize=(max(6, 0.9 * len(groups)), 3.6))
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        heights = [f["medians"].get(name, 0) / f["medians"][OWN] for _, f in groups]
        axes.bar(
            [place + index * width for place in range(len(groups))], heights, width, label=name, color=COLOURS[name]
        )
    labels = [f"{m['name']}\nbatch {m['batch']}" for m, _ in groups]
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(groups))], labels, rotation=40, ha="right")
    axes.axhline(1, color="grey", linewidth=1)
    axes.set_ylabel("time, Octet's = 1")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False, fontsize=8)
    _save(figure, path)
    return True
