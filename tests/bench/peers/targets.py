"""What Octet is measured against: ratios to the best peer, by row of the shape files, and absolute times.

A shape reaches what is asked when its ratio does, or when Octet takes LIMIT_SHARE of what the machine allows: where a
peer leaves less room than the ratio asks for, nobody can be faster than the limit.
"""

#: row -> least ratio of the best peer's time to Octet's, as a median over the row's shapes.
LAYERS = {
    "gemm": 1.10,
    "gemm_small_m": 1.3,
    "linear_batch1": 1.5,
    "conv3x3": 1.05,
    "conv1x1": 1.15,
    "first_layer": 1.4,
    "depthwise": 3.0,
    "grouped": 1.5,
    "conv3d": 1.5,
    "dilated": 1.1,
    "elementwise": 1.5,
}
MODEL_EACH, MODELS_MEAN = 1.2, 1.4
LIMIT_SHARE = 0.97
LOAD_RATIO, LOAD_NANOSECONDS = 5.0, 60e6
DISPATCH_NANOSECONDS = 2000.0  # of a node
