#!/usr/bin/python3
"""HMAC-SHA1 over beats: native C++ and Verilated RTL against RFC 2202 and hashlib, at every length to 160 octets. usage: hmac_test.py FOLDER"""

import hashlib
import hmac
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/hlsc"))
import kernels
import reference
from reference import join


def hmac_sha1():
    rng = random.Random(5)
    cases = [(b"\x0b" * 20, b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),  # RFC 2202 3
             (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
             (b"\xaa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3")]
    cases += [(rng.randbytes(20), rng.randbytes(n), None) for n in list(range(5, 165)) + [1500, 2000]]
    jobs, words, tags, cycles = [], [], [], 0
    for key, message, known in cases:
        inner, outer = reference.inner_outer(key)
        # The message's last four octets go where the rollover counter goes.
        packet, after = message[:-4], message[-4:]
        jobs.append(join((inner, 160), (outer, 160), (int.from_bytes(after, "big"), 32)))
        words += [join((data, 128), (n, 5), (last, 1)) for data, n, last in reference.beats(packet)]
        digest = hmac.new(key, message, hashlib.sha1).digest()
        assert known is None or digest.hex() == known
        tags.append(join((int.from_bytes(digest[:16], "big"), 128), (1, 1)))
        cycles += 3 + 85 * ((len(message) + 9 + 63) // 64) + 81
    return {"source": "hls/hash/hmac.cpp", "process": "hmac_sha1", "top": True, "inputs": {0: jobs, 1: words}, "known": {2: tags},
            "calls": cycles + 100, "cycles_a_word": 1.01 * cycles / len(jobs)}


if __name__ == "__main__":
    sys.exit(0 if kernels.check(hmac_sha1(), pathlib.Path(sys.argv[1]).resolve()) else 1)
