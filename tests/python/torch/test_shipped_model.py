"""The recorded logits belong to the shipped model: PyTorch's operators, fed from the file, give them again."""

import gzip
import hashlib
import json
import os
import pathlib
import unittest

import torch_tests
from torch_tests import ROOT, run_model

import numpy as np
import torch

import octet

LOGITS = ROOT / "tests" / "python" / "data" / "fashion_mnist_torch_logits.npy"
DATASET = pathlib.Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))


class ShippedModel(unittest.TestCase):
    def setUp(self):
        self.provenance = json.loads(LOGITS.with_suffix(".json").read_text())
        self.path = ROOT / self.provenance["model_file"]

    def test_the_record_is_of_this_file(self):
        self.assertEqual(hashlib.sha256(self.path.read_bytes()).hexdigest(), self.provenance["model_sha256"])
        self.assertLess(self.path.stat().st_size, 400_000)
        last = octet.load(self.path).nodes[-2]
        self.assertEqual(last.attributes["Y_scale_i"], self.provenance["scale"])
        self.assertEqual(last.attributes["Y_zero_point_i"], self.provenance["zero_point"])

    @unittest.skipUnless(DATASET.is_dir(), f"no Fashion-MNIST at {DATASET}: apt-get install dataset-fashion-mnist")
    def test_torch_gives_the_recorded_logits(self):
        with gzip.open(DATASET / "t10k-images-idx3-ubyte.gz", "rb") as stream:
            pixels = np.frombuffer(stream.read(), np.uint8, -1, 16).reshape(-1, 1, 28, 28)
        model = octet.load(self.path)
        found = []
        for rows in np.array_split(pixels, 20):
            (logits,) = run_model(model, torch.from_numpy(rows.astype(np.float32) / 255))
            found.append(torch.round(logits.double() / self.provenance["scale"]) + self.provenance["zero_point"])
        found = torch.cat(found).numpy().astype(int)
        recorded = np.load(LOGITS).astype(int)
        off = np.abs(found - recorded)
        # Another CPU's fbgemm may round a convolution differently; on one like the recording machine nothing differs.
        self.assertLessEqual(off.max(), 2)
        self.assertGreaterEqual((off == 0).mean(), 0.999)


if __name__ == "__main__":
    unittest.main()
