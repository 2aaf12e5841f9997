#!/usr/bin/python3
"""Every program in refused/ is refused, at the line that has the comment `// error: TEXT`, with that text."""

import pathlib
import re
import subprocess
import sys

import harness


def check(path):
    lines = path.read_text().splitlines()
    top = re.match(r"// (top|process) (\w+)", lines[0])
    what = [f"--{top[1]}", top[2]] if top else ["--process", "p"]
    marked = [(i + 1, line.split("// error: ")[1]) for i, line in enumerate(lines) if "// error: " in line]
    (number, text), = marked
    run = subprocess.run([harness.HLSC, path, *what, "-o", "/dev/null", "--", f"-I{harness.INCLUDE}"], capture_output=True, text=True)
    said = run.stderr.strip()
    good = run.returncode == 1 and f"{path.name}:{number}: error: " in said and text in said
    if not good:
        print(f"{path.name}: expected a refusal of line {number} with `{text}`, got {run.returncode}: {said}")
    return good


programs = sorted((pathlib.Path(__file__).resolve().parent / "refused").glob("*.cpp"))
bad = [p for p in programs if not check(p)]
print(f"{len(programs)} programs outside the subset, {len(bad)} not refused as they should be")
sys.exit(1 if bad or not programs else 0)
