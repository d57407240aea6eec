"""The workers of one run, one process for each library, driven in turns."""

import json
import os
import pathlib
import subprocess
import sys
import time

from peers import figures

HERE = pathlib.Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]

#: ISA level -> what keeps oneDNN (torch, openvino) without AMX. Octet is given the level itself, see octet_peer.py.
ONEDNN_LIMITS = {"avx512vnni": "AVX512_CORE_VNNI", "avx512vbmi": "AVX512_CORE_VNNI"}

#: No further attempt is begun when those of a case have taken this long.
PATIENCE_SECONDS = 20


class PeerFailed(RuntimeError):
    """A worker answered with an error, or ended."""


def surroundings(settings):
    """The environment of a process that runs one library."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join((str(HERE), str(ROOT / "proto" / "python" / "src"))))
    limit = ONEDNN_LIMITS.get(settings["isa"])
    if limit:
        environment.update(ONEDNN_MAX_CPU_ISA=limit, DNNL_MAX_CPU_ISA=limit)
    # Spinning OpenMP threads that share a core would wait for one another for whole time slices.
    environment["OMP_NUM_THREADS"] = str(settings["threads"])
    environment["OMP_PROC_BIND"] = "true"
    environment["OMP_PLACES"] = ",".join(f"{{{cpu}}}" for cpu in settings["cpus"])
    return environment


class Member:
    def __init__(self, name, settings, log):
        self.name = name
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.worker", name, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=surroundings(settings),
            cwd=HERE,
        )

    def ask(self, do, **arguments):
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise PeerFailed(f"{self.name}: the worker ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerFailed(answer["error"])
        return answer

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class Crew:
    """`names` in the order of their turns; `settings` as worker.py has them. A context manager.

    `turns` counts all that were timed, `interrupted` those in which another program had the core, however often tried.
    """

    def __init__(self, names, settings, log_path):
        self._log = open(log_path, "a")
        self.turns = self.interrupted = 0
        self.members = [Member(name, settings, self._log) for name in names]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for member in self.members:
            member.close()
        self._log.close()

    def versions(self):
        return {member.name: member.ask("versions") for member in self.members}

    def load(self, **arguments):
        """({name: what its form is}, {name: why it has none})."""
        loaded, refused = {}, {}
        for member in self.members:
            try:
                loaded[member.name] = member.ask("load", **arguments)
            except PeerFailed as error:
                refused[member.name] = str(error)
        return loaded, refused

    def steady_rounds(self, names, count, nanoseconds, cold=False):
        """Rounds, measured anew while something else on the machine makes them unsteady; the steadiest of all attempts.

        The choice looks at spreads alone, never at who is faster. Cold runs, which scatter by nature, are made once.
        """
        begin = time.monotonic()
        attempts = [self.rounds(names, count, nanoseconds, cold)]
        while (
            not cold
            and figures.unsteadiness(attempts[-1]["samples"]) > figures.UNSTEADY
            and len(attempts) < figures.ATTEMPTS
            and time.monotonic() - begin < PATIENCE_SECONDS
        ):
            attempts.append(self.rounds(names, count, nanoseconds, cold))
        return min(attempts, key=lambda attempt: figures.unsteadiness(attempt["samples"]))

    def rounds(self, names, count, nanoseconds, cold=False):
        """{"samples": {name: [nanoseconds of a run]}, "peaks": [GOPS of dot products alone beside Octet's]}.

        One for each round, which asks each member once.
        """
        samples, peaks = {name: [] for name in names}, []
        for _ in range(count):
            for member in self.members:
                if member.name in samples:
                    answer = member.ask("time", nanoseconds=nanoseconds, cold=cold)
                    samples[member.name].append(round(answer["nanoseconds"], 1))
                    if "peak_gops" in answer:
                        peaks.append(round(answer["peak_gops"], 1))
                    self.turns += 1
                    self.interrupted += answer["interrupted"] > 0
        return {"samples": samples, "peaks": peaks}
