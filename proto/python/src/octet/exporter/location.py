"""Where in the Python source a graph node comes from."""

import os
import re
import traceback

import torch

_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_TRACER = os.path.join(_TORCH, "jit", "_trace.py")
_OCTET = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_TRACED = re.compile(r"^(.+)\((\d+)\): \S+$", re.MULTILINE)
_SCRIPTED = re.compile(r'^\s*File "(.+)", line (\d+)', re.MULTILINE)


def module_path(node):
    """The path of the submodule a node was traced in ("block1.conv"), or ""."""
    scope = node.scopeName().rsplit("/", 1)[-1]
    return scope[len("__module.") :] if scope.startswith("__module.") else ""


def of_node(node):
    """ "file.py:12 (block1.conv)": the innermost line that is neither torch's nor ours, where there is one."""
    text = node.sourceRange()
    frames = _TRACED.findall(text) or _SCRIPTED.findall(text)
    for index, (file, _) in enumerate(frames):
        if file.startswith(_TRACER):
            frames = frames[:index]  # the rest is who called torch.jit.trace
            break
    frames = [frame for frame in frames if not frame[0].startswith((_OCTET, "<string>"))]
    own = [frame for frame in frames if not frame[0].startswith(_TORCH)]
    path = module_path(node)
    if not frames:
        return path or "unknown place"
    file, line = (own or frames)[0]
    return f"{file}:{line} ({path})" if path else f"{file}:{line}"


def of_caller():
    """The innermost line of the running stack that is neither torch's nor ours."""
    for frame in reversed(traceback.extract_stack()):
        if not frame.filename.startswith((_TORCH, _OCTET)):
            return f"{frame.filename}:{frame.lineno}"
    return "unknown place"
