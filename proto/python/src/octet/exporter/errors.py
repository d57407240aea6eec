"""The exporter's one exception."""


class ExportError(Exception):
    """A model cannot be exported. The message names the operator and the place in the Python source.

    op        kind of the graph node ("aten::log_softmax", "prim::If"), or None
    location  "file.py:12 (module.path)", or None
    """

    def __init__(self, message, op=None, location=None):
        super().__init__(f"{location}: {message}" if location else message)
        self.op = op
        self.location = location
