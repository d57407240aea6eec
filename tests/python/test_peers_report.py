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
        "peaks": [390.0, 400.0, 420.0],
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
        "calibration": {"gops": {"octet": 390.0}, "disturbed": disturbed, "peak_gops": 410.0},
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
            ["conv3x3", "3", "1.20", "0.90", "1.29", "0.90", "2/3", "50 %", "50 %", "2/3", "1.05", "yes"],
        )

    def test_a_row_at_the_limit_reaches_what_is_asked_without_the_ratio(self):
        text = report.markdown(result(*[measurement(f"m{i}", octet=5.1, torch=5.2) for i in range(3)]))
        line = next(line for line in text.splitlines() if line.startswith("| conv3x3"))
        self.assertTrue(line.endswith("| 98 % | 98 % | 3/3 | 1.05 | yes |"), line)

    def test_the_share_is_also_told_without_what_a_call_costs(self):
        found = result(measurement("m", octet=10, torch=10))
        found["overheads"]["1"]["octet"] = 2000
        self.assertIn("| 50 % | 62 % | 0/1 | 1.05 | no |", report.markdown(found))

    def test_a_share_is_of_the_peak_beside_its_own_round(self):
        slow = measurement("m", octet=10, torch=10)
        slow["peaks"] = [200.0, 400.0, 800.0]
        slow["samples"]["octet"] = [20e3, 10e3, 5e3]
        text = report.markdown(result(slow))
        self.assertIn("| 50 % | torch |", text)
        self.assertIn("median 400 GOPS on one core, quartiles 300 and 600, least 200; beside product", text)

    def test_more_than_the_limit_is_told_as_it_is(self):
        text = report.markdown(result(measurement("m", octet=4, torch=4)))
        self.assertIn("| 125 % | 125 % | 1/1 | 1.05 | yes |", text)

    def test_cold_operands_have_tables_of_their_own(self):
        hot, cold = measurement("m", octet=10, torch=20), {**measurement("m", octet=40, torch=60), "cache": "cold"}
        text = report.markdown(result(hot, cold))
        self.assertIn("### Layers by row, operands in the caches that hold them", text)
        _, summary = text.split("### Layers by row, operands in memory")
        self.assertIn("| conv3x3 | 1 | 1.50 |", summary)

    def test_a_node_of_the_dispatch_model_is_held_against_what_is_asked(self):
        found = {**measurement("20 nodes", kind="dispatch", octet=2, torch=60), "nodes": 20}
        self.assertIn("octet 100 ns, torch 3 us (asked: at most 2 us; reached: yes)", report.markdown(result(found)))

    def test_loading_names_each_best_file_and_what_is_reached(self):
        found = measurement("net", kind="load", octet=70_000, torch=280_000)
        found.update(forms={"octet": "octet", "torch": "x86"}, first={"octet": 1e6, "torch": 2e6})
        text = report.markdown(result(found))
        self.assertIn("| torch | x86 | 280 ms | 2 ms | 4.00 |", text)
        self.assertIn("at most 60 ms (no) and 5 times as fast as the best peer (no, 4.00)", text)

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
        self.assertIn(
            "Least ratio 2.00 (asked 1.2; 2 of 2 reach it or the limit), geometric mean 4.00 (asked 1.4).",
            report.markdown(found),
        )

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
