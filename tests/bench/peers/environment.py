"""The virtual environment with the peers, and what the machine is."""

import os
import pathlib
import platform
import re
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


def _cpu_fields():
    """The first processor of /proc/cpuinfo."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def machine():
    """What a reader of figures must know."""
    fields = _cpu_fields()
    number = f" (family {fields['cpu family']}, model {fields['model']})" if "cpu family" in fields else ""
    return {
        "cpu": fields.get("model name", platform.machine()) + number,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def folder_name(cpu):
    """The name of a processor as the name of a folder: "amd-epyc-family-26-model-2"."""
    return re.sub("-+", "-", re.sub(r"\(r\)|\(tm\)|[^a-z0-9]", "-", cpu.lower())).strip("-")


def last_level_bytes():
    """Of the cache that core 0 reaches last; 32 MB where the system does not say."""
    found = []
    for path in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:], 1)
        found.append(int(text.rstrip("KMG")) * unit)
    return max(found, default=32 << 20)
