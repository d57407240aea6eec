"""How a worker times: turns, the choice of a form, cold operands."""

import unittest

import package  # noqa: F401

from peers import environment, octet_peer, worker


class Worker(unittest.TestCase):
    def test_a_cold_run_comes_behind_a_sweep_and_a_run_of_the_twin(self):
        done = []
        nanoseconds = worker.time_cold(
            lambda: done.append("run"), lambda: done.append("twin"), lambda: done.append("sweep")
        )
        self.assertEqual(done, ["sweep", "twin", "run"] * worker.COLD_RUNS)
        self.assertGreater(nanoseconds, 0)

    def test_what_a_call_costs_does_not_move_the_peak(self):
        for cost in (0, 900):
            pairs = [(20_000 + cost, 80_000 + cost), (20_100 + cost, 80_100 + cost), (20_000 + cost, 99_000 + cost)]
            self.assertAlmostEqual(octet_peer.peak_of(pairs, 14_000_000), 700)

    def test_a_processor_names_a_folder(self):
        name = environment.folder_name("AMD EPYC (family 26, model 2)")
        self.assertEqual(name, "amd-epyc-family-26-model-2")
        self.assertEqual(environment.folder_name("Intel(R) Xeon(R) Processor"), "intel-xeon-processor")

    def test_the_last_level_of_the_caches_has_a_size(self):
        self.assertGreaterEqual(environment.last_level_bytes(), 1 << 18)


if __name__ == "__main__":
    unittest.main()
