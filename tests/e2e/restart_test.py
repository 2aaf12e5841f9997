"""The daemon restarted under calls: they go on to the last octet, and where the restart fails nothing has been."""

import re
import shutil
import subprocess
import time

import pytest
from daemon import DAEMON
from processes import CALLEE, CALLER, GATEWAY
from talk import SECOND, causeway


def ended(records):
    return [(record["state"], record["status"]) for record in records]


@pytest.mark.parametrize("media_threads", [0, 2])
@pytest.mark.parametrize("srtp", ["off", "mandatory"])
def test_calls_go_on_and_every_octet_is_heard(make_gateway, talk, capsys, srtp, media_threads):
    gateway = make_gateway(caller_srtp=srtp, callee_srtp=srtp, media_threads=media_threads)
    talks = [talk(gateway, seed, seconds=5, srtp=srtp) for seed in range(4)]
    restarts = []
    for restart in range(2):
        talks[0].callee.wait_recorded((1 + 2 * restart) * SECOND)
        begin = time.monotonic()
        assert gateway.restart() == {"calls": len(talks), "lost": 0}
        restarts.append((begin, time.monotonic()))
    for each in talks:
        each.check_heard()
    gaps = [max(gap) for gap in zip(*(each.gaps(restarts) for each in talks))]
    still = re.findall(r"shards stood still for (\d+) ms", gateway.said())
    assert len(still) == len(restarts)
    with capsys.disabled():
        print(
            f"\nmedia gap over a restart: {gaps[0]:.0f} ms at most between two packets of {len(talks)} calls both ways, "
            f"none lost (srtp {srtp}, {media_threads} media threads; packets of 20 ms; {gaps[1]:.0f} ms at other times; "
            f"shards stood still for {' and '.join(still)} ms)"
        )

    # Changes, new calls, and hanging up from either side and by the operator.
    talks[0].caller.hold()
    assert talks[0].callee.wait("changed").text == "recvonly"
    late = talk(gateway, 50, seconds=1)
    late.check_heard()
    late.caller.hang_up()
    operator = gateway.calls()[0]["id"]
    gateway.control("hangup", str(operator))
    for each in talks[::2]:
        each.caller.hang_up()
    for each in talks[1::2]:
        each.callee.hang_up()
    for each in talks:
        each.caller.wait_ended()
        each.callee.wait_ended()
    records = gateway.records(attempts=len(talks) + 1)
    assert ended(records) == [("done", 200)] * (len(talks) + 1)
    assert len({record["instance"] for record in records}) == 1, "one run, as far as records go"
    for record in records:
        packets = 50 * (1 if record["duration_ms"] < 3000 else 5)
        assert [line["packets_received"] for line in record["media"].values()] == [packets, packets]
        assert [line["packets_lost"] for line in record["media"].values()] == [0, 0]


def test_call_that_rings_is_lost_and_both_are_told(make_gateway):
    gateway = make_gateway()
    with (
        causeway.Endpoint("caller", address=CALLER) as caller,
        causeway.Endpoint("callee", address=CALLEE, port=gateway.callee_port) as callee,
    ):
        callee.manual()
        call = caller.call(f"sip:200@{GATEWAY}", via=f"{GATEWAY}:{gateway.port}")
        ringing = callee.wait_incoming()
        ringing.ring()
        call.wait("progress")
        assert gateway.restart() == {"calls": 0, "lost": 1}
        assert call.wait("failed").status == 503
        assert ringing.wait("failed").status == 487
        (record,) = gateway.records(attempts=1)
        assert (record["state"], record["status"], record["reason"]) == ("done", 503, "lost in a restart")


# What the program on disk may be by now, besides the daemon.
SAYS_HELLO_AND_LEAVES = """#!/usr/bin/python3
import socket
channel = socket.socket(fileno=3)
channel.recv(65536)
channel.send(b"\\x01")
while channel.recv(65536)[0] != 6:  # until all has come
    pass
"""


@pytest.mark.parametrize(
    "program, reason",
    [
        ("#!/bin/sh\nexit 3\n", "has ended"),
        ("#!/bin/sh\nexec sleep 60\n", "silent for 5 s"),
        (SAYS_HELLO_AND_LEAVES, "has ended"),
        (None, "No such file"),
    ],
    ids=["crashes", "silent", "leaves", "missing"],
)
def test_program_that_fails_leaves_all_as_it_was(make_gateway, talk, tmp_path, program, reason):
    path = tmp_path / "causeway"
    shutil.copy2(DAEMON, path)
    gateway = make_gateway(program=path)
    one = talk(gateway, 1, seconds=3)
    one.callee.wait_recorded(SECOND)
    path.unlink()
    if program is not None:
        path.write_text(program)
        path.chmod(0o755)
    failed_restart(gateway, reason)
    one.check_heard()
    one.caller.hang_up()
    assert ended(gateway.records(attempts=1)) == [("done", 200)]

    path.unlink(missing_ok=True)
    shutil.copy2(DAEMON, path)
    assert gateway.restart() == {"calls": 0, "lost": 0}, "it is not the worse for the attempt"


@pytest.mark.parametrize("before, after", [(2, 0), (0, 3)])
def test_calls_go_on_with_other_media_threads(make_gateway, talk, before, after):
    gateway = make_gateway(media_threads=before)
    talks = [talk(gateway, seed, seconds=3) for seed in range(4)]
    talks[0].callee.wait_recorded(SECOND)
    configured = gateway.config.read_text()
    gateway.config.write_text(configured.replace(f"media_threads = {before}", f"media_threads = {after}"))
    assert gateway.restart() == {"calls": len(talks), "lost": 0}
    assert len(gateway.status()["media_threads"]) == after
    for each in talks:
        each.check_heard()
        each.caller.hang_up()
    assert ended(gateway.records(attempts=len(talks))) == [("done", 200)] * len(talks)


@pytest.mark.parametrize(
    "before, after, reason",
    [
        ("[gateway]", "[gateway]\nweather = 1", "weather"),
        ("shards = 2", "shards = 3", "gateway.shards"),
        ("/cdr\"", "/elsewhere\"", "cdr.directory"),
    ],
)
def test_configuration_that_does_not_fit_leaves_all_as_it_was(make_gateway, talk, before, after, reason):
    gateway = make_gateway()
    one = talk(gateway, 1, seconds=2)
    good = gateway.config.read_text()
    gateway.config.write_text(good.replace(before, after))
    failed_restart(gateway, reason)
    one.check_heard()
    gateway.config.write_text(good)
    one.caller.hang_up()
    assert ended(gateway.records(attempts=1)) == [("done", 200)]


def failed_restart(gateway, reason):
    pid = gateway.status()["pid"]
    with pytest.raises(subprocess.CalledProcessError) as failure:
        gateway.control("restart")
    assert failure.value.returncode == 1 and reason in failure.value.stderr.decode()
    assert gateway.status()["pid"] == pid and gateway.running()
