"""What the tests of the SRTP kernels expect, from OpenSSL (python3-cryptography), and the key material that a host gives them."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def aes(key, block):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def counter_mode(key, counter, octets):
    return Cipher(algorithms.AES(key), modes.CTR(counter.to_bytes(16, "big"))).encryptor().update(bytes(octets))


def _double(x):
    return x << 1 ^ (0x11B if x & 0x80 else 0)


def _sbox():
    table, p, q = [0] * 256, 1, 1
    while True:
        p ^= _double(p)
        for shift in (1, 2, 4):  # q: division by 3
            q ^= q << shift & 255
        if q & 0x80:
            q ^= 0x09
        table[p] = q ^ 0x63
        for shift in range(1, 5):
            table[p] ^= (q << shift | q >> (8 - shift)) & 255
        if p == 1:
            break
    table[0] = 0x63
    return table


SBOX = _sbox()


def round_keys(key):
    """FIPS 197 5.2, each as an integer."""
    n = len(key) // 4
    words = [key[4 * i:4 * i + 4] for i in range(n)]
    rcon = 1
    for i in range(n, 4 * (n + 7)):
        t = words[-1]
        if i % n == 0:
            t = bytes(SBOX[b] for b in t[1:] + t[:1])
            t = bytes([t[0] ^ rcon]) + t[1:]
            rcon = _double(rcon)
        elif n == 8 and i % n == 4:
            t = bytes(SBOX[b] for b in t)
        words.append(bytes(a ^ b for a, b in zip(words[i - n], t)))
    return [int.from_bytes(b"".join(words[i:i + 4]), "big") for i in range(0, len(words), 4)]


def sha1_compress(state, block):
    """FIPS 180-4 6.1.2: hashlib gives no midstates."""
    w = list(struct.unpack(">16I", block))
    rotate = lambda x, n: (x << n | x >> (32 - n)) & 0xFFFFFFFF
    for t in range(16, 80):
        w.append(rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1))
    a, b, c, d, e = state
    for t in range(80):
        f, k = (((b & c) | (~b & d), 0x5A827999), (b ^ c ^ d, 0x6ED9EBA1), ((b & c) | (b & d) | (c & d), 0x8F1BBCDC),
                (b ^ c ^ d, 0xCA62C1D6))[t // 20]
        a, b, c, d, e = (rotate(a, 5) + f + e + k + w[t]) & 0xFFFFFFFF, a, rotate(b, 30), c, d
    return tuple((x + y) & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d, e)))


def midstate(key, pad):
    """The state after HMAC's first block (RFC 2104), as an integer, H0 highest. A key of up to 64 octets."""
    start = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
    state = sha1_compress(start, bytes(b ^ pad for b in key.ljust(64, b"\0")))
    return int.from_bytes(struct.pack(">5I", *state), "big")


def inner_outer(key):
    return midstate(key, 0x36), midstate(key, 0x5C)


def beats(octets):
    """(data, bytes, last) of each beat of a packet."""
    for at in range(0, len(octets), 16):
        part = octets[at:at + 16]
        yield int.from_bytes(part.ljust(16, b"\0"), "big"), len(part), at + 16 >= len(octets)


def join(*fields):
    """A stream's structure as a word: (value, width) of each member, the first lowest."""
    word = at = 0
    for value, width in fields:
        assert 0 <= value < 1 << width, (value, width)
        word |= value << at
        at += width
    return word


class Suite:
    def __init__(self, name, key, salt, tag, gcm=False):
        self.name, self.key, self.salt, self.tag, self.gcm = name, key, salt, tag, gcm


SUITES = [Suite("cm128_80", 16, 14, 10), Suite("cm128_32", 16, 14, 4), Suite("cm256_80", 32, 14, 10), Suite("cm256_32", 32, 14, 4),
          Suite("gcm128", 16, 12, 16, True), Suite("gcm256", 32, 12, 16, True)]


class Session:
    """One direction: what the host keeps and gives with each job."""

    def __init__(self, suite, key, salt, auth=b""):
        """Session keys."""
        self.suite, self.key, self.salt, self.auth = suite, key, salt, auth
        self.round_keys = round_keys(key)
        if suite.gcm:
            self.authentication = int.from_bytes(aes(key, bytes(16)), "big") << 192
        else:
            inner, outer = inner_outer(auth)
            self.authentication = inner << 160 | outer

    @staticmethod
    def derive(suite, master_key, master_salt):
        """RFC 3711 4.3.1, key derivation rate 0; RFC 7714 11 for the shorter salt."""
        salt = int.from_bytes(master_salt.ljust(14, b"\0"), "big")
        take = lambda label, n: counter_mode(master_key, (salt ^ label << 48) << 16, n)
        return Session(suite, take(0, suite.key), take(2, suite.salt), take(1, 20))

    def job(self, protect, packet, header, index, tag):
        """The job of a packet as it comes: hls/srtp/srtp.hpp, SrtpJob."""
        return join((protect, 1), (self.suite.gcm, 1), (self.suite.key == 32, 1), (tag, 5), (header, 11), (len(packet), 11),
                    (int.from_bytes(self.salt.ljust(14, b"\0"), "big"), 112), (index, 48), (int.from_bytes(packet[8:12], "big"), 32),
                    (self.authentication, 320))

    def _iv(self, packet, index):
        ssrc, salt = int.from_bytes(packet[8:12], "big"), int.from_bytes(self.salt, "big")
        return salt ^ ssrc << 48 ^ index if self.suite.gcm else salt << 16 ^ ssrc << 64 ^ index << 16

    def _stream(self, packet, index, octets):
        iv = self._iv(packet, index)
        return counter_mode(self.key, iv << 32 | 2 if self.suite.gcm else iv, octets)

    def _tag(self, secured, header, index):
        if not self.suite.gcm:
            return hmac.new(self.auth, secured + (index >> 16).to_bytes(4, "big"), hashlib.sha1).digest()[:self.suite.tag]
        # OpenSSL's GCM gives a tag of text that it encrypts: encrypt what decrypts to nothing but this.
        text = bytes(a ^ b for a, b in zip(secured[header:], self._stream(secured, index, len(secured) - header)))
        whole = AESGCM(self.key).encrypt(self._iv(secured, index).to_bytes(12, "big"), text, secured[:header])
        assert whole[:-16] == secured[header:]
        return whole[-16:]

    def crypt(self, packet, header, index):
        return packet[:header] + bytes(a ^ b for a, b in zip(packet[header:], self._stream(packet, index, len(packet) - header)))

    def protect(self, packet, header, index):
        secured = self.crypt(packet, header, index)
        return secured + self._tag(secured, header, index)

    def unprotect(self, packet, header, index):
        """What comes out, and whether it is authentic."""
        secured, tag = packet[:-self.suite.tag], packet[-self.suite.tag:]
        return self.crypt(secured, header, index), self._tag(secured, header, index) == tag
