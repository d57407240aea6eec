"""Reading and writing `.octet` model files, after proto/octet/FORMAT.md.

`load` and `loads` check everything FORMAT.md fixes and report the first fault as a FormatError; what an operator's
attributes mean is the engine's knowledge (`octet ops`) and not looked at here. `save` and `dumps` check the same, so
that nothing is written that could not be read back.
"""

import os
import pathlib
import tempfile

from octet.format import container, graph
from octet.format.model import FORMAT_VERSION, Constant, FormatError, Golden, Input, Model, Node, Output

__all__ = [
    "FORMAT_VERSION",
    "Constant",
    "FormatError",
    "Golden",
    "Input",
    "Model",
    "Node",
    "Output",
    "dumps",
    "load",
    "loads",
    "save",
]


def loads(data):
    """Returns the Model that the bytes of a file hold. Arrays are read-only views of `data`."""
    tensors, metadata = container.unpack(data)
    if "octet" not in metadata:
        raise FormatError("__metadata__", "has no key `octet`: a safetensors file, but not an Octet model")
    return graph.parse(metadata["octet"], tensors)


def load(path):
    """Reads the file at `path` and returns its Model."""
    return loads(pathlib.Path(path).read_bytes())


def dumps(model):
    """Returns the bytes of a file that holds `model`. The same model always gives the same bytes."""
    text, tensors = graph.render(model)
    data = container.pack(tensors, {"octet": text})
    graph.parse(text, tensors)
    return data


def save(model, path):
    """Writes `model` to `path`: all of it or nothing (a temporary file in the same folder, renamed)."""
    data = dumps(model)
    path = pathlib.Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
