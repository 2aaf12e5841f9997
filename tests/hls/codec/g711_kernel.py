"""G.711 words: all codes and all samples, against the decision values of the Recommendation's tables."""

import bisect

LANES = 16


def words(values, bits):
    assert len(values) % LANES == 0
    return [sum(v << bits * i for i, v in enumerate(values[at:at + LANES])) for at in range(0, len(values), LANES)]


# Mu-law, in 14 bits: an interval of 1, 15 of 2, then 16 each of 4 to 256. A-law, in 12 bits: 32 of 1, 16 each of 2 to 64.
MULAW = [0]
for size, count in [(1, 1), (2, 15)] + [(4 << n, 16) for n in range(7)]:
    MULAW += [MULAW[-1] + size * (i + 1) for i in range(count)]
ALAW = [0]
for size, count in [(1, 32)] + [(2 << n, 16) for n in range(6)]:
    ALAW += [ALAW[-1] + size * (i + 1) for i in range(count)]


def encode(sample, alaw):
    magnitude = ~sample if sample < 0 else sample
    if alaw:
        code = bisect.bisect_right(ALAW, magnitude >> 4) - 1
        return (code | (0 if sample < 0 else 0x80)) ^ 0x55
    code = min(bisect.bisect_right(MULAW, magnitude >> 2) - 1, 127)
    return (code ^ 0x7F) | (0 if sample < 0 else 0x80)


def decode(code, alaw):
    """The middle of the interval; of mu-law's first one its begin."""
    if alaw:
        n = (code ^ 0x55) & 0x7F
        value = 8 * (ALAW[n] + ALAW[n + 1])
        return value if code & 0x80 else -value
    n = ~code & 0x7F
    value = 0 if n == 0 else 2 * (MULAW[n] + MULAW[n + 1])
    return value if code & 0x80 else -value


def kernels():
    codes, samples = list(range(256)), list(range(-32768, 32768))
    decoder = {"source": "hls/codec/engine.cpp", "process": "g711_decode", "calls": 32,
               "inputs": {0: [alaw | w << 1 for alaw in (0, 1) for w in words(codes, 8)]},
               "known": {1: [w for alaw in (0, 1) for w in words([decode(c, alaw) & 0xFFFF for c in codes], 16)]}}
    encoder = {"source": "hls/codec/engine.cpp", "process": "g711_encode", "calls": 8192,
               "inputs": {0: [alaw | w << 1 for alaw in (0, 1) for w in words([s & 0xFFFF for s in samples], 16)]},
               "known": {1: [w for alaw in (0, 1) for w in words([encode(s, alaw) for s in samples], 8)]}}
    return [decoder, encoder]
