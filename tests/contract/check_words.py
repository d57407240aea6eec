#!/usr/bin/env python3
"""Functions and words that may not stand in the tree, each with its reason. Run from the root."""

import pathlib
import re
import sys

PRODUCT_RULES = [
    (r"\b(atoi|atol|atof)\s*\(", "reports no error; use oct_cli_number or strtoll"),
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\s*\(", "has no bound"),
    (r"\balloca\s*\(", "a size from outside would overflow the stack"),
    (r"\b(setlocale)\s*\(", "numbers would be written with another decimal point"),
]
C_RULES = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished work belongs into an issue"),
    (r"\bnot (yet )?implemented\b", "unfinished work belongs into an issue"),
]
TEXT_RULES = [(r"(^|[\s\"'`(])/work/", "a path of the machine it was written on")]
SUFFIXES = {".c", ".h", ".def", ".py", ".sh", ".md", ".txt", ".json", ".cmake", ".in", ".yml", ".yaml", ".service"}
ROOTS = ("engine", "proto", "server", "tests", "deploy", "configs")


def main():
    faults, n_files = [], 0
    this = pathlib.Path("tests/contract/check_words.py")
    for root in ROOTS:
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.suffix not in SUFFIXES or path == this or "__pycache__" in path.parts or not path.is_file():
                continue
            n_files += 1
            rules = list(TEXT_RULES)
            if path.suffix in (".c", ".h", ".def"):
                rules += C_RULES + (PRODUCT_RULES if root != "tests" else [])
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                faults += [f"{path}:{number}: {reason}: {line.strip()}" for rule, reason in rules if re.search(rule, line)]
    if n_files < 200:
        faults.append("run from the root of the tree")
    print("\n".join(faults) or f"{n_files} files are clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
