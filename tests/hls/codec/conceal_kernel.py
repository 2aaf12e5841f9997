"""Concealment: sessions in turn, with losses; what is not lost goes out unaltered and later, a periodic sound goes on as it was."""

import math

from step_kernels import signed


def tone(period, i):
    x = 2 * math.pi * (i % period) / period
    return round(5000 * math.sin(x) + 3000 * math.sin(2 * x + 1))


def concealment(rate, sessions):
    """sessions: [(number, period of its sound, lost blocks, blocks)]"""
    block, delay = rate // 100, 30 * rate // 8000
    commands, samples, sent = [], [], {n: [] for n, _, _, _ in sessions}
    order = []
    for b in range(max(blocks for _, _, _, blocks in sessions)):
        for n, period, lost, blocks in sessions:
            if b >= blocks:
                continue
            order.append(n)
            commands.append(n | (b in lost) << 5 | (b == 0) << 6)
            heard = [tone(period, b * block + i) for i in range(block)]
            sent[n] += heard
            if b not in lost:
                samples += [x & 0xFFFF for x in heard]

    def look(results):
        words = iter(results[2])
        out = {n: [] for n in sent}
        for n in order:
            out[n] += [signed(next(words)) for _ in range(block)]
        for n, period, lost, blocks in sessions:
            for i in range(delay, blocks * block):
                # Of a loss its first 10 ms keep the level; nothing is held to the others.
                b = (i - delay) // block
                if any(b - k in lost for k in range(1, 3)):
                    continue
                if abs(out[n][i] - sent[n][i - delay]) > (3 if b in lost or b + 1 in lost else 0):
                    return f"session {n}, sample {i}: expected {sent[n][i - delay]}, got {out[n][i]}"
            if lost and not any(out[n][(max(lost) * block):(max(lost) + 1) * block]):
                return f"session {n}: silence for a loss"
        return None
    searches = sum(1 for _, _, lost, _ in sessions for b in lost if b - 1 not in lost)
    iterations = len(order) * (block + 2 + 100 * rate // 8000) + len(sessions) * 512 * rate // 8000 + searches * 6500 * rate // 8000
    return {"source": "hls/codec/conceal.cpp", "process": f"concealment_{rate // 1000}", "top": True, "inputs": {0: commands, 1: samples},
            "calls": iterations, "cycles": 5 * iterations, "check": look, "what": "sound goes on"}


def kernels():
    return [concealment(8000, [(3, 57, {6, 12, 13, 14}, 20), (31, 80, set(), 8), (0, 101, {7}, 12)]),
            concealment(16000, [(5, 114, {5, 9, 10}, 14), (30, 83, set(), 4)])]
