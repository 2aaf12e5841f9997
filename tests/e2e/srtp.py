"""SRTP of the tests' own (RFC 3711, AES-CM-128 with 80-bit tags), so that a test can send what no honest peer would."""

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SUITE = "AES_CM_128_HMAC_SHA1_80"


def _keystream(key, counter, octets):
    cipher = Cipher(algorithms.AES(key), modes.CTR(counter.to_bytes(16, "big")))
    return cipher.encryptor().update(bytes(octets))


class Srtp:
    """One direction under a key of its own; no more than 65536 packets, from sequence number 0 on or above."""

    def __init__(self):
        self.master = os.urandom(30)
        key, salt = self.master[:16], int.from_bytes(self.master[16:], "big")

        def derive(label, octets):  # section 4.3.1, key derivation rate 0
            return _keystream(key, (salt ^ label << 48) << 16, octets)

        self.key, self.auth, self.salt = derive(0, 16), derive(1, 20), int.from_bytes(derive(2, 14), "big")

    def crypto(self):
        """What SDP says after "a=crypto:1 " (RFC 4568)."""
        return f"{SUITE} inline:{base64.b64encode(self.master).decode()}"

    def protect(self, packet):
        """A packet with a header of 12 octets."""
        sequence, _, ssrc = struct.unpack("!HII", packet[2:12])
        stream = _keystream(self.key, (self.salt << 16) ^ (ssrc << 64) ^ (sequence << 16), len(packet) - 12)
        secured = packet[:12] + bytes(a ^ b for a, b in zip(packet[12:], stream))
        return secured + hmac.new(self.auth, secured + bytes(4), hashlib.sha1).digest()[:10]
