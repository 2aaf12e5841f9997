#!/usr/bin/python3
"""Builds hlsc with each of the planted miscompilations (planted/*.patch) and lets random programs find them. One
that they do not find means that they look at too little. usage: planted.py BUILD [NAME...]"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import planted  # noqa: E402


def is_found(hlsc, in_rtl):
    for seed in range(1, 101, 25):
        arguments = ["--programs", "25", "--rtl", "25" if in_rtl else "0", "--seed", str(seed), "--no-shrink"]
        run = subprocess.run([sys.executable, "-B", HERE / "differential.py", *arguments], env={**os.environ, "HLSC": str(hlsc)},
                             capture_output=True, text=True)
        if run.returncode == 1 and "FAILED: " in run.stdout:
            return re.findall(r"FAILED: .*", run.stdout)[0]
    return None


def main():
    build_folder = pathlib.Path(sys.argv[1]).resolve()
    patches = sorted((HERE / "planted").glob("*.patch"))
    missed = 0
    for patch in [p for p in patches if len(sys.argv) < 3 or p.stem in sys.argv[2:]]:
        with tempfile.TemporaryDirectory() as folder:
            hlsc = planted.build(pathlib.Path(folder), patch, build_folder, "tools/hlsc/hlsc")
            found = is_found(hlsc, "Only RTL shows it." in patch.read_text())
        missed += found is None
        print(f"{patch.stem}: {'NOT FOUND' if found is None else 'found: ' + found[:150]}", flush=True)
    return 1 if missed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
