#!/usr/bin/env python3
"""Disassembles the compiled kernels: python3 tests/contract/check_hot_loops.py OBJECT... (a build with optimization).

Two things that a compiler does without a word, and that no test of results sees or sees by accident only:
- an accumulator kept on the stack. In the innermost loops around vpdpbusd and tdpbusd, no instruction between the first and the last of
  them may read a vector from the stack;
- a product and a sum contracted into one rounding. No kernel has a fused multiply-add but those whose formula has it:
  quantizing with its zero point, and the products with their bias.
"""

import pathlib
import re
import shutil
import subprocess
import sys

DOTS = ("vpdpbusd", "tdpbusd")
HOT = ("qgemm_6x64", "qgemm_16x64", "qdwconv_")  # objects that must have dot products in loops
FUSED_BY_DEFINITION = ("quantize_", "qgemm_", "qdwconv_")
SKIPPED = 77

FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
JUMP_TARGET = re.compile(r"^([0-9a-f]+) <")
FUSED = re.compile(r"vfn?m(add|sub)")


def read_functions(path):
    """{name: [(address, mnemonic, operands)]}"""
    text = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True
    ).stdout
    functions, current = {}, []
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            current = functions.setdefault(match[1], [])
        elif match := INSTRUCTION.match(line):
            current.append((int(match[1], 16), match[2], match[3]))
    return functions


def innermost_loops(code):
    """Backward jumps over dot products that lie in no smaller one, as (first, last) indices into the code."""
    at = {address: i for i, (address, _, _) in enumerate(code)}
    loops = []
    for i, (address, mnemonic, operands) in enumerate(code):
        match = JUMP_TARGET.match(operands)
        if mnemonic.startswith("j") and match and int(match[1], 16) <= address and int(match[1], 16) in at:
            first = at[int(match[1], 16)]
            if any(code[k][1] in DOTS for k in range(first, i)):
                loops.append((first, i))
    return [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]


def stack_pattern(code):
    """A place on the stack as a source; %rbp is the stack's only where it was made a frame pointer."""
    frame = any(mnemonic == "mov" and operands == "%rsp,%rbp" for _, mnemonic, operands in code)
    return re.compile(r"\(%r[sb]p[^)]*\)," if frame else r"\(%rsp[^)]*\),")


def spills(code):
    """(dot products, addresses of reads from the stack) within the innermost loops."""
    pattern = stack_pattern(code)
    dots, found = 0, set()
    for first, last in innermost_loops(code):
        inside = [k for k in range(first, last) if code[k][1] in DOTS]
        dots += len(inside)
        for address, _, operands in code[inside[0] : inside[-1] + 1]:
            if pattern.search(operands) and re.search(r"%[xyz]mm", operands):
                found.add(address)
    return dots, sorted(found)


def check_object(path):
    stem = pathlib.Path(path).name.split(".")[0]
    faults, dots = [], 0
    for name, code in read_functions(path).items():
        if not stem.startswith(FUSED_BY_DEFINITION):
            faults += [f"{stem}: {name}+: {m} at {a:#x}" for a, m, _ in code if FUSED.match(m)]
        found, stack = spills(code)
        dots += found
        if stack:
            faults.append(f"{stem}: {name}: {len(stack)} vectors read from the stack in a loop, the first at {stack[0]:#x}")
    if stem.startswith(HOT) and stem.endswith(("vnni", "amxint8")) and dots == 0:
        faults.append(f"{stem}: no loop of dot products found")
    return faults


def main():
    kernels = [path for path in sys.argv[1:] if "__" in pathlib.Path(path).name and "__scalar" not in path]
    if not kernels or not shutil.which("objdump"):
        print("no optimized vector kernels, or no objdump")
        sys.exit(SKIPPED)
    faults = [fault for path in kernels for fault in check_object(path)]
    print("\n".join(faults) if faults else f"{len(kernels)} kernels are clean")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
