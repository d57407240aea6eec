"""Statistics, ratios and the rule about disturbed runs."""

import unittest

import package  # noqa: F401

from peers import figures
from peers.crew import Crew


def attempt(**samples):
    """What Crew.rounds() returns."""
    return {"samples": samples, "peaks": []}


class Figures(unittest.TestCase):
    def test_quartiles_and_spread(self):
        self.assertEqual(figures.quartiles([5, 1, 3, 2, 4]), (2, 3, 4))
        self.assertAlmostEqual(figures.spread([1, 2, 3, 4, 5]), 2 / 3)
        self.assertEqual(figures.spread([7]), 0)

    def test_the_best_peer_is_the_fastest_other(self):
        self.assertEqual(figures.best_peer({"octet": 1, "a": 3, "b": 2}), "b")
        self.assertIsNone(figures.best_peer({"octet": 1}))

    def test_slow_rounds_cancel_in_a_ratio(self):
        samples = {"octet": [10, 100, 10, 10, 100], "torch": [20, 200, 20, 20, 200]}
        self.assertAlmostEqual(figures.ratio(samples, {}, "torch")[0], 2)

    def test_each_call_is_relieved_of_its_own_overhead(self):
        samples = {"octet": [11, 11, 11], "torch": [25, 25, 25]}
        with_it, without = figures.ratio(samples, {"octet": 1, "torch": 5}, "torch")
        self.assertAlmostEqual(with_it, 25 / 11)
        self.assertAlmostEqual(without, 2)

    def test_overhead_never_takes_all_of_a_time(self):
        self.assertAlmostEqual(figures.without_overhead(100, 99.9), 5)
        self.assertAlmostEqual(figures.without_overhead(100, 200), 5)

    def test_of_several_attempts_the_steadiest_counts_whoever_wins(self):
        steady, unsteady = [10, 10, 10, 10], [10, 20, 10, 20]
        second = attempt(octet=[50] * 4, torch=[10] * 4)
        attempts = iter([attempt(octet=steady, torch=unsteady), second, attempt(octet=[1] * 4)])
        crew = Crew.__new__(Crew)
        crew.rounds = lambda names, count, nanoseconds, cold: next(attempts)
        self.assertIs(crew.steady_rounds(["octet", "torch"], 4, 1e6), second)

    def test_attempts_end(self):
        made = []
        crew = Crew.__new__(Crew)
        crew.rounds = lambda names, count, nanoseconds, cold: made.append(1) or attempt(octet=[10, 20 + len(made), 10, 20])
        crew.steady_rounds(["octet"], 4, 1e6)
        self.assertEqual(len(made), figures.ATTEMPTS)

    def test_cold_runs_are_made_once(self):
        made = []
        crew = Crew.__new__(Crew)
        crew.rounds = lambda names, count, nanoseconds, cold: made.append(cold) or attempt(octet=[10, 20, 10, 20])
        crew.steady_rounds(["octet"], 4, 1e6, True)
        self.assertEqual(made, [True])

    def test_geometric_mean(self):
        self.assertAlmostEqual(figures.geometric_mean([0.5, 2, 8]), 2)

    def test_a_run_is_disturbed_when_nobody_comes_near_the_peak(self):
        self.assertTrue(figures.is_disturbed({"octet": 70, "torch": 74.9}, 100))
        self.assertFalse(figures.is_disturbed({"octet": 70, "torch": 75}, 100))

    def test_what_is_asked_is_reached_by_the_ratio_or_at_the_limit(self):
        self.assertGreaterEqual(figures.attainment(1.5, 1.5, 0.5, 0.97), 1)
        self.assertGreaterEqual(figures.attainment(1.01, 1.5, 0.97, 0.97), 1)
        self.assertGreaterEqual(figures.attainment(1.01, 1.5, 1.2, 0.97), 1)  # padding that was not multiplied
        self.assertLess(figures.attainment(1.4, 1.5, 0.96, 0.97), 1)
        self.assertLess(figures.attainment(1.4, 1.5, None, 0.97), 1)

    def test_a_summary_counts_who_is_ahead(self):
        found = figures.summarize([0.5, 1.0, 2.0, 4.0])
        self.assertEqual((found["cases"], found["median"], found["least"], found["ahead"]), (4, 1.5, 0.5, 2))


if __name__ == "__main__":
    unittest.main()
