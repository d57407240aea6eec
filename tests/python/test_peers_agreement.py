"""When two outputs count as the same."""

import unittest

import numpy as np
import package  # noqa: F401

from peers.agreement import layer_agreement, model_agreement

RAMP = np.arange(200, dtype=np.uint8).reshape(2, 100)


class Agreement(unittest.TestCase):
    def test_single_steps_are_allowed_when_seldom(self):
        other = RAMP.copy()
        other[0, :3] += 1
        self.assertEqual(layer_agreement("conv2d", RAMP, other), (True, {"max": 1, "share": 0.015}))
        other[0, :20] = RAMP[0, :20] + 1
        self.assertFalse(layer_agreement("conv2d", RAMP, other)[0])

    def test_averages_may_differ_in_every_tie(self):
        self.assertTrue(layer_agreement("avg_pool2d", RAMP, RAMP + 1)[0])
        self.assertFalse(layer_agreement("avg_pool2d", RAMP, RAMP + 2)[0])

    def test_two_steps_are_a_disagreement(self):
        other = RAMP.copy()
        other[1, 7] += 2
        self.assertEqual(layer_agreement("conv2d", RAMP, other), (False, {"max": 2, "share": 0.005}))

    def test_bytes_do_not_wrap(self):
        self.assertEqual(layer_agreement("conv2d", np.uint8([0]), np.uint8([255]))[1]["max"], 255)

    def test_floats_are_compared_relatively(self):
        mine = np.float32([1, 100])
        self.assertTrue(layer_agreement("dequantize", mine, mine + np.float32(5e-4))[0])
        self.assertFalse(layer_agreement("dequantize", mine, mine + np.float32(5e-3))[0])

    def test_another_size_is_a_disagreement(self):
        self.assertEqual(layer_agreement("conv2d", RAMP, RAMP[0]), (False, {"elements": [200, 100]}))
        self.assertFalse(model_agreement(RAMP, RAMP[:1])[0])

    def test_models_agree_up_to_noise(self):
        noise = np.random.default_rng(1).integers(-8, 9, RAMP.shape)
        agrees, found = model_agreement(RAMP, np.clip(RAMP.astype(int) + noise, 0, 255).astype(np.uint8))
        self.assertTrue(agrees)
        self.assertLess(found["max"], 9)

    def test_models_of_other_weights_disagree(self):
        rng = np.random.default_rng(2)
        a, b = (rng.integers(0, 256, (2, 500)).astype(np.uint8) for _ in range(2))
        agrees, found = model_agreement(a, b)
        self.assertFalse(agrees)
        self.assertLess(abs(found["cosine"]), 0.2)

    def test_equal_models_are_wholly_equal(self):
        self.assertEqual(
            model_agreement(RAMP, RAMP)[1], {"max": 0, "mean": 0.0, "equal": 1.0, "cosine": 1.0, "top1": 1.0}
        )


if __name__ == "__main__":
    unittest.main()
