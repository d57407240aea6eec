"""What a worker times: one way in which one library runs one model."""

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
