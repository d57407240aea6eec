"""Makes the `.octet` files of the models: float module, batch norms and observers run over random inputs, FX, export.

python -m models.build FOLDER [NAME...]
"""

import hashlib
import pathlib
import sys
import warnings

import torch
from torch import nn
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

import octet
import octet.format as fmt
from models import MODELS
from peers.edges import images_last, without_float_edges

SEED = 20
BATCHES, ROWS = 2, 4


def examples(shape, seed, rows=ROWS):
    """Smooth noise for images (pixels of pictures are alike to their neighbours), plain noise else."""
    generator = torch.Generator().manual_seed(seed)
    if len(shape) != 3:
        return torch.randn(rows, *shape, generator=generator)
    coarse = torch.randn(rows, shape[0], shape[1] // 8, shape[2] // 8, generator=generator)
    fine = torch.randn(rows, *shape, generator=generator)
    return nn.functional.interpolate(coarse, size=shape[1:], mode="bilinear") + 0.3 * fine


def _initialize(module):
    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            fan_in = layer.weight[0].numel()
            nn.init.normal_(layer.weight, 0.0, (2 / fan_in) ** 0.5)
            if layer.bias is not None:
                nn.init.normal_(layer.bias, 0.0, 0.05)
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the statistics are the mean over all batches


def quantized(make, shape):
    """The converted module: per-channel weights, uint8 activations, PyTorch's settings for x86."""
    torch.manual_seed(SEED)
    torch.backends.quantized.engine = "x86"
    module = make()
    _initialize(module)
    batches = [examples(shape, SEED + index) for index in range(BATCHES)]
    with torch.no_grad():
        module.train()
        for batch in batches:
            module(batch)
        module.eval()
        prepared = prepare_fx(module, get_default_qconfig_mapping("x86"), (batches[0],))
        for batch in batches:
            prepared(batch)
        return convert_fx(prepared)


def _sources():
    """A digest of everything that decides what the files hold."""
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def build(name, folder):
    """Path of the model's file between stored integers, made unless it is there."""
    path = pathlib.Path(folder) / f"{name}-{_sources()}.octet"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    make, shape = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = octet.export(quantized(make, shape), examples(shape, 1)[:2], path.with_suffix(".float"))
    fmt.save(images_last(without_float_edges(exported)), path)
    path.with_suffix(".float").unlink()
    return path


def main():
    for name in sys.argv[2:] or MODELS:
        print(build(name, sys.argv[1]), flush=True)


if __name__ == "__main__":
    main()
