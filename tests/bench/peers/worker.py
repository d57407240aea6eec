"""One library in a process of its own: reads commands as JSON lines, answers as JSON lines.

    python -m peers.worker NAME SETTINGS

SETTINGS is a JSON object: {"cpus", "threads", "isa", "library", "team", "refuse_amx"}.

A process each, because thread pools, OpenMP runtimes and oneDNN's instruction-set limit are per process. The commands:
{"do": "load", "path", "rows", "inputs": [npy paths], "outputs": a folder, "quick", "cold"}
    makes every form that the library has, writes the output of each there, keeps the fastest; with "cold" also a twin
{"do": "time", "nanoseconds", "cold"}    one round: runs for at least that long after a warm-up
    -> nanoseconds of a run, how often the core was taken away meanwhile, and from Octet what dot products alone reach
    cold: the median of a few runs whose operands were evicted
{"do": "drop"}, {"do": "versions"}
"""

import gc
import json
import os
import resource
import statistics
import sys
import time

WARM_UP_NANOSECONDS = 300_000
BLOCK_NANOSECONDS = 40_000
#: With more threads than one: those of the library before still wait for work, spinning, on cores that ours need.
SHARED_WARM_UP_NANOSECONDS = 20_000_000
LONG_NANOSECONDS = 20_000_000  # a run that long warms itself
TRIAL_NANOSECONDS = 4_000_000
TRIALS = 3
FAR_BEHIND = 1.3
TURNS = 4
COLD_RUNS = 3
SWEEPS, MOST_SWEPT_BYTES = 4, 1 << 29


def peer(name, settings):
    # Imported here: the affinity and the filter must be in place before a library makes its threads.
    if name == "octet":
        from peers.octet_peer import OctetPeer as kind
    elif name == "onnxruntime":
        from peers.onnxruntime_peer import OnnxRuntimePeer as kind
    elif name == "openvino":
        from peers.openvino_peer import OpenVinoPeer as kind
    elif name == "torch":
        from peers.torch_peer import TorchPeer as kind
    else:
        raise ValueError(f"no peer {name!r}")
    return kind(settings)


def time_runs(run, at_least, warm_up=WARM_UP_NANOSECONDS):
    """Nanoseconds of one run: the median over blocks of runs that take `at_least` nanoseconds together.

    An interrupt, a percent of everybody's time here, is in few of the blocks.
    """
    clock = time.perf_counter_ns
    begin = clock()
    while clock() - begin < warm_up:
        run()
    samples, block, total = [], 1, 0
    while total < at_least:
        begin = clock()
        for _ in range(block):
            run()
        elapsed = clock() - begin
        total += elapsed
        if elapsed < BLOCK_NANOSECONDS:  # too short to be timed: a longer one instead
            block = max(block + 1, block * BLOCK_NANOSECONDS // max(elapsed, 1))
        else:
            samples.append(elapsed / block)
    return statistics.median(samples or [elapsed / block])


def sweeper():
    """A function that reads some times what the last level of the caches holds."""
    import numpy as np

    from peers.environment import last_level_bytes

    swept = np.ones(min(SWEEPS * last_level_bytes(), MOST_SWEPT_BYTES) // 8, np.int64)
    return lambda: np.add.reduce(swept)


def rank(candidates, nanoseconds):
    """{label: nanoseconds of a run}: medians of trials in turns, but for those far behind after the first."""
    samples = {candidate.label: [time_runs(candidate.run, nanoseconds, 0)] for candidate in candidates}
    limit = FAR_BEHIND * min(first for (first,) in samples.values())
    contenders = [candidate for candidate in candidates if samples[candidate.label][0] <= limit]
    if len(contenders) > 1:
        for _ in range(TRIALS - 1):
            for candidate in contenders:
                samples[candidate.label].append(time_runs(candidate.run, nanoseconds))
    return {label: sorted(times)[len(times) // 2] for label, times in samples.items()}


def time_cold(run, twin, sweep):
    """Nanoseconds of one run with cold operands: the median of COLD_RUNS.

    `sweep` drives everything out of the caches; `twin`, the same network with operands of its own, brings code, stack
    and threads back.
    """
    clock, times = time.perf_counter_ns, []
    for _ in range(COLD_RUNS):
        sweep()
        twin()
        begin = clock()
        run()
        times.append(clock() - begin)
    return sorted(times)[COLD_RUNS // 2]


class Worker:
    def __init__(self, name, settings):
        self._peer = peer(name, settings)
        self._peak_gops = getattr(self._peer, "peak_gops", None)
        self._threads = settings["threads"]
        self._best = self._twin = self._sweep = None
        self._expected = 0

    def versions(self, command):
        return self._peer.versions()

    def load(self, command):
        import numpy as np

        from peers.candidate import Job

        self.drop(command)
        inputs = [np.load(path) for path in command["inputs"]]
        job = Job(command["path"], command["rows"], inputs, self._threads)
        candidates = list(self._peer.candidates(job))
        outputs = {}
        for index, candidate in enumerate(candidates):
            candidate.run()
            outputs[candidate.label] = os.path.join(command["outputs"], f"{self._peer.name}-{index}.npy")
            np.save(outputs[candidate.label], np.ascontiguousarray(candidate.read()))
        tried = rank(candidates, TRIAL_NANOSECONDS // (4 if command["quick"] else 1))
        best = min(tried, key=tried.get)
        self._expected = tried[best]
        for candidate in candidates:
            if candidate.label == best:
                self._best = candidate
            else:
                candidate.close()
        if command["cold"]:
            self._sweep = self._sweep or sweeper()
            twins = Job(command["path"], command["rows"], [array.copy() for array in inputs], self._threads)
            (self._twin,) = self._peer.candidates(twins, only=best)
        return {"form": best, "tried": tried, "facts": self._best.facts, "outputs": outputs}

    def time(self, command):
        """A turn in which the system gave the core to somebody else is taken again, unless that happens every time.

        Who can tell the core's peak reads it before and after, for a core that others share is now fast and now slow.
        """
        if self._threads > 1:
            warm_up = SHARED_WARM_UP_NANOSECONDS
        else:
            warm_up = WARM_UP_NANOSECONDS if self._expected < LONG_NANOSECONDS else 0
        for _ in range(TURNS):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
            peaks = [self._peak_gops()] if self._peak_gops else []
            if command["cold"]:
                nanoseconds = time_cold(self._best.run, self._twin.run, self._sweep)
            else:
                nanoseconds = time_runs(self._best.run, command["nanoseconds"], warm_up)
            if self._peak_gops:
                peaks.append(self._peak_gops())
            interrupted = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw - before
            if interrupted == 0:
                break
        answer = {"nanoseconds": nanoseconds, "interrupted": interrupted}
        return {**answer, "peak_gops": statistics.fmean(peaks)} if peaks else answer

    def drop(self, command):
        for candidate in (self._best, self._twin):
            if candidate is not None:
                candidate.close()
        self._best = self._twin = None
        gc.collect()
        return {}


def main():
    name, settings = sys.argv[1], json.loads(sys.argv[2])
    os.sched_setaffinity(0, settings["cpus"])
    # What the libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    if settings["refuse_amx"]:
        from peers.no_amx import refuse_amx

        if not refuse_amx():
            raise SystemExit("the kernel does not take a seccomp filter: AMX cannot be refused")
    worker = Worker(name, settings)
    commands = {key: getattr(worker, key) for key in ("versions", "load", "time", "drop")}
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = commands[command["do"]](command)
        except Exception as error:  # reported to the driver, which names it in the table
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
