"""The virtual environment with the peers, and what the machine is."""

import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build" / "bench-venv"
PINS = {
    "torch": "2.13.0",
    "numpy": "2.4.6",
    "onnx": "1.23.2",
    "onnxruntime": "1.32.0",
    "openvino": "2026.4.1",
    "matplotlib": "3.11.2",
}


def _missing(python):
    """Requirements that the environment does not hold."""
    listing = subprocess.run(
        [python, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True, check=True
    )
    found = dict(line.split("==", 1) for line in listing.stdout.splitlines() if "==" in line)
    return [f"{name}=={pin}" for name, pin in PINS.items() if found.get(name, "").split("+")[0] != pin]


def enter():
    """Goes on inside the environment, which is made or completed if it must: the process is replaced."""
    python = FOLDER / "bin" / "python"
    if pathlib.Path(sys.prefix) == FOLDER:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
    wanted = _missing(python)
    if wanted:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    os.execv(python, [python, *sys.argv])


def machine():
    """What a reader of figures must know."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
