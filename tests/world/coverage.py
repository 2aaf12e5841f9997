#!/usr/bin/python3
"""What the world does not reach of the gateway's machines: every line of MACHINES that no run comes to, but for those that
unreached.toml explains. An explained line that is reached has no business there, and is named as well.
The runs are of the first seeds, so that they reach the same each time. usage: coverage.py"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build/coverage"
SEEDS = 1500
# Names of states and what is left of a line that says nothing.
PLAIN = re.compile(r'(};?|\);|break;|default:|case .*:|return;|return "[^"]*";|switch \(.*\) {|std::string_view .*state\(\) const {|std::string_view to_string\(.*\) {)(  // .*)?')
MACHINES = ["host/sip/client_invite.cpp", "host/sip/client_non_invite.cpp", "host/sip/server_invite.cpp", "host/sip/server_non_invite.cpp",
            "host/sip/dialog.cpp", "host/sdp/offer_answer.cpp", "host/call/legs.cpp", "host/call/legs_reinvite.cpp", "host/call/b2bua.cpp",
            "host/media/latch.cpp"]


def lines_of(file):
    """{line number: how often it ran} of all that has code."""
    (notes,) = BUILD.glob(f"{pathlib.Path(file).parent}/CMakeFiles/*/{pathlib.Path(file).name}.gcno")
    out = subprocess.run(["gcov", "--json-format", "--stdout", notes], cwd=BUILD, check=True, capture_output=True, text=True).stdout
    counts = {}
    for report in json.loads(out)["files"]:
        if not report["file"].endswith(file):
            continue
        for line in report["lines"]:  # once for each instance of a template
            counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
    return counts


def main():
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "coverage", "--target", "causeway_world"], cwd=ROOT, check=True)
    for old in BUILD.rglob("*.gcda"):
        old.unlink()
    print(subprocess.run([BUILD / "tests/causeway_world", "--seeds", str(SEEDS)], check=True, capture_output=True, text=True).stdout.strip())
    explained = tomllib.loads((HERE / "unreached.toml").read_text())
    wrong = 0
    for file in MACHINES:
        text = (ROOT / file).read_text().splitlines()
        counts = lines_of(file)
        reached = sum(1 for n in counts.values() if n)
        print(f"{file}: {reached} of {len(counts)} lines reached")
        missed = {}
        for number in sorted(n for n, count in counts.items() if count == 0):
            line = text[number - 1].strip()
            if not PLAIN.fullmatch(line):
                missed.setdefault(line, []).append(number)
        reasons = explained.get(file, {})
        for line, numbers in missed.items():
            if line not in reasons:
                wrong += 1
                print(f"  {file}:{','.join(map(str, numbers))}: not reached: {line}")
        for line in sorted(set(reasons) - set(missed)):
            wrong += 1
            print(f"  reached, or not there, and yet explained: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
