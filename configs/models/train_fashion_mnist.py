#!/usr/bin/env python3
"""Makes configs/models/fashion-mnist.octet: trains, quantizes, exports, and records PyTorch's own answers.

    python3 configs/models/train_fashion_mnist.py                    # train, then everything below
    python3 configs/models/train_fashion_mnist.py --checkpoint F     # keep (or reuse) the float weights in F

Needs torch with the fbgemm engine, numpy, and Debian's dataset-fashion-mnist. Prints float and int8 accuracy over
the 10,000 test images and fails when int8 is below 0.91. Nothing is written before that is known.

The model takes float32 [N, 1, 28, 28] with pixels divided by 255, no other normalisation: what a person has at hand.
"""

import argparse
import gzip
import hashlib
import json
import os
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "proto" / "python" / "src"))

DATASET = pathlib.Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
MODEL_FILE = ROOT / "configs" / "models" / "fashion-mnist.octet"
LOGITS_FILE = ROOT / "tests" / "python" / "data" / "fashion_mnist_torch_logits.npy"
LABELS = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
MIN_INT8_ACCURACY = 0.91
MAX_FILE_BYTES = 400 * 1000
SEED = 20240


def read_idx(name):
    """Reads one gzip-compressed idx file of unsigned bytes."""
    with gzip.open(DATASET / name, "rb") as stream:
        raw = stream.read()
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{name}: not an idx file of unsigned bytes")
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", rank, 4).astype(int)
    return np.frombuffer(raw, np.uint8, -1, 4 + 4 * rank).reshape(shape)


def images_of(name):
    """Returns float32 [count, 1, 28, 28], pixels divided by 255."""
    pixels = torch.from_numpy(read_idx(name).copy())
    return pixels.unsqueeze(1).to(torch.float32) / 255.0


def labels_of(name):
    return torch.from_numpy(read_idx(name).astype(np.int64))


def conv_bn(inputs, outputs, kernel, stride=1, groups=1, relu=True):
    """Convolution and batch norm, with ReLU unless told otherwise; no bias, the norm has one."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if relu:
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """relu(x + body(x))."""

    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)
        self.add = torch.ao.nn.quantized.FloatFunctional()

    def forward(self, x):
        return self.add.add_relu(self.body(x), x)


class FashionNet(nn.Module):
    """A small residual CNN, about 100,000 weights: 28x28 -> 14x14 (depthwise block) -> 7x7 (full block) -> linear."""

    def __init__(self):
        super().__init__()
        self.quant = torch.ao.quantization.QuantStub()
        self.stem = conv_bn(1, 16, 3)
        self.down1 = conv_bn(16, 32, 3, stride=2)
        self.block1 = Residual(conv_bn(32, 32, 3, groups=32), conv_bn(32, 32, 1, relu=False))
        self.down2 = conv_bn(32, 64, 3)
        self.shrink = nn.MaxPool2d(2)
        self.block2 = Residual(conv_bn(64, 64, 3), conv_bn(64, 64, 3, relu=False))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.1)
        self.classify = nn.Linear(64, 10)
        self.dequant = torch.ao.quantization.DeQuantStub()

    def forward(self, x):
        x = self.stem(self.quant(x))
        x = self.block1(self.down1(x))
        x = self.block2(self.shrink(self.down2(x)))
        x = torch.flatten(self.pool(x), 1)
        return self.dequant(self.classify(self.dropout(x)))

    def fuse(self):
        """Fuses every conv + bn (+ relu); the model must be in eval mode. Returns itself."""
        for module in list(self.modules()):
            if isinstance(module, nn.Sequential) and len(module) and isinstance(module[0], nn.Conv2d):
                names = [str(i) for i in range(len(module))]
                torch.ao.quantization.fuse_modules(module, names, inplace=True)
        return self


def prepared(model):
    """Returns the model fused and with observers, ready to be calibrated (fbgemm: weights per channel, 7-bit range)."""
    model.eval().fuse()
    model.qconfig = torch.ao.quantization.QConfig(
        activation=torch.ao.quantization.HistogramObserver.with_args(reduce_range=True),
        weight=torch.ao.quantization.default_per_channel_weight_observer,
    )
    return torch.ao.quantization.prepare(model)


def augmented(images, generator):
    """Mirrors and shifts (up to two pixels) each image of the batch on its own."""
    count = len(images)
    mirror = torch.rand(count, generator=generator) < 0.5
    images = torch.where(mirror[:, None, None, None], images.flip(3), images)
    padded = nn.functional.pad(images, (2, 2, 2, 2))
    top, left = torch.randint(0, 5, (2, count), generator=generator)
    rows = top[:, None] + torch.arange(28)
    columns = left[:, None] + torch.arange(28)
    each = torch.arange(count)[:, None, None]
    return padded[each, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def train(model, images, labels, epochs, batch=128):
    generator = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.25, total_steps=steps, pct_start=0.25)
    started = time.monotonic()
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(images), generator=generator)
        total = 0.0
        for at in range(0, len(images) - batch + 1, batch):
            chosen = order[at : at + batch]
            logits = model(augmented(images[chosen], generator))
            loss = nn.functional.cross_entropy(logits, labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        mean = total / (len(images) // batch)
        print(f"epoch {epoch + 1}/{epochs}: loss {mean:.4f}, {time.monotonic() - started:.0f} s", flush=True)


@torch.no_grad()
def logits_of(model, images, batch=500):
    model.eval()
    return torch.cat([model(images[at : at + batch]) for at in range(0, len(images), batch)])


def accuracy(logits, labels):
    return (logits.argmax(1) == labels).float().mean().item()


def record_logits(logits, model, accuracies):
    """Stores the quantized logits of all test images (uint8) and, in a JSON file beside it, where they come from."""
    scale, zero_point = model.classify.scale, model.classify.zero_point
    quantized = torch.round(logits.double() / scale) + zero_point
    if not torch.equal(((quantized - zero_point) * np.float32(scale)).float(), logits):
        raise SystemExit("the logits are not multiples of the last layer's scale")
    LOGITS_FILE.parent.mkdir(parents=True, exist_ok=True)
    np.save(LOGITS_FILE, quantized.numpy().astype(np.uint8))
    provenance = {
        "what": "quantized logits of PyTorch's own int8 model on the 10,000 Fashion-MNIST test images, in file order",
        "made_by": "configs/models/train_fashion_mnist.py",
        "torch": torch.__version__,
        "engine": torch.backends.quantized.engine,
        "model_file": str(MODEL_FILE.relative_to(ROOT)),
        "model_sha256": hashlib.sha256(MODEL_FILE.read_bytes()).hexdigest(),
        "scale": scale,
        "zero_point": zero_point,
        "float_accuracy": round(accuracies[0], 4),
        "int8_accuracy": round(accuracies[1], 4),
    }
    LOGITS_FILE.with_suffix(".json").write_text(json.dumps(provenance, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--checkpoint", type=pathlib.Path, help="float weights: read when it exists, else written")
    options = parser.parse_args()

    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    torch.backends.quantized.engine = "fbgemm"
    train_images, train_labels = images_of("train-images-idx3-ubyte.gz"), labels_of("train-labels-idx1-ubyte.gz")
    test_images, test_labels = images_of("t10k-images-idx3-ubyte.gz"), labels_of("t10k-labels-idx1-ubyte.gz")

    model = FashionNet()
    if options.checkpoint and options.checkpoint.exists():
        model.load_state_dict(torch.load(options.checkpoint, weights_only=True))
    else:
        train(model, train_images, train_labels, options.epochs)
        if options.checkpoint:
            torch.save(model.state_dict(), options.checkpoint)
    float_accuracy = accuracy(logits_of(model, test_images), test_labels)
    print(f"float accuracy {float_accuracy:.4f}", flush=True)

    model = prepared(model)
    logits_of(model, train_images[:2000])
    model = torch.ao.quantization.convert(model)
    logits = logits_of(model, test_images)
    int8_accuracy = accuracy(logits, test_labels)
    print(f"int8 accuracy {int8_accuracy:.4f}", flush=True)
    if int8_accuracy < MIN_INT8_ACCURACY:
        raise SystemExit(f"int8 accuracy below {MIN_INT8_ACCURACY}: nothing written")

    import octet

    octet.export(model, test_images[:2], MODEL_FILE, labels=LABELS)
    size = MODEL_FILE.stat().st_size
    if size > MAX_FILE_BYTES:
        raise SystemExit(f"{MODEL_FILE} has {size} bytes, more than {MAX_FILE_BYTES}")
    record_logits(logits, model, (float_accuracy, int8_accuracy))
    print(f"{MODEL_FILE.relative_to(ROOT)}: {size} bytes")


if __name__ == "__main__":
    main()
