"""The codec engine: rounds of jobs of 32 sessions, of any coding to any other; ITU's sequences among them where they are present."""

import random

import g711_kernel
from step_kernels import ALAW, G722, G726, LINEAR_16, LINEAR_8, MULAW, NOISE, NONE, SESSIONS, itu

STEPS = 64
BITS = {MULAW: 8, ALAW: 8, G722: 8, G726: 4, LINEAR_8: 16, LINEAR_16: 32, NOISE: 0}  # of a step


def octets(samples):
    return b"".join((s & 0xFFFF).to_bytes(2, "big") for s in samples)


def nibbles(codes):
    return bytes(a | b << 4 for a, b in zip(codes[::2], codes[1::2]))


def kernels(material):
    rng = random.Random(9)
    rounds = 3
    count = rounds * STEPS
    sessions, expected = {}, {}

    def session(n, coding_in, coding_out, payload, known=None):
        sessions[n] = coding_in, coding_out, payload
        if known is not None:
            expected[n] = known
    codes, speech, out = itu(material, "g722/codspw.cod"), itu(material, "g722/inpsp.bin"), itu(material, "g722/outsp1.bin")
    if codes:
        session(0, G722, LINEAR_16, bytes(codes[:count]), octets(out[:2 * count]))
        session(1, LINEAR_16, G722, octets(speech[:2 * count]), bytes(codes[:count]))
    law, codes = itu(material, "g726/nrm.m"), itu(material, "g726/rn32fm.i")
    if law:
        session(2, MULAW, G726, bytes(law[:count]), nibbles(codes[:count]))
    payload = rng.randbytes(count)
    session(3, MULAW, ALAW, payload, bytes(g711_kernel.encode(g711_kernel.decode(c, False), True) for c in payload))
    session(4, ALAW, LINEAR_8, payload, octets(g711_kernel.decode(c, True) for c in payload))
    session(5, LINEAR_8, LINEAR_8, rng.randbytes(2 * count))
    expected[5] = sessions[5][2]
    pairs = [(a, b) for a in BITS for b in BITS if b != NOISE and a != b]
    rng.shuffle(pairs)
    for n in range(SESSIONS - 1):  # the last session has no jobs
        if n not in sessions:
            coding_in, coding_out = pairs.pop()
            if n in (10, 20):
                coding_in = NOISE
            session(n, coding_in, coding_out, rng.randbytes(BITS[coding_in] * count // 8))

    jobs, words = [], []

    def job(n, coding_in, coding_out, payload, steps, start, describe=False, last=False):
        blocks = [payload[at:at + 16].ljust(16, b"\0") for at in range(0, len(payload), 16)]
        jobs.append(n | coding_in << 5 | coding_out << 8 | describe << 13 | start << 14 | steps << 15 | len(blocks) << 24 | last << 30)
        words.extend(int.from_bytes(b, "little") for b in blocks)
    noisy = [n for n in sessions if sessions[n][0] == NOISE]
    for n in noisy:
        payload = bytes([rng.randrange(20, 60)] + [rng.randrange(90, 160) for _ in range(rng.randrange(4))])
        job(n, NOISE, NONE, payload, len(payload), True, describe=True, last=n == noisy[-1])
    for r in range(rounds):
        order = list(sessions)
        rng.shuffle(order)
        for n in order:
            coding_in, coding_out, payload = sessions[n]
            size = BITS[coding_in] * STEPS // 8
            job(n, coding_in, coding_out, payload[r * size:r * size + size], STEPS, r == 0, last=n == order[-1])

    def look(results):
        got = {n: b"" for n in sessions}
        for word in results[2]:
            data = (word >> 11).to_bytes(16, "little")
            got[word & 31] += data[:word >> 5 & 31]
        for n, (coding_in, coding_out, _) in sessions.items():
            if len(got[n]) != count * BITS[coding_out] // 8:
                return f"session {n}: {len(got[n])} octets of coding {coding_out} from {coding_in}"
            if n in expected and got[n] != expected[n]:
                return f"session {n}: expected {expected[n].hex()}, got {got[n].hex()}"
        return None
    steps = SESSIONS * (count + 8)
    return [{"source": "hls/codec/engine.cpp", "process": "codec_engine", "top": True, "inputs": {0: jobs, 1: words},
             "calls": len(jobs) + len(words) + steps, "check": look, "what": "against what is known of sessions"}]
