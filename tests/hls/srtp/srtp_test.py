#!/usr/bin/python3
"""The SRTP kernel: native C++ and Verilated RTL against RFC 7714, libsrtp2 and OpenSSL, and its throughput against the slowest
stage's bound. usage: srtp_test.py FOLDER folded|lanes|full   lanes: some of each kind; full: as many as the card gets (not in CI)"""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools/hlsc"))
import harness
import reference
from reference import SUITES, Session, join

HERE = pathlib.Path(__file__).resolve().parent
BUILDS = {
    "folded": {"AES_LANES": 1, "HMAC_LANES": 1, "GHASH_LANES": 1, "GHASH_DIGIT": 8, "HELD_BEATS": 64},
    "lanes": {"AES_LANES": 2, "HMAC_LANES": 3, "GHASH_LANES": 2, "GHASH_DIGIT": 4, "HELD_BEATS": 64},
    "full": {"AES_LANES": 6, "HMAC_LANES": 11, "GHASH_LANES": 7, "GHASH_DIGIT": 8, "HELD_BEATS": 256},
}
OK, NOT_AUTHENTIC, MALFORMED = range(3)


class Traffic:
    def __init__(self):
        self.inputs = {0: [], 1: [], 2: []}
        self.expected = []  # of each job: status, and the packet that comes out or None for any
        self.work = []      # of each job: suite, header, body

    def add(self, session, protect, packet, header, index, status, out, beats=None, header_field=None, tag_field=None):
        """beats: to send others than the packet's; fields: to say what is not so."""
        self.inputs[0].append(session.job(protect, packet, header if header_field is None else header_field, index,
                                          session.suite.tag if tag_field is None else tag_field))
        self.inputs[1] += session.round_keys
        sent = beats if beats is not None else packet
        self.inputs[2] += [join((data, 128), (last, 1)) for data, _, last in reference.beats(sent)]
        self.expected.append((status, out))
        self.work.append((session.suite, header, len(packet) - (0 if protect else session.suite.tag)))

    def problem(self, streams):
        """None, or what is wrong with the beats and verdicts that came."""
        beats, verdicts = iter(streams.get(3, [])), streams.get(4, [])
        if len(verdicts) != len(self.expected):
            return f"{len(self.expected)} jobs, {len(verdicts)} verdicts"
        for k, (verdict, (status, out)) in enumerate(zip(verdicts, self.expected)):
            length, packet, last = verdict >> 2, b"", 0
            while length and not last:
                beat = next(beats)
                octets, last = beat >> 128 & 31, beat >> 133
                if not (1 <= octets <= 16 if last else octets == 16):
                    return f"packet {k}: a beat of {octets} octets"
                packet += (beat & (1 << 128) - 1).to_bytes(16, "big")[:octets]
            if verdict & 3 != status or len(packet) != length or (out is not None and packet != out):
                return (f"packet {k} ({self.work[k][0].name}, header {self.work[k][1]}, body {self.work[k][2]}): status {verdict & 3} for {status}, "
                        f"{packet.hex()} for {None if out is None else out.hex()}")
        return "beats that belong to no packet" if next(beats, None) is not None else None


def rtp(rng, payload, csrcs=0, extension=None):
    """A packet, its header's length."""
    first = 0x80 | csrcs | (0x10 if extension is not None else 0)
    header = bytes([first, rng.randrange(128)]) + rng.randbytes(10 + 4 * csrcs)
    if extension is not None:
        header += bytes.fromhex("bede") + extension.to_bytes(2, "big") + rng.randbytes(4 * extension)
    return header + rng.randbytes(payload), len(header)


def published(traffic):
    """RFC 7714 16.1 and 16.2, which give session keys."""
    plain = bytes.fromhex("8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573")
    for suite, secured in ((SUITES[4], "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                            "899d7f27beb16a9152cf765ee4390cce"),
                           (SUITES[5], "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
                            "7aa3db36dfffd6b0f9bb7878d7a76c13")):
        session, secured = Session(suite, bytes(range(suite.key)), bytes.fromhex("517569642070726f2071756f")), bytes.fromhex(secured)
        traffic.add(session, True, plain, 12, 0xF17B, OK, secured)
        traffic.add(session, False, secured, 12, 0xF17B, OK, plain)
    # RFC 3711 B.3
    derived = Session.derive(SUITES[0], bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6"))
    assert derived.key.hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derived.salt.hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derived.auth.hex().upper() == "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"
    # RFC 6188 7.2
    derived = Session.derive(SUITES[2], bytes.fromhex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"),
                             bytes.fromhex("3b04803de51ee7c96423ab5b78d2"))
    assert derived.key.hex() == "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"
    assert derived.salt.hex() == "fa31791685ca444a9e07c6c64e93"
    assert derived.auth.hex() == "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"


def protected_by_libsrtp(folder, packets):
    """packets: (suite, master key, master salt, rollovers, packet)"""
    harness.command(["g++", "-O1", HERE / "libsrtp.cpp", "-o", folder / "libsrtp", "-lsrtp2"])
    lines = "".join(f"{suite.name} {key.hex()} {salt.hex()} {rollovers:x} {packet.hex()}\n" for suite, key, salt, rollovers, packet in packets)
    return harness.command([folder / "libsrtp"], input=lines).split()


def random_traffic(folder, rng, count):
    traffic = Traffic()
    published(traffic)
    packets = []
    for n in range(count):
        suite = SUITES[n % len(SUITES)]
        # Every remainder of the payload with every suite, without CSRCs and with; then anything.
        payload = n // len(SUITES) % 36 if n < 36 * len(SUITES) else rng.choice([160, 20, rng.randrange(400), rng.randrange(1400)])
        extension = rng.choice([None, None, 0, 1, 2, 3, 60]) if n % 50 else 100
        packet, header = rtp(rng, payload, rng.choice([0, 0, 1, 2, 3, 15]), extension)
        if n % 50 == 7:  # the longest that a job can say
            packet, header = rtp(rng, 2047 - suite.tag - 12)
        packets.append((suite, rng.randbytes(suite.key), rng.randbytes(suite.salt), rng.choice([0, 1, rng.getrandbits(32)]), packet, header))
    oracle = protected_by_libsrtp(folder, [p[:5] for p in packets])
    if len(oracle) != len(packets) or "unsupported" in oracle:
        raise harness.Failed("libsrtp2 did not protect every packet")
    for n, ((suite, key, salt, rollovers, packet, header), secured) in enumerate(zip(packets, oracle)):
        session = Session.derive(suite, key, salt)
        index = rollovers << 16 | int.from_bytes(packet[2:4], "big")
        secured = bytes.fromhex(secured)
        assert secured == session.protect(packet, header, index), "libsrtp2 and OpenSSL differ"
        if n % 2:
            traffic.add(session, True, packet, header, index, OK, secured)
        else:
            traffic.add(session, False, secured, header, index, OK, packet)
        if n % 3 == 0:  # a bit of the packet, of the tag, or another index
            bad, at = bytearray(secured), rng.choice([rng.randrange(len(secured)), len(secured) - rng.randrange(suite.tag) - 1])
            if 8 <= at < 12:
                at = 0  # the job has the SSRC
            bad[at] ^= 1 << rng.randrange(8)
            out, authentic = session.unprotect(bytes(bad), header, index)
            assert not authentic
            traffic.add(session, False, bytes(bad), header, index, NOT_AUTHENTIC, out)
        if n % 11 == 0:
            out, authentic = session.unprotect(secured, header, index ^ 1 << 16)
            assert not authentic
            traffic.add(session, False, secured, header, index ^ 1 << 16, NOT_AUTHENTIC, out)
        if n % 7 == 0:
            kind = n // 7 % 7
            if kind == 0:
                traffic.add(session, False, secured, header, index, MALFORMED, b"", header_field=len(secured) - suite.tag + 4 & ~3)
            elif kind == 1:
                traffic.add(session, True, packet, header, index, MALFORMED, b"", header_field=rng.choice([0, 8, header + 2]))
            elif kind == 2:
                traffic.add(session, False, packet[:12], 12, index, MALFORMED, b"")
            elif kind == 3:
                traffic.add(session, n % 2, secured, header, index, MALFORMED, b"", tag_field=rng.choice(sorted({0, 1, 12, 16, 17, 31} - {suite.tag})))
            elif kind == 4:  # fewer beats than the job says
                traffic.add(session, n % 2, secured, header, index, MALFORMED, None, beats=secured[:rng.randrange(1, 13)])
            else:  # more
                traffic.add(session, n % 2, secured, header, index, MALFORMED, None, beats=secured + bytes(rng.randrange(16, 60)))
    return traffic


def ready_sessions(rng, suites, packets):
    """Packets of 172 octets of 64 sessions, to be unprotected and to be protected."""
    traffic = Traffic()
    sessions = [Session.derive(s, rng.randbytes(s.key), rng.randbytes(s.salt)) for s in (suites[n % len(suites)] for n in range(64))]
    for n in range(packets):
        session, index = sessions[n % 64], n // 64 + 1000
        packet, header = rtp(rng, 160)
        secured = session.protect(packet, header, index)
        if n % 2:
            traffic.add(session, True, packet, header, index, OK, secured)
        else:
            traffic.add(session, False, secured, header, index, OK, packet)
    return traffic


def bounds(work, p):
    """Cycles a packet of each stage, were it alone; hls/srtp/*.hpp says so of each process."""
    stages = dict.fromkeys(("keys", "aes", "crypt", "hmac pad", "hmac", "ghash pad", "ghash", "end"), 0)
    for suite, header, body in work:
        keys, blocks = 11 + (suite.key == 32) * 4, (body - header + 15) // 16 + suite.gcm
        stages["keys"] += 2 + keys
        stages["aes"] += (keys + 1 + blocks * (keys - 1)) / p["AES_LANES"]
        stages["crypt"] += 1 + suite.gcm + (body + suite.tag + 15) // 16
        stages["end"] += 3 + (body + 15) // 16
        if suite.gcm:
            n = (header + 15) // 16 + (body - header + 15) // 16 + 1
            stages["ghash pad"] += n + 1
            stages["ghash"] += (1 + n * (1 + 128 // p["GHASH_DIGIT"])) / p["GHASH_LANES"]
        else:
            n = (body + 4 + 9 + 63) // 64
            stages["hmac pad"] += 3 + 4 * n
            stages["hmac"] += (3 + 85 * n + 81) / p["HMAC_LANES"]
    return {k: v / len(work) for k, v in stages.items()}


def compile_kernel(folder, parameters):
    """Compiles the kernel; returns the source and hlsc's report."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "source.cpp"
    source.write_text("".join(f"#define SRTP_{k} {v}\n" for k, v in parameters.items()) + '#include "hls/srtp/srtp.cpp"\n')
    harness.hlsc(source, ["srtp"], "-o", folder / "kernel.sv", "--report", folder / "report.txt", includes=[harness.ROOT], top=True)
    return source, (folder / "report.txt").read_text()


class Build:
    def __init__(self, folder, parameters):
        self.folder, self.parameters = folder, parameters
        self.source, report = compile_kernel(folder, parameters)
        print("".join(line + "\n" for line in report.splitlines() if " stages, " in line), end="")
        self.ports = {"srtp": harness.ports_of(report)["srtp"]}
        harness.build_rtl(folder, ["kernel.sv"], self.ports, optimise="-O2")

    def native(self, traffic):
        harness.write_inputs(self.folder, "srtp", traffic.inputs)
        cycles = sum(sum(bounds([w], BUILDS['folded']).values()) for w in traffic.work)
        harness.run_native(self.folder, self.source, self.ports, int(cycles), includes=[harness.ROOT], flags=("-O1", "-w"))
        return harness.results(self.folder, "srtp", "native")

    def rtl(self, traffic, gaps=0, stalls=0):
        harness.write_inputs(self.folder, "srtp", traffic.inputs)
        beats = sum((w[2] + (w[0].tag if e[1] is not None and len(e[1]) > w[2] else 0) + 15) // 16 for w, e in zip(traffic.work, traffic.expected)
                    if e[0] != MALFORMED)
        (self.folder / "srtp.expect").write_text(f"3 {beats}\n4 {len(traffic.expected)}\n")
        cycles = harness.run_rtl(self.folder, 1, gaps, stalls, 20000000)
        return cycles - 300, harness.results(self.folder, "srtp", "rtl")


def measure(build, name, rng):
    """Prints figures; returns what is wrong. A figure beyond its aim is no problem."""
    problems, packets = [], 660 if name == "full" else 128
    for suite, suites in (("AES-CM-128 HMAC-SHA1-80", SUITES[0:1]), ("AES-CM-256 HMAC-SHA1-80", SUITES[2:3]), ("GCM-128", SUITES[4:5]),
                         ("GCM-256", SUITES[5:6]), ("all suites", SUITES)):
        few, many = ready_sessions(rng, suites, 24), ready_sessions(rng, suites, packets + 24)
        (start, first), (cycles, second) = build.rtl(few), build.rtl(many)
        problems += [few.problem(first), many.problem(second)]
        each = (cycles - start) / packets
        stage, bound = max(bounds(many.work[24:], build.parameters).items(), key=lambda x: x[1])
        share = bound / each
        print(f"{suite}: {each:.1f} cycles a packet of 172 octets, 64 sessions ready; slowest stage {stage}, {bound:.1f}: {100 * share:.0f} % of its bound")
        aim = {"folded": 1000, "full": 32}.get(name)
        if aim and each > aim:
            print(f"  the aim of {aim} cycles is missed")
        if len(suites) == 1 and share < 0.9:
            problems.append(f"{suite}: throughput is under 90 % of the slowest stage's bound")
    alone = ready_sessions(rng, SUITES[0:1], 1)
    latency, streams = build.rtl(alone)
    problems.append(alone.problem(streams))
    print(f"latency of one packet alone, AES-CM-128 HMAC-SHA1-80: {latency} cycles, aim 1500")
    return problems


def main(folder, name):
    rng = random.Random(name)
    build = Build(folder, BUILDS[name])
    traffic = random_traffic(folder, rng, 300)
    native = build.native(traffic)
    problems = [traffic.problem(native)]
    print(f"native C++, {len(traffic.expected)} packets: {problems[0] or 'as libsrtp2 and OpenSSL have them'}")
    for gaps, stalls in ((30, 30), (0, 60), (60, 0), (0, 0)):
        _, streams = build.rtl(traffic, gaps, stalls)
        problems.append(harness.difference(native, streams))
        print(f"RTL with {gaps} % gaps, {stalls} % stalls: {problems[-1] or 'equal to native'}")
    problems = [p for p in problems + measure(build, name, rng) if p]
    for p in problems:
        print(p)
    return not problems


if __name__ == "__main__":
    sys.exit(0 if main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]) else 1)
