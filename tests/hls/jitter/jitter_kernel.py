"""The jitter slots: packets in and out of order, late, twice, too long; ticks that find them and ticks that do not. Known are
the results of a model by dictionaries."""

import random

PACKET, TICK, CLEAR = range(3)
STORED, REPLACED, DUPLICATE, LATE, TOO_LONG = range(5)


class Session:
    def __init__(self):
        self.slots = {}  # by sequence number modulo 16

    def packet(self, sequence, timestamp, payload_type, payload):
        if len(payload) > 240:
            return TOO_LONG
        waits = self.slots.get(sequence % 16)
        if waits:
            ahead = (sequence - waits[0]) % 65536
            if ahead == 0:
                return DUPLICATE
            if ahead >= 32768:
                return LATE
        self.slots[sequence % 16] = (sequence, timestamp, payload_type, payload)
        return REPLACED if waits else STORED

    def tick(self, timestamp):
        for at in range(16):
            if at in self.slots and self.slots[at][1] == timestamp:
                return self.slots.pop(at)
        return None


def words(payload):
    return [int.from_bytes(payload[at:at + 16].ljust(16, b"\0"), "little") for at in range(0, len(payload), 16)]


def kernels():
    rng = random.Random(8)
    sessions = [Session() for _ in range(32)]
    commands, payloads, results, played = [], [], [], []
    fills, found_some = set(), [0, 0]

    def command(operation, session, payload_type=0, sequence=0, length=0, timestamp=0):
        commands.append(operation | session << 2 | payload_type << 7 | sequence << 15 | length << 31 | timestamp << 40)

    def result(operation, session, fill=0, found=0, payload_type=0, sequence=0, length=0):
        results.append(operation | session << 2 | fill << 7 | found << 10 | payload_type << 11 | sequence << 19 | length << 35)

    for n in range(32):
        command(CLEAR, n)
        result(CLEAR, n)
    for i in range(1200):
        n = i % 4 if i < 600 else rng.randrange(32)
        session = sessions[n]
        choice = rng.random()
        newest = 65500 + i // 8  # over the wrap
        if choice < 0.55:
            sequence = (newest + rng.randrange(-4, 5) - rng.choice([0, 0, 0, 16])) % 65536
            length = rng.choice([160, 0, 1, 15, 16, 17, 33, 80, 239, 240, 20, 20, rng.choice([241, 511])])
            payload, payload_type = rng.randbytes(length), rng.randrange(128)
            timestamp = sequence * 160 % (1 << 32)
            command(PACKET, n, payload_type, sequence, length, timestamp)
            fill = session.packet(sequence, timestamp, payload_type, payload)
            fills.add(fill)
            result(PACKET, n, fill, 0, payload_type, sequence, length)
            payloads.extend(words(payload))
        elif choice < 0.99:
            timestamp = (newest - rng.randrange(-3, 6)) % 65536 * 160
            command(TICK, n, timestamp=timestamp)
            slot = session.tick(timestamp)
            found_some[slot is not None] += 1
            result(TICK, n, 0, *((1, slot[2], slot[0], len(slot[3])) if slot else (0,)))
            played.extend(words(slot[3]) if slot else [])
        else:
            session.slots.clear()
            command(CLEAR, n)
            result(CLEAR, n)
    assert len(fills) == 5 and min(found_some) > 50
    return [{"source": "hls/jitter/slots.cpp", "process": "jitter", "top": True, "inputs": {0: commands, 1: payloads},
             "known": {2: results, 3: played}, "calls": 2 * len(commands) + len(payloads) + len(played)}]
