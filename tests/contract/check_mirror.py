#!/usr/bin/env python3
"""Tests mirror the tree: engine/graph/memplan.c is tested by tests/engine/graph/check_memplan.c. Run from the root.

A source without a partner needs a row in mirror.txt that says where it is tested; a row whose file is gone or has a partner by
now is a fault too. Kernel files (name__isa.c) are tested through their family.
"""

import pathlib
import sys

ROWS = pathlib.Path("tests/contract/mirror.txt")
ROOTS = ("engine", "proto", "server")


def read_rows():
    rows = {}
    for number, line in enumerate(ROWS.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, colon, reason = line.partition(" : ")
        if not colon or len(reason) < 10:
            sys.exit(f"{ROWS}:{number}: expected 'FILE : REASON'")
        rows[name] = reason
    return rows


def partner(source):
    return pathlib.Path("tests") / source.parent / f"check_{source.stem}.c"


def excuse(source, rows):
    """The row of a file, or of a folder it lies in ("engine/kernels/*")."""
    names = [source.as_posix()] + [f"{parent.as_posix()}/*" for parent in source.parents]
    return next((name for name in names if name in rows), None)


def main():
    rows, used, faults = read_rows(), set(), []
    sources = sorted(p for root in ROOTS for p in pathlib.Path(root).rglob("*.c"))
    for source in sources:
        if "__" in source.stem:
            continue
        row = excuse(source, rows)
        if partner(source).exists():
            if row == source.as_posix():
                faults.append(f"{ROWS}: {source} has {partner(source)} by now")
        elif row is None:
            faults.append(f"{source}: no {partner(source)}, and no reason in {ROWS}")
        else:
            used.add(row)
    faults += [f"{ROWS}: nothing needs the row {name}" for name in rows if name not in used and not any(
        name in fault for fault in faults)]
    for check in sorted(pathlib.Path("tests").rglob("check_*.c")):
        text = check.read_text()
        if "START_TEST" not in text:
            faults.append(f"{check}: has no test")
    if len(sources) < 50:
        faults.append("run from the root of the tree")
    print("\n".join(faults) or f"{len(sources)} sources have their tests")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
