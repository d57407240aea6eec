#!/usr/bin/env python3
"""Disassembles the compiled kernels: python3 tests/contract/check_hot_loops.py OBJECT... (a build with optimization).

Two things that a compiler does without a word, and that no test of results sees or sees by accident only:
- an accumulator kept on the stack. In the innermost loops around dot products, no instruction between the first and the last of
  them may read a vector from the stack;
- a product and a sum contracted into one rounding. No kernel has a fused multiply-add but those whose formula has it:
  quantizing with its zero point, and the products with their bias.

The objects may come from any compiler, for x86-64 or AArch64.
"""

import pathlib
import re
import shutil
import subprocess
import sys

HOT = ("qgemm_", "qdwconv_", "qgroupconv_", "qwinograd_", "qfirstconv_")  # objects that must have dot products in loops
FUSED_BY_DEFINITION = ("quantize_", "qgemm_", "qdwconv_", "qgroupconv_", "qwinograd_", "qfirstconv_")
SKIPPED = 77

FUNCTION = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(?:\{\w+\}\s+)?(\S+)\s*(.*)$")
JUMP_TARGET = re.compile(r"(?:^|\s)([0-9a-f]+) <")


class X86:
    objdump = "objdump"
    dot = re.compile(r"vpdpbusd|vpdpwssd|vpmaddwd|tdpbusd")
    jump = re.compile(r"j")
    fused = re.compile(r"vfn?m(add|sub)")
    vector = re.compile(r"%[xyz]mm")

    @staticmethod
    def stack_pattern(code):
        """A place on the stack as a source; %rbp is the stack's only where it was made a frame pointer."""
        frame = any(mnemonic == "mov" and operands == "%rsp,%rbp" for _, mnemonic, operands in code)
        return re.compile(r"\(%r[sb]p[^)]*\)," if frame else r"\(%rsp[^)]*\),")

    @staticmethod
    def reads(mnemonic):
        return not mnemonic.startswith("vpbroadcast")  # activations widened into a buffer, not an accumulator


class Aarch64:
    objdump = "aarch64-linux-gnu-objdump"
    dot = re.compile(r"([us]|us|su)dot$|([us]|us)mmla$|smlal2?$")
    jump = re.compile(r"(b\.|cbn?z|tbn?z|b$)")
    fused = re.compile(r"fn?m(la|ls|add|sub)$")
    vector = re.compile(r"\b[qv]\d")

    @staticmethod
    def stack_pattern(_):
        return re.compile(r"\[(sp|x29)\b")

    @staticmethod
    def reads(mnemonic):
        return mnemonic.startswith("ld")


MACHINES = {62: X86, 183: Aarch64}  # e_machine of ELF


def machine_of(path):
    return MACHINES[int.from_bytes(pathlib.Path(path).read_bytes()[18:20], "little")]


def read_functions(path, machine):
    """{name: [(address, mnemonic, operands)]}"""
    text = subprocess.run(
        [machine.objdump, "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True
    ).stdout
    functions, current = {}, []
    for line in text.splitlines():
        if match := FUNCTION.match(line):
            current = functions.setdefault(match[1], [])
        elif match := INSTRUCTION.match(line):
            current.append((int(match[1], 16), match[2], match[3]))
    return functions


def innermost_loops(code, machine):
    """Backward jumps over dot products that lie in no smaller one, as (first, last) indices into the code."""
    at = {address: i for i, (address, _, _) in enumerate(code)}
    loops = []
    for i, (address, mnemonic, operands) in enumerate(code):
        match = JUMP_TARGET.search(operands)
        if machine.jump.match(mnemonic) and match and int(match[1], 16) <= address and int(match[1], 16) in at:
            first = at[int(match[1], 16)]
            if any(machine.dot.match(code[k][1]) for k in range(first, i)):
                loops.append((first, i))
    return [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]


def spills(code, machine):
    """(dot products, addresses of reads from the stack) within the innermost loops."""
    pattern = machine.stack_pattern(code)
    dots, found = 0, set()
    for first, last in innermost_loops(code, machine):
        inside = [k for k in range(first, last) if machine.dot.match(code[k][1])]
        dots += len(inside)
        for address, mnemonic, operands in code[inside[0] : inside[-1] + 1]:
            if machine.reads(mnemonic) and pattern.search(operands) and machine.vector.search(operands):
                found.add(address)
    return dots, sorted(found)


def check_object(path):
    machine = machine_of(path)
    stem = pathlib.Path(path).name.split(".")[0]
    faults, dots = [], 0
    for name, code in read_functions(path, machine).items():
        if not stem.startswith(FUSED_BY_DEFINITION):
            faults += [f"{stem}: {name}+: {m} at {a:#x}" for a, m, _ in code if machine.fused.match(m)]
        found, stack = spills(code, machine)
        dots += found
        if stack:
            faults.append(f"{stem}: {name}: {len(stack)} vectors read from the stack in a loop, the first at {stack[0]:#x}")
    if stem.startswith(HOT) and dots == 0:
        faults.append(f"{stem}: no loop with a dot product found")
    return faults


def main():
    kernels = [path for path in sys.argv[1:] if "__" in pathlib.Path(path).name and "__scalar" not in path]
    if not kernels or not all(shutil.which(machine_of(path).objdump) for path in kernels):
        print("no optimized vector kernels, or no objdump")
        sys.exit(SKIPPED)
    faults = [fault for path in kernels for fault in check_object(path)]
    print("\n".join(faults) if faults else f"{len(kernels)} kernels are clean")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
