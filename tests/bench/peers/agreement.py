"""Do two libraries compute the same?

Layers: at most a step apart, and seldom. Whole models: the same up to the noise of rounding.
"""

import numpy as np

#: Of a layer's elements, how many may be one step off: the libraries multiply by scales of different precision.
MAX_STEPS, MAX_SHARE = 1, 0.02
#: Averages of a few integers are often ties, which the libraries round by different rules.
TIE_OPERATORS = ("avg_pool2d", "global_avg_pool2d")
MAX_RELATIVE = 1e-5
#: A difference of one step early in a deep network of random weights becomes as large as the noise of rounding itself
#: by its end. Answers whose deviations from the mean point the same way to this degree come from the same network.
MIN_COSINE = 0.9


def layer_agreement(op, mine, theirs):
    """(agrees, {"max", "share"} in steps, or {"relative"} for float outputs)."""
    if mine.size != theirs.size:
        return False, {"elements": [int(mine.size), int(theirs.size)]}
    mine, theirs = mine.ravel(), theirs.ravel()
    if theirs.dtype == np.float32:
        largest = max(float(np.abs(mine).max()), 1e-30)
        relative = float(np.abs(mine - theirs).max()) / largest
        return relative <= MAX_RELATIVE, {"relative": relative}
    off = np.abs(mine.astype(np.int32) - theirs.astype(np.int32))
    found = {"max": int(off.max()), "share": float((off > 0).mean())}
    return found["max"] <= MAX_STEPS and (op in TIE_OPERATORS or found["share"] <= MAX_SHARE), found


def model_agreement(mine, theirs):
    """(agrees, found).

    `found`: "max" and "mean" in steps, "equal": share of elements, "cosine" of the deviations from the mean, "top1":
    share of rows.
    """
    if mine.size != theirs.size:
        return False, {"elements": [int(mine.size), int(theirs.size)]}
    rows = theirs.shape[0]
    a = mine.astype(np.float64).reshape(rows, -1)
    b = theirs.astype(np.float64).reshape(rows, -1)
    off = np.abs(a - b)
    da, db = a - a.mean(), b - b.mean()
    norm = np.sqrt((da**2).sum() * (db**2).sum())
    cosine = float((da * db).sum() / norm) if norm > 0 else float(np.array_equal(a, b))
    found = {
        "max": int(off.max()),
        "mean": float(off.mean()),
        "equal": float((off == 0).mean()),
        "cosine": cosine,
        "top1": float((a.argmax(1) == b.argmax(1)).mean()),
    }
    return cosine >= MIN_COSINE, found
