"""Octet's Python side: export a PyTorch model, read and write `.octet` files, ask a server.

    octet.export(model, example_inputs, "m.octet")        needs torch
    octet.load("m.octet"), octet.save(model, "m.octet")   need numpy
    octet.Client("http://127.0.0.1:8080").infer("m", {"x": array})
"""

from octet.client import Client, OctetError
from octet.exporter import ExportError, export
from octet.format import FormatError, load, save
from octet.version import __version__

__all__ = ["Client", "ExportError", "FormatError", "OctetError", "__version__", "export", "load", "save"]
