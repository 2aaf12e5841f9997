#!/usr/bin/python3
"""Builds the world and the exhaustive tests with each of the planted bugs (planted/*.patch) and lets them find it. One
that they do not find means that they look at too little. usage: planted.py BUILD [NAME...]"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import planted  # noqa: E402

MOST_SEEDS = 2000  # within which each must be found


def find_in_worlds(program):
    """Where it was found and what; None where nothing was."""
    run = subprocess.run([program, "--seeds", str(MOST_SEEDS), "--no-shrink"], capture_output=True, text=True, errors="replace", timeout=600)
    if run.returncode == 0:
        return None
    seeds = re.search(r"^(\d+) worlds until", run.stdout, re.M)
    problem = re.search(r"^PROBLEM: (.*)", run.stdout, re.M)
    if not seeds or not problem:
        return f"crashed: {run.stderr.strip()}"
    return f"within {seeds[1]} seeds: {problem[1]}"


def find_exhaustively(program):
    run = subprocess.run([program], capture_output=True, text=True, errors="replace", timeout=600)
    failed = re.search(r"^\[  FAILED  \] (\S+) ", run.stdout, re.M)
    return f"by {failed[1]}" if failed else None


def main():
    build_folder = pathlib.Path(sys.argv[1]).resolve()
    patches = [p for p in sorted((HERE / "planted").glob("*.patch")) if len(sys.argv) < 3 or p.stem in sys.argv[2:]]
    missed = 0
    for patch in patches:
        with tempfile.TemporaryDirectory() as folder:
            found = find_in_worlds(planted.build(pathlib.Path(folder), patch, build_folder, "tests/causeway_world"))
            if found is None:
                found = find_exhaustively(planted.build(pathlib.Path(folder), patch, build_folder, "tests/test_exhaustive"))
        missed += found is None
        print(f"{patch.stem}: {'NOT FOUND' if found is None else 'found ' + found[:120]}", flush=True)
    print(f"{len(patches) - missed} of {len(patches)} found; worlds had {MOST_SEEDS} seeds for each")
    return 1 if missed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
