"""Makes the package in proto/python, and what tests/bench is made of, importable for the tests, installed or not."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
sys.path.insert(0, str(ROOT / "proto" / "python" / "src"))
