"""What the machine allows: the least time of a measurement, from readings of the same run."""

#: A layer of this row moves its operands and does hardly anything with them: it is held against memcpy, others against
#: reading alone.
MOVING_ROWS = ("elementwise",)


def bandwidth(points, loop, cache, n_bytes):
    """GB/s that a buffer of `n_bytes` can be moved with, None without points.

    @param points  [[loop, cache, bytes, gbps]], as `octet bench limits` prints them. Of all buffers at least as large
    the best counts: what a larger one reaches, a smaller one could, whatever a prefetcher makes of it.
    """
    found = [(size, gbps) for name, state, size, gbps in points if name == loop and state == cache]
    if not found:
        return None
    larger = [gbps for size, gbps in found if size >= n_bytes]
    return max(larger) if larger else max(found)[1]


def least_nanoseconds(measurement, peak_gops, points):
    """The longer of: nominal products at the speed of dot products alone, all operands at the bandwidth of where they lie.

    None when neither is known. Padding counts as if it were multiplied, so that a time may lie below.
    """
    limits = []
    if measurement.get("operations") and peak_gops:
        limits.append(measurement["operations"] / (peak_gops * measurement["threads"]))
    if measurement.get("bytes"):
        loop = "copy" if measurement["row"] in MOVING_ROWS else "read"
        gbps = bandwidth(points, loop, measurement.get("cache", "hot"), measurement["bytes"])
        if gbps:
            limits.append(measurement["bytes"] / gbps)
    return max(limits) if limits else None


def by_round(measurement, points):
    """least_nanoseconds() with the peak beside each of Octet's turns; empty when it was not read or nothing is known."""
    found = [least_nanoseconds(measurement, peak, points) for peak in measurement.get("peaks", [])]
    return [] if None in found else found
