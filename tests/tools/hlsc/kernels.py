#!/usr/bin/python3
"""Compiles a kernel with hlsc and holds its Verilated RTL against the same source as native C++, and against what
the world knows of its results. usage: kernels.py NAME FOLDER"""

import hashlib
import pathlib
import random
import struct
import sys

import harness


def sha1():
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
    rng = random.Random(1)
    words, digests = [], []
    for message in [b"", b"abc"] + [rng.randbytes(rng.randrange(56)) for _ in range(200)]:
        block = message + b"\x80" + bytes(55 - len(message)) + struct.pack(">Q", 8 * len(message))
        # The stream's structure: block lowest, then the state.
        words.append(int.from_bytes(block, "big") | int.from_bytes(struct.pack(">5I", *state), "big") << 512)
        digests.append(int.from_bytes(hashlib.sha1(message).digest(), "big"))
    return {
        "source": "hls/hash/sha1.cpp", "process": "sha1_compress", "inputs": {0: words}, "known": {1: digests},
        "calls": 83 * len(words), "cycles_a_word": 82.5,
    }


def chain():
    rng = random.Random(3)
    words = [rng.getrandbits(24) for _ in range(2000)]
    return {"source": "tests/tools/hlsc/programs/chain.cpp", "process": "chain", "top": True, "inputs": {0: words}, "calls": 2 * len(words),
            "cycles_a_word": 2}


def late():
    rng = random.Random(5)
    words = [rng.getrandbits(64) for _ in range(1000)]
    return {"source": "tests/tools/hlsc/programs/late.cpp", "process": "late", "inputs": {0: words}, "calls": 4 * len(words),
            "cycles_a_word": 4}


def check(kernel, folder):
    folder.mkdir(parents=True, exist_ok=True)
    source = harness.ROOT / kernel["source"]
    process = kernel["process"]
    harness.hlsc(source, [process], "-o", folder / "kernel.sv", "--report", folder / "report.txt", includes=[harness.ROOT],
                 top=kernel.get("top", False))
    report = (folder / "report.txt").read_text()
    print(report, end="")
    ports = {process: harness.ports_of(report)[process]}
    harness.write_inputs(folder, process, kernel["inputs"])
    harness.run_native(folder, source, ports, kernel["calls"], includes=[harness.ROOT])
    native = harness.results(folder, process, "native")
    harness.build_rtl(folder, ["kernel.sv"], ports, optimise="-O2")
    problems = []
    if "known" in kernel:
        problems.append(("native C++ against known results", harness.difference(kernel["known"], native)))
    for gaps, stalls in ((30, 30), (0, 60), (60, 0), (0, 0)):
        cycles = harness.run_rtl(folder, 1, gaps, stalls)
        problems.append((f"RTL with {gaps} % gaps, {stalls} % stalls", harness.difference(native, harness.results(folder, process, "rtl"))))
    per_word = cycles / len(kernel["inputs"][0])
    print(f"{process}: {len(kernel['inputs'][0])} words, {per_word:.2f} cycles each without gaps and stalls")
    if per_word > kernel["cycles_a_word"] + 400 / len(kernel["inputs"][0]):
        problems.append(("speed", f"{per_word:.2f} cycles a word, at most {kernel['cycles_a_word']} expected"))
    for what, problem in problems:
        print(f"{what}: {problem or 'equal'}")
    return not any(p for _, p in problems)


if __name__ == "__main__":
    sys.exit(0 if check(globals()[sys.argv[1]](), pathlib.Path(sys.argv[2]).resolve()) else 1)
