"""Which of its two tie rules the installed PyTorch follows, and the operators under Octet's.

q = rne(fma(x, 1 / scale, z)) is what PyTorch 2.13.0 computes in quantize_per_tensor, adaptive_avg_pool2d and mean, and
what Octet computes there. q = z + rne(x / scale) is what PyTorch 2.0.1 computes wherever a tensor is channels-last. The
two differ where x / scale lies half-way between integers and z is odd: about once in 10^5 real numbers, in up to a
sixth of the means over an even count of integers. `LIKE_OCTET` computes these operators by the first rule, so that with
an older PyTorch what a tie brings about can be told from an error.
"""

import numpy as np
import torch
from torch_tests import DTYPES, OPERATORS


def zero_point_is_added_first():
    """Does quantizing 0.5 with scale 1 and zero point 1 give 2 (1.5 to even) instead of 1 (0.5 to even, plus 1)?"""
    return torch.quantize_per_tensor(torch.tensor([0.5]), 1.0, 1, torch.quint8).int_repr().item() == 2


def _quantized(stored, scale, zero_point, dtype):
    """float32 values near the stored integers -> quantized tensor."""
    limits = torch.iinfo(dtype)
    values = np.clip(np.rint(stored), limits.min, limits.max)
    storage = np.int8 if dtype == torch.qint8 else np.uint8
    return torch._make_per_tensor_quantized_tensor(torch.from_numpy(values.astype(storage)), scale, zero_point)


def _quantize(x, scale, zero_point, dtype):
    # The product of two float32 is exact in float64: rounding the sum once more to float32 is a fused product.
    inverse = np.float64(np.float32(1) / np.float32(scale))
    fused = (x.numpy().astype(np.float64) * inverse + zero_point).astype(np.float32)
    return _quantized(fused, scale, zero_point, DTYPES[dtype])


def _mean(x, dim, keepdim=False):
    if not x.is_quantized:
        return x.mean(dim, keepdim)
    codes = x.int_repr().to(torch.int64)
    count = codes.numel() // codes.sum(dim).numel()
    means = codes.sum(dim, keepdim=keepdim).numpy().astype(np.float32) * (np.float32(1) / np.float32(count))
    return _quantized(means, x.q_scale(), x.q_zero_point(), x.dtype)


def _adaptive_avg_pool2d(x, output_size):
    if not x.is_quantized or list(output_size) != [1, 1]:
        return OPERATORS["aten::adaptive_avg_pool2d"](x, output_size=output_size)
    return _mean(x, [2, 3], keepdim=True)


LIKE_OCTET = dict(
    OPERATORS,
    **{
        "aten::quantize_per_tensor": _quantize,
        "aten::adaptive_avg_pool2d": _adaptive_avg_pool2d,
        "aten::mean": _mean,
    },
)
