#!/usr/bin/python3
"""Builds hlsc with each of the planted miscompilations (planted/*.patch) and lets random programs find them. One
that they do not find means that they look at too little. usage: planted.py BUILD [NAME...]"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent


def build(folder, patch, build_folder):
    """hlsc with the patch applied to a copy: only the patched file is compiled."""
    (file,) = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.M)
    copy = folder / file
    copy.parent.mkdir(parents=True)
    copy.write_text((ROOT / file).read_text())
    subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=folder, check=True)
    database = json.loads(subprocess.run(["ninja", "-t", "compdb"], cwd=build_folder, check=True, capture_output=True).stdout)
    (command,) = [c["command"] for c in database if c["file"].endswith(file) and " -c " in c["command"]]
    words = shlex.split(command)
    words[words.index("-o") + 1] = str(folder / "patched.o")
    words[words.index("-c") + 1] = str(copy)
    subprocess.run(words, cwd=build_folder, check=True)
    # The patched object stands before the library, whose own is then not taken.
    main = build_folder / "tools/hlsc/CMakeFiles/hlsc.dir/main.cpp.o"
    subprocess.run(["c++", main, folder / "patched.o", build_folder / "tools/hlsc/libcauseway_hlsc.a", "-L/usr/lib/llvm-19/lib", "-lLLVM",
                    "-o", folder / "hlsc"], check=True)
    return folder / "hlsc"


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
            hlsc = build(pathlib.Path(folder), patch, build_folder)
            found = is_found(hlsc, "Only RTL shows it." in patch.read_text())
        missed += found is None
        print(f"{patch.stem}: {'NOT FOUND' if found is None else 'found: ' + found[:150]}", flush=True)
    return 1 if missed or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
