#!/bin/sh
# Every C file is as clang-format 14 writes it with the tree's .clang-format.
set -eu
command -v clang-format-14 >/dev/null || { echo "clang-format-14 is not installed"; exit 77; }
files=$(find engine proto server tests -name '*.[ch]' | sort)
[ "$(printf '%s\n' "$files" | wc -l)" -gt 100 ] || { echo "run from the root of the tree"; exit 1; }
clang-format-14 --dry-run --Werror $files
echo "$(printf '%s\n' "$files" | wc -l) files are formatted"
