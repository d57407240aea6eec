"""What a worker times: one way in which one library runs one model.

A peer's `candidates(job, only=None)` yields all ways that it has, or the one with the label `only`.
"""

from dataclasses import dataclass, field
from typing import Callable, Dict


@dataclass
class Job:
    """A model file, the batch it runs with, its stored inputs, and the number of threads."""

    path: str
    rows: int
    inputs: list
    threads: int


@dataclass
class Candidate:
    """`run` computes once; `read` returns output 0 of the last run in the model's own order of dimensions."""

    label: str
    run: Callable[[], object]
    read: Callable[[], object]
    facts: Dict[str, object] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None
