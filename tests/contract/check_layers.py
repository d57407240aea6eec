#!/usr/bin/env python3
"""Holds every #include of the tree against layers.txt. Run from the root; prints each line that breaks a rule."""

import pathlib
import re
import sys

RULES = pathlib.Path("tests/contract/layers.txt")
ROOTS = ("engine", "proto", "server", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
PUBLIC = ("octet/proto", "octet")  # longest first


def read_rules(text):
    layers, third, exceptions = {}, {}, set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) < 3 or words[2] != ":" or words[0] not in ("layer", "third", "except"):
            sys.exit(f"{RULES}:{number}: not a rule: {line}")
        if words[0] == "layer":
            layers[words[1]] = [words[1]] + words[3:]
        elif words[0] == "third":
            third[words[1]] = words[3:]
        else:
            exceptions.update((words[1], target) for target in words[3:])
    return layers, third, exceptions


def owner(path, folders):
    """The longest of `folders` that `path` lies in, or None."""
    found = [folder for folder in folders if path.startswith(folder + "/")]
    return max(found, key=len, default=None)


def allows(layer, target, layers):
    """Whether `layers[layer]` names what `target` belongs to."""
    public = next((p for p in PUBLIC if target.startswith(p + "/")), None)
    if public is not None:
        return public in layers[layer]
    return any(target.startswith(folder + "/") for folder in layers[layer])


def faults_of(path, layers, third, exceptions, used):
    name = path.as_posix()
    for mark, target in INCLUDE.findall(path.read_text()):
        owners = next((third[header] for header in third if target.startswith(header)), None)
        if owners is not None and not any(name.startswith(prefix) for prefix in owners):
            yield f"{name}: <{target}> belongs to {' '.join(owners)}"
        if mark == "<" or name.startswith("tests/"):
            continue
        if (name, target) in exceptions:
            used.add((name, target))
            continue
        layer = owner(name, layers)
        if layer is None:
            yield f"{name}: lies in no layer of {RULES}"
        elif not allows(layer, target, layers):
            yield f'{name}: {layer} may not include "{target}"'


def main():
    layers, third, exceptions = read_rules(RULES.read_text())
    used = set()
    files = sorted(p for root in ROOTS for p in pathlib.Path(root).rglob("*.[ch]"))
    faults = [fault for path in files for fault in faults_of(path, layers, third, exceptions, used)]
    faults += [f"{RULES}: {name} no longer includes {target}" for name, target in sorted(exceptions - used)]
    faults += [f"{RULES}: no folder {layer}" for layer in layers if not pathlib.Path(layer).is_dir()]
    if len(files) < 100:
        faults.append(f"only {len(files)} files seen: run from the root of the tree")
    print("\n".join(faults) or f"{len(files)} files keep the order of layers")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
