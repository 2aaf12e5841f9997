"""Calls of endpoints of our own, whose audio is known to the octet."""

import os
import random
import sys
import threading
import time

from daemon import BUILD
from processes import GATEWAY

sys.path.insert(0, os.environ.get("CAUSEWAY_PYTHON", str(BUILD / "python")))
import causeway  # noqa: E402

__all__ = ["SECOND", "Talk", "causeway"]

SECOND = 8000  # octets of PCMU
PACKET = 160


class Talk:
    """A call through the gateway in which both sides speak for some seconds; when each packet came is kept."""

    def __init__(self, caller, callee, gateway, seed, seconds):
        self.voices = [random.Random(seed + way).randbytes(seconds * SECOND) for way in range(2)]
        self.caller = caller.call(f"sip:2{seed:02}@{GATEWAY}", via=f"{GATEWAY}:{gateway.port}")
        self.caller.wait_answered()
        self.callee = callee.wait_incoming()
        self.callee.wait_answered()
        self.came = [[], []]
        self.watches = [
            threading.Thread(target=self._watch, args=side) for side in zip((self.callee, self.caller), self.came)
        ]
        self.caller.play(self.voices[0])
        self.callee.play(self.voices[1])
        for watch in self.watches:
            watch.start()

    def _watch(self, side, came):
        for octets in range(PACKET, len(self.voices[0]) + 1, PACKET):
            side.wait_recorded(octets, timeout=10)
            came.append(time.monotonic())

    def check_heard(self):
        """Every octet of both, in order."""
        for watch in self.watches:
            watch.join()
        assert self.callee.wait_recorded(len(self.voices[0])) == self.voices[0]
        assert self.caller.wait_recorded(len(self.voices[1])) == self.voices[1]

    def gaps(self, times):
        """Of both ways: the longest times between two packets, in ms, within one of these times and outside."""
        within, outside = [], []
        for came in self.came:
            for a, b in zip(came, came[1:]):
                inside = any(a < end and b > begin for begin, end in times)
                (within if inside else outside).append(1000 * (b - a))
        return max(within), max(outside)
