#!/usr/bin/python3
"""The card's kernels beside what bounds them: cycles a word and a packet as their tests measure them on Verilated RTL, stages
and paths as hlsc estimates them, area as Yosys counts it. Nothing of it is proved against Vivado. Prints a table; asserts nothing
but that the kernels are right.

--full measures the SRTP kernel with as many lanes as a card gets, too: some minutes more."""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("CAUSEWAY_BUILD", "build/release")
CLOCK_MHZ = 300
PACKET = 172  # octets of RTP with 20 ms of G.711
PCIE = 12e9   # octets/s each way, PCIe 3.0 x16 as published figures of Alveo cards have it
SYNTHESIS_LIMIT = 300  # seconds


def kernels(full):
    """(title, command) of each test that measures kernels; the folder comes behind the script."""
    tools, srtp, codec = ROOT / "tests/tools/hlsc/kernels.py", ROOT / "tests/hls/srtp", ROOT / "tests/hls/codec/kernels_test.py"
    yield "SHA-1", lambda f: [tools, "sha1", f]
    builds = ["folded", "full"] if full else ["folded"]
    for build in builds:
        yield f"SRTP, {build}", lambda f, b=build: [srtp / "srtp_test.py", f, b]
        yield f"SRTP to SRTP, {build}", lambda f, b=build: [srtp / "relay_test.py", f, b]
    yield "codecs and jitter slots", lambda f: [codec, f, os.environ.get("CAUSEWAY_MATERIAL", "/nowhere")]


# Yosys makes a cell of each row that an initial block clears, and ends no time soon. Block RAM starts at zero anyway.
CLEARED = re.compile(r"^ *initial for \(int i = 0; i < \d+; i\+\+\) \w+\[i\] = '0;$", re.M)


def synthesised(verilog, top):
    """What Yosys says, or None where it takes too long or gives up."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "kernel.sv"
        copy.write_text(CLEARED.sub("", verilog.read_text()))
        # Yosys 0.23 has no map for some memories of lookup tables: those then become registers and block RAM.
        for options in ("", "-nolutram"):
            script = (f"read_verilog -sv {copy} {ROOT}/kernels/causeway_skid.sv {ROOT}/kernels/causeway_fifo.sv; "
                      f"synth_xilinx -family xcup -noiopad -flatten {options} -top {top}; stat")
            # A session of its own: abc, its child, must end with it.
            run = subprocess.Popen(["yosys", "-Q", "-T", "-p", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   start_new_session=True)
            try:
                said, _ = run.communicate(timeout=SYNTHESIS_LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
                run.communicate()
                return None
            if run.returncode == 0:
                return said
    return None


def resources(verilog, top):
    """{lut, ff, bram, dsp} of a module with all that is in it, or None where Yosys takes too long."""
    said = synthesised(verilog, top)
    if said is None:
        return None
    out = {"lut": 0, "ff": 0, "bram": 0.0, "dsp": 0}
    for cell, count in re.findall(r"^\s+(\w+)\s+(\d+)$", said[said.rindex("Number of cells"):], re.M):
        n = int(count)
        if re.fullmatch(r"LUT[1-6]|SRL\w+|RAM\d+\w*", cell):
            out["lut"] += n
        elif cell.startswith(("FD", "LD")):
            out["ff"] += n
        elif cell.startswith("RAMB"):
            out["bram"] += n if cell.startswith("RAMB36") else n / 2
        elif cell.startswith("DSP"):
            out["dsp"] += n
    return out


def measure(title, command, folder):
    begin = time.monotonic()
    run = subprocess.run([sys.executable, "-B", *map(str, command)], capture_output=True, text=True, cwd=ROOT / "tests/tools/hlsc",
                         env={**os.environ, "HLSC": str(BUILD / "tools/hlsc/hlsc")})
    print(f"\n== {title} ({time.monotonic() - begin:.0f} s)", flush=True)
    if run.returncode:
        print(run.stdout[-3000:], run.stderr[-3000:])
        return False
    for line in run.stdout.splitlines():
        if "cycles" in line and "pipeline bits" not in line:
            print(line)
    for speed in sorted(folder.rglob("speed.txt")):
        cycles, seconds = map(sum, zip(*(map(float, line.split()) for line in speed.read_text().splitlines())))
        print(f"Verilator: {cycles / seconds:,.0f} cycles/s")
    print(f"{'process':<28}{'stages':>7}{'II':>4}{'ns':>6}{'LUT':>8}{'FF':>8}{'BRAM':>6}{'DSP':>5}")
    for report in sorted(folder.rglob("*.txt")):
        verilog = report.with_name("kernel.sv") if report.name == "report.txt" else report.with_suffix(".sv")
        if not verilog.exists():
            continue
        for name, stages, interval, path in re.findall(r"^(\w+): (\d+) stages, II (\d+), .* slowest stage ([\d.]+) ns", report.read_text(), re.M):
            r = resources(verilog, name)
            area = f"{r['lut']:>8}{r['ff']:>8}{r['bram']:>6.1f}{r['dsp']:>5}" if r else "  Yosys gave up"
            print(f"{name:<28}{stages:>7}{interval:>4}{path:>6}{area}", flush=True)
    return True


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--full", action="store_true", help="SRTP with as many lanes as a card gets, too")
    a.add_argument("--only", help="titles that hold this text")
    a = a.parse_args()
    good = True
    for title, command in kernels(a.full):
        if a.only and a.only not in title:
            continue
        with tempfile.TemporaryDirectory() as folder:
            good = measure(title, command(pathlib.Path(folder)), pathlib.Path(folder)) and good
    words = -(-PACKET // 64)
    print(f"\nBounds of a packet of {PACKET} octets, in and out, at {CLOCK_MHZ} MHz: {2 * words} cycles where 64 octets move a cycle one way at a time, "
          f"{words} both ways; PCIe {words * 64 * CLOCK_MHZ * 1e6 / PCIE:.1f} cycles. Aims: 32 cycles from unprotected to protected in the full "
          "build, 1,000 in the folded one; 1,500 of latency; 200,000 Verilated cycles/s.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
