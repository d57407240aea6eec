"""Statistics of a run: plain functions over lists of numbers."""

import math
import statistics

#: A run is disturbed when nobody reaches this share of the measured peak on the calibration product.
CALIBRATION_SHARE = 0.75
#: Rounds with a larger spread than this are measured anew, at most so many times in all; the steadiest attempt counts.
UNSTEADY, ATTEMPTS = 0.15, 3
#: What is left of a time after a call's own cost is never less than this share of it: a difference of noise is no time.
LEAST_REMAINDER = 0.05


def quartiles(samples):
    """(first, median, third)."""
    if len(samples) == 1:
        return (samples[0],) * 3
    first, middle, third = statistics.quantiles(samples, n=4, method="inclusive")
    return first, middle, third


def spread(samples):
    """The distance of the quartiles as a share of the median."""
    first, middle, third = quartiles(samples)
    return (third - first) / middle


def unsteadiness(samples):
    """The largest spread among {name: samples}."""
    return max(spread(times) for times in samples.values())


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


def without_overhead(nanoseconds, overhead):
    """A time less what the same call costs on a model that does nothing."""
    return max(nanoseconds - overhead, LEAST_REMAINDER * nanoseconds)


def best_peer(times, own="octet"):
    """The name with the smallest time, `own` left out; None without peers."""
    peers = {name: time for name, time in times.items() if name != own}
    return min(peers, key=peers.get) if peers else None


def ratio(samples, overheads, peer, own="octet"):
    """(peer's time / own time over the rounds, the same without the overhead of each call).

    The first is the median of the ratios within a round, in which slow stretches of the machine cancel.
    """
    paired = statistics.median(theirs / ours for theirs, ours in zip(samples[peer], samples[own]))
    theirs = without_overhead(statistics.median(samples[peer]), overheads.get(peer, 0))
    ours = without_overhead(statistics.median(samples[own]), overheads.get(own, 0))
    return paired, theirs / ours


def is_disturbed(gops, peak):
    """Whether even the fastest of `gops` (name -> value on the calibration product) stays far below `peak`."""
    return max(gops.values()) < CALIBRATION_SHARE * peak


def attainment(ratio, asked, share, share_asked):
    """At least 1 when the ratio is what is asked or the limit is as good as reached. @param share  None: not known"""
    return max(ratio / asked, (share or 0) / share_asked)


def summarize(ratios):
    """Of one row: median, least, geometric mean, how many are above 1."""
    return {
        "cases": len(ratios),
        "median": statistics.median(ratios),
        "least": min(ratios),
        "geometric_mean": geometric_mean(ratios),
        "ahead": sum(value > 1 for value in ratios),
    }
