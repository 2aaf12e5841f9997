#!/usr/bin/python3
"""Packets of 172 octets from unprotected to protected, through two SRTP kernels as Verilated RTL. usage: relay_test.py FOLDER folded|full"""

import pathlib
import random
import sys

import srtp_test
from srtp_test import HERE, OK, SUITES, Session, Traffic, harness

NAMES = ["a_jobs", "a_keys", "in", "b_jobs", "b_keys", "a_verdicts", "out", "b_verdicts"]
AIMS = {"folded": 1000, "full": 32}


def run(folder, rng, suite, packets):
    """Cycles that it took, and what is wrong."""
    sessions = [[Session.derive(suite, rng.randbytes(suite.key), rng.randbytes(suite.salt)) for _ in range(2)] for _ in range(64)]
    unprotect, protect = Traffic(), Traffic()
    for n in range(packets):
        (left, right), index = sessions[n % 64], n // 64 + 70000
        packet, header = srtp_test.rtp(rng, 160)
        unprotect.add(left, False, left.protect(packet, header, index), header, index, OK, packet)
        protect.add(right, True, packet, header, index + 5, OK, right.protect(packet, header, index + 5))
    harness.write_inputs(folder, "relay", {**unprotect.inputs, 3: protect.inputs[0], 4: protect.inputs[1]})
    beats = sum((len(out) + 15) // 16 for _, out in protect.expected)
    (folder / "relay.expect").write_text(f"5 {packets}\n6 {beats}\n7 {packets}\n")
    cycles = harness.run_rtl(folder, 1, 0, 0, 20000000) - 300
    streams = harness.results(folder, "relay", "rtl")
    verdicts = [v for v in streams.get(5, []) if v != 172 << 2 | OK]
    if verdicts or len(streams.get(5, [])) != packets:
        return cycles, "a packet was not unprotected"
    return cycles, protect.problem({3: streams.get(6, []), 4: streams.get(7, [])})


def main(folder, name):
    _, report = srtp_test.compile_kernel(folder, srtp_test.BUILDS[name])
    widths = {p.name: p.width for p in harness.ports_of(report)["srtp"]}
    port = lambda n: n.removeprefix("a_").removeprefix("b_")
    ports = {"relay": [harness.Port(k, n, k < 5, widths[port(n)]) for k, n in enumerate(NAMES)]}
    harness.build_rtl(folder, ["kernel.sv", HERE / "relay.sv"], ports, optimise="-O2")
    rng, problems = random.Random(name), []
    packets = 660 if name == "full" else 128
    for suite in SUITES:
        (latency, alone), (start, few), (cycles, many) = (run(folder, rng, suite, n) for n in (1, 24, 24 + packets))
        problems += [f"{suite.name}: {p}" for p in (alone, few, many) if p]
        each = (cycles - start) / packets
        print(f"{suite.name}: unprotect to protect {each:.1f} cycles a packet of 172 octets, aim {AIMS[name]}{'' if each <= AIMS[name] else ', MISSED'}; "
              f"one alone {latency}, aim 1500{'' if latency <= 1500 else ', MISSED'}")
    for p in problems:
        print(p)
    return not problems


if __name__ == "__main__":
    sys.exit(0 if main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]) else 1)
