"""Calls of SIPp over UDP and TCP, IPv4 and IPv6, through a gateway with a listener of each; and what the gateway
notes of where a request came from."""

import itertools
import json
import pathlib
import socket
import subprocess
import tempfile

import pytest
from daemon import CONTROL, DAEMON
from processes import Orphan, Process, adopt_orphans, free_ports, wait_for
from sipp import SCENARIOS, finish

LEFT, RIGHT, US = "127.0.0.2", "127.0.0.3", "127.0.0.1"

HEAD = """
[gateway]
shards = 2
[cdr]
directory = ""
database = ""
[control]
socket = "{socket}"
[log]
level = "debug"
[[route]]
prefix = "2"
trunk = "callee"
"""
LISTENER = """
[[listener]]
name = "{name}"
address = "{transport}:{address}:{port}"
"""
MEDIA = """
[[media]]
address = "{address}"
ports = "{first}-{last}"
"""


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def address_of(family, side):
    return "::1" if family == 6 else side


def in_uri(address):
    return f"[{address}]" if ":" in address else address


class TransportGateway(Process):
    """Listeners udp and tcp of one family; calls from the caller's side to numbers that begin with 2 go to the callee at
    `callee_port` over `callee_transport`."""

    def __init__(self, folder, family, caller_transport, callee_transport, callee_port):
        # Families have port numbers of their own; what is free in one is taken to be free in the other.
        first = free_ports(US, 40)
        self.ports = {"udp": first, "tcp": first + 1}
        self.address = address_of(family, US)
        self.run = tempfile.TemporaryDirectory(prefix="causeway-")
        self.socket = pathlib.Path(self.run.name) / "control.sock"
        text = HEAD.format(socket=self.socket)
        for transport, port in self.ports.items():
            text += LISTENER.format(name=transport, transport=transport, address=in_uri(self.address), port=port)
        text += MEDIA.format(address=self.address, first=first + 2, last=first + 39)
        callee = f"{in_uri(address_of(family, RIGHT))}:{callee_port}"
        text += f'[[trunk]]\nname = "callee"\ntarget = "{callee}"\nlistener = "{callee_transport}"\n'
        if not (family == 6 and caller_transport == callee_transport):
            # Of one address and one listener there is one trunk.
            text += f'[[trunk]]\nname = "caller"\nsources = ["{address_of(family, LEFT)}"]\nlistener = "{caller_transport}"\n'
        else:
            text = text.replace('name = "callee"\n', f'name = "callee"\nsources = ["{self.address}"]\n')
        config = folder / "causeway.toml"
        config.write_text(text)
        super().__init__([DAEMON, "-f", config], folder, "causeway")
        wait_for(lambda: "ready:" in self.said() or not self.running(), "ready causeway")
        assert self.running(), self.said()

    def control(self, *command):
        done = subprocess.run(
            [CONTROL, "--socket", self.socket, "--json", *command], check=True, capture_output=True, timeout=10
        )
        return json.loads(done.stdout)

    def status(self):
        return self.control("status")

    def restart(self):
        adopt_orphans()
        answer = self.control("restart")
        assert self.wait(5) == 0
        self.process = Orphan(self.status()["pid"])
        return answer


def listens(address, port, transport):
    """Whether somebody has that port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as s:
        try:
            s.bind((address, port))
        except OSError:
            return True
    return False


class Party(Process):
    def __init__(self, folder, scenario, address, port, transport, to=None, mode="1"):
        arguments = ["sipp", "-sf", SCENARIOS / f"{scenario}.xml", "-m", "1", "-nostdin", "-i", address, "-mi", address]
        arguments += ["-max_socket", "100", "-p", str(port), "-t", ("u" if transport == "udp" else "t") + mode]
        arguments += ["-timeout", "30", "-timeout_error", "-d", "300", "-key", "audio_port", "40000"]
        if to is not None:
            arguments += ["-s", "200", to]
        super().__init__(arguments, folder, scenario)


@pytest.fixture
def world(tmp_path):
    """Starts processes; ends them, and shows what they said where the test failed."""
    started = []

    def start(kind, *arguments, **options):
        started.append(kind(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for process in reversed(started):
        process.stop()
        print(f"---- {process.name}\n{process.said()}")


def make(world, family, caller_transport, callee_transport):
    callee_port = free_ports(RIGHT, 2)
    gateway = world(TransportGateway, family, caller_transport, callee_transport, callee_port)
    right = address_of(family, RIGHT)
    callee = world(Party, "callee", right, callee_port, callee_transport)
    wait_for(lambda: listens(right, callee_port, callee_transport) or not callee.running(), "SIPp as callee")
    return gateway, callee


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("caller_transport, callee_transport", itertools.product(["udp", "tcp"], repeat=2))
def test_a_call_crosses_whatever_carries_its_sides(world, family, caller_transport, callee_transport):
    if family == 6 and not has_ipv6():
        pytest.skip("no IPv6 here")
    gateway, callee = make(world, family, caller_transport, callee_transport)
    to = f"{in_uri(gateway.address)}:{gateway.ports[caller_transport]}"
    caller = world(Party, "caller", address_of(family, LEFT), free_ports(LEFT, 2), caller_transport, to=to)
    finish(caller, callee)
    status = gateway.status()
    assert (status["attempts"], status["answered"], status["sip"]["malformed"]) == (1, 1, 0)
    tcp = status["tcp"]
    assert tcp["opened"] == (1 if callee_transport == "tcp" else 0), "one connection to the callee, reused"
    assert tcp["accepted"] == (1 if caller_transport == "tcp" else 0), "the caller's own is used for all"
    assert (tcp["failed"], tcp["broken"], tcp["stalled"]) == (0, 0, 0)
    wait_for(lambda: gateway.status()["calls"] == 0, "idle gateway")


def test_a_connection_a_call(world):
    """SIPp opens one for each call."""
    gateway, callee = make(world, 4, "tcp", "udp")
    to = f"{US}:{gateway.ports['tcp']}"
    caller = world(Party, "caller", LEFT, free_ports(LEFT, 2), "tcp", to=to, mode="n")
    finish(caller, callee)
    assert gateway.status()["answered"] == 1


class Connection:
    """One that the gateway has opened to us."""

    def __init__(self, listener):
        self.socket, _ = listener.accept()
        self.socket.settimeout(10)
        self.received = b""

    def take(self, method):
        """The next request, which has that method; its headers as (name, value)."""
        while b"\r\n\r\n" not in self.received:
            part = self.socket.recv(65536)
            assert part, "closed"
            self.received += part
        head, _, rest = self.received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.received = rest[int(dict(headers)["Content-Length"]) :]
        assert lines[0].startswith(f"{method} "), lines[0]
        return headers

    def answer(self, headers, more="Content-Length: 0\r\n\r\n"):
        copied = [f"{name}: {value}" for name, value in headers if name in ("Via", "From", "Call-ID", "CSeq")]
        to = dict(headers)["To"]
        to += "" if "tag=" in to else ";tag=callee"
        self.socket.sendall("\r\n".join(["SIP/2.0 200 OK", *copied, f"To: {to}", more]).encode())


def test_a_call_goes_on_over_a_restart_by_a_connection_opened_anew(world):
    port = free_ports(RIGHT, 2)
    gateway = world(TransportGateway, 4, "udp", "tcp", port)
    with socket.create_server((RIGHT, port)) as listener:
        listener.settimeout(10)
        caller = world(Party, "caller", LEFT, free_ports(LEFT, 2), "udp", to=f"{US}:{gateway.ports['udp']}")
        first = Connection(listener)
        sdp = f"v=0\r\no=- 1 1 IN IP4 {RIGHT}\r\ns=-\r\nc=IN IP4 {RIGHT}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
        contact = f"Contact: <sip:200@{RIGHT}:{port};transport=tcp>\r\n"
        body = f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
        first.answer(first.take("INVITE"), contact + body)
        first.take("ACK")
        assert gateway.restart() == {"calls": 1, "lost": 0}
        assert first.socket.recv(1) == b"", "the old process has closed it"
        (call,) = gateway.control("calls")
        gateway.control("hangup", str(call["id"]))
        second = Connection(listener)
        second.answer(second.take("BYE"))
        finish(caller)
        assert gateway.status()["tcp"]["opened"] == 1
        wait_for(lambda: gateway.status()["calls"] == 0, "idle gateway")


def test_a_trunk_whose_connection_is_refused_gets_503(world):
    gateway = world(TransportGateway, 4, "udp", "tcp", free_ports(RIGHT, 2))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind((LEFT, 0))
        caller.settimeout(10)
        caller.sendto(request("INVITE", LEFT, caller.getsockname()[1]), (US, gateway.ports["udp"]))
        answers = [caller.recv(65536).decode() for _ in range(2)]
    assert answers[0].startswith("SIP/2.0 100")
    assert answers[1].startswith("SIP/2.0 50"), answers[1]
    assert gateway.status()["tcp"]["failed"] == 1


def request(method, host, port, via_suffix="", transport="UDP"):
    return (
        f"{method} sip:200@{US} SIP/2.0\r\nVia: SIP/2.0/{transport} {host}:{port};branch=z9hG4bKone{via_suffix}\r\n"
        f"From: <sip:100@{host}>;tag=1\r\nTo: <sip:200@{US}>\r\nCall-ID: one@{host}\r\nCSeq: 1 {method}\r\n"
        f"Contact: <sip:100@{host}:{port}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def via_of(answer):
    return next(line for line in answer.decode().split("\r\n") if line.startswith("Via:"))


def test_received_and_rport_say_where_a_request_came_from(world):
    """RFC 3261 18.2.1, RFC 3581 section 4: and with rport the answer goes back to the very port."""
    gateway = world(TransportGateway, 4, "udp", "udp", free_ports(RIGHT, 2))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as named,
    ):
        for s in (sender, named):
            s.bind((LEFT, 0))
            s.settimeout(10)
        port, named_port = sender.getsockname()[1], named.getsockname()[1]
        us = (US, gateway.ports["udp"])
        sender.sendto(request("OPTIONS", "192.0.2.1", 5060, ";rport"), us)
        assert f"received={LEFT}" in via_of(answer := sender.recv(65536))
        assert f"rport={port}" in via_of(answer)
        # Without rport the answer goes to the port of the Via, at the address that the request came from.
        sender.sendto(request("OPTIONS", "192.0.2.2", named_port, "two"), us)
        via = via_of(named.recv(65536))
        assert f"received={LEFT}" in via and "rport" not in via


def test_tcp_answers_by_the_connection_and_takes_requests_in_pieces(world):
    gateway = world(TransportGateway, 4, "tcp", "udp", free_ports(RIGHT, 2))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.bind((LEFT, 0))
        caller.settimeout(10)
        caller.connect((US, gateway.ports["tcp"]))
        text = request("OPTIONS", "192.0.2.1", 5060, transport="TCP")
        for octet in text[:60]:
            caller.send(bytes([octet]))
        caller.send(text[60:] + b"\r\n\r\n")
        heard = b""
        # The answer, and the pong before or behind it.
        while b"\r\n\r\n" not in heard.strip(b"\r\n") + heard[-4:] or not (
            heard.startswith(b"\r\n") or heard.endswith(b"\r\n\r\n\r\n")
        ):
            heard += caller.recv(65536)
    assert heard.strip().startswith(b"SIP/2.0 200")
    assert f"received={LEFT}" in via_of(heard)
