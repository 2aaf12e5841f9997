"""AES as the tests of the kernels want it: blocks and keystreams from OpenSSL (python3-cryptography), key schedules."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


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
