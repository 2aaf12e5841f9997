"""Builds processes in the three ways that must agree: native C++, hlsc's netlist interpreter, Verilated RTL."""

import collections
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent
HLSC = os.environ.get("HLSC", str(ROOT / "build/release/tools/hlsc/hlsc"))
INCLUDE = ROOT / "hls/include"

Port = collections.namedtuple("Port", "index name is_input width")


class Failed(Exception):
    pass


def command(arguments, **keywords):
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, **keywords)
    if result.returncode:
        raise Failed(f"{' '.join(str(a) for a in arguments)}\n{result.stdout}{result.stderr}")
    return result.stdout


def hlsc(source, processes, *options, includes=(), top=False):
    arguments = [HLSC, source]
    for p in processes:
        arguments += ["--top" if top else "--process", p]
    arguments += [*options, "--", f"-I{INCLUDE}", *[f"-I{i}" for i in includes]]
    return command(arguments)


def ports_of(report):
    """The streams of each process, from the report that hlsc wrote."""
    ports = collections.defaultdict(list)
    for process, index, direction, name, width in re.findall(r"^(\w+): stream (\d+) (in|out) (\w+), (\d+) bits$", report, re.M):
        ports[process].append(Port(int(index), name, direction == "in", int(width)))
    return ports


def write_inputs(folder, process, words):
    """words: {stream index: [integer]}"""
    lines = [f"{k} {w:x}\n" for k, stream in words.items() for w in stream]
    (folder / f"{process}.in").write_text("".join(lines))


def results(folder, process, way):
    streams = collections.defaultdict(list)
    for line in (folder / f"{process}.{way}").read_text().splitlines():
        k, word = line.split()
        streams[int(k)].append(int(word, 16))
    return dict(streams)


def run_native(folder, source, ports, calls, includes=(), flags=("-O0", "-w")):
    main = f'#include "{source}"\n#include "native.hpp"\nint main() {{\n'
    for process, streams in ports.items():
        inputs = sum(1 << s.index for s in streams if s.is_input)
        main += f'    native::run({process}, "{process}", {inputs}u, {calls});\n'
    (folder / "native.cpp").write_text(main + "}\n")
    command(["clang++-19", "-std=c++20", *flags, "-fno-strict-aliasing", "-ftrivial-auto-var-init=zero", "-Wno-unknown-pragmas", f"-I{INCLUDE}", f"-I{HERE}",
             *[f"-I{i}" for i in includes], "native.cpp", "-o", "native"], cwd=folder)
    command(["./native"], cwd=folder)
    for process in ports:
        with open(folder / f"{process}.expect", "w") as file:
            for k, words in results(folder, process, "native").items():
                file.write(f"{k} {len(words)}\n")


def build_rtl(folder, verilog, ports, optimise="-O1"):
    """Verilates all processes under one top, each with its own clock-for-clock traffic."""
    top = ["module bench (input logic clk, input logic rst"]
    instances, main = [], []
    for process, streams in ports.items():
        connections = []
        main.append(f'    b.process("{process}");')
        for s in streams:
            n = f"{process}_{s.name}"
            forward, back = ("input", "output") if s.is_input else ("output", "input")
            top.append(f",\n  {forward} logic [{s.width - 1}:0] {n}_data, {forward} logic {n}_valid, {back} logic {n}_ready")
            connections += [f".{s.name}_{x}({n}_{x})" for x in ("data", "valid", "ready")]
            way = "input" if s.is_input else "output"
            main.append(f"    b.{way}({s.index}, {s.width}, b.top.{n}_data, b.top.{n}_valid, b.top.{n}_ready);")
        instances.append(f"  {process} u_{process} (.clk, .rst, {', '.join(connections)});\n")
    (folder / "bench.sv").write_text("".join(top) + ");\n" + "".join(instances) + "endmodule\n")
    (folder / "bench.cpp").write_text(
        '#include "Vbench.h"\n#include "rtl.hpp"\n#include <cstdio>\n#include <cstdlib>\nint main(int, char** v) {\n'
        "    rtl::Bench<Vbench> b(std::atoi(v[1]));\n" + "\n".join(main) +
        '\n    std::printf("%ld\\n", b.run(std::atoi(v[2]), std::atoi(v[3]), std::atol(v[4])));\n}\n')
    command(["verilator", "--cc", "--exe", "--build", "--assert", "-O3", "-Wno-fatal", "-Wno-WIDTH", "-Wno-UNUSED", "-Wno-UNOPTFLAT",
             "-Wno-DECLFILENAME", "--top-module", "bench", "-Mdir", "verilated", "-CFLAGS", f"-std=c++20 -O1 -I{HERE}",
             "-MAKEFLAGS", f"OPT_FAST={optimise} OPT_SLOW=-O0", "bench.cpp", "bench.sv", *verilog,
             ROOT / "kernels/causeway_skid.sv", ROOT / "kernels/causeway_fifo.sv"], cwd=folder)


def run_rtl(folder, seed, gaps=30, stalls=30, cycles=1000000):
    """Returns the cycles it took. Ends early when all expected words have come. The folder's speed.txt gets cycles and seconds."""
    begin = time.monotonic()
    took = int(command([folder / "verilated/Vbench", seed, gaps, stalls, cycles], cwd=folder).split()[-1])
    with open(folder / "speed.txt", "a") as file:
        file.write(f"{took} {time.monotonic() - begin}\n")
    return took


def difference(expected, got):
    """None, or a sentence."""
    for k in sorted(set(expected) | set(got)):
        a, b = expected.get(k, []), got.get(k, [])
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return f"stream {k}, word {i}: expected {x:x}, got {y:x}"
        if len(a) != len(b):
            return f"stream {k}: expected {len(a)} words, got {len(b)}"
    return None
