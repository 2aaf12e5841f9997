"""One end of an audio stream in the test's own hands: what was sent is known to the bit, what arrives is kept."""

import socket
import struct
import threading
import time

from processes import GATEWAY

PACKET = 160  # octets of PCMU in 20 ms
PACKET_TIME = 0.02


class AudioEnd:
    def __init__(self, address, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.socket.settimeout(0.2)
        self.received = []  # (sequence number, timestamp, SSRC, payload), as they came
        self.closing = threading.Event()
        self.threads = [threading.Thread(target=self._receive)]
        self.threads[0].start()

    def _receive(self):
        while not self.closing.is_set():
            try:
                packet = self.socket.recv(2048)
            except TimeoutError:
                continue
            _, _, sequence, timestamp, ssrc = struct.unpack("!BBHII", packet[:12])
            self.received.append((sequence, timestamp, ssrc, packet[12:]))

    def play(self, audio, to, sequence, ssrc):
        """Sends the audio (PCMU) at its pace to a port of the gateway, on a thread of its own."""

        def send():
            start = time.monotonic()
            for n in range(len(audio) // PACKET):
                header = struct.pack("!BBHII", 0x80, 0, (sequence + n) & 0xFFFF, n * PACKET, ssrc)
                self.socket.sendto(header + audio[n * PACKET : (n + 1) * PACKET], (GATEWAY, to))
                self.closing.wait(max(0.0, start + (n + 1) * PACKET_TIME - time.monotonic()))

        self.threads.append(threading.Thread(target=send))
        self.threads[-1].start()

    def heard(self):
        return b"".join(payload for _, _, _, payload in self.received)

    def close(self):
        self.closing.set()
        for thread in self.threads:
            thread.join()
        self.socket.close()
