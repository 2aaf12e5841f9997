"""Bad days of the daemon: what comes in is wrong, or what it lives on runs out. Each time a call lasts through it, a counter
rises, the log says so in few lines, and a fresh call goes as ever."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest
from daemon import ROOT
from processes import CALLEE, CALLER, GATEWAY, free_ports, wait_for
from rtp import PACKET, AudioEnd
from sipp import finish
from srtp import Srtp

STRANGER = "127.0.0.9"
LINES_A_SECOND = 10  # of one kind, by each shard


@pytest.fixture
def bad_day(talk):
    """A call that goes on through what happens, heard to the octet on both sides, and a fresh one afterwards."""

    @contextlib.contextmanager
    def lasting(gateway, seconds=4):
        old = talk(gateway, 1, seconds=seconds)
        yield old
        old.check_heard()
        old.caller.hang_up()
        old.callee.wait_ended()
        fresh_call(gateway, talk)

    return lasting


def fresh_call(gateway, talk):
    fresh = talk(gateway, 2, seconds=1)
    fresh.check_heard()
    fresh.caller.hang_up()
    fresh.callee.wait_ended()


@contextlib.contextmanager
def udp(address, port=0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((address, port))
        yield s


def lines(gateway, text):
    return [line for line in gateway.said().splitlines() if text in line]


def refused_with_503(gateway, party):
    """A new call is refused, and told when to try again."""
    caller = party(gateway, "caller_refused")
    finish(caller)
    assert caller.logged(r"status (\d+)") == "503"


def statuses(gateway):
    return [record["status"] for record in gateway.records()]


INVITE = """INVITE sip:200@{gateway} SIP/2.0
Via: SIP/2.0/UDP {caller}:5999;branch=z9hG4bKbad
Max-Forwards: 70
From: <sip:100@{caller}>;tag=bad
To: <sip:200@{gateway}>
Call-ID: bad
CSeq: 1 INVITE
Contact: <sip:100@{caller}:5999>
Content-Type: application/sdp
Content-Length: 300

v=0
""".format(gateway=GATEWAY, caller=CALLER).replace("\n", "\r\n").encode()


def test_truncated_and_oversized_messages(gateway, bad_day):
    wrong = [INVITE[:n] for n in range(5, len(INVITE))] + [b"A" * 65507, os.urandom(1400)]
    wrong.append(INVITE.replace(b": 300", b": 99999999999999999999"))
    with bad_day(gateway), udp(CALLER) as peer:
        for n, datagram in enumerate(wrong, 1):
            peer.sendto(datagram, (GATEWAY, gateway.port))
            wait_for(lambda n=n: gateway.status()["sip"]["malformed"] >= n, f"count of {datagram[-30:]}")
    assert gateway.status()["attempts"] == 2
    assert lines(gateway, "malformed SIP from")


def test_flood_of_garbage_fills_no_log(gateway, bad_day):
    begin = time.monotonic()
    with bad_day(gateway), udp(CALLER) as peer:
        for _ in range(50000):
            peer.sendto(b"no SIP", (GATEWAY, gateway.port))
        time.sleep(1.1)  # the next line says how many were not written
        peer.sendto(b"no SIP", (GATEWAY, gateway.port))
        peer.sendto(b"no SIP at all", (GATEWAY, gateway.port))
        wait_for(lambda: "lines like it" in gateway.said(), "line about those suppressed")
        seconds = time.monotonic() - begin
        assert gateway.status()["sip"]["malformed"] > 1000
        assert len(lines(gateway, "malformed SIP from")) <= 2 * LINES_A_SECOND * (seconds + 1)


def test_flood_of_calls_from_strangers(gateway, bad_day):
    """403 and a record each (RFC 3261 section 21.4.4), and few lines."""
    flood = 2000
    with bad_day(gateway, seconds=6), udp(STRANGER) as stranger:
        begin = time.monotonic()
        for n in range(flood):
            invite = INVITE.split(b"Content-Type")[0] + b"Content-Length: 0\r\n\r\n"
            stranger.sendto(invite.replace(b"bad", b"flood%d" % n), (GATEWAY, gateway.port))
            if n % 20 == 19:
                wait_for(lambda n=n: gateway.status()["sip"]["unknown_source"] > n, f"refusal of {n}")
        seconds = time.monotonic() - begin
    assert gateway.status()["attempts"] == flood + 2
    assert 0 < len(lines(gateway, "refused: 403")) <= 2 * LINES_A_SECOND * (seconds + 1) < flood
    assert statuses(gateway).count(403) == flood


def rtp_packet(sequence, ssrc=0x1111, payload=bytes(PACKET)):
    return struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * PACKET & 0xFFFFFFFF, ssrc) + payload


def counted(gateway, kind, number):
    wait_for(lambda: gateway.status()["media"][kind] >= number, f"{number} packets counted as {kind}")
    assert gateway.status()["media"][kind] == number


@pytest.fixture
def audio_ends():
    """The two ends of the audio of SIPp's calls."""
    ends = [AudioEnd(CALLER, free_ports(CALLER, 2)), AudioEnd(CALLEE, free_ports(CALLEE, 2))]
    ports = [end.socket.getsockname()[1] for end in ends]
    yield ends, ports
    for end in ends:
        end.close()


def test_bad_media_and_media_of_strangers(gateway, party, talk, audio_ends, speech):
    """RFC 3550 appendix A.1: nothing of it reaches the other side."""
    (caller_end, callee_end), (caller_port, callee_port) = audio_ends
    audio = speech.pcmu[: 100 * PACKET]
    callee = party(gateway, "callee", audio_port=callee_port, duration=4000)
    caller = party(gateway, "caller", audio_port=caller_port)
    to_gateway = GATEWAY, int(caller.logged(r"audio (\d+)"))
    caller_end.play(audio, to=to_gateway[1], sequence=1, ssrc=0x1111)
    wait_for(callee_end.heard, "audio at the callee")

    good = rtp_packet(2)
    truncated = [good[:n] for n in range(12)]
    truncated += [b"\x8f" + good[1:20], b"\x90" + good[1:14], b"\xa0" + good[1:12] + b"\xff", b"\x40" + good[1:]]
    oversized = [good + bytes(n) for n in (3000, 60000)]
    for datagram in truncated + oversized:
        caller_end.socket.sendto(datagram, to_gateway)
    with udp(STRANGER) as stranger, udp(CALLER) as neighbour:
        for sequence in range(1000):
            stranger.sendto(rtp_packet(sequence, 0x6666), to_gateway)
            neighbour.sendto(rtp_packet(sequence), to_gateway)
            if sequence % 50 == 0:
                counted(gateway, "dropped_source", 2 * sequence + 2)
    bye = struct.pack("!BBHIBBHI", 0x80, 201, 1, 0x1111, 0x81, 203, 1, 0x1111)
    with udp(STRANGER) as stranger:
        for _ in range(10):
            stranger.sendto(bye, (GATEWAY, to_gateway[1] + 1))
    for sequence in range(20):
        caller_end.socket.sendto(b"\x80\x09" + rtp_packet(sequence)[2:], to_gateway)
    counted(gateway, "dropped_malformed", len(truncated))
    counted(gateway, "dropped_source", 2010)
    counted(gateway, "dropped_payload_type", 20)
    counted(gateway, "oversized", len(oversized))

    finish(caller, callee)
    assert callee_end.heard() == audio and len({ssrc for _, _, ssrc, _ in callee_end.received}) == 1
    (record,) = gateway.records()
    call_id = record["call_id"]
    figures = record["media"]["caller"]
    assert figures["dropped_rtcp"] == 10 and figures["dropped_source"] == 2010
    assert figures["dropped_payload_type"] == 20 and figures["ssrc_collisions"] == 0
    assert lines(gateway, f"[{call_id}] media") and lines(gateway, "longer than any media")
    assert 0 < len(lines(gateway, "the source is not the peer")) <= 10 * LINES_A_SECOND
    assert lines(gateway, "no RTP or RTCP")
    fresh_call(gateway, talk)


def test_wrong_srtp_keys_and_replayed_packets(make_gateway, party, audio_ends, speech):
    """RFC 3711 section 3.3: wherever they come from, they are neither heard nor do they move the call away."""
    gateway = make_gateway(caller_srtp="mandatory")
    (caller_end, callee_end), (caller_port, callee_port) = audio_ends
    for call in range(2):  # the second is the fresh one
        right, wrong = Srtp(), Srtp()
        callee = party(gateway, "callee", audio_port=callee_port, duration=1500)
        caller = party(gateway, "caller_srtp", audio_port=caller_port, keys={"crypto": right.crypto()})
        to_gateway = GATEWAY, int(caller.logged(r"audio (\d+)"))
        packets = [rtp_packet(n, payload=speech.pcmu[n * PACKET : (n + 1) * PACKET]) for n in range(50)]
        before = gateway.status()["media"]
        already = len(callee_end.heard())
        with udp(STRANGER) as stranger:
            for n, packet in enumerate(packets):
                secured = right.protect(packet)
                stranger.sendto(wrong.protect(packet), to_gateway)
                caller_end.socket.sendto(wrong.protect(packet), to_gateway)
                caller_end.socket.sendto(secured, to_gateway)
                counted(gateway, "packets_in", before["packets_in"] + 5 * n + 3)
                caller_end.socket.sendto(secured, to_gateway)
                stranger.sendto(secured, to_gateway)
                counted(gateway, "packets_in", before["packets_in"] + 5 * n + 5)
        counted(gateway, "dropped_unauthentic", before["dropped_unauthentic"] + 100)
        counted(gateway, "dropped_replayed", before["dropped_replayed"] + 100)
        finish(caller, callee)
        assert callee_end.heard()[already:] == b"".join(packet[12:] for packet in packets)
    assert lines(gateway, "wrong SRTP key") and lines(gateway, "replayed, repeated or too late")
    assert statuses(gateway) == [200, 200]


def test_disk_full_under_the_journal(make_gateway, party, bad_day, tmp_path):
    """New calls get 503 while less than the reserve is free; the call that runs goes on, and has its record."""
    mebi, headroom = 1 << 20, 512
    free = shutil.disk_usage(tmp_path).free // mebi
    if free < 4 * headroom:
        pytest.skip("the disk of the tests has no room to be filled")
    gateway = make_gateway(reserve=f"{free - headroom}MiB")
    gateway.unrecorded = 1
    filler = tmp_path / "filler"
    try:
        with bad_day(gateway, seconds=5):
            with open(filler, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, 2 * headroom * mebi)
            wait_for(lambda: lines(gateway, "new calls get 503: "), "line about the disk")
            refused_with_503(gateway, party)
            assert gateway.status()["failed"] == 1
            filler.unlink()
            wait_for(lambda: lines(gateway, "new calls get 503: works again"), "line about the disk")
    finally:
        filler.unlink(missing_ok=True)
    assert statuses(gateway) == [200, 200], "there was no place for that of the call refused"
    assert lines(gateway, "no room for call records")


def test_media_ports_run_out(make_gateway, party, bad_day):
    gateway = make_gateway(media_ports=4, shards=1)
    with bad_day(gateway, seconds=3):
        for refused in range(1, 4):
            refused_with_503(gateway, party)
            assert gateway.status()["failed"] == refused
    assert len(lines(gateway, "media ports exhausted")) == 3
    assert sorted(statuses(gateway)) == [200, 200, 503, 503, 503]


def limit_descriptors(gateway, more):
    """So that the daemon can open `more` descriptors from here on; the limits of before."""
    used = {int(name) for name in os.listdir(f"/proc/{gateway.process.pid}/fd")}
    limit = more
    while limit - sum(number < limit for number in used) < more or limit == 0:
        limit += 1
    _, most = resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE)
    return resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (limit, most))


def test_descriptors_run_out(make_gateway, party, bad_day):
    """Neither media sockets nor clients of the control socket can be had; without either, calls go on."""
    gateway = make_gateway()
    with bad_day(gateway, seconds=6):
        before = limit_descriptors(gateway, 0)
        refused_with_503(gateway, party)
        with pytest.raises((subprocess.CalledProcessError, subprocess.TimeoutExpired)):
            gateway.control("status", seconds=0.5)
        assert 0 < len(lines(gateway, "Too many open files")) < 30
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, before)
        assert gateway.status()["failed"] == 1
    assert lines(gateway, "media port refused") and lines(gateway, "control socket: ")
    assert sorted(statuses(gateway)) == [200, 200, 503]


def test_trunk_that_does_not_answer(make_gateway, party, bad_day):
    """RFC 3261 section 17.1.1.2: after 64 times T1 the caller gets 408; calls by other trunks notice nothing."""
    with udp(CALLEE) as silent:
        trunk = '[[trunk]]\nname = "silent"\ntarget = "{}:{}"\n'.format(*silent.getsockname())
        gateway = make_gateway(t1="20ms", more=trunk + '[[route]]\nprefix = "3"\ntrunk = "silent"\n')
        with bad_day(gateway):
            caller = party(gateway, "caller_refused", number="300")
            finish(caller)
            assert caller.logged(r"status (\d+)") == "408"
            assert gateway.status()["sip"]["timeouts"] >= 1
            assert lines(gateway, "ended: 408")
    assert sorted(statuses(gateway)) == [200, 200, 408]


DAY = 24 * 3600


def test_clock_jumps(make_gateway, bad_day, tmp_path):
    """The wall clock only dates the records: calls, timers and durations do not hear of it."""
    shim, clock = tmp_path / "clock_shim.so", tmp_path / "clock"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, ROOT / "tests/e2e/clock_shim.c"], check=True)
    clock.write_bytes(struct.pack("=q", 0))
    gateway = make_gateway(environment={"LD_PRELOAD": str(shim), "CLOCK_FILE": str(clock)})
    with bad_day(gateway, seconds=4) as talk:
        for days in (400, -400, 1):
            talk.callee.wait_recorded(len(talk.callee.recorded()) + 8000)
            with open(clock, "r+b") as file:
                file.write(struct.pack("=q", days * DAY))
            (call,) = gateway.calls()
            assert call["duration_s"] < 60
    old, fresh = gateway.records()
    assert (old["status"], fresh["status"]) == (200, 200)
    assert 4000 <= old["duration_ms"] < 60000 and 1000 <= fresh["duration_ms"] < 60000
    assert 0.9 * DAY * 1000 < fresh["start_time"] - old["start_time"] < 1.1 * DAY * 1000


def test_stopped_for_ten_seconds(make_gateway, talk):
    """SIGSTOP: what came meanwhile is dealt with, a caller that went on trying is answered, timers go on."""
    gateway = make_gateway()
    old = talk(gateway, 1, seconds=1)
    old.check_heard()
    os.kill(gateway.process.pid, signal.SIGSTOP)
    began = time.monotonic()
    waiting = old.caller.endpoint.call(f"sip:299@{GATEWAY}", via=f"{GATEWAY}:{gateway.port}")
    voices = [os.urandom(12 * 8000) for _ in range(2)]
    old.caller.play(voices[0])
    old.callee.play(voices[1])
    time.sleep(max(0.0, began + 10 - time.monotonic()))
    os.kill(gateway.process.pid, signal.SIGCONT)

    waiting.wait_answered()
    for call, voice in ((old.callee, voices[0]), (old.caller, voices[1])):
        wait_for(lambda c=call, v=voice: c.recorded().endswith(v[-8000:]), "the last second that was said", seconds=15)
    assert sum(shard["stalls"] for shard in gateway.status()["shards"]) >= 1
    assert lines(gateway, "stood still")
    assert gateway.status()["attempts"] == 2, "the INVITE that came again and again is one"
    assert gateway.status()["calls"] == 2
    waiting.hang_up()
    old.callee.hang_up()
    old.caller.wait_ended()
    old.callee.endpoint.wait_incoming()
    fresh_call(gateway, talk)
    assert statuses(gateway) == [200, 200, 200]
