"""The same bytes on every instruction set, in every batch, alone or among others, with one worker and with two."""

import concurrent.futures
import pathlib
import unittest

import harness
import models
import numpy as np

import octet
import octet.format as fmt

ISAS = ("scalar", "avx2", "avxvnni", "avx512vnni", "")
ROWS = 67
BATCHES = (1, 2, 7, 64)


class Determinism(unittest.TestCase):
    def answers(self, isa, workers):
        """{(model, how): bytes} of one server."""
        got = {}
        flags = ["--models", self.directory, "--workers", workers]
        if isa:
            flags += ["--isa", isa]
        with harness.Server(*flags) as server:
            client = octet.Client(server.url)
            for model, x in self.inputs.items():
                for batch in BATCHES:
                    parts = [client.infer(model, {"x": x[at:at + batch]})["output"] for at in range(0, ROWS, batch)]
                    got[model, f"batch {batch}"] = np.concatenate(parts).tobytes()
                # Rows of both models at once from many connections: they meet in shared batches.
                with concurrent.futures.ThreadPoolExecutor(16) as pool:
                    rows = [pool.submit(client.infer, model, {"x": x[at:at + 1]}) for at in range(ROWS)]
                    others = [pool.submit(client.infer, other, {"x": y[at:at + 2]})
                              for other, y in self.inputs.items() if other != model for at in range(0, ROWS, 2)]
                    got[model, "mixed"] = np.concatenate([row.result()["output"] for row in rows]).tobytes()
                    for other in others:
                        other.result()
        return got

    def test_every_way_gives_the_same_bytes(self):
        rng = np.random.default_rng(11)
        with harness.folder() as folder:
            self.directory = pathlib.Path(folder)
            fmt.save(models.mlp(widths=(33, 130, 17)), self.directory / "mlp.octet")
            shipped = harness.ROOT / "configs" / "models" / "fashion-mnist.octet"
            (self.directory / "cnn.octet").write_bytes(shipped.read_bytes())
            self.inputs = {"mlp": rng.normal(0, 2, (ROWS, 33)).astype(np.float32),
                           "cnn": rng.uniform(0, 1, (ROWS, 1, 28, 28)).astype(np.float32)}
            reference = None
            for isa in ISAS:
                for workers in (1, 2):
                    for (model, how), data in self.answers(isa, workers).items():
                        if reference is None:
                            reference = {}
                        expected = reference.setdefault(model, data)
                        self.assertEqual(data, expected, f"{model}, {how}, isa {isa or 'best'}, {workers} workers")


class Merging(unittest.TestCase):
    def test_a_model_whose_rows_depend_on_one_another_is_never_merged(self):
        with harness.folder() as folder:
            fmt.save(models.mixing_rows(), pathlib.Path(folder) / "mix.octet")
            with harness.Server("--models", folder, "--workers", 1) as server:
                client = octet.Client(server.url)
                x = np.random.default_rng(1).normal(size=(1, 8)).astype(np.float32)
                with concurrent.futures.ThreadPoolExecutor(16) as pool:
                    answers = [pool.submit(client.infer, "mix", {"x": x}) for _ in range(200)]
                    for answer in answers:  # softmax over a batch of one row is 1
                        np.testing.assert_array_equal(answer.result()["output"], np.ones((1, 8), np.float32))
                self.assertEqual(server.metric("octet_infer_batches_total", model="mix"), 200)
                self.assertIn("independent", str(server.json("GET", "/models/mix")[1]))


if __name__ == "__main__":
    unittest.main()
