"""Octet as the others are run: a session bound for the batch, and nothing but oct_session_run."""

import collections
import os

import numpy as np

import octet.format as fmt
from peers.candidate import Candidate
from peers.octet_library import Library, Team


class OctetPeer:
    name = "octet"

    def __init__(self, settings):
        self._library = Library(settings["library"])
        self._features = self._library.features(settings.get("isa"))
        self._executor = None
        if settings["threads"] > 1:
            # Threads for the life of the process, as the peers' are; they sleep between runs.
            self._team = Team(settings["team"], settings["cpus"], self._library)
            self._executor = self._team.executor
            os.sched_setaffinity(0, settings["cpus"][:1])  # the calling thread is the team's first

    def versions(self):
        isa = self._library.cpu_isa_name(self._features).decode()
        return {"octet": self._library.version().decode(), "isa": isa}

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
