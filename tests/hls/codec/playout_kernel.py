"""Jitter slots and codec engine together: packets that come out of order or not at all, and rounds of ticks that code them anew."""

import random

import g711_kernel
from engine_kernel import BITS, octets
from step_kernels import ALAW, G722, G726, LINEAR_16, LINEAR_8, MULAW, NOISE, itu

PACKET, TICK, CLEAR = range(3)
STEPS, ROUNDS = 40, 5


def kernels(material):
    rng = random.Random(10)
    codes, out = itu(material, "g722/codspw.cod"), itu(material, "g722/outsp1.bin")
    count = STEPS * ROUNDS
    # By session: codings, payload of all rounds, what is known to come of each round, rounds whose packets are lost.
    law = rng.randbytes(count)
    size = {n: BITS[n] * STEPS // 8 for n in BITS}
    translated = bytes(g711_kernel.encode(g711_kernel.decode(c, False), True) for c in law)
    linear = octets(g711_kernel.decode(c, True) for c in law)
    sessions = {
        4: (MULAW, ALAW, law, translated, {2}),
        9: (ALAW, LINEAR_8, law, linear, {0, 4}),
        17: (MULAW, G722, law, None, {1}),
        31: (LINEAR_16, G726, rng.randbytes(4 * count), None, set()),
        0: (G726, LINEAR_8, rng.randbytes(count // 2), None, {3}),
        6: (NOISE, MULAW, bytes([40, 100, 150]), None, set()),
    }
    if codes:
        sessions[12] = (G722, LINEAR_16, bytes(codes[:count]), octets(out[:2 * count]), set())
    commands, payloads, results = [], [], []

    def command(operation, session, sequence=0, payload=b"", coding_in=0, coding_out=0, start=False, steps=0, last=False):
        timestamp = sequence * 160 if operation != CLEAR else 0
        jitter = operation | session << 2 | 8 << 7 | sequence << 15 | len(payload) << 31 | timestamp << 40
        commands.append(jitter | (coding_in | coding_out << 3 | start << 8 | steps << 9 | last << 18) << 72)
        payload = payload.ljust(-len(payload) % 16 + len(payload), b"\0")
        payloads.extend(int.from_bytes(payload[at:at + 16], "little") for at in range(0, len(payload), 16))

    def result(operation, session, sequence=0, length=0, found=False, payload_type=8):
        results.append(operation | session << 2 | found << 10 | payload_type << 11 | sequence << 19 | length << 35)

    packets = {n: {} for n in sessions}
    for n, (coding_in, _, payload, _, lost) in sessions.items():
        command(CLEAR, n)
        result(CLEAR, n, payload_type=0)
        for r in range(ROUNDS):
            if coding_in == NOISE:
                packets[n].update({0: payload} if r == 0 else {})
            elif r not in lost:
                packets[n][r] = payload[r * size[coding_in]:(r + 1) * size[coding_in]]
    waiting = [(r + rng.random() * 2, n, r) for n in packets for r in packets[n]]  # up to two rounds ahead
    expected = {n: b"" for n in sessions}
    lengths = {n: 0 for n in sessions}
    for r in range(ROUNDS):
        for _, n, at in sorted(w for w in waiting if w[0] < r + 2):
            command(PACKET, n, 1000 + at, packets[n][at])
            result(PACKET, n, 1000 + at, len(packets[n][at]))
        waiting = [w for w in waiting if w[0] >= r + 2]
        order = list(sessions)
        rng.shuffle(order)
        for n in order:
            coding_in, coding_out, _, known, _ = sessions[n]
            steps = STEPS if coding_in == NOISE and r > 0 else 0
            command(TICK, n, 1000 + r, b"", coding_in, coding_out, r == 0, steps, n == order[-1])
            found = r in packets[n]
            result(TICK, n, *((1000 + r, len(packets[n][r]), True) if found else (0, 0, False, 0)))
            each = size[coding_out]
            lengths[n] += each if (found and coding_in != NOISE) or steps else 0
            if known and found:
                expected[n] += known[r * each:(r + 1) * each]

    def look(got):
        if got[2] != results:
            return "other results of the slots than expected"
        coded = {n: b"" for n in sessions}
        for word in got[3]:
            data = (word >> 11).to_bytes(16, "little")
            coded[word & 31] += data[:word >> 5 & 31]
        for n in sessions:
            if len(coded[n]) != lengths[n]:
                return f"session {n}: {len(coded[n])} octets, expected {lengths[n]}"
            if sessions[n][3] and coded[n] != expected[n]:
                return f"session {n}: expected {expected[n].hex()}, got {coded[n].hex()}"
        return None
    iterations = 4 * len(commands) + 3 * len(payloads) + ROUNDS * 32 * STEPS
    return [{"source": "hls/codec/playout.cpp", "process": "playout", "top": True, "inputs": {0: commands, 1: payloads},
             "calls": iterations, "check": look, "what": "against the slots' model and what is known of codings"}]
