#!/usr/bin/python3
"""Random programs of hlsc's subset: native C++ against hlsc's netlist interpreter, and some against Verilated RTL
with random gaps and stalls. A failing program is shrunk and left in the folder.

usage: differential.py [--programs N] [--rtl N] [--each-off N] [--seed S] [--off OPTIMISATION] [--folder FOLDER] [--clock NS]"""

import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time

import generate
import harness

BUNDLE = 40
WORDS = 60


def stimuli(program):
    r = random.Random(program.seed)
    words = {}
    for k, (_, fields) in enumerate(program.inputs):
        width = sum(int(f[f.index("<") + 1:-1]) for f in fields)
        edges = [0, (1 << width) - 1, 1 << width - 1, 1]
        words[k] = [r.choice(edges) if r.random() < 0.15 else r.getrandbits(width) for _ in range(WORDS)]
    return words


def ports(program):
    def all_of(streams, is_input, first):
        return [harness.Port(first + k, s, is_input, sum(int(f[f.index("<") + 1:-1]) for f in fields)) for k, (s, fields) in enumerate(streams)]
    return all_of(program.inputs, True, 0) + all_of(program.outputs, False, len(program.inputs))


def write(folder, programs):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "programs.cpp").write_text(generate.PREAMBLE + "\n".join(p.source() for p in programs))
    for p in programs:
        harness.write_inputs(folder, p.name, stimuli(p))


def check_netlists(folder, programs, options, native=True):
    """What is wrong with which program. Those that hlsc cannot make for want of any effect are taken out of the list."""
    if native:
        write(folder, programs)
        harness.run_native(folder, folder / "programs.cpp", {p.name: ports(p) for p in programs}, WORDS)
    said = harness.hlsc(folder / "programs.cpp", [p.name for p in programs], "--interpret", str(WORDS), "--keep-going", "--folder", folder, *options)
    wrong = {name: why for name, why in re.findall(r"^(\w+) refused: (.*)$", said, re.M)}
    programs[:] = [p for p in programs if not is_vacuous(wrong.get(p.name, ""))]
    wrong = {name: why for name, why in wrong.items() if not is_vacuous(why)}
    for p in programs:
        if p.name not in wrong:
            problem = harness.difference(harness.results(folder, p.name, "native"), harness.results(folder, p.name, "netlist"))
            if problem:
                wrong[p.name] = "netlist: " + problem
    return wrong


def is_vacuous(why):
    """By chance a condition can never hold."""
    return "neither read nor written" in why or "is polled but never read" in why


def is_clock(why):
    return "cycles of" in why or " takes " in why or "is not known in the first cycle" in why


def check_rtl(folder, programs, options, seed):
    """The same of their RTL, and how many miss the clock."""
    said = harness.hlsc(folder / "programs.cpp", [p.name for p in programs], "-o", folder / "programs.sv", "--report", folder / "report.txt",
                        "--keep-going", *options)
    refused = dict(re.findall(r"^(\w+) refused: (.*)$", said, re.M))
    wrong = {name: why for name, why in refused.items() if not is_clock(why)}
    fit = [p for p in programs if p.name not in refused]
    if fit:
        harness.build_rtl(folder, ["programs.sv"], {p.name: ports(p) for p in fit}, optimise="-O0")
        for run, (gaps, stalls) in enumerate(((30, 30), (0, 0), (0, 70))):
            harness.run_rtl(folder, seed + run, gaps, stalls, 20000)
            for p in fit:
                problem = harness.difference(harness.results(folder, p.name, "native"), harness.results(folder, p.name, "rtl"))
                if problem:
                    wrong.setdefault(p.name, f"RTL with {gaps} % gaps, {stalls} % stalls: {problem}")
    return wrong, len(refused)


def shrink(program, fails):
    """Drops statements while it still fails in the same way."""
    changed = True
    while changed:
        changed = False
        for i in reversed(range(len(program.body))):
            if i in program.dropped or "= in" in program.body[i] or ".empty()" in program.body[i]:
                continue
            program.dropped.add(i)
            try:
                still = fails(program)
            except harness.Failed:
                still = False
            if still:
                changed = True
            else:
                program.dropped.discard(i)


def report(program, why, folder, options, in_rtl, seed):
    print(f"FAILED: {program.name}, seed {program.seed}: {why}")

    def fails(p):
        work = folder / "shrink"
        shutil.rmtree(work, ignore_errors=True)
        one = [p]
        wrong = check_netlists(work, one, options)
        if one and not wrong and in_rtl:
            wrong = check_rtl(work, one, options, seed)[0]
        # A refusal and a wrong result are not the same failure.
        return bool(wrong) and ("error:" in why) == ("error:" in wrong[p.name])

    try:
        shrink(program, fails)
    except harness.Failed as e:
        print(e)
    print(generate.PREAMBLE + program.source())


def optimisations():
    return harness.command([harness.HLSC, "--help"]).rsplit("or all: ", 1)[1].split()


def check_bundle(a, first, options):
    """(programs, wrong, how many were RTL, how many missed the clock) of one bundle."""
    seeds = range(a.seed + first, a.seed + min(a.programs, first + BUNDLE))
    programs = [generate.program(f"p{s}", s) for s in seeds]
    work = a.folder / f"bundle{a.seed + first}"
    wrong = check_netlists(work, programs, options)
    if first < a.each_off:
        for off in [*optimisations(), "all"]:
            for name, why in check_netlists(work, programs[:a.each_off - first], [*options, "--off", off], native=False).items():
                wrong.setdefault(name, f"without {off}: {why}")
    in_rtl = [p for p in programs if p.name not in wrong][:max(0, a.rtl - first)]
    refused = 0
    if in_rtl:
        more, refused = check_rtl(work, in_rtl, options, a.seed + first)
        wrong.update(more)
    return programs, wrong, len(in_rtl) - refused, refused


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--programs", type=int, default=100)
    a.add_argument("--rtl", type=int, default=0, help="so many of them also as RTL")
    a.add_argument("--each-off", type=int, default=0, help="so many also with each optimisation switched off")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--off", action="append", default=[])
    a.add_argument("--clock", default="3.3")
    a.add_argument("--folder", type=pathlib.Path)
    a.add_argument("--no-shrink", action="store_true")
    a = a.parse_args()
    temporary = None if a.folder else tempfile.TemporaryDirectory()
    a.folder = (a.folder or pathlib.Path(temporary.name)).resolve()
    options = [x for o in a.off for x in ("--off", o)] + ["--clock", a.clock]
    print(f"seeds {a.seed} to {a.seed + a.programs - 1}, options {' '.join(options)}", flush=True)
    started, as_rtl, missed, failures, checked = time.monotonic(), 0, 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for programs, wrong, in_rtl, refused in pool.map(lambda first: check_bundle(a, first, options), range(0, a.programs, BUNDLE)):
            checked += len(programs)
            as_rtl += in_rtl
            missed += refused
            for p in programs:
                if p.name not in wrong:
                    continue
                failures += 1
                if failures <= 2 and not a.no_shrink:
                    report(p, wrong[p.name], a.folder, options, "RTL" in wrong[p.name], a.seed)
                else:
                    print(f"FAILED: {p.name}: {wrong[p.name]}")
    seconds = time.monotonic() - started
    print(f"{checked} programs, {as_rtl} of them as RTL ({missed} more miss the clock), {failures} failures, {seconds:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
