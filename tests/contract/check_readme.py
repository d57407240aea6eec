#!/usr/bin/env python3
"""What the pages say is there: the README opens with the two commands, links and paths lead somewhere, every folder of the top
level is named, every command of the binary too. Run from the root."""

import pathlib
import re
import sys

TOP = ("server", "engine", "proto", "configs", "tests", "deploy")
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


def link_faults(page):
    for target, _ in LINK.findall(page.read_text()):
        if "://" not in target and not (page.parent / target).exists():
            yield f"{page}: the link {target} leads nowhere"


def commands():
    text = pathlib.Path("server/cli/commands.def").read_text()
    return re.findall(r'^OCT_COMMAND\(\w+, "([^"]+)"', text, re.MULTILINE)


def main():
    readme = pathlib.Path("README.md")
    faults = []
    if not readme.exists():
        faults.append("no README.md")
    else:
        text = readme.read_text()
        run, test = text.find("sh deploy/run.sh"), text.find("sh tests/run.sh")
        if run < 0 or test < 0 or max(run, test) > 2500:
            faults.append("README.md does not open with `sh deploy/run.sh` and `sh tests/run.sh`")
        faults += [f"README.md does not name {folder}/" for folder in TOP if f"{folder}/" not in text]
        faults += [f"README.md does not name `octet {name}`" for name in commands() if name not in text]
    pages = [p for p in pathlib.Path(".").rglob("*.md") if "build" not in p.parts and ".git" not in p.parts]
    faults += [fault for page in sorted(pages) for fault in link_faults(page)]
    extra = {p.name for p in pathlib.Path(".").iterdir() if not p.name.startswith(".")} - set(TOP) - {
        "build", "CMakeLists.txt", "Dockerfile", "README.md", "LICENSE"}
    faults += [f"{name}: does not belong at the top level" for name in sorted(extra)]
    print("\n".join(faults) or f"{len(pages)} pages lead where they say")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
