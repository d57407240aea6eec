#!/usr/bin/env python3
"""Golden vectors from real PyTorch.

    python3 tests/vectors/generate.py            writes data/ and MANIFEST.json anew from spec/*.json
    python3 tests/vectors/generate.py --check    regenerates in memory and compares with what is committed

A spec names shapes, parameters, seeds and why each case exists; README.md beside this file says how to write one. Inputs come
from a generator of our own (splitmix64), so they do not depend on any library's version; outputs come from torch with the
fbgemm engine, activations of rank 4 and 5 in channels-last format. `--check` wants inputs to be the same bytes always, and outputs
the same bytes under the torch version of the manifest; under another version they may differ by a step in one element of
200, or 2e-6 of the largest value for floats.
"""
import argparse
import hashlib
import io
import json
import pathlib
import shutil
import sys
import warnings

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
TORCH_DTYPES = {"quint8": torch.quint8, "qint8": torch.qint8, "qint32": torch.qint32}
STORED = {"quint8": np.uint8, "qint8": np.int8, "qint32": np.int32, "float32": np.float32}
FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}  # torch has none for rank 3
OTHER_VERSION_STEPS = 200  # one element in so many may be off by one under another torch
OTHER_VERSION_RELATIVE = 2e-6


class Random:
    """splitmix64, as tests/support/rng.h."""

    def __init__(self, seed):
        self.state = seed

    def words(self, n):
        mask = (1 << 64) - 1
        out = []
        for _ in range(n):
            self.state = (self.state + 0x9E3779B97F4A7C15) & mask
            z = self.state
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
            out.append(z ^ (z >> 31))
        return out

    def integers(self, n, low, high):
        return [low + w % (high - low + 1) for w in self.words(n)]

    def floats(self, n, low, high):
        return [low + (high - low) * ((w >> 40) / (1 << 24)) for w in self.words(n)]


class Tensor:
    """A tensor of a case: what is stored, its quantization, and its torch form."""

    def __init__(self, stored, info, torch_tensor):
        self.stored, self.info, self.torch = stored, info, torch_tensor


def make_input(spec, random):
    dtype, shape = spec["dtype"], spec["shape"]
    n = int(np.prod(shape))
    info = {"dtype": dtype, "shape": shape}
    if spec.get("constant"):
        info["constant"] = True
    if dtype == "float32":
        low, high = spec.get("range", [-1, 1])
        values = list(spec.get("values", []))
        values += random.floats(n - len(values), low, high)
        stored = np.array(values, dtype=np.float32).reshape(shape)
        x = torch.from_numpy(stored.copy())
    else:
        limits = torch.iinfo(TORCH_DTYPES[dtype])
        codes = spec.get("codes", [limits.min, limits.max])
        if codes == "all":
            values = list(range(limits.min, limits.max + 1))
        else:
            values = random.integers(n, codes[0], codes[1])
        stored = np.array(values, dtype=STORED[dtype]).reshape(shape)
        raw = torch.from_numpy(stored.copy())
        if "per_channel" in spec:
            axis = spec["per_channel"]
            channels = shape[axis]
            scales = random.floats(channels, 0.005, 0.03)
            zero_low, zero_high = spec.get("zero_points", [0, 0])
            zero_points = random.integers(channels, zero_low, zero_high)
            info.update(axis=axis, scales=scales, zero_points=zero_points)
            x = torch._make_per_channel_quantized_tensor(
                raw, torch.tensor(scales, dtype=torch.float64), torch.tensor(zero_points), axis)
        else:
            info.update(scale=spec["scale"], zero_point=spec["zero_point"])
            x = torch._make_per_tensor_quantized_tensor(raw, spec["scale"], spec["zero_point"])
    if x.dim() in FORMATS and not spec.get("constant"):
        x = x.contiguous(memory_format=FORMATS[x.dim()])
    return Tensor(stored, info, x)


def linear(run):
    return lambda i, a: run(i[0], torch.ops.quantized.linear_prepack(i[1], i[2]), a["Y_scale_i"], a["Y_zero_point_i"])


def conv(run, prepack):
    def call(i, a):
        packed = prepack(i[1], i[2], a["stride"], a["padding"], a["dilation"], a["groups"])
        return run(i[0], packed, a["output_scale"], a["output_zero_point"])
    return call


def float_conv(run):
    return lambda i, a: run(i[0], i[1], i[2], a["stride"], a["padding"], a["dilation"], a["groups"])


def binary(run):
    return lambda i, a: run(i[0], i[1], a["scale"], a["zero_point"])


def output_params(run):
    return lambda i, a: run(i[0], a["output_scale"], a["output_zero_point"])


def mean(i, a):
    return i[0].mean(dim=a["dim"], keepdim=a.get("keepdim", False)) if "dim" in a else i[0].mean()


q = torch.ops.quantized
CALLS = {
    "aten::quantize_per_tensor":
        lambda i, a: torch.quantize_per_tensor(i[0], a["scale"], a["zero_point"], TORCH_DTYPES[a["dtype"]]),
    "aten::dequantize": lambda i, a: i[0].dequantize(),
    "quantized::linear": linear(q.linear),
    "quantized::linear_relu": linear(q.linear_relu),
    "quantized::conv1d": conv(q.conv1d, q.conv1d_prepack),
    "quantized::conv1d_relu": conv(q.conv1d_relu, q.conv1d_prepack),
    "quantized::conv2d": conv(q.conv2d, q.conv2d_prepack),
    "quantized::conv2d_relu": conv(q.conv2d_relu, q.conv2d_prepack),
    "quantized::conv3d": conv(q.conv3d, q.conv3d_prepack),
    "quantized::conv3d_relu": conv(q.conv3d_relu, q.conv3d_prepack),
    "quantized::add": binary(q.add),
    "quantized::add_relu": binary(q.add_relu),
    "quantized::mul": binary(q.mul),
    "quantized::mul_relu": binary(q.mul_relu),
    "quantized::cat": lambda i, a: q.cat(i, a["dim"], a.get("scale"), a.get("zero_point")),
    "quantized::relu6": lambda i, a: q.relu6(i[0]),
    "quantized::hardswish": output_params(q.hardswish),
    "quantized::sigmoid": output_params(q.sigmoid),
    "aten::relu": lambda i, a: torch.relu(i[0]),
    "aten::relu6": lambda i, a: F.relu6(i[0]),
    "aten::hardtanh": lambda i, a: F.hardtanh(i[0], **a),
    "aten::hardswish": lambda i, a: F.hardswish(i[0]),
    "aten::hardsigmoid": lambda i, a: F.hardsigmoid(i[0]),
    "aten::sigmoid": lambda i, a: torch.sigmoid(i[0]),
    "aten::max_pool2d": lambda i, a: F.max_pool2d(i[0], **a),
    "aten::avg_pool2d": lambda i, a: F.avg_pool2d(i[0], **a),
    "aten::adaptive_avg_pool2d": lambda i, a: F.adaptive_avg_pool2d(i[0], a["output_size"]),
    "aten::mean": mean,
    "aten::flatten": lambda i, a: torch.flatten(i[0], **a),
    "aten::reshape": lambda i, a: i[0].reshape(a["shape"]),
    "aten::view": lambda i, a: i[0].view(a["size"]),
    "aten::permute": lambda i, a: i[0].permute(a["dims"]),
    "aten::transpose": lambda i, a: i[0].transpose(a["dim0"], a["dim1"]),
    "aten::softmax": lambda i, a: torch.softmax(i[0], a["dim"]),
    "aten::add": lambda i, a: torch.add(i[0], i[1], alpha=a.get("alpha", 1)),
    "aten::mul": lambda i, a: torch.mul(i[0], i[1]),
    "aten::cat": lambda i, a: torch.cat(i, a.get("dim", 0)),
    "aten::linear": lambda i, a: F.linear(i[0], i[1], i[2]),
    "aten::conv1d": float_conv(F.conv1d),
    "aten::conv2d": float_conv(F.conv2d),
    "aten::conv3d": float_conv(F.conv3d),
    "aten::batch_norm":
        lambda i, a: F.batch_norm(i[0], i[3], i[4], i[1], i[2], training=False, eps=a["eps"]),
}


def describe_output(y):
    if not y.is_quantized:
        stored = y.contiguous().numpy()
        return Tensor(stored, {"dtype": "float32", "shape": list(y.shape)}, y)
    name = next(n for n, t in TORCH_DTYPES.items() if t == y.dtype)
    stored = y.int_repr().contiguous().numpy()
    info = {"dtype": name, "shape": list(y.shape), "scale": y.q_scale(), "zero_point": y.q_zero_point()}
    return Tensor(stored, info, y)


def npy_bytes(array):
    out = io.BytesIO()
    np.lib.format.write_array(out, np.array(array, order="C"), version=(1, 0), allow_pickle=False)
    return out.getvalue()


def generate():
    """All files by their path below data/, and the manifest's cases."""
    torch.backends.quantized.engine = "fbgemm"
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # quantized tensors are deprecated in torch, which is no news here
    files, cases = {}, []

    def store(path, tensor):
        files[path] = npy_bytes(tensor.stored.reshape(tensor.info["shape"]))
        return {"file": path, **tensor.info}

    for spec_path in sorted((HERE / "spec").glob("*.json")):
        spec = json.loads(spec_path.read_text())
        op = spec["op"]
        if spec_path.name != op.replace("::", ".") + ".json":
            sys.exit(f"{spec_path.name} should be named after its operator {op}")
        for case in spec["cases"]:
            random = Random(int.from_bytes(hashlib.sha256(op.encode()).digest()[:4], "little") + case["seed"])
            folder = f"{op.replace('::', '.')}/{case['name']}"
            inputs = [None if s is None else make_input(s, random) for s in case["inputs"]]
            output = describe_output(CALLS[op]([t and t.torch for t in inputs], case["attributes"]))
            floating = output.info["dtype"] == "float32"
            tolerance = case.get("tolerance", {"relative": 2e-6} if floating else {"off_by_one": 0})
            cases.append({
                "op": op,
                "name": case["name"],
                "seed": case["seed"],
                "attributes": case["attributes"],
                "inputs": [t and store(f"{folder}/in{n}.npy", t) for n, t in enumerate(inputs)],
                "output": store(f"{folder}/out.npy", output),
                "tolerance": tolerance,
            })
    return files, cases


def manifest_of(files, cases):
    return {
        "generator": "tests/vectors/generate.py",
        "torch": torch.__version__,
        "numpy": np.__version__,
        "engine": torch.backends.quantized.engine,
        "cases": cases,
        "sha256": {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())},
    }


def manifest_text(manifest):
    """One line a case, one line a file: a change is read in a diff."""
    lines = ["{"]
    for key in ("generator", "torch", "numpy", "engine"):
        lines.append(f"  {json.dumps(key)}: {json.dumps(manifest[key])},")
    lines.append('  "cases": [')
    lines.append(",\n".join("    " + json.dumps(case) for case in manifest["cases"]))
    lines.append('  ],\n  "sha256": {')
    lines.append(",\n".join(f"    {json.dumps(p)}: {json.dumps(d)}" for p, d in manifest["sha256"].items()))
    lines.append("  }\n}")
    return "\n".join(lines) + "\n"


def outputs_agree(committed, fresh):
    a, b = (np.load(io.BytesIO(data)) for data in (committed, fresh))
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype == np.float32:
        largest = float(np.max(np.abs(a), initial=0.0))
        return float(np.max(np.abs(a - b), initial=0.0)) <= OTHER_VERSION_RELATIVE * largest
    steps = np.abs(a.astype(np.int64) - b.astype(np.int64))
    return int(steps.max(initial=0)) <= 1 and int(steps.sum()) <= 1 + steps.size // OTHER_VERSION_STEPS


def check(files, cases):
    committed = json.loads((HERE / "MANIFEST.json").read_text())
    same_torch = committed["torch"] == torch.__version__
    faults = []
    if committed["cases"] != json.loads(json.dumps(cases)):
        faults.append("MANIFEST.json: its cases are not what spec/ gives")
    on_disk = {p.relative_to(HERE / "data").as_posix() for p in (HERE / "data").rglob("*") if p.is_file()}
    faults += [f"data/{p}: no spec asks for it" for p in sorted(on_disk - files.keys())]
    for path, fresh in sorted(files.items()):
        if path not in on_disk:
            faults.append(f"data/{path}: missing")
            continue
        data = (HERE / "data" / path).read_bytes()
        if hashlib.sha256(data).hexdigest() != committed["sha256"].get(path):
            faults.append(f"data/{path}: not the SHA-256 of the manifest")
        elif data != fresh and (same_torch or not path.endswith("out.npy") or not outputs_agree(data, fresh)):
            faults.append(f"data/{path}: torch {torch.__version__} gives other numbers")
    for fault in faults:
        print(fault)
    print(f"{len(cases)} cases, {len(files)} files, torch {torch.__version__}"
          f"{'' if same_torch else ' (committed: ' + committed['torch'] + ', compared within tolerances)'}: "
          f"{len(faults)} faults")
    return 1 if faults else 0


def write(files, cases):
    shutil.rmtree(HERE / "data", ignore_errors=True)
    for path, data in files.items():
        target = HERE / "data" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (HERE / "MANIFEST.json").write_text(manifest_text(manifest_of(files, cases)))
    print(f"{len(cases)} cases, {len(files)} files, {sum(map(len, files.values()))} bytes")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    arguments = parser.parse_args()
    files, cases = generate()
    return check(files, cases) if arguments.check else write(files, cases)


if __name__ == "__main__":
    sys.exit(main())
