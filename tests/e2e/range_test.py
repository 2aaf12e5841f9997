"""Media by one socket for all ports (gateway.media_sockets = "range"), in a network namespace of the test's own."""

import ctypes
import fcntl
import os
import re
import socket
import struct
import time

import pytest
from daemon import DAEMON
from processes import GATEWAY, udp_is_bound
from talk import SECOND

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_BPF": 39}


@pytest.fixture
def own_network():
    """This thread, and what it starts, sees nothing but a loopback interface of its own."""
    with open("/proc/self/status") as status:
        held = int(re.search(r"^CapEff:\s*(\w+)", status.read(), re.MULTILINE)[1], 16)
    missing = [name for name, bit in CAPABILITIES.items() if not held >> bit & 1]
    if missing:
        pytest.skip(f"one socket for all ports needs {', '.join(missing)}")
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if libc.unshare(CLONE_NEWNET) != 0:
        pytest.skip(f"no network namespace of our own: {os.strerror(ctypes.get_errno())}")
    try:
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        yield
    finally:
        assert libc.setns(before, CLONE_NEWNET) == 0
        os.close(before)


def media_ports(gateway):
    return [int(line["local"].rsplit(":", 1)[1]) for call in gateway.calls() for line in call["media"]]


@pytest.mark.parametrize("srtp, media_threads", [("off", 0), ("mandatory", 0), ("off", 2)])
def test_calls_go_on_over_restarts_and_no_packet_is_lost(
    own_network, make_gateway, talk, capsys, srtp, media_threads
):
    gateway = make_gateway(
        media_sockets="range", caller_srtp=srtp, callee_srtp=srtp, media_threads=media_threads
    )
    talks = [talk(gateway, seed, seconds=4, srtp=srtp) for seed in range(4)]
    ports = media_ports(gateway)
    assert len(ports) == 8
    assert not any(udp_is_bound(GATEWAY, port) for port in ports), "one socket has them all"
    restarts = []
    for restart in range(2):
        talks[0].callee.wait_recorded((1 + restart) * SECOND)
        begin = time.monotonic()
        assert gateway.restart() == {"calls": len(talks), "lost": 0}
        restarts.append((begin, time.monotonic()))
        assert media_ports(gateway) == ports
    for each in talks:
        each.check_heard()
        each.caller.hang_up()
    gap = max(each.gaps(restarts)[0] for each in talks)
    still = re.findall(r"shards stood still for (\d+) ms", gateway.said())
    with capsys.disabled():
        print(
            f"\nmedia gap over a restart, by range: {gap:.0f} ms at most between two packets, none lost (srtp {srtp}, "
            f"{media_threads} media threads; packets of 20 ms; shards stood still for {' and '.join(still)} ms)"
        )
    for record in gateway.records(attempts=len(talks)):
        assert [line["packets_received"] for line in record["media"].values()] == [200, 200]
        assert [line["packets_lost"] for line in record["media"].values()] == [0, 0]


@pytest.mark.parametrize("before, after", [("auto", "range"), ("range", "auto")])
@pytest.mark.parametrize("media_threads", [0, 2])
def test_restart_changes_how_media_is_received(own_network, make_gateway, talk, before, after, media_threads):
    gateway = make_gateway(media_sockets=before, media_threads=media_threads)
    one = talk(gateway, 1, seconds=2)
    one.callee.wait_recorded(SECOND)
    gateway.config.write_text(gateway.config.read_text().replace(f'"{before}"', f'"{after}"'))
    assert gateway.restart() == {"calls": 1, "lost": 0}
    one.check_heard()
    one.caller.hang_up()
    one.caller.wait_ended()
    one.callee.wait_ended()


@pytest.mark.parametrize("name", CAPABILITIES)
def test_start_without_a_capability_says_which(own_network, make_gateway, tmp_path, name):
    program = tmp_path / "causeway"
    without = name.removeprefix("CAP_").lower()
    program.write_text(f'#!/bin/sh\nexec setpriv --bounding-set=-{without} {DAEMON} "$@"\n')
    program.chmod(0o755)
    with pytest.raises(AssertionError, match=f"gateway.media_sockets: .*not permitted without {name}\\b"):
        make_gateway(media_sockets="range", program=program)
