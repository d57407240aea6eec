#!/usr/bin/env python3
"""Counts the tests in the output of a stage: "PASSED FAILED SKIPPED".

    python3 tests/support/count.py LOG EXIT_CODE
    python3 tests/support/count.py --failures LOG          what failed, with its output

Understands `ctest --verbose` (a Check program counts as its checks, another test as one) and `unittest -v`. A stage that ended
badly without a failed test counts as one failure: a crash is never silent.
"""

import pathlib
import re
import sys

# "12: 100%: Checks: 9, Failures: 0, Errors: 0" and "12/80 Test #12: server/log/log ....   Passed    0.03 sec"
CHECKS = re.compile(r"^(\d+): \d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.MULTILINE)
RESULT = re.compile(r"^ *\d+/\d+ Test +#(\d+): (\S+) \.*( *[A-Za-z*][A-Za-z* ()]*?) +[\d.]+ sec", re.MULTILINE)
RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
OUTCOME = re.compile(r"^(?:OK|FAILED)(?: \((.*)\))?$", re.MULTILINE)


def count_ctest(text):
    passed = failed = skipped = 0
    checks = {number: (int(n), int(f) + int(e)) for number, n, f, e in CHECKS.findall(text)}
    for number, _, result in RESULT.findall(text):
        result = result.strip()
        total, bad = checks.get(number, (1, 0))
        if result == "Passed":
            passed += total
        elif "Skipped" in result:
            skipped += 1
        else:
            bad = max(bad, 1)
            failed += bad
            passed += max(total - bad, 0)
    return passed, failed, skipped


def count_unittest(text):
    total = sum(int(n) for n in RAN.findall(text))
    numbers = {"failures": 0, "errors": 0, "skipped": 0, "unexpected successes": 0}
    for detail in OUTCOME.findall(text):
        for part in filter(None, detail.split(", ")):
            key, _, value = part.partition("=")
            if key in numbers:
                numbers[key] += int(value)
    failed = numbers["failures"] + numbers["errors"] + numbers["unexpected successes"]
    # An error while a module or class is set up is not among the tests that ran.
    return max(total - failed - numbers["skipped"], 0), failed, numbers["skipped"]


def show_failures(text):
    if RAN.search(text):
        print(text[-6000:])
        return
    bad = [(n, name) for n, name, result in RESULT.findall(text) if result.strip() != "Passed" and "Skipped" not in result]
    for number, name in bad:
        lines = [line for line in text.splitlines() if line.startswith(f"{number}: ")]
        print(f"--- {name}")
        print("\n".join(lines[-25:]))


def main():
    if sys.argv[1] == "--failures":
        show_failures(pathlib.Path(sys.argv[2]).read_text(errors="replace"))
        return
    text, code = pathlib.Path(sys.argv[1]).read_text(errors="replace"), int(sys.argv[2])
    passed, failed, skipped = count_unittest(text) if RAN.search(text) else count_ctest(text)
    if failed == 0 and (code != 0 or passed + skipped == 0):
        failed = 1
    print(passed, failed, skipped)


if __name__ == "__main__":
    main()
