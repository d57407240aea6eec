"""What a `.octet` file says, as plain data. No checks here: graph.py makes them when a file is read or written."""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

import numpy as np

FORMAT_VERSION = 1

#: FORMAT.md's name of an element type -> numpy dtype of its bytes.
STORAGE = {
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "uint8": np.dtype("u1"),
    "int8": np.dtype("i1"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "bool": np.dtype("?"),
    "quint8": np.dtype("u1"),
    "qint8": np.dtype("i1"),
    "qint32": np.dtype("<i4"),
}
QUANTIZED = frozenset(("quint8", "qint8", "qint32"))


class FormatError(ValueError):
    """A file, or a Model to be written, breaks FORMAT.md. `where` is a byte offset or a path in the graph."""

    def __init__(self, where, message):
        super().__init__(f"{where}: {message}")
        self.where = where


@dataclass
class Input:
    """A graph input. `shape` holds integers, or "N" in dimension 0. A quantized input has scale and zero point."""

    name: str
    dtype: str
    shape: Tuple[Union[int, str], ...]
    scale: Optional[float] = None
    zero_point: Optional[int] = None


@dataclass
class Constant:
    """A constant; `data` holds stored values (integers for quantized dtypes).

    Per tensor: `scale`, `zero_point`. Per channel: `scales`, `zero_points` (rank 1, length of dimension `axis`).
    """

    name: str
    dtype: str
    data: np.ndarray
    scale: Optional[float] = None
    zero_point: Optional[int] = None
    scales: Optional[np.ndarray] = None
    zero_points: Optional[np.ndarray] = None
    axis: Optional[int] = None


@dataclass
class Node:
    """One operator. `None` among the inputs is an absent optional one."""

    name: str
    op: str
    inputs: List[Optional[str]]
    outputs: List[str]
    attributes: Dict[str, object] = field(default_factory=dict)


@dataclass
class Output:
    """A public output name and the value it shows."""

    name: str
    value: str


@dataclass
class Golden:
    """Input rows by input name, and the SHA-256 (hex) of each output's bytes by output name."""

    inputs: Dict[str, np.ndarray]
    outputs_sha256: Dict[str, str]


@dataclass
class Model:
    inputs: List[Input]
    nodes: List[Node]
    outputs: List[Output]
    constants: List[Constant] = field(default_factory=list)
    labels: Optional[List[str]] = None
    producer: Optional[str] = None
    golden: Optional[Golden] = None
