"""Compiles processes of several sources with hlsc, puts them into one Verilated model, and holds them against the same
sources as native C++ and against what is known of their results."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/hlsc"))
import harness


def check(kernels, folder):
    """kernels: [{source, process, inputs: {stream: words}, known: {stream: words}, calls, cycles: no more than calls, top, within: a top that has it among its processes, check: function of the results
    that returns None or a sentence}]"""
    folder.mkdir(parents=True, exist_ok=True)
    ports, verilog = {}, []
    includes = [harness.ROOT]
    for source in dict.fromkeys(k["source"] for k in kernels):
        name = source.replace("/", "_").removesuffix(".cpp")
        own = [k for k in kernels if k["source"] == source]
        tops = [k["process"] for k in own if k.get("top")]
        asked = [a for k in own if k.get("within") not in tops for a in ("--top" if k.get("top") else "--process", k["process"])]
        harness.hlsc(harness.ROOT / source, [], *asked, "-o", folder / f"{name}.sv", "--report", folder / f"{name}.txt", includes=includes)
        report = (folder / f"{name}.txt").read_text()
        print("".join(line + "\n" for line in report.splitlines() if " memory " not in line and " stream " not in line), end="")
        for kernel in own:
            ports[kernel["process"]] = harness.ports_of(report)[kernel["process"]]
            harness.write_inputs(folder, kernel["process"], kernel["inputs"])
        verilog.append(f"{name}.sv")
    sources = dict.fromkeys(k["source"] for k in kernels)
    (folder / "sources.cpp").write_text("#pragma once\n" + "".join(f'#include "{harness.ROOT / s}"\n' for s in sources))
    harness.run_native(folder, folder / "sources.cpp", ports, max(k["calls"] for k in kernels), includes=includes, flags=("-O1", "-w"))
    problems = []
    native = {k["process"]: harness.results(folder, k["process"], "native") for k in kernels}
    for kernel in kernels:
        process = kernel["process"]
        if "known" in kernel:
            problems.append((f"{process}: native C++ against known results", harness.difference(kernel["known"], native[process])))
        if "check" in kernel:
            problems.append((f"{process}: {kernel['what']}", kernel["check"](native[process])))
    harness.build_rtl(folder, verilog, ports, optimise="-O1")
    for gaps, stalls in ((30, 30), (0, 0)):
        cycles = harness.run_rtl(folder, 1, gaps, stalls)
        for process in ports:
            problems.append((f"{process}: RTL with {gaps} % gaps, {stalls} % stalls",
                             harness.difference(native[process], harness.results(folder, process, "rtl"))))
    print(f"{cycles} cycles without gaps and stalls")
    most = max(k.get("cycles", k["calls"]) for k in kernels)
    if cycles > most + 1000:
        problems.append(("speed", f"{cycles} cycles, at most {most + 1000} expected"))
    for what, problem in problems:
        print(f"{what}: {problem or 'equal'}")
    return not any(problem for _, problem in problems)
