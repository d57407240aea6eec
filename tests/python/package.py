"""Makes the package in proto/python importable for the tests, installed or not."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "proto" / "python" / "src"))
