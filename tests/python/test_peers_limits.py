"""What the machine allows."""

import unittest

import package  # noqa: F401

from peers import limits, work

POINTS = [
    ["read", "hot", 1000, 50.0],
    ["read", "hot", 4000, 60.0],
    ["read", "hot", 16000, 10.0],
    ["copy", "hot", 4000, 30.0],
]


class Limits(unittest.TestCase):
    def test_a_buffer_is_moved_as_fast_as_the_best_of_those_as_large(self):
        self.assertEqual(limits.bandwidth(POINTS, "read", "hot", 500), 60)
        self.assertEqual(limits.bandwidth(POINTS, "read", "hot", 4001), 10)
        self.assertEqual(limits.bandwidth(POINTS, "read", "hot", 1_000_000), 10)
        self.assertIsNone(limits.bandwidth(POINTS, "read", "cold", 500))

    def test_the_limit_is_the_longer_of_products_and_operands(self):
        layer = {"operations": 1000, "bytes": 4000, "threads": 1, "row": "conv3x3", "cache": "hot"}
        self.assertAlmostEqual(limits.least_nanoseconds(layer, 10, POINTS), 100)
        self.assertAlmostEqual(limits.least_nanoseconds(layer, 20, POINTS), 4000 / 60)
        self.assertAlmostEqual(limits.least_nanoseconds({**layer, "threads": 2}, 5, POINTS), 100)

    def test_element_wise_work_is_held_against_a_copy(self):
        self.assertAlmostEqual(
            limits.least_nanoseconds({"bytes": 3000, "threads": 1, "row": "elementwise"}, 10, POINTS), 100
        )

    def test_each_round_has_the_limit_of_its_own_peak(self):
        layer = {"operations": 1000, "threads": 1, "row": "conv3x3", "peaks": [10, 20]}
        self.assertEqual(limits.by_round(layer, []), [100, 50])
        self.assertEqual(limits.by_round({"threads": 1, "row": "null", "peaks": [10, 20]}, []), [])

    def test_without_figures_there_is_no_limit(self):
        self.assertIsNone(limits.least_nanoseconds({"threads": 1, "row": "null"}, 10, []))

    def test_a_model_multiplies_what_its_weights_say(self):
        nodes = [
            {"inputs": ["x", "w", "b"], "outputs": [{"shape": ["N", 8, 5, 5]}]},
            {"inputs": ["y"], "outputs": [{"shape": ["N", 8, 5, 5]}]},
        ]
        self.assertEqual(work.operations(nodes, {"w": (8, 4, 3, 3), "b": (8,)}, 2), 2 * 2 * 8 * 25 * 36)


if __name__ == "__main__":
    unittest.main()
