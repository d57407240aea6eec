#!/usr/bin/env python3
"""Exported models run by `octet run`, held against PyTorch on the same inputs.

    python3 tests/python/torch/conformance.py [BINARY]      default: $OCTET_BINARY, then build/release/octet

Every model is built in eager, FX and TorchScript (scripted, traced) form, quantized with fbgemm and seven-bit
activations (more would saturate in fbgemm's kernels), exported with an example of two rows and run with 64, 7 and 1.
Quantized: at least 99 % of the integers equal, none off by more than two. Float: within 1e-5 of the largest output.
Prints a table; exit code 1 when a row fails.

A PyTorch older than the one Octet follows rounds ties by another rule (tie_rule.py). With such a one the 99 % are asked of
its operators under Octet's rule, and so they are of Mixed with any: its mean over 16 pixels is a tie in a sixteenth of all
cases, and PyTorch, which adds floats there, breaks a few of them by the rounding of its sums. The two steps are
always asked of PyTorch as it is.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings
from typing import List

try:
    from torch_tests import ROOT, calibrated, reduced_range, run_model
except unittest.SkipTest as reason:
    sys.exit(f"conformance: {reason}")

import numpy as np
import torch
from torch import nn
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization import DeQuantStub, QConfigMapping, QuantStub
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

import octet
import tie_rule

SEED = 64
ROWS = 64
OTHER_ROWS = (7, 1)
MIN_EQUAL = 0.99
MAX_STEPS = 2
MAX_RELATIVE = 1e-5


class PlainAdd(nn.Module):
    """What FloatFunctional does, in the form FX understands."""

    def add(self, a, b):
        return a + b

    def add_relu(self, a, b):
        return nn.functional.relu(a + b)

    def mul(self, a, b):
        return a * b

    def cat(self, parts: List[torch.Tensor], dim: int):
        return torch.cat(parts, dim)


class Stub(nn.Identity):
    pass


def functional(eager):
    return FloatFunctional() if eager else PlainAdd()


class Wrapped(nn.Module):
    """Quantization stubs around a network in eager mode; the network alone otherwise."""

    def __init__(self, body, eager):
        super().__init__()
        self.quant = QuantStub() if eager else Stub()
        self.body = body
        self.dequant = DeQuantStub() if eager else Stub()

    def forward(self, x):
        return self.dequant(self.body(self.quant(x)))


CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
BATCH_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def conv_bn(inputs, outputs, kernel, stride=1, groups=1, activation=None, dims=2, dilation=1):
    extents = [kernel] * dims if isinstance(kernel, int) else kernel
    padding = [dilation * (extent // 2) for extent in extents]
    layers = [
        CONVOLUTIONS[dims](inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
        BATCH_NORMS[dims](outputs),
    ]
    return nn.Sequential(*layers, *([activation] if activation else []))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride, eager):
        super().__init__()
        self.first = conv_bn(inputs, outputs, 3, stride, activation=nn.ReLU(inplace=True))
        self.second = conv_bn(outputs, outputs, 3)
        self.shortcut = conv_bn(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else None
        self.join = functional(eager)

    def forward(self, x):
        y = self.second(self.first(x))
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return self.join.add_relu(y, shortcut)


class ResNet18(nn.Module):
    """The eighteen layers of ResNet-18 at a quarter of its width."""

    def __init__(self, eager, width=16):
        super().__init__()
        self.stem = conv_bn(3, width, 7, 2, activation=nn.ReLU(inplace=True))
        self.pool = nn.MaxPool2d(3, 2, 1)
        blocks, inputs = [], width
        for stage, outputs in enumerate((width, 2 * width, 4 * width, 8 * width)):
            for block in range(2):
                blocks.append(BasicBlock(inputs, outputs, 2 if stage and not block else 1, eager))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.average = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = self.average(self.blocks(self.pool(self.stem(x))))
        return self.fc(torch.flatten(x, 1))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expand, eager):
        super().__init__()
        hidden = inputs * expand
        layers = [conv_bn(inputs, hidden, 1, activation=nn.ReLU6(inplace=True))] if expand != 1 else []
        layers.append(conv_bn(hidden, hidden, 3, stride, groups=hidden, activation=nn.ReLU6(inplace=True)))
        layers.append(conv_bn(hidden, outputs, 1))
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs
        self.join = functional(eager)

    def forward(self, x):
        if self.residual:
            return self.join.add(x, self.body(x))
        return self.body(x)


class MobileNetV2(nn.Module):
    """Inverted residuals, ReLU6, depthwise convolutions, dropout before the classifier."""

    def __init__(self, eager):
        super().__init__()
        plan = [(1, 8, 1, 1), (4, 12, 2, 2), (4, 16, 2, 2), (4, 24, 2, 1)]
        blocks, inputs = [], 16
        for expand, outputs, count, stride in plan:
            for index in range(count):
                blocks.append(InvertedResidual(inputs, outputs, stride if index == 0 else 1, expand, eager))
                inputs = outputs
        self.stem = conv_bn(3, 16, 3, 2, activation=nn.ReLU6(inplace=True))
        self.blocks = nn.Sequential(*blocks)
        self.head = conv_bn(inputs, 96, 1, activation=nn.ReLU6(inplace=True))
        self.average = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(96, 10)

    def forward(self, x):
        x = self.average(self.head(self.blocks(self.stem(x))))
        return self.fc(self.dropout(x.view(x.size(0), -1)))


class SqueezeExcite(nn.Module):
    def __init__(self, channels, eager):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.relu = nn.ReLU()
        self.up = nn.Conv2d(channels // 4, channels, 1)
        self.gate = nn.Hardsigmoid()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.join = functional(eager)

    def forward(self, x):
        return self.join.mul(x, self.gate(self.up(self.relu(self.down(self.average(x))))))


class Mixed(nn.Module):
    """What the others lack: hardswish, squeeze and excite, concatenation, average pooling, groups, dilation."""

    def __init__(self, eager):
        super().__init__()
        self.stem = conv_bn(3, 16, 3, 2)
        self.swish = nn.Hardswish()
        self.excite = SqueezeExcite(16, eager)
        self.grouped = conv_bn(16, 16, 3, groups=4, activation=nn.ReLU())
        self.dilated = nn.Conv2d(16, 8, 3, padding=2, dilation=2)
        self.pool = nn.AvgPool2d(3, 2, 1)
        self.join = functional(eager)
        self.sigmoid = nn.Sigmoid()
        self.fc = nn.Linear(24, 10)

    def forward(self, x):
        x = self.excite(self.swish(self.stem(x)))
        x = self.join.cat([self.grouped(x), self.sigmoid(self.dilated(x))], 1)
        return self.fc(self.pool(x).mean([2, 3]))


class MLP(nn.Module):
    def __init__(self, eager):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3 * 32 * 32, 256), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(256, 128), nn.ReLU())
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(128, 10)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return self.last(self.dropout(self.second(self.dropout(self.first(x)))))


class Waves(nn.Module):
    """One dimension: a first layer over the raw signal, dilated residuals, depthwise, groups."""

    shape = (1, 400)

    def __init__(self, eager):
        super().__init__()
        self.stem = conv_bn(1, 16, 25, 4, activation=nn.ReLU(), dims=1)
        self.first = conv_bn(16, 16, 3, activation=nn.ReLU(), dims=1, dilation=4)
        self.second = conv_bn(16, 16, 3, dims=1, dilation=16)
        self.depthwise = conv_bn(16, 16, 5, 2, groups=16, activation=nn.ReLU(), dims=1)
        self.grouped = conv_bn(16, 24, 3, 2, groups=4, activation=nn.ReLU(), dims=1)
        self.join = functional(eager)
        self.fc = nn.Linear(24 * 25, 10)

    def forward(self, x):
        x = self.stem(x)
        x = self.join.add_relu(x, self.second(self.first(x)))
        return self.fc(torch.flatten(self.grouped(self.depthwise(x)), 1))


class Volumes(nn.Module):
    """Three dimensions: a first layer over colours, a window cut in plane and time, depthwise, dilation."""

    shape = (3, 6, 16, 16)

    def __init__(self, eager):
        super().__init__()
        self.stem = conv_bn(3, 16, (3, 5, 5), (1, 2, 2), activation=nn.ReLU(), dims=3)
        self.plane = conv_bn(16, 20, (1, 3, 3), activation=nn.ReLU(), dims=3)
        self.time = conv_bn(20, 16, (3, 1, 1), dims=3)
        self.depthwise = conv_bn(16, 16, 3, groups=16, dims=3)
        self.full = conv_bn(32, 12, 3, 2, activation=nn.ReLU(), dims=3, dilation=2)
        self.join = functional(eager)
        self.cat = functional(eager)
        self.fc = nn.Linear(12 * 3 * 4 * 4, 10)

    def forward(self, x):
        x = self.stem(x)
        x = self.join.add_relu(x, self.time(self.plane(x)))
        x = self.cat.cat([x, self.depthwise(x)], 1)
        return self.fc(torch.flatten(self.full(x), 1))


MODELS = [ResNet18, MobileNetV2, Mixed, MLP, Waves, Volumes]


def inputs(kind, rows, seed):
    shape = getattr(kind, "shape", (3, 32, 32))
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


def fusable(model):
    """Names of every conv + bn (+ relu) and linear + relu."""
    first = (*CONVOLUTIONS.values(), nn.Linear)
    groups = []
    for name, module in model.named_modules():
        if isinstance(module, nn.Sequential) and isinstance(module[0], first):
            kept = [layer for layer in module if isinstance(layer, first + (*BATCH_NORMS.values(), nn.ReLU))]
            groups.append([f"{name}.{index}" for index in range(len(kept))])
    return groups


def built(kind, eager):
    """A float model with the same weights in either style, its batch norms calibrated."""
    torch.manual_seed(SEED)
    body = kind(eager)
    model = Wrapped(body, eager)
    body.train()
    for module in body.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    with torch.no_grad():
        for seed in range(4):
            model(inputs(kind, 32, 100 + seed))
    return model.eval()


def forms(kind):
    """[(name, module, is quantized)] of one architecture."""
    examples = [(inputs(kind, 32, 200 + seed),) for seed in range(4)]
    eager = calibrated(built(kind, True), examples, fusable(built(kind, True)))
    prepared = prepare_fx(built(kind, False).body, QConfigMapping().set_global(reduced_range()), (inputs(kind, 2, 0),))
    with torch.no_grad():
        for example in examples:
            prepared(*example)
    fx = convert_fx(prepared)
    plain = built(kind, False)
    return [
        ("eager", eager, True),
        ("scripted", torch.jit.script(eager), True),
        ("traced", torch.jit.trace(eager, inputs(kind, 3, 0), check_trace=False), True),
        ("fx", fx, True),
        ("fx scripted", torch.jit.script(fx), True),
        ("float", plain, False),
        ("float scripted", torch.jit.script(plain), False),
    ]


def run_octet(binary, path, x, folder):
    """What `octet run` writes for the model's one output."""
    np.save(folder / "x.npy", x)
    command = [binary, "run", path, "--input", folder / "x.npy", "--output-dir", folder]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"octet run: exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return np.load(folder / "output.npy")


def steps(exported, values):
    """The integers behind dequantized outputs."""
    last = exported.nodes[-1]
    if last.op != "aten::dequantize":
        raise RuntimeError(f"the model ends in {last.op}, not in aten::dequantize")
    producer = next(node for node in exported.nodes if node.outputs[0] == last.inputs[0])
    scale, zero_point = producer.attributes["Y_scale_i"], producer.attributes["Y_zero_point_i"]
    return np.rint(np.asarray(values, np.float64) / scale) + zero_point


def compare(kind, exported, x, mine, theirs, quantized):
    """(passed, what to print)."""
    if mine.shape != theirs.shape or mine.dtype != theirs.dtype:
        return False, f"{mine.dtype} {mine.shape} instead of {theirs.dtype} {theirs.shape}"
    if not quantized:
        relative = np.abs(mine - theirs).max() / np.abs(theirs).max()
        return relative <= MAX_RELATIVE, f"relative error {relative:.1e}"
    off = np.abs(steps(exported, mine) - steps(exported, theirs))
    equal = (off == 0).mean()
    text = f"{100 * equal:6.2f} % equal, at most {off.max():.0f} off"
    if equal < 1:
        (same_rule,) = run_model(exported, x, operators=tie_rule.LIKE_OCTET)
        same = (steps(exported, mine) == steps(exported, same_rule.numpy())).mean()
        text += f"; {100 * same:6.2f} % with ties rounded alike"
        if kind is Mixed or not tie_rule.zero_point_is_added_first():
            equal = same
    return equal >= MIN_EQUAL and off.max() <= MAX_STEPS, text


def check(binary, kind, name, module, quantized, folder):
    """One form of one architecture: [(passed, text)] per number of rows."""
    path = folder / "m.octet"
    exported = octet.export(module, inputs(kind, 2, 1), path)
    results = []
    for rows in (ROWS,) + OTHER_ROWS:
        x = inputs(kind, rows, SEED)
        with torch.no_grad():
            theirs = module(x).numpy()
        passed, text = compare(kind, exported, x, run_octet(binary, path, x.numpy(), folder), theirs, quantized)
        results.append((passed, rows, f"{len(exported.nodes):3} nodes  {text}"))
    return results


def main():
    default = os.environ.get("OCTET_BINARY") or ROOT / "build" / "release" / "octet"
    binary = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else default).resolve()
    if not binary.is_file():
        sys.exit(f"conformance: no binary at {binary}")
    warnings.simplefilter("ignore")
    rule = "before" if tie_rule.zero_point_is_added_first() else "after"
    engine = torch.backends.quantized.engine
    print(f"torch {torch.__version__}, {engine}, zero point added {rule} rounding, seed {SEED}")
    failures = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in MODELS:
            for name, module, quantized in forms(kind):
                try:
                    results = check(binary, kind, name, module, quantized, pathlib.Path(folder))
                except (RuntimeError, octet.ExportError, OSError) as error:
                    results = [(False, ROWS, str(error))]
                for passed, rows, text in results:
                    count += 1
                    failures += not passed
                    verdict = "ok  " if passed else "FAIL"
                    print(f"{verdict} {kind.__name__:12} {name:15} batch {rows:2}  {text}", flush=True)
    print(f"conformance: {count - failures} of {count} passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
