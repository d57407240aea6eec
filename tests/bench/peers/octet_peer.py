"""Octet as the others are run: a session bound for the batch, and nothing but oct_session_run."""

import collections
import os
import statistics
import time

import numpy as np

import octet.format as fmt
from peers.candidate import Candidate
from peers.octet_library import Library, Team


#: Dot products alone are timed in blocks of some 20 us and of four times as many, so that an interrupt spoils one; the
#: median of so many pairs counts.
DOT_BLOCK_NANOSECONDS, DOT_BLOCKS, LONGER = 20_000, 5, 4
#: Of vectors, even where there are tiles: of these nobody reaches three quarters, so that they cannot tell a quiet machine.
WIDEST_VECTORS = "avx512vbmi"


def peak_of(pairs, operations):
    """Operations a nanosecond. What a call costs by itself is in both times of a pair, and so in neither's difference.

    @param pairs       [(nanoseconds of `operations`, of LONGER times as many)]
    """
    return (LONGER - 1) * operations / statistics.median(longer - shorter for shorter, longer in pairs)


class OctetPeer:
    name = "octet"

    def __init__(self, settings):
        self._library = Library(settings["library"])
        self._features = self._library.features(settings.get("isa"))
        vectors = self._features & self._library.features(WIDEST_VECTORS)
        yardstick = self._library.yardstick_select(vectors)
        self._dots, self._operations = yardstick.dots, 2 * yardstick.macs_per_turn
        self._dot_turns = self._turns_of_a_block()
        self._executor = None
        if settings["threads"] > 1:
            # Threads for the life of the process, as the peers' are; they sleep between runs.
            self._team = Team(settings["team"], settings["cpus"], self._library)
            self._executor = self._team.executor
            os.sched_setaffinity(0, settings["cpus"][:1])  # the calling thread is the team's first

    def versions(self):
        isa = self._library.cpu_isa_name(self._features).decode()
        return {"octet": self._library.version().decode(), "isa": isa}

    def _dot_nanoseconds(self, turns):
        begin = time.perf_counter_ns()
        self._dots(turns)
        return time.perf_counter_ns() - begin

    def _turns_of_a_block(self):
        turns = 1
        while self._dot_nanoseconds(turns) < DOT_BLOCK_NANOSECONDS:
            turns *= 2
        return turns

    def peak_gops(self):
        """What dot products alone reach on the calling thread's core at this moment."""
        pairs = [
            (self._dot_nanoseconds(self._dot_turns), self._dot_nanoseconds(LONGER * self._dot_turns))
            for _ in range(DOT_BLOCKS)
        ]
        return peak_of(pairs, self._operations * self._dot_turns)

    def candidates(self, job, only=None):
        session = self._library.open(job.path, job.rows, self._features)
        run = session.runner(self._executor)
        session.write(job.inputs)
        run()
        result = session.read(np.float32 if _is_float(fmt.load(job.path)) else np.uint8)
        kernels = collections.Counter(session.kernels())
        yield Candidate("octet", run, lambda: result, {"kernels": dict(kernels)}, session.close)


def _is_float(model):
    last = next((node for node in model.nodes if node.outputs[0] == model.outputs[0].value), None)
    return (
        last is not None
        and last.op == "aten::dequantize"
        or any(node.op == "aten::dequantize" and node.outputs[0] in _behind(model) for node in model.nodes)
    )


def _behind(model):
    """Names of the values that output 0 shows through operators that only move elements."""
    names, name = set(), model.outputs[0].value
    producers = {node.outputs[0]: node for node in model.nodes}
    while name in producers:
        names.add(name)
        if producers[name].op not in ("aten::permute", "aten::reshape", "aten::flatten"):
            break
        name = producers[name].inputs[0]
    return names
