"""Frozen lines of `octet bench kernels` and their summary."""

import json
import unittest

import package  # noqa: F401

from peers import kernels

CASES = {
    "net/a": {"row": "conv3x3", "op": "conv2d", "kernel": [3, 3], "stride": [1, 1]},
    "net/b": {"row": "depthwise", "op": "conv2d", "kernel": [3, 3], "stride": [2, 2]},
    "net/c": {"row": "elementwise", "op": "concat"},
}


def line(shape, **figures):
    state = {"bench": "kernels", "shape": shape, "isa": "avx2", "threads": 1, "cache": "hot", "median_ns": 1234.56}
    return {**state, "gops": None, "peak_fraction": None, "spread": 0.1, **figures}


class Kernels(unittest.TestCase):
    def test_a_frozen_line_is_short_and_still_says_everything_asked(self):
        text = kernels.frozen(line("net/a", gops=987.654, peak_fraction=1.02345))
        self.assertEqual(
            json.loads(text),
            {
                "bench": "kernels",
                "shape": "net/a",
                "isa": "avx2",
                "threads": 1,
                "cache": "hot",
                "median_ns": 1235,
                "gops": 987.7,
                "peak_fraction": 1.02,
            },
        )
        self.assertNotIn(" ", text)

    def test_each_group_is_held_against_its_own_figure(self):
        text = kernels.asked_table(
            [
                line("net/a", peak_fraction=1.05),
                line("net/b", peak_fraction=0.1, cycles_per_64=40.0),
                line("net/c", cycles_per_64=2.0, bandwidth_fraction=0.9),
            ],
            CASES,
        )
        self.assertIn("| conv 3x3 | 1 | 105 % | 105 % | 105 % | >= 90 % | 1/1 | yes |", text)
        depthwise = "| depthwise 3x3, stride 2 | 1 | 40 cycles | 40 cycles | 40 cycles | <= 36 cycles | 0/1 | no |"
        self.assertIn(depthwise, text)
        self.assertIn("| concat, requantize: of memcpy | 1 | 90 % | 90 % | 90 % | >= 80 % | 1/1 | yes |", text)
        self.assertNotIn("GEMM", text)

    def test_rows_show_medians_of_all_figures(self):
        text = kernels.rows_table([line("net/c", cycles_per_64=c, bandwidth_fraction=0.5) for c in (1.0, 3.0)], CASES)
        self.assertIn("| elementwise: concat | 2 |  | 2 cycles | 50 % |", text)

    def test_bandwidths_are_told_in_bytes_a_cycle(self):
        limits = [
            {"bytes": 8192, "threads": 1, "cache": "hot", "loop": "read", "gbps": 480.0, "ghz": 4.0},
            {"bytes": 8192, "threads": 2, "cache": "cold", "loop": "copy", "gbps": 40.0, "ghz": 4.0},
        ]
        text = kernels.limits_table(limits)
        self.assertIn("| bytes a cycle | read, 1 thread | copied, cold, 2 threads |", text)
        self.assertIn("| 8 KB | 120.0 | 10.0 |", text)

    def test_the_summary_has_a_section_for_each_level_and_state(self):
        machine = {"cpu": "Abacus", "cores": 2, "kernel": "6"}
        cold = line("net/a", peak_fraction=0.5, cache="cold", threads=2)
        text = kernels.markdown(machine, [line("net/a", peak_fraction=0.9), cold], [], CASES)
        for title in ("## avx2", "### Asked: 1 thread, hot", "### 1 thread, hot", "### 2 threads, cold"):
            self.assertIn(title + "\n", text)


if __name__ == "__main__":
    unittest.main()
