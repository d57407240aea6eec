"""The Markdown of a result."""

import json
import unittest

import package  # noqa: F401

from peers import report


def measurement(name, kind="layer", row="conv3x3", disagrees=(), **samples):
    return {
        "kind": kind,
        "name": name,
        "set": "net",
        "row": row,
        "batch": 1,
        "threads": 1,
        "operations": 2_000_000,
        "samples": {peer: [time * 1e3] * 3 for peer, time in samples.items()},
        "forms": {},
        "refused": {},
        "facts": {"torch": {"float": 1}},
        "agreement": {peer: {"max": 9} for peer in disagrees},
        "disagrees": list(disagrees),
    }


def result(*measurements, disturbed=False):
    return {
        "machine": {"cpu": "Abacus", "cores": 2, "kernel": "6", "python": "3"},
        "versions": {"octet": {"octet": "1.0"}, "torch": {"torch": "2"}},
        "settings": {
            "names": ["octet", "onnxruntime", "torch"],
            "isa": None,
            "threads": [1],
            "rounds": 3,
            "milliseconds": 2.0,
        },
        "peak_gops": 400.0,
        "ghz": 3.5,
        "calibration": {"gops": {"octet": 390.0}, "disturbed": disturbed},
        "turns": 90,
        "interrupted": 7,
        "overheads": {"1": {"octet": 0, "onnxruntime": 2000, "torch": 3000}},
        "measurements": list(measurements),
        "skipped": [
            {"name": "a", "set": "s", "reason": "no such operator"},
            {"name": "b", "set": "s", "reason": "no such operator"},
        ],
    }


class Report(unittest.TestCase):
    def test_a_layer_line_names_the_best_peer_and_both_ratios(self):
        text = report.markdown(result(measurement("m1", octet=10, onnxruntime=22, torch=30)))
        line = next(line for line in text.splitlines() if line.startswith("| net: m1"))
        self.assertEqual(
            [cell.strip() for cell in line.strip("|").split("|")],
            [
                "net: m1",
                "conv3x3",
                "10 us ±0 %",
                "22 us ±0 %",
                "30 us ±0 % (float)",
                "50 %",
                "onnxruntime",
                "2.20",
                "2.00",
            ],
        )

    def test_a_row_is_held_against_what_is_asked(self):
        text = report.markdown(
            result(*[measurement(f"m{i}", octet=10, torch=time) for i, time in enumerate((9, 12, 20))])
        )
        line = next(line for line in text.splitlines() if line.startswith("| conv3x3"))
        self.assertEqual(
            [cell.strip() for cell in line.strip("|").split("|")],
            ["conv3x3", "3", "1.20", "0.90", "1.29", "0.90", "2/3", "1.05", "yes"],
        )

    def test_a_peer_that_computes_something_else_is_not_the_best(self):
        text = report.markdown(result(measurement("m1", octet=10, onnxruntime=5, torch=30, disagrees=["onnxruntime"])))
        line = next(line for line in text.splitlines() if line.startswith("| net: m1"))
        self.assertIn("5 us ±0 % (differs)", line)
        self.assertIn("| torch | 3.00 |", line)
        self.assertIn("- m1, batch 1: onnxruntime differs: {'max': 9}; not compared", text)

    def test_models_end_in_least_and_geometric_mean(self):
        found = result(
            measurement("a", kind="model", octet=10, torch=20), measurement("b", kind="model", octet=10, torch=80)
        )
        self.assertIn("Least ratio 2.00 (asked 1.2), geometric mean 4.00 (asked 1.4).", report.markdown(found))

    def test_a_measurement_without_octet_has_no_ratio(self):
        self.assertNotIn("ratio", report.figures_of(measurement("m", torch=30), {}))

    def test_a_disturbed_run_says_so(self):
        self.assertIn("disturbed: do not trust", report.markdown(result(disturbed=True)))
        self.assertNotIn("disturbed: do not trust", report.markdown(result()))

    def test_the_json_holds_all_with_a_measurement_a_line(self):
        for found in (result(measurement("a", octet=1), measurement("b", octet=2)), result()):
            text = report.json_text(found)
            self.assertEqual(json.loads(text), found)
            self.assertEqual(sum('"kind"' in line for line in text.splitlines()), len(found["measurements"]))

    def test_interruptions_are_told(self):
        self.assertIn("in 7 of 90 turns another program had the core", report.markdown(result()))

    def test_skipped_cases_stand_under_their_reason(self):
        self.assertIn("- no such operator: s: a, s: b", report.markdown(result()))

    def test_times_have_three_digits_and_a_unit(self):
        self.assertEqual(
            [report.time_text(t) for t in (264.4, 4567, 123456, 5.2e6, 2.5e9)],
            ["264 ns", "4.57 us", "123 us", "5.2 ms", "2.5 s"],
        )


if __name__ == "__main__":
    unittest.main()
