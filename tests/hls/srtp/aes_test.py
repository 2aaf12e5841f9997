#!/usr/bin/python3
"""The AES lane: native C++ and Verilated RTL against FIPS 197, RFC 3711 B.2, RFC 6188 7 and OpenSSL. usage: aes_test.py FOLDER"""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/hlsc"))
import kernels
import reference


def packet(key, counter, blocks):
    words = reference.round_keys(key)
    return words + [counter | blocks << 128 | 1 << 136]


def published():
    """key, first counter, {block: keystream}"""
    number = "00112233445566778899aabbccddeeff"
    yield bytes(range(16)), number, {0: "69c4e0d86a7b0430d8cdb78070b4c55a"}  # FIPS 197 C.1
    yield bytes(range(32)), number, {0: "8ea2b7ca516745bfeafc49904b496089"}  # C.3
    # RFC 3711 B.2
    yield bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), "F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", {
        0: "E03EAD0935C95E80E166B16DD92B4EB4", 1: "D23513162B02D0F72A43A2FE4A5F97AB", 2: "41E95B3BB0A2E8DD477901E4FCA894C0"}
    yield bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", {
        0: "EC8CDF7398607CB0F2D21675EA9EA1E4", 1: "362B7C3C6773516318A077D7FC5073AE", 2: "6A2CC3787889374FBEB4C81B17BA6C44"}
    # RFC 6188 7.1
    yield bytes.fromhex("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98"), "F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", {
        0: "92bdd28a93c3f52511c677d08b5515a4", 1: "9da71b2378a854f67050756ded165bac", 2: "63c4868b7096d88421b563b8c94c9a31"}


def aes_keystream():
    rng = random.Random(4)
    words, known = [], []
    cases = [(key, int(counter, 16), 4) for key, counter, _ in published()]
    cases += [(rng.randbytes(rng.choice([16, 32])), rng.getrandbits(112) << 16, rng.choice([1, 2, 3, 10, 11, 95])) for _ in range(60)]
    for key, counter, blocks in cases:
        words += packet(key, counter, blocks)
        # The lane counts in 16 bits, as RFC 3711 4.1.1 has it; OpenSSL in 128.
        stream = [reference.aes(key, (counter & ~0xFFFF | (counter + i) & 0xFFFF).to_bytes(16, "big")) for i in range(blocks)]
        known += [int.from_bytes(s, "big") | (i == blocks - 1) << 128 for i, s in enumerate(stream)]
    at = 0
    for _, _, blocks in published():
        for i, value in blocks.items():
            assert known[at + i] & (1 << 128) - 1 == int(value, 16), (at, i)
        at += 4
    cycles = sum(len(key) // 4 + 8 + blocks * (len(key) // 4 + 6) for key, _, blocks in cases)
    return {"source": "hls/srtp/aes.cpp", "process": "aes_keystream", "top": True, "inputs": {0: words}, "known": {1: known},
            "calls": cycles + 100, "cycles_a_word": 1.01 * cycles / len(words)}


if __name__ == "__main__":
    sys.exit(0 if kernels.check(aes_keystream(), pathlib.Path(sys.argv[1]).resolve()) else 1)
